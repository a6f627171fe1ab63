"""What databases have in common that are reached over ADBC."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar

import pyarrow as pa

from store_clusters.inputs.databases import Found, with_quotes


class Adbc:
    """An open database, in a transaction that ends without effect unless it is committed."""

    OPTIONS: ClassVar[dict[str, str]] = {}  # of statements
    KNOWN: ClassVar[str]  # a query that finds a name where there is a table, else null

    def __init__(self, connection: Any):
        self.connection = connection

    @classmethod
    @contextmanager
    def opened(cls, connection: Any) -> Iterator["Adbc"]:
        """Use a connection, then close it."""
        with closing(connection):
            yield cls(connection)

    def quoted(self, name: str) -> str:
        """Return the name in double quotes."""
        return with_quotes(name)

    def chosen(self, field: pa.Field) -> str:
        """Return the column as it is."""
        return self.quoted(field.name)

    def holds_text(self, field: pa.Field) -> bool:
        """Say whether the column is text."""
        return pa.types.is_string(field.type) or pa.types.is_large_string(field.type)

    def find(self, query: str) -> Found:
        """Run a query; its rows come while they are asked for."""
        cursor = self.connection.cursor(adbc_stmt_kwargs=self.OPTIONS)
        try:
            cursor.execute(query)
            reader = cursor.fetch_record_batch()
        except BaseException:
            cursor.close()
            raise

        def batches() -> Iterator[pa.RecordBatch]:
            with cursor:
                yield from reader

        return Found(reader.schema, batches())

    def has(self, table: str) -> bool:
        """Look into the catalog."""
        with self.connection.cursor() as cursor:
            cursor.execute(self.KNOWN, (table,))
            return cursor.fetchone()[0] is not None

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement)

    def insert(self, table: str, rows: pa.Table, create: bool) -> None:
        """Load the rows at once."""
        schema, _, name = table.rpartition(".")
        options = {"db_schema_name": schema} if schema else {}
        with self.connection.cursor() as cursor:
            cursor.adbc_ingest(name, rows, mode="create" if create else "append", **options)

    def commit(self) -> None:
        """Commit."""
        self.connection.commit()
