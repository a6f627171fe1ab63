"""Any database that SQLAlchemy reaches, where it and a driver are installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from typing import Any

import pyarrow as pa

from store_clusters.inputs.databases import Found
from store_clusters.run.errors import InputError

SCHEMES = ()
BATCH_ROWS = 1 << 14


class Other:
    """A connection of SQLAlchemy, in a transaction."""

    def __init__(self, connection: Any):
        self.connection = connection

    def quoted(self, name: str) -> str:
        """Return the name in the quotes of the database."""
        return str(self.connection.dialect.identifier_preparer.quote_identifier(name))

    def chosen(self, field: pa.Field) -> str:
        """Return the column as it is."""
        return self.quoted(field.name)

    def holds_text(self, field: pa.Field) -> bool:
        """Return False: how to ask for texts that are no dates differs between databases."""
        return False

    def find(self, query: str) -> Found:
        """Run a query; all values become text, as the types of rows say too little."""
        rows = self.connection.execution_options(stream_results=True).exec_driver_sql(query)
        schema = pa.schema([(name, pa.string()) for name in rows.keys()])  # noqa: SIM118

        def batches() -> Iterator[pa.RecordBatch]:
            while some := list(islice(rows, BATCH_ROWS)):
                columns = zip(*some, strict=True)
                yield pa.record_batch(
                    [pa.array(map(_text, values), pa.string()) for values in columns], schema
                )

        return Found(schema, batches())

    def has(self, table: str) -> bool:
        """Look into the catalog."""
        schema, _, name = table.rpartition(".")
        inspector = import_module("sqlalchemy").inspect(self.connection)
        return bool(inspector.has_table(name, schema=schema or None))

    def execute(self, statement: str) -> None:
        """Run a statement."""
        self.connection.exec_driver_sql(statement)

    def insert(self, table: str, rows: pa.Table, create: bool) -> None:
        """Add the rows by way of pandas."""
        schema, _, name = table.rpartition(".")
        exact = import_module("sqlalchemy").Numeric(18, 4)
        types = {one.name: exact for one in rows.schema if pa.types.is_decimal(one.type)}
        rows.to_pandas().to_sql(
            name,
            self.connection,
            schema=schema or None,
            if_exists="append",
            index=False,
            dtype=types,
        )

    def commit(self) -> None:
        """Commit."""
        self.connection.commit()


@contextmanager
def connect(url: str, writes: bool = False) -> Iterator[Other]:
    """Connect by way of SQLAlchemy."""
    scheme = url.partition(":")[0]
    try:
        sqlalchemy = import_module("sqlalchemy")
    except ImportError:
        raise InputError(
            f"databases of {scheme}:// need a package that is not installed: pip install "
            "sqlalchemy, and the driver of the database."
        ) from None
    engine = sqlalchemy.create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield Other(connection)
    finally:
        engine.dispose()


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
