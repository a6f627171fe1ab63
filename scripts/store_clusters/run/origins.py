"""What a file is a copy of: said beside it, and in messages that name the file."""

from collections.abc import Iterable
from pathlib import Path

from store_clusters.run.files import write_text


def write_origin(path: str | Path, origin: str) -> None:
    """Say what a copy was made of."""
    write_text(_beside(path), origin)


def origin_of(path: str | Path) -> str | None:
    """Return what a file is a copy of, None where it is none."""
    beside = _beside(path)
    return beside.read_text(encoding="utf-8") if beside.is_file() else None


def with_origins(message: str, paths: Iterable[str]) -> str:
    """Return a message with the origins of the copies that it names."""
    for path in paths:
        if path in message and (origin := origin_of(path)):
            message = message.replace(path, f"{origin} (copied to {path})")
    return message


def _beside(path: str | Path) -> Path:
    return Path(path).with_name(f".{Path(path).name}.origin")
