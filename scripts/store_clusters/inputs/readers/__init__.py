"""Readers of input files: one module here adds a format, called after it in the configuration.

A reader is a module that has what :class:`Reader` lists. It may also have

- ``query(path, source, kinds) -> str | None``, where the database can read files of the format
  itself, see :func:`store_clusters.inputs.sources.direct_query`;
- ``cell(path, source, column, row) -> str``, where a value has a name that people find it by,
  such as ``Sheet1!C17``; rows count from 0;
- ``sheets(path) -> list[str]``, where a file holds several tables, the names of these;
- ``hint(path, source) -> str``, a sentence on a file that has not the columns it should have;
- ``FOLDER``, a literal: a folder that holds one of this name is one input, of which the newest
  file in that folder stands for the whole, and ``shown(path) -> str``, what people call it.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from store_clusters.run.registry import Registry

if TYPE_CHECKING:
    from store_clusters.inputs.options import Source

READERS = Registry(__name__)
AUTO = "auto"  # the format of a source whose files say it by their names
UNNAMED = "csv"  # the format of a file whose name does not


class Reader(Protocol):
    """What a reader has.

    What is wrong with a file it raises as one of ``UNREADABLE``, or as an InputError where it can
    say more than that.
    """

    SUFFIXES: tuple[str, ...]  # how names of such files end, in small letters; a literal
    ROW: str  # what people call a row of the file: "line" or "row"
    UNREADABLE: tuple[type[Exception], ...]

    def header(self, path: Path, source: "Source") -> list[str]:
        """Return the names of all columns in their order, none left out, be they there twice."""

    def batches(self, path: Path, source: "Source", columns: list[str]) -> Iterator[Any]:
        """Yield Arrow batches of ``columns``, each of which the file has once, in bounded memory.

        Values have the type that the file gives them, text where it gives none.
        """

    def first_row(self, source: "Source") -> int:
        """Return the number by which people find the first row of data."""

    def expected(self, path: Path, source: "Source") -> str:
        """Return what a readable file would be, to be said of one that is not."""


@cache
def folders() -> dict[str, str]:
    """Return the format by the name of the folder that marks a folder as of this format."""
    declared = {name: READERS.declared(name).get("FOLDER") for name in READERS}
    return {folder: name for name, folder in declared.items() if folder}


@cache
def suffixes() -> dict[str, str]:
    """Return the format by how a file's name ends, as readers declare it."""
    return {
        suffix: name for name in READERS for suffix in READERS.declared(name).get("SUFFIXES", ())
    }


def format_of(path: str | Path, source: "Source") -> str:
    """Return the format of a file: as declared, else by its name."""
    if source.format != AUTO:
        return source.format
    if (folder := Path(path).parent.name) in folders():
        return folders()[folder]
    name = Path(path).name.lower()
    ends = [suffix for suffix in suffixes() if name.endswith(suffix)]
    return suffixes()[max(ends, key=len)] if ends else UNNAMED


def reader_of(path: str | Path, source: "Source") -> Reader:
    """Return the reader of a file."""
    return cast(Reader, READERS.load(format_of(path, source)))
