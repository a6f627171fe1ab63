"""Which table is the product map: the products of the sales, and groups of two sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.guessing.facts import Column
from store_clusters.inputs.guessing.found import Table
from store_clusters.inputs.guessing.hints import hint
from store_clusters.inputs.guessing.links import Link, determines, link
from store_clusters.inputs.guessing.sales import SalesGuess

WORTH = -0.2  # points from which two columns are category and need state
GROUPS = 0.7  # of the products at most are values of a column of groups
FEW_CATEGORIES, FEW_PRODUCTS = 60, 200


@dataclass(frozen=True)
class ProductsGuess:
    """The product map and its columns."""

    table: Table
    product: Column
    need: Column
    category: Column | None  # None for one category
    link: Link | None  # None where the sales themselves say it
    repeated: bool  # whether rows are there twice
    nested: bool  # whether each need state is in one category
    others: tuple[Column, ...]  # that may be category or need state as well


def guess_products(sales: SalesGuess, tables: Sequence[Table]) -> ProductsGuess | None:
    """Return the table that says most of the products that are sold, None where none does."""
    sold = sales.product or _of_names(sales)
    links = [
        one
        for table in tables
        if table is not sales.table
        for column in table.columns
        if column.identifies and (one := link(sold, table, column, "product", "store"))
        if not _is_of_stores(one, sales)
    ]
    for one in sorted(links, key=lambda one: -one.score):
        if groups := _groups(one.table, one.column):
            return _guess(one.table, one.column, groups, one)
    if sales.product is None:
        return None
    taken = {one.name for one in (sales.store, sales.money, sales.day) if one}
    groups = [
        column
        for column in _groups(sales.table, sales.product)
        if column.name not in taken and (hint(column.name, "category") or hint(column.name, "need"))
    ]
    if groups:
        return _guess(sales.table, sales.product, groups, None)
    if len(sales.product.values) <= FEW_PRODUCTS:
        return ProductsGuess(sales.table, sales.product, sales.product, None, None, True, True, ())
    return None


def _is_of_stores(one: Link, sales: SalesGuess) -> bool:
    """Say whether a column knows the stores better than the products."""
    stores = link(sales.store, one.table, one.column, "store", "product")
    return stores is not None and stores.score > one.score


def _of_names(sales: SalesGuess) -> Column:
    """Return the products that are columns."""
    assert sales.wide, "only wide tables have no column of products"
    return Column("the names of columns", "text", pa.array(sales.wide.columns))


def _groups(table: Table, product: Column) -> list[Column]:
    """Return the columns that group products."""
    most = max(2, GROUPS * len(product.values))
    return [
        column
        for column in table.columns
        if column is not product
        and (column.kind == "text" or (column.kind == "number" and column.whole))
        and len(column.values) <= most
        and column.known >= 0.5 * len(column.texts)
        and not hint(column.name, "quantity")
        and determines(product, column, 0.2)
    ]


def _guess(table: Table, product: Column, groups: list[Column], to: Link | None) -> ProductsGuess:
    pairs = permutations([one for one in groups if len(one.values) > 1], 2)
    best = max(pairs, key=lambda pair: _fit(*pair), default=None)
    if best is None or _fit(*best) < WORTH:
        need = max(groups, key=lambda one: hint(one.name, "need") + hint(one.name, "category"))
        category, nested = None, True
    else:
        category, need = best
        nested = determines(need, category)
    used = {"product": product, "need": need} | ({"category": category} if category else {})
    rows = pa.table({name: column.texts for name, column in used.items()})
    repeated = rows.group_by(list(used)).aggregate([]).num_rows < rows.num_rows
    others = tuple(one for one in groups if one not in (category, need))
    return ProductsGuess(table, product, need, category, to, repeated, nested, others)


def _fit(category: Column, need: Column) -> float:
    """Return how well two columns are category and need state: by size and nesting, then names."""
    few, many = len(category.values), len(need.values)
    nested = few < many and determines(need, category)
    upside_down = many < few and determines(category, need)
    sizes_differ = 0 if few < many else -0.5
    words = _category_words(category) + hint(need.name, "need") - hint(category.name, "need") / 2
    sizes = (
        (1 if few <= FEW_CATEGORIES else -1) + (0.5 if 2 <= many / few <= 40 else 0) + sizes_differ
    )
    covers = _covers(category) + _covers(need) - 2
    words -= sum(_is_beside(column) for column in (category, need))
    return words + sizes + (1.5 if nested else 0) - (3 if upside_down else 0) + covers


def _category_words(column: Column) -> float:
    sounds = hint(column.name, "category")
    return sounds * (0.3 if hint(column.name, "need") else 1)


def _is_beside(column: Column) -> float:
    """Return how much a name speaks of something else than a group of products."""
    known = hint(column.name, "category") + hint(column.name, "need")
    return 1.5 if hint(column.name, "maker") else 0.0 if known else 0.5


def _covers(column: Column) -> float:
    words = pc.mean(pc.is_valid(column.texts)).as_py() or 0
    return float(words) - 0.5 * (column.kind == "number")
