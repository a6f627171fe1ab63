"""PostgreSQL, and databases that speak its language."""

from contextlib import AbstractContextManager

import pyarrow as pa

from store_clusters.inputs.databases._adbc import Adbc

SCHEMES = ("postgresql", "postgres")
# Types that travel as they are. Others travel as text: `money` would come in cents, `numeric` takes
# twice as long, `char` is padded.
PLAIN = {"int2", "int4", "int8", "float8", "bool", "date", "timestamp", "timestamptz", "text"}
PLAIN |= {"varchar"}


class PostgreSQL(Adbc):
    """A connection to a server."""

    KNOWN = "SELECT to_regclass($1)::text"

    def chosen(self, field: pa.Field) -> str:
        """Return the column, as text where its type does not travel well."""
        kind = (field.metadata or {}).get(b"POSTGRESQL:type", b"'text'").decode().strip("'")
        name = self.quoted(field.name)
        if kind == "money":
            return f"{name}::numeric::text AS {name}"
        return name if kind in PLAIN else f"{name}::text AS {name}"

    def has(self, table: str) -> bool:
        """Ask for the table by its quoted name."""
        return super().has(".".join(map(self.quoted, table.split("."))))


def connect(url: str, writes: bool = False) -> AbstractContextManager[Adbc]:
    """Connect to the server; days begin at midnight in UTC."""
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415, only where it is used

    connection = dbapi.connect(url)
    opened = PostgreSQL(connection)
    opened.execute("SET TIME ZONE 'UTC'")
    if not writes:
        opened.execute("SET TRANSACTION READ ONLY")
    return PostgreSQL.opened(connection)
