"""What the columns of a table hold: numbers, days, words; and in which notation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.days import EXCEL, to_days
from store_clusters.inputs.guessing.hints import hint
from store_clusters.inputs.notation import read_numbers
from store_clusters.inputs.options import Source

NOTATIONS: tuple[tuple[str, str | None], ...] = ((".", None), (".", ","), (",", None))
DAYS = ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"]
FORMATS = [
    *DAYS,
    *["%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%m.%Y", "%m/%Y", "%m-%Y", "%b-%y"],
    "%b %y",
]
FORMATS += [f"{day} {time}" for day in DAYS for time in ("%H:%M", "%H:%M:%S")]
MARKERS = {"na", "n/a", "#n/a", "null", "none", "nan", "-", "--", "?", ".", "k.a.", "-999", "-9999"}
MARKED = 0.7  # of the values at most mean a missing one
SHOWN = 3


@dataclass(frozen=True)
class Column:
    """A column of a table, as far as it was read."""

    name: str
    kind: str  # number, day, text or empty
    texts: pa.Array  # by row, null where nothing is known
    whole: bool = False  # whether all numbers are whole
    typed: bool = False  # whether the file says the type
    format: str | None = None  # of days
    doubt: str | None = None  # another format that fits as well
    markers: list[str] = field(default_factory=list)  # texts that mean a missing value

    @cached_property
    def values(self) -> frozenset[str]:
        """The different values."""
        return frozenset(self.texts.drop_null().unique().to_pylist())

    @property
    def known(self) -> int:
        """How many rows have a value."""
        return len(self.texts) - self.texts.null_count

    @cached_property
    def padded(self) -> bool:
        """Whether digits have zeros in front, as identifiers have."""
        return any(value[0] == "0" and value.isdigit() and len(value) > 1 for value in self.values)

    @cached_property
    def identifies(self) -> bool:
        """Whether the values may be identifiers."""
        of_kind = self.kind == "text" or (self.kind == "number" and self.whole)
        return of_kind and len(self.values) > 1

    @cached_property
    def measures(self) -> bool:
        """Whether the values may be amounts."""
        return self.kind == "number" and not self.padded

    def shown(self) -> str:
        """Return some values for people."""
        first = pc.unique(self.texts.drop_null().slice(0, 1000)).to_pylist()[:SHOWN]
        return ", ".join(text if len(text) < 30 else text[:27] + "..." for text in first)


@dataclass(frozen=True)
class Facts:
    """The columns of a table, and how its numbers are written."""

    columns: list[Column]
    decimal: str = "."
    thousands: str | None = None


def facts_of(table: pa.Table, how: Mapping[str, Any]) -> Facts:
    """Look at the rows of a table; ``how`` are the keys that say how it is written."""
    texts: dict[str, pa.Array] = {}
    for name in table.column_names:
        if (written := _as_text(table[name])) is not None:
            texts[name] = written
    plain = [name for name in texts if _is_text(table[name].type)]
    different = {name: pc.unique(texts[name].drop_null()) for name in plain}
    decimal, thousands = _notation(list(different.values()), how.get("delimiter") == ";")
    source = Source(path="-", decimal=decimal, thousands=thousands)  # type: ignore[arg-type]
    columns = [
        _of_text(name, texts[name], different[name], source)
        if name in different
        else _of_type(name, texts[name], table[name].type)
        for name in texts
    ]
    return Facts(columns, decimal, thousands)


def day_format(texts: pa.Array, name: str = "") -> tuple[bool, str | None, str | None]:
    """Say whether texts are days, in which format, and which other format fits as well."""
    digits = pc.all(pc.match_substring_regex(texts, r"^\d{1,6}(\.0+)?$")).as_py()
    if digits and not hint(name, "day"):
        return False, None, None  # 202401 may be a product
    if _all_days(texts, None):
        return True, None, None
    if digits:
        serials = pc.all(pc.match_substring_regex(texts, r"^[34]\d{4}(\.0+)?$")).as_py()
        return bool(serials), EXCEL, None
    fits = [form for form in FORMATS if _all_days(texts, form)]
    # days of a month number: a format in which all are the first of one has the months right
    firsts = [form for form in fits if "%d" in form and _all_first(texts, form)]
    chosen = (firsts if len(texts) > 1 and firsts else fits)[:1]
    rest = [form for form in fits if form not in chosen]
    return bool(fits), chosen[0] if chosen else None, rest[0] if rest else None


def _of_type(name: str, texts: pa.Array, type_: pa.DataType) -> Column:
    if not len(texts.drop_null()):
        return Column(name, "empty", texts, typed=True)
    if pa.types.is_temporal(type_):
        return Column(name, "day", texts, typed=True)
    if pa.types.is_boolean(type_):
        return Column(name, "text", texts, typed=True)
    whole = not pc.any(pc.match_substring(texts, ".")).as_py()
    if whole:
        is_day, form, doubt = day_format(pc.unique(texts.drop_null()), name)
        if is_day:
            return Column(name, "day", texts, whole, True, form, doubt)
    return Column(name, "number", texts, whole, True)


def _of_text(name: str, texts: pa.Array, different: pa.Array, source: Source) -> Column:
    marks = pc.is_in(pc.utf8_lower(different), pa.array(sorted(MARKERS)))
    markers, rest = different.filter(marks).to_pylist(), different.filter(pc.invert(marks))
    if not len(rest):
        return Column(name, "empty", texts, markers=markers)
    known = pc.if_else(pc.is_in(texts, pa.array(markers, pa.string())), None, texts)
    is_day, form, doubt = day_format(rest, name)
    if is_day:
        return Column(name, "day", known, False, False, form, doubt, markers)
    numbers = read_numbers(rest, source, percent=True).plain
    if not numbers.null_count:
        whole = not pc.any(pc.match_substring_regex(numbers, "[.e]")).as_py()
        return Column(name, "number", known, whole, markers=markers)
    return Column(name, "text", known if len(markers) else texts, markers=markers)


def _notation(columns: Sequence[pa.Array], is_semicolon: bool) -> tuple[str, str | None]:
    """Return the marks with which most columns are numbers: decimal, and between thousands."""
    order = NOTATIONS if not is_semicolon else (NOTATIONS[0], NOTATIONS[2], NOTATIONS[1])

    def fitting(marks: tuple[str, str | None]) -> int:
        source = Source(path="-", decimal=marks[0], thousands=marks[1])  # type: ignore[arg-type]
        return sum(_is_numbers(values, source) for values in columns)

    return max(order, key=fitting)


def _is_numbers(values: pa.Array, source: Source) -> bool:
    values = values.filter(pc.invert(pc.is_in(pc.utf8_lower(values), pa.array(sorted(MARKERS)))))
    return len(values) > 0 and not read_numbers(values, source, percent=True).plain.null_count


def _as_text(values: pa.ChunkedArray) -> pa.Array | None:
    """Return trimmed texts, null where empty; None of columns that have no text."""
    try:
        texts = values.cast(pa.string()).combine_chunks()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], pa.string())
    texts = pc.utf8_trim_whitespace(texts)
    if pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        texts = pc.replace_substring_regex(texts, r"\.0+$", "")
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _is_text(type_: pa.DataType) -> bool:
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(type_) for is_kind in kinds)


def _all_days(texts: pa.Array, form: str | None) -> bool:
    return to_days(texts.slice(0, 20), form).null_count == 0 and not to_days(texts, form).null_count


def _all_first(texts: pa.Array, form: str) -> bool:
    return bool(pc.all(pc.equal(pc.day(to_days(texts, form)), 1)).as_py())
