"""Which tables say something of stores, and which of their columns are features."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from store_clusters.inputs.guessing.facts import Column
from store_clusters.inputs.guessing.found import Table
from store_clusters.inputs.guessing.hints import hint
from store_clusters.inputs.guessing.links import Link, best_link
from store_clusters.inputs.guessing.sales import SalesGuess

LEVELS = 60  # of words, from which they are no groups of stores
SHARE = 0.5  # of the stores, likewise
NEARLY_ALL = 0.9


@dataclass(frozen=True)
class ExternalGuess:
    """A source of facts about stores."""

    table: Table
    link: Link
    shown: dict[str, Column]  # store_name, region, latitude, longitude
    rows: str  # what to do with several rows per store
    rows_seen: int
    day: Column | None = None
    features: list[Column] = field(default_factory=list)
    exclude: dict[str, str] = field(default_factory=dict)  # column: why
    categorical: list[str] = field(default_factory=list)


def guess_external(
    sales: SalesGuess, tables: Sequence[Table], taken: Table | None
) -> list[ExternalGuess]:
    """Return the tables that know the stores of the sales, except ``taken``, and what of them."""
    found = []
    for table in tables:
        if table is sales.table or table is taken:
            continue
        one = best_link(sales.store, [table], "store", "product")
        if one and (guess := _guess(one)).features:
            found.append(guess)
    return found


def _guess(to: Link) -> ExternalGuess:
    table, key = to.table, to.column
    others = [column for column in table.columns if column is not key]
    rows = _several(key, others)
    days = [column for column in others if column.kind == "day"]
    day = days[0] if days and rows != "unique" else None
    shown = _shown(others, key)
    exclude: dict[str, str] = {}
    features, categorical = [], []
    for column in others:
        if column is day or column is shown.get("store_name"):
            continue
        if why := _no_feature(column, key):
            exclude[column.name] = why
            continue
        features.append(column)
        if column.kind == "number" and column.whole and _is_code(column):
            categorical.append(column.name)
    return ExternalGuess(table, to, shown, rows, key.known, day, features, exclude, categorical)


def _several(key: Column, others: list[Column]) -> str:
    """Return what to do with several rows per store."""
    if key.known == len(key.values):
        return "unique"
    rows = pa.table({str(n): column.texts for n, column in enumerate([key, *others])})
    different = rows.group_by(rows.column_names).aggregate([]).num_rows
    return "distinct" if different == len(key.values) else "mean"


def _shown(others: list[Column], key: Column) -> dict[str, Column]:
    """Return the columns by which people know stores."""
    words = [column for column in others if column.kind == "text"]
    numbers = [column for column in others if column.kind == "number"]
    found: dict[str, Column] = {}
    for role, columns in (("store_name", words), ("region", words),
                          ("latitude", numbers), ("longitude", numbers)):  # fmt: skip
        sounds = "name" if role == "store_name" else role
        fitting = [one for one in columns if hint(one.name, sounds) and one not in found.values()]
        if role == "store_name":
            fitting = [one for one in fitting if len(one.values) > SHARE * len(key.values)]
        elif role == "region":
            fitting = [one for one in fitting if 1 < len(one.values) <= SHARE * len(key.values)]
        else:
            most = 90 if role == "latitude" else 180
            fitting = [one for one in fitting if _within(one, most)]
        if fitting:
            found[role] = fitting[0]
    return found


def _no_feature(column: Column, key: Column) -> str | None:
    """Say why a column is no feature; None where it is one."""
    levels = len(column.values)
    if column.kind == "day":
        return "days"
    if levels < 2:
        return "the same everywhere"
    if column.kind == "text" and (levels > LEVELS or levels > SHARE * len(key.values)):
        return f"{levels:,} different texts"
    is_code = column.kind == "number" and column.whole and _is_code(column)
    if is_code and (levels > LEVELS or levels > SHARE * len(key.values)):
        return f"{levels:,} different codes"
    return None


def _is_code(column: Column) -> bool:
    named = hint(column.name, "code") and not hint(column.name, "quantity")
    return column.padded or bool(named)


def _within(column: Column, most: int) -> bool:
    try:
        return all(abs(float(value.replace(",", "."))) <= most for value in column.values)
    except ValueError:
        return False
