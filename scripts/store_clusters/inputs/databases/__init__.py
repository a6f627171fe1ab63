"""Databases to read from and to publish to: one module here adds a kind.

A module declares ``SCHEMES``, what URLs of its databases begin with; what no module declares is for
``other``.
"""

from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import pyarrow as pa

from store_clusters.run.errors import InputError
from store_clusters.run.registry import Registry

DATABASES = Registry(__name__)
OTHER = "other"


@dataclass(frozen=True)
class Found:
    """What a query finds, in bounded memory."""

    fields: pa.Schema  # columns as the driver describes them
    found: Iterable[pa.RecordBatch]

    @property
    def schema(self) -> pa.Schema:
        """Columns without types that only the database knows: their values as they travel."""
        return pa.schema(
            (one.name, getattr(one.type, "storage_type", one.type)) for one in self.fields
        )

    def batches(self) -> Generator[pa.RecordBatch, None, None]:
        """Yield the rows, once."""
        for batch in self.found:
            values = [getattr(column, "storage", column) for column in batch.columns]
            yield pa.record_batch(values, schema=self.schema)


class Connection(Protocol):
    """An open database, in a transaction."""

    def quoted(self, name: str) -> str:
        """Return a name as the database wants it in a query."""

    def chosen(self, field: pa.Field) -> str:
        """Return how a query takes a column so that its values arrive as they are."""

    def holds_text(self, field: pa.Field) -> bool:
        """Say whether a column may hold text, which is in the order of dates only if it is one."""

    def find(self, query: str) -> Found:
        """Run a query."""

    def has(self, table: str) -> bool:
        """Say whether there is a table of this name."""

    def execute(self, statement: str) -> None:
        """Change the database."""

    def insert(self, table: str, rows: pa.Table, create: bool) -> None:
        """Add rows to a table, which it makes first where asked to."""

    def commit(self) -> None:
        """Let others see what was changed."""


class Database(Protocol):
    """A kind of database."""

    SCHEMES: tuple[str, ...]

    def connect(self, url: str, writes: bool = False) -> AbstractContextManager[Connection]:
        """Open a database; what is not committed when it is closed has not happened."""


def database_of(url: str, key: str) -> Database:
    """Return the kind of database that a URL belongs to; ``key`` of the configuration has it.

    Raises:
        InputError: It is no URL.
    """
    scheme, colon, _ = url.partition("://")
    if not colon:
        raise InputError(
            f"{key}: this is no URL of a database. Expected one such as "
            "postgresql://user@host/database, sqlite:///pos.db or duckdb:///pos.duckdb."
        )
    for name in DATABASES:
        if scheme in DATABASES.declared(name).get("SCHEMES", ()):
            return cast(Database, DATABASES.load(name))
    return cast(Database, DATABASES.load(OTHER))


def fields_of(database: Connection, rows: str) -> pa.Schema:
    """Return the columns of what stands after FROM, as the driver describes them."""
    found = database.find(f"SELECT * FROM {rows} WHERE 1 = 0")
    for _ in found.batches():
        pass  # so that the query ends
    return found.fields


def file_of(url: str) -> str:
    """Return the file of a URL: ``sqlite:///pos.db`` is relative, ``sqlite:////pos.db`` is not."""
    return url.partition("://")[2].removeprefix("/").partition("?")[0]


def existing(url: str) -> str:
    """Return the file of a URL, which is there."""
    path = file_of(url)
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path!r} (looked in {Path.cwd()})")
    return path


def with_quotes(name: str, mark: str = '"') -> str:
    """Return a name in quotes; those within it are doubled."""
    return mark + name.replace(mark, mark + mark) + mark
