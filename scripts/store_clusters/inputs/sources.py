"""Read input files as they come: CSV, CSV.gz or Parquet, with the retailer's own column names.

A *source* is a section of the configuration: ``columns`` maps our names to theirs, and
``format``, ``delimiter``, ``encoding``, ``skip_rows``, ``missing``, ``decimal``, ``date_format``
and ``strip_leading_zeros`` say how the file is written. Everything that a file can get wrong is
told with its name, the column, the rows and what was expected.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from store_clusters.run.errors import InputError, examples
from store_clusters.tables.contracts import MONEY

BATCH_ROWS = 1 << 18
BLOCK_BYTES = 1 << 24
NUMBERS = {  # by decimal mark; points in "1.234,5" stand between thousands, so "12.34" is refused
    ".": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$",
    ",": r"^[+-]?((\d+|\d{1,3}(\.\d{3})+)(,\d*)?|,\d+)([eE][+-]?\d+)?$",
}
# What reading a file raises when it is damaged, or when it is not written as the source says.
UNREADABLE = (pa.ArrowException, OSError, EOFError, LookupError, ValueError, zlib.error, csv.Error)
EXPECTED = {
    "identifier": "an identifier (text or a whole number), never empty",
    "text": "text",
    "money": "a finite number below 10^14",
    "number": "a number",
    "date": "a date such as 2024-01-31 (or set date_format)",
}
Source = Mapping[str, Any]


def read_columns(path: str | Path, source: Source, kinds: Mapping[str, str]) -> pa.Table:
    """Read the mapped columns of a whole file, converted as :func:`stream_columns` does."""
    return pa.Table.from_batches(stream_columns(path, source, kinds), column_schema(kinds))


def column_schema(kinds: Mapping[str, str]) -> pa.Schema:
    """The schema that columns of these kinds are converted to."""
    types = {
        "identifier": pa.string(),
        "text": pa.string(),
        "money": MONEY,
        "number": pa.float64(),
        "date": pa.date32(),
    }
    return pa.schema([(name, types[kind]) for name, kind in kinds.items()])


def stream_columns(
    path: str | Path, source: Source, kinds: Mapping[str, str], nullable: Iterable[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield batches with the columns ``kinds`` (our name: kind), in bounded memory.

    Raises:
        InputError: The file cannot be read, a column is missing, or a value is not what its kind
            expects. Values may be missing only in columns of kind ``text`` or in ``nullable``.
    """
    theirs = {name: source["columns"].get(name) for name in kinds}
    constants = source.get("constants") or {}
    wanted = [column for column in dict.fromkeys(theirs.values()) if column is not None]
    schema = column_schema(kinds)
    row = first_row(path, source)
    for batch in raw_batches(path, source, wanted):
        arrays = []
        for name, kind in kinds.items():
            if theirs[name] is None:
                arrays.append(
                    pa.repeat(constants.get(name), batch.num_rows).cast(schema.field(name).type)
                )
                continue
            may_be_null = kind == "text" or name in nullable
            values = batch.column(wanted.index(theirs[name]))
            arrays.append(
                convert(values, kind, source, (str(path), theirs[name], row), may_be_null)
            )
        yield pa.record_batch(arrays, schema=schema)
        row += batch.num_rows


def raw_batches(path: str | Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of ``columns`` as the file has them; all text when it is CSV."""
    present = header(path, source)
    for column in columns:
        if present.count(column) != 1:
            problem = "is missing" if column not in present else "appears more than once"
            raise InputError(
                f"{path}: column {column!r} {problem}. "
                f"The file has {examples([name for name in present if name], 40)}."
            )
    try:
        if file_format(path, source) == "parquet":
            yield from _parquet_batches(path, columns)
        else:
            yield from _csv_batches(path, source, columns)
    except UNREADABLE as error:
        if "Empty CSV file" in str(error):  # a header without an end of line: no rows
            return
        raise _unreadable(path, source, error) from error


def header(path: str | Path, source: Source) -> list[str]:
    """Return the names of the columns of the file; refuse a missing or an empty file."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes). Expected a header and rows.")
    try:
        if file_format(path, source) == "parquet":
            return list(pq.read_schema(path).names)
        with _open_text(path, source) as lines:
            for _ in range(source.get("skip_rows", 0)):
                next(lines, None)
            rows = csv.reader(lines, delimiter=source.get("delimiter", ","))
            names = next((row for row in rows if row), None)
    except UNREADABLE as error:
        raise _unreadable(path, source, error) from error
    if names is None:
        skipped = source.get("skip_rows", 0)
        below = f" below {skipped} lines (skip_rows)" if skipped else ""
        raise InputError(f"{path}: the file has no text{below}. Expected a header and rows.")
    return names


def file_format(path: str | Path, source: Source) -> str:
    """Return ``parquet`` or ``csv``: as declared, else by the file's name."""
    declared = source.get("format", "auto")
    if declared != "auto":
        return str(declared)
    return "parquet" if Path(path).suffix.lower() in {".parquet", ".pq"} else "csv"


def first_row(path: str | Path, source: Source) -> int:
    """Return the number of the first row of data: a line number in CSV, 1 in Parquet."""
    return 1 if file_format(path, source) == "parquet" else source.get("skip_rows", 0) + 2


def convert(
    values: pa.Array, kind: str, source: Source, where: tuple[str, str, int], nullable: bool
) -> pa.Array:
    """Convert raw values to their kind; ``where`` is file, column and number of the first row."""
    values = _clean(values, source)
    if kind in {"money", "number"}:
        values = _without_missing_numbers(values, source)
    converted = {
        "identifier": _identifier,
        "text": _text,
        "money": _money,
        "number": _number,
        "date": _date,
    }[kind](values, source)
    bad = pc.and_(pc.is_null(converted), pc.is_valid(values))
    if not nullable:
        bad = pc.is_null(converted)
    if pc.any(bad).as_py():
        path, column, row = where
        rows = np.flatnonzero(bad.to_numpy(zero_copy_only=False))
        word = "row" if file_format(path, source) == "parquet" else "line"
        shown = [
            f"{repr(values[i].as_py()) if values[i].is_valid else 'nothing'} in {word} {row + i:,}"
            for i in rows[:5].tolist()
        ]
        more = f" and {len(rows) - 5:,} more" if len(rows) > 5 else ""
        raise InputError(
            f"{path}: column {column!r} holds what cannot be used: {', '.join(shown)}{more}. "
            f"Expected {_expected(kind, source)}."
        )
    return converted


def feature_values(parts: Mapping[str, pa.Array], source: Source, column: str) -> np.ndarray:
    """Return a feature as float64 when its known values are numbers, else as text (object).

    ``parts`` are its values by file, each in the type that the file gives it; the values of all
    files decide together, below one another in the order of the files.

    Raises:
        InputError: Nearly all known values are numbers, but some are text: a missing-value marker
            not configured or a slip, which would otherwise turn the column into a category with a
            level for every number. Or one file has only numbers and another one only text.
    """
    known = {path: _known(values, source) for path, values in parts.items()}
    if column not in source["categorical"]:
        texts = {path: _unreadable_numbers(values, source) for path, values in known.items()}
        if not any(len(found) for found in texts.values()):
            return np.concatenate([_as_numbers(values, source) for values in known.values()])
        _refuse_slips(known, texts, column)
    return np.concatenate(
        [_text(values, source).to_numpy(zero_copy_only=False) for values in known.values()]
    )


def _known(values: pa.Array, source: Source) -> pa.Array:
    values = _clean(values, source)
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    return values


def _as_numbers(values: pa.Array, source: Source) -> np.ndarray:
    numbers = _number(_without_missing_numbers(values, source), source)
    return np.array(numbers.to_numpy(zero_copy_only=False), dtype=float)


def _unreadable_numbers(values: pa.Array, source: Source) -> pa.Array:
    """Return the values that are no numbers, as text."""
    numbers = _number(values, source)
    return _text(values.filter(pc.and_(pc.is_null(numbers), pc.is_valid(values))), source)


def _refuse_slips(known: dict[str, pa.Array], texts: dict[str, pa.Array], column: str) -> None:
    """Refuse text among numbers in ``known`` values by file, unless it can be meant."""
    counts = {path: len(values) - values.null_count for path, values in known.items()}
    numbers = {path: count - len(texts[path]) for path, count in counts.items()}
    written = {path: sorted(set(found.to_pylist())) for path, found in texts.items() if len(found)}
    cure = "name missing-value markers in `missing` of the source, or the column in `categorical`."
    if sum(map(len, texts.values())) < 0.1 * sum(counts.values()):
        where = ", ".join(written)
        shown = examples(sorted({text for found in written.values() for text in found}))
        raise InputError(
            f"{where}: column {column!r} holds {sum(numbers.values()):,} numbers and "
            f"{sum(map(len, texts.values())):,} texts: {shown}. Expected numbers only: {cure}"
        )
    only_text = [path for path in written if numbers[path] == 0]
    only_numbers = [path for path, count in counts.items() if count and path not in written]
    if only_text and only_numbers:
        first = known[only_numbers[0]].drop_null().unique()
        raise InputError(
            f"{only_text[0]}: column {column!r} holds text: {examples(written[only_text[0]])}; in "
            f"{only_numbers[0]} it holds numbers: {examples(first.to_pylist())}. Expected the same "
            f"in all files of a source: {cure}"
        )


def checksum(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clean(values: pa.Array, source: Source) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        values = values.cast(pa.string())
    if pa.types.is_float16(values.type):
        values = values.cast(pa.float32())
    if pa.types.is_string(values.type):
        values = pc.utf8_trim_whitespace(values)
        missing = pa.array(["", *(source.get("missing") or [])])
        return pc.if_else(pc.is_in(values, missing), None, values)
    if source.get("missing"):
        values = pc.if_else(_is_missing(values, source), None, values)
    return values


def missing_numbers(source: Source) -> list[Decimal]:
    """Return the numbers among the texts that mean a missing value; -999 is also -999.0."""
    texts = pa.array(source.get("missing") or [], pa.string())
    numbers = pc.coalesce(_plain_number(texts, source), _plain_number(texts, {}))
    return [Decimal(number) for number in numbers.drop_null().to_pylist()]


def _without_missing_numbers(values: pa.Array, source: Source) -> pa.Array:
    """Return texts that are read as numbers without those that mean a missing value."""
    markers = [float(number) for number in missing_numbers(source)]
    if not markers or not pa.types.is_string(values.type):
        return values
    return pc.if_else(pc.is_in(_number(values, source), pa.array(markers)), None, values)


def _is_missing(values: pa.Array, source: Source) -> pa.Array:
    """Say which values that are no text mean a missing value: written as text, or as numbers."""
    if not _is_number(values.type):
        return pc.is_in(values.cast(pa.string()), pa.array(source["missing"]))
    found = pa.repeat(False, len(values))
    for number in missing_numbers(source):
        try:
            marker = pa.scalar(_as_type(number, values.type), values.type)
        except (pa.ArrowException, OverflowError):  # no value of this type is that number
            continue
        found = pc.or_(found, pc.fill_null(pc.equal(values, marker), False))
    return found


def _is_number(type_: pa.DataType) -> bool:
    return pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)


def _as_type(number: Decimal, type_: pa.DataType) -> Decimal | float | int:
    """Return a number as a value of an Arrow type; OverflowError where it is none."""
    if pa.types.is_floating(type_):
        return float(number)
    if pa.types.is_decimal(type_):
        return number
    if number != number.to_integral_value():
        raise OverflowError
    return int(number)


def _expected(kind: str, source: Source) -> str:
    if kind == "date" and source.get("date_format"):
        return f"a date in the format {source['date_format']!r} (date_format)"
    if kind in {"money", "number"} and source.get("decimal", ".") == ",":
        return f"{EXPECTED[kind]}, with a decimal comma (decimal)"
    return EXPECTED[kind]


def _identifier(values: pa.Array, source: Source) -> pa.Array:
    values = _text(values, source)
    if source.get("strip_leading_zeros", False):
        values = pc.replace_substring_regex(values, r"^0+([0-9])", r"\1")
    return values


def _text(values: pa.Array, source: Source) -> pa.Array:
    if pa.types.is_floating(values.type):
        finite = pc.and_(pc.is_finite(values), pc.less(pc.abs(values), 2.0**53))
        values = pc.if_else(finite, values, None)
        whole = pc.equal(pc.floor(values), values)
        numbers = pc.if_else(whole, values, 0.0).cast(pa.int64()).cast(pa.string())
        values = pc.if_else(whole, numbers, values.cast(pa.string()))
    elif pa.types.is_decimal(values.type):
        values = pc.replace_substring_regex(values.cast(pa.string()), r"\.0*$", "")
    return values.cast(pa.string())


def _number(values: pa.Array, source: Source) -> pa.Array:
    if pa.types.is_string(values.type):
        values = _plain_number(values, source)
    if pa.types.is_temporal(values.type):
        return pa.nulls(len(values), pa.float64())
    return values.cast(pa.float64(), safe=False)  # whole numbers above 2^53 are rounded


def _plain_number(values: pa.Array, source: Source) -> pa.Array:
    """Return texts that are numbers with a decimal point, null where they are none."""
    mark = source.get("decimal", ".")
    values = pc.if_else(pc.match_substring_regex(values, NUMBERS[mark]), values, None)
    if mark == ",":
        values = pc.replace_substring(pc.replace_substring(values, ".", ""), ",", ".")
    return values


def _money(values: pa.Array, source: Source) -> pa.Array:
    numbers = _number(values, source)
    usable = pc.and_(pc.is_finite(numbers), pc.less(pc.abs(numbers), 1e14))
    numbers = pc.if_else(usable, numbers, None)
    return pc.cast(pc.round(numbers, 4, round_mode="half_to_even"), MONEY, safe=False)


def _date(values: pa.Array, source: Source) -> pa.Array:
    pattern = source.get("date_format")
    if pa.types.is_date(values.type) or pa.types.is_timestamp(values.type):
        return values.cast(pa.date32(), safe=False)
    if not (pa.types.is_string(values.type) or (pattern and pa.types.is_integer(values.type))):
        return pa.nulls(len(values), pa.date32())
    different = values.cast(pa.string()).dictionary_encode()  # few: dates repeat
    days = [_day(text, pattern) for text in different.dictionary.to_pylist()]
    return pa.array(days, pa.date32()).take(different.indices)


def _day(text: str, pattern: str | None) -> date | None:
    try:
        if pattern:
            return datetime.strptime(text, pattern).date()
        return date.fromisoformat(text[:10]) if text[10:11] in {"", "T", " "} else None
    except ValueError:  # also for the 30th of February
        return None


def _parquet_batches(path: str | Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        for field in map(file.schema_arrow.field, columns):
            if pa.types.is_nested(field.type):
                raise InputError(
                    f"{path}: column {field.name!r} holds lists or structures ({field.type}). "
                    "Expected one value per row."
                )
        for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
            yield pa.record_batch([_decoded(batch.column(name)) for name in columns], columns)


def _decoded(values: pa.Array) -> pa.Array:
    """Return text that is stored as bytes as text."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_fixed_size_binary(values.type):
        values = values.cast(pa.binary())
    binary = pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)
    return values.cast(pa.string()) if binary else values


def _csv_batches(path: str | Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    reader = pacsv.open_csv(
        path,
        pacsv.ReadOptions(
            use_threads=False,
            block_size=BLOCK_BYTES,
            skip_rows=source.get("skip_rows", 0),
            encoding=source.get("encoding", "utf-8"),
        ),
        pacsv.ParseOptions(delimiter=source.get("delimiter", ",")),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            include_columns=columns,
        ),
    )
    yield from reader


def _open_text(path: Path, source: Source) -> io.TextIOBase:
    encoding = source.get("encoding", "utf-8")
    encoding = "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            raise pa.ArrowInvalid("the file is Parquet, not text")
    return path.open("r", encoding=encoding, newline="")


def _unreadable(path: str | Path, source: Source, error: Exception) -> InputError:
    if file_format(path, source) == "parquet":
        expected = "a complete Parquet file"
    else:
        packed = "gzip-compressed " if Path(path).suffix.lower() == ".gz" else ""
        skipped = source.get("skip_rows", 0)
        expected = (
            f"{packed}text in {source.get('encoding', 'utf-8')}, columns separated by "
            f"{source.get('delimiter', ',')!r}" + (f", below {skipped} lines" if skipped else "")
        )
    detail = " ".join(str(error).split())[:300]
    return InputError(f"{path}: the file cannot be read. Expected {expected}. Found: {detail}")
