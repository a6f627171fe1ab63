"""Rows of a file, and those among them that are none: headers in its middle, and totals.

Files that were put together have the header again between the rows; what people add up in a
spreadsheet ends in a row of totals, which would count everything twice.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.run.errors import InputError

HEADER = "repeated header"
TOTAL = "row of totals"
TOTALS = (
    "total",
    "totals",
    "grand total",
    "subtotal",
    "sub-total",
    "sum total",
    "summe",
    "gesamt",
    "gesamtsumme",
    "gesamtergebnis",
    "zwischensumme",
    "total général",
    "total general",
    "totale",
    "totaal",
    "eindtotaal",
)
LABELS = pa.array([text + colon for text in TOTALS for colon in ("", ":")])


@dataclass(frozen=True)
class Rows:
    """Some rows of a file, in the types that it gives them."""

    values: pa.RecordBatch
    numbers: np.ndarray  # of each row among those below the header, from 0

    def where(self, wanted: pa.Array) -> "Rows":
        """Return the rows for which ``wanted`` is true."""
        return Rows(self.values.filter(wanted), self.numbers[wanted.to_numpy(zero_copy_only=False)])


@dataclass
class Tally:
    """What was read: rows, those left out by what they are, and currencies with their place."""

    read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)

    def drop(self, what: str, rows: int) -> None:
        """Count rows that are left out."""
        self.dropped[what] = self.dropped.get(what, 0) + rows


def left_out(paths: Iterable[str], dropped: Mapping[str, int]) -> str:
    """Return the sentence that warns of rows of files that were left out."""
    rows = ", ".join(f"{count:,} ({what})" for what, count in dropped.items())
    return f"{', '.join(paths)}: rows are left out: {rows}"


def numbered(batches: Iterable[pa.RecordBatch]) -> Iterator[Rows]:
    """Number the rows of batches."""
    start = 0
    for batch in batches:
        yield Rows(batch, np.arange(start, start + batch.num_rows))
        start += batch.num_rows


def without_headers(rows: Iterable[Rows], path: str, tally: Tally) -> Iterator[Rows]:
    """Leave out rows that repeat the names of all columns, of which there are at least two.

    They hold no number, so that nothing is lost with them.

    Raises:
        InputError: The names come in another order, so the rows below are of other columns.
    """
    for some in rows:
        names = some.values.schema.names
        if len(names) < 2 or not all(map(_is_text, some.values.schema.types)):
            yield some
            continue
        first = some.values.column(0)
        if not pc.any(_among(pc.unique(first), pa.array(names))).as_py():
            yield some
            continue
        suspects = _among(first, pa.array(names))
        for name in names[1:]:
            suspects = pc.and_(suspects, _among(some.values.column(name), pa.array(names)))
        same = suspects
        for name in names:
            same = pc.and_(same, _among(some.values.column(name), pa.array([name])))
        moved = some.where(pc.and_(suspects, pc.invert(same))).values.to_pylist()
        if moved and set(moved[0].values()) == set(names):
            raise InputError(
                f"{path}: a header in the middle of the file has its columns in another order: "
                f"{', '.join(map(repr, moved[0].values()))} for {', '.join(map(repr, names))}. "
                "Expected one header; part the file there."
            )
        tally.drop(HEADER, pc.sum(same).as_py() or 0)
        yield some.where(pc.invert(same))


def is_total(values: pa.Array) -> pa.Array | None:
    """Say which identifiers are the label of a total; None where none can be."""
    if not _is_text(values.type):
        return None
    if not pc.any(_is_label(pc.unique(values))).as_py():  # quicker: identifiers repeat
        return None
    return _is_label(values)


def totals(rows: Rows, identifiers: Collection[str]) -> pa.Array | None:
    """Say which rows are labelled as totals; None where none is."""
    found = None
    for name in identifiers:
        labelled = is_total(rows.values.column(name))
        if labelled is not None:
            found = labelled if found is None else pc.or_(found, labelled)
    return found


def with_last(rows: Iterable[Rows]) -> Iterator[tuple[Rows, bool]]:
    """Yield rows, and whether they are the last ones; none where there are no rows."""
    before = None
    for some in rows:
        if some.values.num_rows:
            if before is not None:
                yield before, False
            before = some
    if before is not None:
        yield before, True


def is_empty(value: pa.Scalar) -> bool:
    """Say whether a value is missing or blank."""
    plain = value.as_py()
    return plain is None or (isinstance(plain, str) and not plain.strip())


def _is_label(values: pa.Array) -> pa.Array:
    return pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(_plain(values))), LABELS)


def _among(values: pa.Array, texts: pa.Array) -> pa.Array:
    return pc.is_in(pc.utf8_trim_whitespace(_plain(values)), texts)


def _plain(values: pa.Array) -> pa.Array:
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def _is_text(type_: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(type_) for is_kind in kinds)
