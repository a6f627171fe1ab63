"""Convert values as files have them to what we use, and refuse what cannot be.

The *kinds* of columns are ``identifier``, ``text``, ``money``, ``number`` and ``date``. How a
source writes them its options say: ``missing``, ``decimal``, ``date_format`` and
``strip_leading_zeros``. This module knows values, not files: what it cannot use it tells with the
file, the column, the rows and what was expected, as :class:`Where` says.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs import days, identifiers
from store_clusters.inputs.notation import (
    Written,
    are_unsure,
    read_numbers,
    simple_numbers,
    with_other_mark,
)
from store_clusters.inputs.options import Sales, Source
from store_clusters.run.errors import InputError, examples
from store_clusters.tables.contracts import MONEY

EXACT = 1e11  # from here on a float may not hold four decimals of what was written
EXPECTED = {
    "identifier": "an identifier (text or a whole number), never empty",
    "text": "text",
    "money": "a finite number below 10^14",
    "number": "a number",
    "date": "a date such as 2024-01-31 (or set date_format)",
}


@dataclass(frozen=True)
class Where:
    """Where values are from, for messages."""

    path: str
    column: str
    first: int  # number of the row of the first value
    row: str  # what a row is called, such as "line"
    at: Callable[[int], str] | None = None  # the place of each value, where not so many rows below
    seen: dict[str, str] = field(default_factory=dict)  # currencies of the column so far, and where
    forms: set[str] = field(default_factory=set)  # of the identifiers of the column so far

    def name(self, number: int) -> str:
        """Return what people call the place of a value, such as "line 3" or "Sheet1!C17"."""
        return self.at(number) if self.at else f"{self.row} {self.first + number:,}"


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


def convert(values: pa.Array, kind: str, source: Source, where: Where, nullable: bool) -> pa.Array:
    """Convert values of any type that a file can give them to their kind.

    Raises:
        InputError: A value is not what its kind expects, or is missing and not ``nullable``.
    """
    values = _clean(values, source)
    if kind in {"money", "number"}:
        values = _without_missing_numbers(values, source)
        converted = _amounts(values, kind, source, where)
    elif kind == "identifier":
        converted = _identifier(values, source, where)
    elif kind == "date":
        converted = _date(values, source)
    else:
        converted = identifiers.without_errors(_text(values, source))
    bad = pc.and_(pc.is_null(converted), pc.is_valid(values))
    if not nullable:
        bad = pc.is_null(converted)
    if pc.any(bad).as_py():
        rows = np.flatnonzero(bad.to_numpy(zero_copy_only=False))
        shown = [
            f"{repr(values[i].as_py()) if values[i].is_valid else 'nothing'} in {where.name(i)}"
            for i in rows[:5].tolist()
        ]
        more = f" and {len(rows) - 5:,} more" if len(rows) > 5 else ""
        raise InputError(
            f"{where.path}: column {where.column!r} holds what cannot be used: "
            f"{', '.join(shown)}{more}. "
            f"Expected {_expected(kind, source)}.{_cure(values.filter(bad), kind, source)}"
        )
    return converted


def feature_values(
    parts: Mapping[str, pa.Array], source: Source, column: str, categorical: Collection[str] = ()
) -> np.ndarray:
    """Return a feature as float64 when its known values are numbers, else as text (object).

    Columns that ``categorical`` names are text in any case.

    ``parts`` are its values by file, each in the type that the file gives it; the values of all
    files decide together, below one another in the order of the files.

    Raises:
        InputError: Numbers are in several units, or can be read in two ways. Nearly all known
            values are numbers, but some are text: a missing-value marker not configured or a slip,
            which would otherwise turn the column into a category with a level for every number. Or
            one file has only numbers and another one only text.
    """
    known = {path: _known(values, source) for path, values in parts.items()}
    if column not in categorical:
        read = {path: _read(values, source) for path, values in known.items()}
        numbers = {path: numbers for path, (numbers, _) in read.items()}
        texts = {
            path: _text(values.filter(pc.is_null(numbers[path])).drop_null(), source)
            for path, values in known.items()
        }
        if not any(len(found) for found in texts.values()):
            _refuse_units(known, {path: written for path, (_, written) in read.items()}, column)
            return np.concatenate(
                [
                    _as_floats(values, source if written else None)
                    for values, written in read.values()
                ]
            )
        _refuse_unsure(texts, source, column)
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


def _amounts(values: pa.Array, kind: str, source: Source, where: Where) -> pa.Array:
    """Return money or numbers; refuse amounts in two currencies, which add up to nothing."""
    if pa.types.is_string(values.type):
        written = read_numbers(values, source, percent=kind == "number")
        values = written.plain
        for unit, place in written.first().items():
            where.seen.setdefault(unit, f"{unit!r} in {where.name(place)}")
    if len(where.seen) > 1:
        raise InputError(
            f"{where.path}: column {where.column!r} holds amounts in several units: "
            f"{', '.join(where.seen.values())}. Expected one: convert them, or give each a file "
            "and a column of its own."
        )
    return _money(values) if kind == "money" else _number(values, source)


def _read(values: pa.Array, source: Source) -> tuple[pa.Array, Written | None]:
    """Return values as numbers, null where they are none; and how text had them."""
    if not pa.types.is_string(values.type):
        return _number(values, source), None
    written = read_numbers(values, source, percent=True)
    return written.plain.cast(pa.float64()), written


def _as_floats(numbers: pa.Array, source: Source | None) -> np.ndarray:
    """Return numbers without those that mean a missing value, where text of a source has them."""
    if source and (markers := [float(number) for number in missing_numbers(source)]):
        numbers = pc.if_else(pc.is_in(numbers, pa.array(markers)), None, numbers)
    return np.array(numbers.to_numpy(zero_copy_only=False), dtype=float)


def _refuse_units(known: dict[str, pa.Array], read: dict[str, Written | None], column: str) -> None:
    """Refuse numbers of which some are in another unit, or only some are percentages."""
    if not any(written and len(written.units) for written in read.values()):
        return
    shown: dict[str, str] = {}
    for path, values in known.items():
        written = read[path]
        for unit, place in written.first().items() if written else ():
            shown.setdefault(unit, repr(values[place].as_py()))
        bare = np.delete(np.arange(len(values)), written.places) if written else slice(None)
        plain = values.take(pa.array(np.arange(len(values))[bare])).drop_null()
        if len(plain):
            shown.setdefault("", repr(plain[0].as_py()))
    if len(set(shown) - {""}) > 1 or {"", "%"} <= set(shown):
        raise InputError(
            f"{', '.join(known)}: column {column!r} holds numbers in several units: "
            f"{', '.join(shown.values())}. Expected one unit in all rows and files of a source, or "
            "the column in `categorical`."
        )


def _refuse_unsure(texts: dict[str, pa.Array], source: Source, column: str) -> None:
    """Refuse texts that are all numbers if marks are read otherwise than the source says."""
    other = with_other_mark(source)
    for values in (values.unique() for values in texts.values()):
        unsure = pc.or_(
            are_unsure(values, source), pc.is_valid(read_numbers(values, other, True).plain)
        )
        if not pc.all(unsure).as_py():
            return
    first = next(values for values in texts.values() if len(values))
    written = {text for values in texts.values() for text in values.to_pylist()}
    raise InputError(
        f"{', '.join(path for path in texts if len(texts[path]))}: column {column!r} holds "
        f"{examples(sorted(written))}. Expected numbers. {_number_cure(first.slice(0, 1), source)} "
        "Or name the column in `categorical`."
    )


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


def _clean(values: pa.Array, source: Source) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        values = values.cast(pa.string())
    if pa.types.is_float16(values.type):
        values = values.cast(pa.float32())
    if pa.types.is_string(values.type):
        values = pc.utf8_trim_whitespace(values)
        missing = pa.array(["", *source.missing])
        return pc.if_else(pc.is_in(values, missing), None, values)
    if source.missing:
        values = pc.if_else(_is_missing(values, source), None, values)
    return values


def missing_numbers(source: Source) -> list[Decimal]:
    """Return the numbers among the texts that mean a missing value; -999 is also -999.0."""
    texts = pa.array(source.missing, pa.string())
    numbers = pc.coalesce(simple_numbers(texts, source.decimal), simple_numbers(texts, "."))
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
        return pc.is_in(values.cast(pa.string()), pa.array(source.missing))
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
    if kind == "date" and source.date_format:
        return f"a date in the format {source.date_format!r} (date_format)"
    if kind in {"money", "number"} and source.decimal == ",":
        return f"{EXPECTED[kind]}, with a decimal comma (decimal)"
    return EXPECTED[kind]


def _cure(bad: pa.Array, kind: str, source: Source) -> str:
    """Return what to do about the first values that cannot be used, or nothing."""
    texts = _text(bad.drop_null().slice(0, 5), source)
    found = ""
    if texts.null_count < len(texts):
        texts = texts.drop_null()
        if kind in {"identifier", "text"}:
            found = identifiers.cure(texts.to_pylist())
        elif kind == "date" and not source.date_format:
            found = days.cure(texts.to_pylist())
        elif kind in {"money", "number"}:
            found = _number_cure(texts.slice(0, 1), source)
    elif kind == "identifier" and bad.null_count == len(bad):
        found = "Merged cells leave all but the first empty: fill them."
        if isinstance(source, Sales):
            found += " Set `incomplete: set_aside` to go on without such rows."
    return f" {found}" if found else ""


def _number_cure(text: pa.Array, source: Source) -> str:
    """Return what lets a text be a number, or nothing."""
    (shown,) = text.to_pylist()
    if are_unsure(text, source)[0].as_py():
        return (
            f"{shown!r} can be read in two ways: set `thousands: ','`, or `decimal: ','` where the "
            "comma stands before decimals."
        )
    if source.thousands and read_numbers(text, replace(source, thousands=None)).plain[0].is_valid:
        return f"It has another mark between thousands than {source.thousands!r} (thousands)."
    if read_numbers(text, source).plain[0].is_valid:  # too large
        return ""
    other = with_other_mark(source)
    if read_numbers(text, other).plain[0].is_valid:
        return f"{shown!r} is a number with `decimal: '{other.decimal}'`."
    if read_numbers(text, source, percent=True).plain[0].is_valid:
        return "A percentage is no amount of money."
    return identifiers.cure([shown]) if shown.startswith(("#", "=")) else ""


def _identifier(values: pa.Array, source: Source, where: Where) -> pa.Array:
    written = values.type
    values = _text(values, source)
    if pa.types.is_string(written):
        values = identifiers.mended(values, where.forms)
    if source.strip_leading_zeros:
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
        values = read_numbers(values, source, percent=True).plain
    if pa.types.is_temporal(values.type):
        return pa.nulls(len(values), pa.float64())
    return values.cast(pa.float64(), safe=False)  # whole numbers above 2^53 are rounded


def _money(values: pa.Array) -> pa.Array:
    if pa.types.is_temporal(values.type):
        return pa.nulls(len(values), MONEY)
    numbers = values.cast(pa.float64(), safe=False)
    size = pc.abs(numbers)
    usable = pc.and_(pc.is_finite(numbers), pc.less(size, 1e14))
    numbers = pc.if_else(usable, numbers, None)
    money = pc.cast(pc.round(numbers, 4, round_mode="half_to_even"), MONEY, safe=False)
    written = pa.types.is_string(values.type) or pa.types.is_decimal(values.type)
    large = pc.and_(pc.greater_equal(size, EXACT), usable)
    if not (written and pc.any(large).as_py()):
        return money
    exact = [
        Decimal(value).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
        for value in values.filter(large).to_pylist()
    ]
    return pc.replace_with_mask(money, pc.fill_null(large, False), pa.array(exact, MONEY))


def _date(values: pa.Array, source: Source) -> pa.Array:
    if pa.types.is_date(values.type) or pa.types.is_timestamp(values.type):
        return values.cast(pa.date32(), safe=False)
    if pa.types.is_floating(values.type) and source.date_format == days.EXCEL:
        values = pc.floor(values)
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        values = _text(values, source)
    if not pa.types.is_string(values.type):
        return pa.nulls(len(values), pa.date32())
    return days.to_days(values, source.date_format)
