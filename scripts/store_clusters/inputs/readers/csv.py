"""Text with a character between the columns, plain or compressed with gzip, zstd or zip."""

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from store_clusters.inputs.options import Source
from store_clusters.inputs.partitions import partition_of
from store_clusters.inputs.readers import AUTO
from store_clusters.run.errors import InputError, examples

SUFFIXES = (".csv", ".tsv", ".txt", ".gz", ".zst", ".zip")
ROW = "line"
UNREADABLE = (
    pa.ArrowException,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    zlib.error,
    csv.Error,
    zipfile.BadZipFile,
)
BLOCK_BYTES = 1 << 24
PACKED = {".gz": "gzip", ".zst": "zstd"}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
SAMPLE_LINES = 20
MARKS = {  # the longer ones first, as one begins like another
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHERS = {b"PAR1": "Parquet", b"PK\x03\x04": "a workbook or an archive", b"ARROW1": "Arrow IPC"}


def header(path: Path, source: Source) -> list[str]:
    """Return the fields of the first line that has any, below the lines to be skipped."""
    names = _fields(sample_lines(path, source), _delimiter(path, source))
    if names is None:
        below = f" below {source.skip_rows} lines (skip_rows)" if source.skip_rows else ""
        raise InputError(f"{path}: the file has no text{below}. Expected a header and rows.")
    return names


def batches(path: Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of ``columns``, all text."""
    try:
        with opened(path) as file:
            yield from pacsv.open_csv(
                file,
                pacsv.ReadOptions(
                    use_threads=False,
                    block_size=BLOCK_BYTES,
                    skip_rows=source.skip_rows,
                    encoding=_encoding(path, source),
                ),
                pacsv.ParseOptions(delimiter=_delimiter(path, source)),
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
    kind = "zip" if _is_zip(path) else PACKED.get(path.suffix.lower())
    packed = f"{kind}-compressed " if kind else ""
    below = f", below {source.skip_rows} lines" if source.skip_rows else ""
    between = _tried() if source.delimiter == AUTO else repr(source.delimiter)
    return f"{packed}text in {source.encoding}, columns separated by {between}{below}"


def hint(path: Path, source: Source) -> str:
    """Say which delimiters were tried."""
    if source.delimiter != AUTO:
        return ""
    found = DELIMITERS[_delimiter(path, source)]
    return f" It was read with {found}; tried: {_tried()}. Set delimiter if it is another."


def _tried() -> str:
    *most, last = DELIMITERS.values()
    return f"{', '.join(most)} or {last}"


def _delimiter(path: Path, source: Source) -> str:
    """Return the character between columns: as declared, else that which gives those needed.

    Raises:
        InputError: Two are as likely.
    """
    if source.delimiter != AUTO:
        return source.delimiter
    lines = sample_lines(path, source)
    fields = {mark: _fields(lines, mark) or [] for mark in DELIMITERS}
    needed = set(source.named) - set(partition_of(path, source))
    found = {mark: len(needed.intersection(names)) for mark, names in fields.items()}
    best = max(found.values())
    likely = [mark for mark in DELIMITERS if found[mark] == best and len(fields[mark]) > 1]
    if not likely:
        return next(mark for mark in DELIMITERS if found[mark] == best)
    if not best:  # no column that is needed: the message will show all there are
        return max(likely, key=lambda mark: len(fields[mark]))
    if len(likely) > 1:
        likely = [mark for mark in likely if _is_regular(lines, mark)] or likely
    if len(likely) > 1:
        both = " or ".join(repr(mark) for mark in likely)
        raise InputError(
            f"{path}: the columns may be separated by {both}: either gives "
            f"{examples(sorted(needed.intersection(fields[likely[0]])))}. Expected one that can be "
            "told from the header; set delimiter of the source."
        )
    return likely[0]


def _fields(lines: list[str], delimiter: str) -> list[str] | None:
    return next((row for row in csv.reader(iter(lines), delimiter=delimiter) if row), None)


def _is_regular(lines: list[str], delimiter: str) -> bool:
    """Say whether all rows of a sample have as many fields; the last one may be cut."""
    rows = [row for row in csv.reader(iter(lines), delimiter=delimiter) if row]
    return len({len(row) for row in rows[: SAMPLE_LINES - 1]}) == 1


def sample_lines(path: Path, source: Source) -> list[str]:
    """Return the first lines below those to be skipped, from the first one that has text."""
    encoding = _encoding(path, source)
    with (
        opened(path) as file,
        io.TextIOWrapper(
            file, "utf-8-sig" if _is_utf_8(encoding) else encoding, newline=""
        ) as text,
    ):
        lines = islice(text, source.skip_rows, None)
        first = next((line for line in lines if line.strip("\r\n")), None)
        return [] if first is None else [first, *islice(lines, SAMPLE_LINES)]


def _encoding(path: Path, source: Source) -> str:
    """Return the encoding: as declared, but that of a byte-order mark where that is UTF-8."""
    if not _is_utf_8(source.encoding):
        return source.encoding
    with opened(path) as file:
        start = file.read(64)
    marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
    if marked is None and (zeros := start.count(0)) and zeros >= len(start) // 3:
        end = "be" if start[0] == 0 else "le"
        raise InputError(
            f"{path}: the text looks like UTF-16 without a byte-order mark. Expected "
            f"{source.encoding}; set encoding of the source to utf-16-{end}."
        )
    return marked or source.encoding


def _is_utf_8(encoding: str) -> bool:
    return encoding.lower() in {"utf-8", "utf8"}


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def opened(path: Path) -> Any:
    """Open the bytes of the text."""
    if _is_zip(path):
        return _member(path)
    if kind := PACKED.get(path.suffix.lower()):
        return pa.input_stream(str(path), compression=kind)
    with path.open("rb") as file:
        start = file.read(8)
    for mark, name in OTHERS.items():
        if start.startswith(mark):
            raise pa.ArrowInvalid(f"the file is {name}, not text")
    return pa.input_stream(str(path), compression=None)


def _member(path: Path) -> Any:
    """Open the one file that an archive holds.

    Raises:
        InputError: It holds none, or several, or a password is needed.
    """
    archive = zipfile.ZipFile(path)
    names = [
        each.filename
        for each in archive.infolist()
        if not each.is_dir() and not each.filename.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        holds = f"{len(names)} files: {examples(names)}" if names else "no file"
        raise InputError(
            f"{path}: the archive holds {holds}. Expected one; unpack it and name the files."
        )
    try:
        return archive.open(names[0])
    except (RuntimeError, NotImplementedError) as error:
        raise InputError(
            f"{path}: {names[0]!r} in the archive cannot be unpacked ({error}). Expected a zip "
            "archive without a password."
        ) from error
