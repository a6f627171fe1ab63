"""Options of what people get of a run."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from store_clusters.run.options import Options, Pattern, Text

FORMATS = (".csv", ".xlsx", ".parquet")


@dataclass(frozen=True, kw_only=True)
class Destination(Options):
    """A place where a final table is published once the account of the run adds up."""

    name: Annotated[str, Pattern("^[A-Za-z][A-Za-z0-9_-]*$")]
    """Name of the destination; its receipt is `published/<name>.json`."""
    result: Literal[
        "clusters",
        "names",
        "store_reasons",
        "profiles",
        "drivers",
        "rules",
        "stability",
        "numbers",
        "categories",
        "folds",
        "labels",
        "map",
        "parts",
        "centres",
    ] = "clusters"
    """Final table to publish."""
    to: Text | None = None
    """File that ends in `.csv`, `.xlsx` or `.parquet`, on the disk or as `s3://`, `gs://`,
    `az://`."""
    database: Text | None = None
    """URL of a database, in place of `to`."""
    table: Text | None = None
    """Table of the database, `schema.table`; made where it is not there."""
    mode: Literal["replace", "append"] = "replace"
    """What becomes of rows in the table: `replace` them all, or `append`, so that they are a
    history with the rows of each run."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: where to publish."""
        if (self.to is None) == (self.database is None):
            yield "", "give either to, or database with table."
        elif self.database and not self.table:
            yield "table", "this key is needed with a database."
        elif self.to and (self.table or self.mode != "replace"):
            yield "", "table and mode are of a database, and there is none."
        elif self.to and not self.to.lower().endswith(FORMATS):
            yield "to", f"{self.to!r} ends in none of {', '.join(FORMATS)}."
