"""Which table are the sales: many rows, a store, a product, money, and mostly a day."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import permutations
from typing import Literal

from store_clusters.inputs.days import first_day
from store_clusters.inputs.guessing.facts import FORMATS, Column
from store_clusters.inputs.guessing.found import Table
from store_clusters.inputs.guessing.hints import contrast, hint
from store_clusters.inputs.guessing.links import Link, best_link
from store_clusters.inputs.guessing.written import start_of

FEWEST = 3  # values of an identifier
PERIODS = 3  # columns from which a table is wide
ENOUGH = 3.5  # points of sales


@dataclass(frozen=True)
class WideGuess:
    """Columns of sales by period or product."""

    columns: list[str]
    to: Literal["date", "product_id"]
    format: str | None = None  # of the names


@dataclass(frozen=True)
class SalesGuess:
    """The table of sales and its columns."""

    table: Table
    store: Column
    product: Column | None  # None where the columns are products
    money: Column | None  # None where the table is wide
    day: Column | None
    wide: WideGuess | None
    store_link: Link | None
    score: float
    others: tuple[Column, ...] = ()  # that may be the money as well


def guess_sales(tables: Sequence[Table]) -> SalesGuess | None:
    """Return the table that is most like sales, None where none is."""
    guesses = [guess for table in tables for guess in _guesses(table, tables)]
    best = max(guesses, key=lambda guess: guess.score, default=None)
    return best if best and best.score >= ENOUGH else None


def _guesses(table: Table, tables: Sequence[Table]) -> list[SalesGuess]:
    """Return the best guess for each pair of a store and a product."""
    others = [other for other in tables if other is not table]
    wide = _wide_days(table)
    inside = set(wide.columns) if wide else set()
    keys = [
        column
        for column in table.columns
        if column.identifies and len(column.values) >= FEWEST and column.name not in inside
    ]
    stores = {key.name: best_link(key, others, "store", "product") for key in keys}
    products = {key.name: best_link(key, others, "product", "store") for key in keys}
    days = [column for column in table.columns if column.kind == "day"]
    day = None if wide else max(days, key=lambda one: hint(one.name, "day"), default=None)
    found = []
    size = math.log10(max(table.rows, 1)) / 2 + (1 if day or wide else 0)
    for store, product in permutations(keys, 2):
        money = _money(table, {store.name, product.name} | inside)
        to_store, to_product = stores[store.name], products[product.name]
        if not money and not wide:
            continue
        if to_store and to_product and to_store.table is to_product.table:
            to_product = None  # a table is of one of them
        repeated = len(store.values) < store.known * 0.7
        score = size + _points(store, "store", "product") + _points(product, "product", "store")
        score += 3 * (to_store.score if to_store else 0) + 3 * (
            to_product.score if to_product else 0
        )
        score += 2 if wide else _like_money(money[0], table)
        score -= 0 if repeated else 4
        found.append(SalesGuess(table, store, product, money[0] if money and not wide else None,
                                day, wide, to_store, score, tuple(money[1:3])))  # fmt: skip
    for store in keys if not wide else []:
        named = _wide_products(table, others, store)
        if named:
            score = size + 5 + _points(store, "store", "product")
            score += 3 * (stores[store.name].score if stores[store.name] else 0)  # type: ignore[union-attr]
            found.append(
                SalesGuess(table, store, None, None, day, named, stores[store.name], score)
            )
    return found


def _points(column: Column, role: str, against: str) -> float:
    words = " " in "".join(list(column.values)[:20])
    named = max(hint(column.name, "name"), 0.5 * words)
    return 2 * contrast(column.name, role, against, "quantity", "day") - named


def _money(table: Table, taken: set[str]) -> list[Column]:
    """Return the columns of amounts, the likeliest first."""
    amounts = [one for one in table.columns if one.measures and one.name not in taken]
    return sorted(amounts, key=lambda one: -_like_money(one, table))


def _like_money(column: Column, table: Table) -> float:
    named = 2 * contrast(column.name, "money", "store", "product", "latitude", "longitude", "code")
    return named - 1.5 * hint(column.name, "quantity") + (0 if column.whole else 0.6)


def _wide_days(table: Table) -> WideGuess | None:
    """Return the columns whose names are days or periods."""
    numbers = [column.name for column in table.columns if column.kind == "number"]
    for form in (None, *FORMATS):
        days = [name for name in numbers if first_day(name, form)]
        if len(days) >= PERIODS:
            return WideGuess(days, "date", form)
    return None


def _wide_products(table: Table, others: Sequence[Table], store: Column) -> WideGuess | None:
    """Return the columns whose names are identifiers in another table."""
    names = {one.name for one in table.columns if one.kind == "number"} - {store.name}
    keys = [key for other in others for key in other.columns if key.identifies]
    shared = max((names & key.values for key in keys), key=len, default=set())
    if len(shared) < PERIODS:
        return None
    return WideGuess([name for name in table.names if name in shared], "product_id")


def pattern_of(guess: SalesGuess) -> tuple[str, list[str]]:
    """Return the pattern of the columns of a wide table, and those that it takes too many."""
    assert guess.wide, "only wide tables have a pattern"
    mapped = {one.name for one in (guess.store, guess.product, guess.day) if one}
    wide = guess.wide
    others = [
        name
        for name in guess.table.names
        if name not in wide.columns
        and name not in mapped
        and not (wide.to == "date" and first_day(name, wide.format))  # a period without sales
    ]
    start = start_of(guess.wide.columns)
    widths = {len(name) for name in guess.wide.columns}
    exact = [start + "?" * (widths.pop() - len(start))] if len(widths) == 1 else []
    end = start_of([name[::-1] for name in guess.wide.columns])[::-1]
    patterns = ["*", *([f"{start}*"] if start else []), *([f"*{end}"] if end else []), *exact]
    wrong = {of: [name for name in others if fnmatchcase(name, of)] for of in patterns}
    best = min(patterns, key=lambda of: len(wrong[of]))
    return best, wrong[best]
