"""Read and write the tables that cross a rule, each checked against its contract.

A contract is a file in ``workflow/schemas/tables``. It names the columns in their order, their
types, which may be null, which values are allowed, what a row is and how the rows are sorted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from store_clusters.run.errors import InputError, examples
from store_clusters.run.files import complete

CONTRACTS = Path(__file__).resolve().parents[3] / "workflow" / "schemas" / "tables"
MONEY = pa.decimal128(18, 4)
TYPES = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "money": MONEY,
}
ROW_GROUP = 1 << 20
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it was built


@dataclass(frozen=True)
class Contract:
    """What a table promises to those who read it."""

    name: str
    version: int
    file: str  # where it lies below the results, with `<merged>`, `{track}` and `{part}`
    columns: tuple[dict[str, Any], ...]
    key: tuple[str, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, with the contract's name and version in its metadata."""
        fields = [
            pa.field(column["name"], TYPES[column["type"]], column.get("nullable", False))
            for column in self.columns
        ]
        return pa.schema(fields, {"contract": self.name, "version": str(self.version)})


@cache
def contract(name: str) -> Contract:
    """Load the contract ``name``."""
    content = yaml.load((CONTRACTS / f"{name}.yaml").read_text(encoding="utf-8"), LOADER)
    columns, key = tuple(content["columns"]), tuple(content["key"])
    return Contract(name, content["version"], content["file"], columns, key)


def write_table(path: str | Path, name: str, data: pa.Table | Mapping[str, Any]) -> int:
    """Write ``data`` under contract ``name`` and return the number of rows.

    Rows are sorted by the contract's key and the bytes depend on the data only. The file appears
    under its name when it is complete.

    Raises:
        ValueError: The data breaks the contract: a fault of the program, not of the input.
    """
    promised = contract(name)
    table = _as_table(promised, data)
    if not _ascends(table, promised.key):
        table = table.sort_by([(column, "ascending") for column in promised.key])
    _check(promised, table)
    return _write(path, promised, [table.combine_chunks()])


def write_stream(
    path: str | Path,
    name: str,
    batches: Iterable[pa.RecordBatch | Mapping[str, Any]],
    notes: Mapping[str, str] | None = None,
) -> int:
    """Write rows that come in the order of the key, as :func:`write_table` does, in bounded memory.

    The bytes are those of :func:`write_table`, however the rows are divided into batches, each
    Arrow's or columns by name. ``notes`` on the rows are kept beside them, see :func:`notes_of`.

    Raises:
        ValueError: The data breaks the contract or is not in order.
    """
    promised = contract(name)
    return _write(path, promised, _checked_groups(promised, batches), notes or {})


def _checked_groups(
    promised: Contract, batches: Iterable[pa.RecordBatch | Mapping[str, Any]]
) -> Iterator[pa.Table]:
    """Yield tables of ``ROW_GROUP`` rows, the last of fewer, each checked with the row before."""
    last = promised.schema.empty_table()
    for rows in _in_groups(_as_rows(promised, batch) for batch in batches):
        table = _as_table(promised, rows).combine_chunks()
        seam = pa.concat_tables([last, table.slice(0, 1)])
        for part in (seam, table):
            _check(promised, part)
        last = table.slice(table.num_rows - 1)
        yield table
    if last.num_rows == 0:
        yield last


def _as_rows(promised: Contract, batch: pa.RecordBatch | Mapping[str, Any]) -> pa.Table:
    if isinstance(batch, pa.RecordBatch):
        return pa.Table.from_batches([batch])
    return _as_table(promised, batch)


def _in_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Divide rows into tables of ``ROW_GROUP`` rows."""
    kept: list[pa.Table] = []
    for some in tables:
        kept.append(some)
        while sum(table.num_rows for table in kept) >= ROW_GROUP:
            rows = pa.concat_tables(kept)
            yield rows.slice(0, ROW_GROUP)
            kept = [rows.slice(ROW_GROUP)]
    if any(table.num_rows for table in kept):
        yield pa.concat_tables(kept)


def _write(
    path: str | Path,
    promised: Contract,
    tables: Iterable[pa.Table],
    notes: Mapping[str, str] | None = None,
) -> int:
    """Write tables below one another; the file has its name when it is complete."""
    rows = 0
    with (
        complete(path) as beside,
        pq.ParquetWriter(
            beside, promised.schema, compression="zstd", store_decimal_as_integer=True
        ) as writer,
    ):
        for table in tables:
            writer.write_table(table, row_group_size=ROW_GROUP)
            rows += table.num_rows
        if notes:
            writer.add_key_value_metadata(dict(notes))
    return rows


def read_table(path: str | Path, name: str, **options: Any) -> pa.Table:
    """Read a table and check that it was written under contract ``name``, in this version.

    ``options`` go to :func:`pyarrow.parquet.read_table`, such as ``columns`` or ``filters``.
    """
    check_contract(path, name)
    return pq.read_table(path, memory_map=False, **options)


def check_contract(path: str | Path, name: str) -> None:
    """Refuse a table that was not written under contract ``name``, in its version."""
    promised = contract(name)
    found = _says(path)
    if found != (promised.name, str(promised.version)):
        raise InputError(
            f"{path}: this is not a {promised.name!r} table of version {promised.version} "
            f"(it says {found[0] or 'nothing'!r}, version {found[1] or 'none'}). "
            "Delete the file and run the workflow again."
        )


def contract_of(path: str | Path) -> str:
    """Return the name of the contract that a table was written under, empty where under none."""
    return _says(path)[0]


def notes_of(path: str | Path) -> dict[str, str]:
    """Return the notes that a table was written with, and what else its file says of it."""
    said = pq.read_metadata(path).metadata or {}
    return {name.decode(): text.decode() for name, text in said.items()}


def _says(path: str | Path) -> tuple[str, str]:
    """Return the contract and its version that a file names."""
    metadata = pq.read_schema(path).metadata or {}
    return metadata.get(b"contract", b"").decode(), metadata.get(b"version", b"").decode()


def sum_of_sales(table: pa.Table) -> Decimal:
    """Return the sum of the column ``sales``, exactly; 0 when there are no rows."""
    return pc.sum(table["sales"].cast(pa.decimal128(38, 4))).as_py() or Decimal(0)


def _as_table(promised: Contract, data: pa.Table | Mapping[str, Any]) -> pa.Table:
    schema = promised.schema
    names = list(data.column_names if isinstance(data, pa.Table) else data)
    if set(names) != set(schema.names):
        raise ValueError(f"{promised.name}: has columns {names}, promised {schema.names}")
    arrays = []
    for field in schema:
        values = data[field.name]
        if not isinstance(values, pa.Array | pa.ChunkedArray):
            exact = not pa.types.is_integer(field.type)  # given this type, 1.5 would become 1
            values = pa.array(values, type=field.type if exact else None, from_pandas=True)
        arrays.append(values.cast(field.type))
    return pa.table(arrays, schema=schema)


def _ascends(table: pa.Table, key: tuple[str, ...]) -> bool:
    """Say whether every row is after the one before it: in the order of ``key`` and none twice."""
    after = pa.repeat(False, max(table.num_rows - 1, 0))
    for name in reversed(key):
        values = table[name].combine_chunks()
        if values.null_count:
            return False
        this, following = values[:-1], values[1:]
        after = pc.or_(pc.less(this, following), pc.and_(pc.equal(this, following), after))
    return pc.all(after, min_count=0).as_py()


def _check(promised: Contract, table: pa.Table) -> None:
    for column in promised.columns:
        values = table[column["name"]]
        if values.null_count and not column.get("nullable", False):
            raise ValueError(f"{promised.name}.{column['name']}: {values.null_count} nulls")
        if pa.types.is_floating(values.type) and pc.any(pc.invert(pc.is_finite(values))).as_py():
            raise ValueError(f"{promised.name}.{column['name']}: not finite")
        if "values" in column:
            unknown = set(pc.unique(values).to_pylist()) - {*column["values"], None}
            if unknown:
                raise ValueError(f"{promised.name}.{column['name']}: {examples(sorted(unknown))}")
    if not _ascends(table, promised.key):
        same = pa.repeat(True, table.num_rows - 1)
        for name in promised.key:
            values = table[name].combine_chunks()
            same = pc.and_(same, pc.equal(values[1:], values[:-1]))
        if not pc.any(same).as_py():
            raise ValueError(f"{promised.name}: rows are not in the order of {promised.key}")
        row = table.slice(pc.index(same, True).as_py(), 1).to_pylist()[0]
        raise ValueError(f"{promised.name}: two rows with {[row[k] for k in promised.key]}")
