"""Write files that have their name only when they are complete, and read those that a job wrote."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store_clusters.run.errors import InputError


@contextmanager
def complete(path: str | Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the name when nothing went wrong.

    The name ends as before, for libraries that go by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".part.{path.name}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8."""
    with complete(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: Any) -> None:
    """Write readable JSON."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read JSON that a job of an earlier step wrote.

    Raises:
        InputError: The file is not complete.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"{path}: the file is damaged, it is no JSON ({error}). "
            "Delete it and run the workflow again."
        ) from None
