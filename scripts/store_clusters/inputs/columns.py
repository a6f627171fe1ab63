"""The columns of a file, in our names and types, from whatever layout it has.

What is no row of a store, such as a row of totals, is left out or refused on the way.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.conversion import Where, column_schema, convert
from store_clusters.inputs.layout import rows_at_once, unpivoted, wide_columns, wide_of
from store_clusters.inputs.options import Products, Source
from store_clusters.inputs.rows import (
    TOTAL,
    Rows,
    Tally,
    is_empty,
    numbered,
    totals,
    with_last,
    without_headers,
)
from store_clusters.inputs.sources import Mapped, header, place, raw_batches, shown
from store_clusters.run.errors import InputError

ROUNDING = Decimal("0.01")  # that a total may be off by


def raw_rows(
    path: str | Path,
    source: Mapped,
    columns: list[str],
    identifiers: Sequence[str],
    tally: Tally | None = None,
) -> Iterator[Rows]:
    """Yield the rows of a file as it has them, without repeated headers and rows of totals.

    ``identifiers`` are the columns in which a total has its label.

    Raises:
        InputError: There are totals, and ``total_rows`` of the source refuses them.
    """
    tally = Tally() if tally is None else tally
    rows = numbered(raw_batches(path, source, columns))
    for some in without_headers(rows, shown(path, source), tally):
        labelled = None if source.total_rows == "keep" else totals(some, identifiers)
        if labelled is None:
            yield some
            continue
        _drop_totals(path, source, some.where(labelled), identifiers[0], tally)
        yield some.where(pc.invert(labelled))


def stream_columns(
    path: str | Path,
    source: Mapped,
    kinds: Mapping[str, str],
    nullable: Iterable[str] = (),
    tally: Tally | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield batches with the columns ``kinds`` (our name: kind), in bounded memory.

    Rows that were read and left out are counted in ``tally``.

    Raises:
        InputError: The file cannot be read, a column is missing, or a value is not what its kind
            expects. Values may be missing only in columns of kind ``text`` or in ``nullable``.
    """
    tally = Tally() if tally is None else tally
    table = _Table(path, source, kinds, nullable)
    store = table.theirs.get("store_id") if "sales" in kinds else None
    sold = Decimal(0)
    for some, is_last in with_last(table.rows(tally)):
        body, end = some, None
        if is_last and store and source.total_rows != "keep" and table.names_nothing(some):
            body, end = _without_last(some)
        for batch in table.converted(body):
            if store:
                sold += pc.sum(batch["sales"]).as_py() or 0
            tally.read += batch.num_rows
            yield batch
        if end is not None:
            amount = table.amount(end)
            if amount is None or not tally.read or abs(amount - sold) > ROUNDING:
                for batch in table.converted(end):  # refused where a store has to be there
                    tally.read += batch.num_rows
                    yield batch
            else:
                _drop_totals(path, source, end, table.theirs["store_id"], tally)
    tally.read += sum(tally.dropped.values())
    tally.currencies |= table.currencies


def read_columns(
    path: str | Path, source: Mapped, kinds: Mapping[str, str], tally: Tally | None = None
) -> pa.Table:
    """Read the mapped columns of a whole file, converted as :func:`stream_columns` does."""
    batches = stream_columns(path, source, kinds, tally=tally)
    return pa.Table.from_batches(batches, column_schema(kinds))


class _Table:
    """The columns ``kinds`` of a file, whatever its layout."""

    def __init__(
        self, path: str | Path, source: Mapped, kinds: Mapping[str, str], nullable: Iterable[str]
    ):
        self.path, self.source, self.kinds, self.nullable = path, source, kinds, set(nullable)
        self.schema = column_schema(kinds)
        columns = {name: getattr(source.columns, name, None) for name in kinds}
        self.theirs = {name: column for name, column in columns.items() if column is not None}
        self.identifiers = [
            column for name, column in self.theirs.items() if kinds[name] == "identifier"
        ]
        self.wide = wide_of(source) if "sales" in kinds else None
        self.first: dict[str, Where] = {}
        self.cells: dict[str, str] = {}
        if self.wide:
            self.cells = wide_columns(shown(path, source), header(path, source), source, self.wide)

    def rows(self, tally: Tally) -> Iterator[Rows]:
        """Yield the rows of the file."""
        wanted = list(dict.fromkeys([*self.theirs.values(), *self.cells]))
        return raw_rows(self.path, self.source, wanted, self.identifiers, tally)

    @property
    def currencies(self) -> dict[str, str]:
        """The currencies of the sales so far, and where they are."""
        return self.first["sales"].seen if "sales" in self.first else {}

    def names_nothing(self, rows: Rows) -> bool:
        """Say whether the last row has neither a store nor a product."""
        return all(is_empty(rows.values[column][-1]) for column in self.identifiers)

    def amount(self, row: Rows) -> Decimal | None:
        """Return the sales of a row; None where they cannot be read."""
        columns = list(self.cells) or [self.theirs["sales"]]
        try:
            amounts = [self._convert(row, "sales", column, True)[0].as_py() for column in columns]
        except InputError:
            return None
        return sum(filter(None, amounts), Decimal(0))

    def converted(self, rows: Rows) -> Iterator[pa.RecordBatch]:
        """Yield the columns in our types."""
        if not self.wide:
            yield self._batch(self._columns(rows), rows.values.num_rows)
            return
        days = pa.array(list(self.cells.values()))
        if self.wide.to == "date":
            days = pc.strptime(days, "%Y-%m-%d", "s").cast(pa.date32())
        at_once = rows_at_once(self.cells)
        for start in range(0, rows.values.num_rows, at_once):
            end = start + at_once
            some = Rows(rows.values.slice(start, at_once), rows.numbers[start:end])
            cells = [self._convert(some, "sales", column, True) for column in self.cells]
            for columns in unpivoted(self._columns(some), cells, self.wide.to, days):
                yield self._batch(columns, len(columns["sales"]))

    def _batch(self, columns: Mapping[str, pa.Array], rows: int) -> pa.RecordBatch:
        """Return a batch in which constants stand for columns that the file does not have."""
        constants = self.source.constants if isinstance(self.source, Products) else None
        arrays = []
        for field in self.schema:
            values = columns.get(field.name)
            if values is None:
                values = pa.repeat(getattr(constants, field.name, None), rows)
            arrays.append(values.cast(field.type))
        return pa.record_batch(arrays, schema=self.schema)

    def _columns(self, rows: Rows) -> dict[str, pa.Array]:
        return {
            name: self._convert(
                rows, name, column, self.kinds[name] == "text" or name in self.nullable
            )
            for name, column in self.theirs.items()
        }

    def _convert(self, rows: Rows, name: str, column: str, nullable: bool) -> pa.Array:
        where = place(self.path, self.source, column, rows.numbers)
        first = self.first.setdefault(name, where)  # what is seen of all rows counts
        where = replace(where, seen=first.seen, forms=first.forms)
        values = rows.values.column(column)
        return convert(values, self.kinds[name], self.source, where, nullable)


def _without_last(rows: Rows) -> tuple[Rows, Rows]:
    before = len(rows.numbers) - 1
    return (
        Rows(rows.values.slice(0, before), rows.numbers[:before]),
        Rows(rows.values.slice(before), rows.numbers[before:]),
    )


def _drop_totals(path: str | Path, source: Source, found: Rows, column: str, tally: Tally) -> None:
    """Count rows of totals that are left out, or refuse them."""
    if source.total_rows == "drop":
        tally.drop(TOTAL, len(found.numbers))
        return
    where = place(path, source, column, found.numbers)
    rows = found.values.to_pylist()
    shows = [
        f"{', '.join(repr(value) for value in row.values() if value not in (None, ''))} "
        f"in {where.name(number)}"
        for number, row in enumerate(rows[:3])
    ]
    more = f" and {len(rows) - 3:,} more" if len(rows) > 3 else ""
    raise InputError(
        f"{where.path}: rows of totals would count twice: {'; '.join(shows)}{more}. "
        "Expected rows of single stores and products; set total_rows of the source to drop, to "
        "leave them out, or to keep, where that is the name of a store or product."
    )
