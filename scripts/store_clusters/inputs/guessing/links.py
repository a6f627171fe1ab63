"""Which columns of two tables identify the same things, by the values that they share."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from store_clusters.inputs.guessing.facts import Column
from store_clusters.inputs.guessing.found import Table
from store_clusters.inputs.guessing.hints import contrast, hint

LEAST = 0.3  # of the values that are known to the other table, for a link
LEAST_NAMED = 0.1  # where the name says so, too
CLEARLY = 0.2  # more values that are shared without leading zeros


@dataclass(frozen=True)
class Link:
    """Two columns that share values."""

    table: Table
    column: Column
    shared: int  # different values of the first column that the other has
    of: int  # different values of the first column
    score: float  # from 0 to 1
    unpadded: bool  # whether leading zeros hide that they are the same

    def shown(self) -> str:
        """Return it for people."""
        zeros = " without leading zeros" if self.unpadded else ""
        where = f"{self.column.name!r} of {self.table.name}"
        return f"{self.shared:,} of {self.of:,} are{zeros} in {where}"


def link(column: Column, table: Table, other: Column, role: str, against: str) -> Link | None:
    """Return what a column shares with one of another table; None where that is too little.

    Small whole numbers are in many columns, so it counts, too, how much of the other column is
    shared, whether its values are different in all rows, and what its name says.
    """
    mine, theirs = column.values, other.values
    common, unpadded = mine & theirs, False
    if len(mine) > len(common) and (column.padded or other.padded):
        bare = {value.lstrip("0") or "0" for value in theirs}
        stripped = {value for value in mine if (value.lstrip("0") or "0") in bare}
        if len(stripped) - len(common) > CLEARLY * len(mine):
            common, unpadded = frozenset(stripped), True
    share, back = len(common) / len(mine), len(common) / len(theirs)
    named = hint(other.name, role) > 0
    if hint(other.name, "day") and not named:  # weeks are numbers, too
        return None
    if share < (LEAST_NAMED if named else LEAST) or len(common) < 2:
        return None
    unique = len(theirs) / other.known
    score = share * (0.4 + 0.4 * back + 0.2 * unique)
    if contrast(other.name, role, against) < 0:
        score *= 0.3
    if contrast(other.name, role, against) > 0 or other.name == column.name:
        score = min(1.0, 1.2 * score)
    return Link(table, other, len(common), len(mine), score, unpadded)


def best_link(column: Column, tables: Iterable[Table], role: str, against: str) -> Link | None:
    """Return the link to the column of all tables that shares most."""
    found = (
        link(column, table, other, role, against)
        for table in tables
        for other in table.columns
        if other.identifies
    )
    return max(filter(None, found), key=lambda one: one.score, default=None)


def determines(one: Column, other: Column, tolerance: float = 0.01) -> bool:
    """Say whether rows alike in one column are alike in the other, but for a few."""
    pairs = pa.table({"one": one.texts, "other": other.texts}).drop_null()
    if not pairs.num_rows:
        return False
    counts = pairs.group_by("one").aggregate([("other", "count_distinct")])
    several = sum(count > 1 for count in counts["other_count_distinct"].to_pylist())
    return several <= tolerance * counts.num_rows
