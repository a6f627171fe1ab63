"""What the folders of a file say: `month=2024-01` below the folder that a source names."""

from pathlib import Path
from urllib.parse import unquote

from store_clusters.inputs.options import Source

NOTHING = "__HIVE_DEFAULT_PARTITION__"  # how Hive writes a missing value


def partition_of(path: str | Path, source: Source) -> dict[str, str | None]:
    """Return the columns that the folders of a file give all its rows, as text."""
    if not source.path:
        return {}
    folder, path = Path(source.path), Path(path)
    if folder not in path.parents:
        return {}
    parts = path.relative_to(folder).parts[:-1]
    pairs = (part.partition("=") for part in parts if "=" in part)
    return {unquote(key): None if text == NOTHING else unquote(text) for key, _, text in pairs}
