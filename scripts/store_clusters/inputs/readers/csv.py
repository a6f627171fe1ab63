"""Text with a character between the columns, plain or compressed with gzip."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from store_clusters.inputs.options import Source
from store_clusters.run.errors import InputError

SUFFIXES = (".csv", ".tsv", ".txt", ".gz")
ROW = "line"
UNREADABLE = (pa.ArrowException, OSError, EOFError, LookupError, ValueError, zlib.error, csv.Error)
BLOCK_BYTES = 1 << 24


def header(path: Path, source: Source) -> list[str]:
    """Return the fields of the first line that has any, below the lines to be skipped."""
    with _open_text(path, source) as lines:
        for _ in range(source.skip_rows):
            next(lines, None)
        rows = csv.reader(lines, delimiter=source.delimiter)
        names = next((row for row in rows if row), None)
    if names is None:
        below = f" below {source.skip_rows} lines (skip_rows)" if source.skip_rows else ""
        raise InputError(f"{path}: the file has no text{below}. Expected a header and rows.")
    return names


def batches(path: Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of ``columns``, all text."""
    try:
        yield from pacsv.open_csv(
            path,
            pacsv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                skip_rows=source.skip_rows,
                encoding=source.encoding,
            ),
            pacsv.ParseOptions(delimiter=source.delimiter),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=columns,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" not in str(error):  # a header without an end of line: no rows
            raise


def first_row(source: Source) -> int:
    """Return the line of the first row."""
    return source.skip_rows + 2


def expected(path: Path, source: Source) -> str:
    """Return how the text should be written."""
    packed = "gzip-compressed " if _is_packed(path) else ""
    below = f", below {source.skip_rows} lines" if source.skip_rows else ""
    return f"{packed}text in {source.encoding}, columns separated by {source.delimiter!r}{below}"


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _open_text(path: Path, source: Source) -> io.TextIOBase:
    utf_8 = source.encoding.lower() in {"utf-8", "utf8"}
    encoding = "utf-8-sig" if utf_8 else source.encoding
    if _is_packed(path):
        return gzip.open(path, "rt", encoding=encoding, newline="")
    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            raise pa.ArrowInvalid("the file is Parquet, not text")
    return path.open("r", encoding=encoding, newline="")
