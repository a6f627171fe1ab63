"""The words for features, as the table of that name holds them."""

from pathlib import Path

from store_clusters.describe.labels import Labels
from store_clusters.tables.contracts import read_table


def read_labels(path: str | Path) -> Labels:
    """Read the table ``labels``."""
    rows = read_table(path, "labels").to_pylist()
    return Labels(
        {(row["track"], row["group"], row["feature"]): (row["words"], row["named"]) for row in rows}
    )
