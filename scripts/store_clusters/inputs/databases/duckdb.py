"""DuckDB, a database in a file."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from store_clusters.inputs.databases import Found, existing, file_of, with_quotes

SCHEMES = ("duckdb",)
BATCH_ROWS = 1 << 16


class DuckDB:
    """An open file, in a transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection):
        self.connection = connection

    def quoted(self, name: str) -> str:
        """Return the name in double quotes."""
        return with_quotes(name)

    def chosen(self, field: pa.Field) -> str:
        """Return the column as it is."""
        return self.quoted(field.name)

    def holds_text(self, field: pa.Field) -> bool:
        """Say whether the column is text."""
        return pa.types.is_string(field.type)

    def find(self, query: str) -> Found:
        """Run a query; its rows come while they are asked for."""
        reader = self.connection.sql(query).to_arrow_reader(BATCH_ROWS)
        return Found(reader.schema, reader)

    def has(self, table: str) -> bool:
        """Look into the catalog."""
        schema, _, name = table.rpartition(".")
        query = "SELECT 1 FROM information_schema.tables WHERE table_name = ? AND table_schema = ?"
        return bool(self.connection.execute(query, [name, schema or "main"]).fetchall())

    def execute(self, statement: str) -> None:
        """Run a statement."""
        self.connection.execute(statement)

    def insert(self, table: str, rows: pa.Table, create: bool) -> None:
        """Load the rows by the names of their columns."""
        name = ".".join(map(self.quoted, table.split(".")))
        self.connection.register("published", rows)
        begin = f"CREATE TABLE {name} AS" if create else f"INSERT INTO {name} BY NAME"
        self.connection.execute(f"{begin} SELECT * FROM published")

    def commit(self) -> None:
        """Commit."""
        self.connection.commit()


@contextmanager
def connect(url: str, writes: bool = False) -> Iterator[DuckDB]:
    """Open the file; only what publishes makes one."""
    path = file_of(url) if writes else existing(url)
    with duckdb.connect(path, read_only=not writes) as connection:
        connection.execute("SET memory_limit = '1GB'; SET threads = 1; SET TimeZone = 'UTC'")
        connection.begin()
        yield DuckDB(connection)
