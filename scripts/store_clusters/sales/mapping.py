"""Map sales of products to categories and need states, to the last ten-thousandth."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from store_clusters.inputs.options import Products
from store_clusters.run.errors import InputError, examples
from store_clusters.sales.aggregation import CURRENCIES
from store_clusters.sales.database import batches
from store_clusters.tables.contracts import notes_of

GROUPS_PER_MB = 3000  # of the database's memory, summed at once: about a third of it
MAPPED = """
    CREATE TEMP TABLE mapped AS
    SELECT product_id, category, need_state,
           dense_rank() OVER (ORDER BY category, need_state) AS slot,
           count(*) OVER (PARTITION BY product_id) AS places,
           row_number() OVER (PARTITION BY product_id ORDER BY category, need_state) AS place
    FROM products WHERE category IS NOT NULL AND need_state IS NOT NULL
"""
SLOTS = "CREATE TEMP TABLE slots AS SELECT DISTINCT slot, category, need_state FROM mapped"
# A product in n need states gives each an equal part of its sales; what does not divide evenly
# goes to the first ones, one ten-thousandth each, so that the parts sum to the whole.
EQUAL_PART = """
    CREATE TEMP MACRO equal_part(units, places, place) AS
    units // places + CASE WHEN place <= abs(units % places) THEN sign(units) ELSE 0 END
"""
# Sums are made of a portion of the stores at a time: the database can run out of memory while it
# sums as many groups at once as its memory just about holds.
PORTION = "CREATE OR REPLACE TEMP VIEW portion AS FROM parts WHERE hash(store_id) % {of} = {number}"
STORES_AND_PLACES = """
    SELECT count(DISTINCT store_id),
           (SELECT greatest(max(slot), count(DISTINCT product_id) FILTER (places > 1)) FROM mapped)
    FROM parts
"""
# Most products have one place, and only those with several have to be summed by product first.
SOLD_BY_NEED_STATE = """
    WITH one_place AS (
        SELECT slot, store_id, sum(sales) AS sales, sum(even_sales) AS even_sales
        FROM portion JOIN mapped USING (product_id)
        WHERE in_window AND places = 1 GROUP BY slot, store_id
    ), several AS (
        SELECT store_id, product_id,
               (sum(sales)::DECIMAL(38, 4) * 10000)::BIGINT AS units,
               (sum(even_sales)::DECIMAL(38, 4) * 10000)::BIGINT AS even_units
        FROM portion
        WHERE in_window AND product_id IN (SELECT product_id FROM mapped WHERE places > 1)
        GROUP BY store_id, product_id
    ), divided AS (
        SELECT slot, store_id, sum(equal_part(units, places, place)) AS units,
               sum(equal_part(even_units, places, place)) AS even_units
        FROM several JOIN mapped USING (product_id) GROUP BY slot, store_id
    ), together AS (
        FROM one_place UNION ALL
        SELECT slot, store_id, units::DECIMAL(18, 0) * 0.0001, even_units::DECIMAL(18, 0) * 0.0001
        FROM divided
    )
    SELECT slot, store_id, sum(sales)::DECIMAL(18, 4) AS sales,
           sum(even_sales)::DECIMAL(18, 4) AS even_sales
    FROM together GROUP BY slot, store_id
"""
CATEGORIES = """
    SELECT DISTINCT category FROM sold_by_need_state JOIN slots USING (slot) ORDER BY category
"""
NEED_STATES = """
    WITH sold AS (SELECT store_id, need_state, sales, even_sales
                  FROM sold_by_need_state JOIN slots USING (slot) WHERE category = $category)
    SELECT $category AS category, store_id, need_state,
           coalesce(sales, 0)::DECIMAL(18, 4) AS sales,
           CASE WHEN sales IS NULL THEN 0 ELSE even_sales END::DECIMAL(18, 4) AS even_sales
    FROM (SELECT DISTINCT store_id FROM sold) CROSS JOIN (SELECT DISTINCT need_state FROM sold)
    LEFT JOIN sold USING (store_id, need_state)
    ORDER BY store_id, need_state
"""
STORES = """
    WITH history AS (SELECT store_id, min(first_day) FILTER (in_window) AS first_day,
                            max(last_day) FILTER (in_window) AS last_day
                     FROM parts GROUP BY store_id),
         sums AS (SELECT category, store_id, sum(sales) AS sales
                  FROM sold_by_need_state JOIN slots USING (slot) GROUP BY category, store_id),
         categories AS (SELECT DISTINCT category FROM sums)
    SELECT category, store_id, coalesce(sales, 0)::DECIMAL(18, 4) AS sales,
           sales IS NOT NULL AS in_category, first_day, last_day
    FROM categories CROSS JOIN history LEFT JOIN sums USING (category, store_id)
    ORDER BY category, store_id
"""
UNUSED = "NOT in_window OR product_id NOT IN (SELECT product_id FROM mapped)"
SET_ASIDE = f"""
    SELECT store_id, product_id, sum(sales)::DECIMAL(18, 4) AS sales, sum(rows)::BIGINT AS rows,
           CASE WHEN NOT in_window THEN 'outside_window'
                WHEN product_id = '' THEN 'no_product'
                WHEN product_id NOT IN (SELECT product_id FROM products) THEN 'product_not_in_map'
                ELSE 'no_category_or_need_state' END AS reason
    FROM portion WHERE {UNUSED} GROUP BY ALL
"""
NO_STORE = """
    INSERT INTO set_aside
    SELECT store_id, product_id, sum(sales)::DECIMAL(18, 4), sum(rows)::BIGINT,
           CASE WHEN in_window THEN 'no_store' ELSE 'outside_window' END AS reason
    FROM no_store GROUP BY ALL
"""
TOTALS = """
    SELECT coalesce(sum(sales::DECIMAL(38, 4)), 0), count(DISTINCT category)
    FROM sold_by_need_state JOIN slots USING (slot)
"""
PLACES = """
    WITH sold AS (SELECT DISTINCT product_id FROM parts WHERE in_window AND product_id <> '')
    SELECT count(DISTINCT sold.product_id),
           count(DISTINCT sold.product_id)
               FILTER (category IS NOT NULL AND need_state IS NOT NULL),
           count(DISTINCT sold.product_id) FILTER (category IS NOT NULL),
           count(DISTINCT sold.product_id) FILTER (need_state IS NOT NULL),
           count(DISTINCT products.product_id)
    FROM sold LEFT JOIN products USING (product_id)
"""
REASONS = """
    SELECT sum(sales::DECIMAL(38, 4)) AS sales_sum, sum(rows)::BIGINT AS rows_sum, reason
    FROM set_aside GROUP BY reason ORDER BY reason
"""


@dataclass(frozen=True)
class Totals:
    """What became of the sales: mapped to ``categories``, or set aside for a reason."""

    categories: int
    stores: int
    mapped: Decimal
    set_aside: list[dict[str, Any]]  # reason, sales_sum and rows_sum, by reason

    @property
    def aside(self) -> Decimal:
        """The sales set aside."""
        return sum((reason["sales_sum"] for reason in self.set_aside), Decimal(0))


def read_parts(database: duckdb.DuckDBPyConnection, files: Sequence[str], incomplete: bool) -> None:
    """Make the views ``parts`` of the sums of sales and, with ``incomplete`` ones, ``no_store``."""
    rows = database.read_parquet(list(files))
    if incomplete:
        rows.filter("store_id = ''").create_view("no_store")
        rows = rows.filter("store_id <> ''")
    rows.create_view("parts")


def map_sales(
    database: duckdb.DuckDBPyConnection, most_groups: int, incomplete: bool = False
) -> dict[str, Iterator[pa.RecordBatch]]:
    """Return the rows of ``need_states``, ``stores`` and ``set_aside``, sorted by their keys.

    ``database`` holds two views: ``parts`` (store_id, product_id, in_window, sales, even_sales,
    rows, first_day, last_day) and ``products`` (product_id, category, need_state; no row twice;
    rows without category or need state place the product nowhere). Sales are decimals with four
    places. With ``incomplete`` sales there is a third, ``no_store``, of rows with an empty text for
    the store; a product that is missing is an empty text, too. The sum of ``sales`` over
    ``need_states`` and ``set_aside`` is that over ``parts`` and ``no_store``.
    ``most_groups`` are summed at once, as many as memory certainly holds.

    Rows are made when they are asked for, one table after the other. The database keeps the
    temporary tables ``sold_by_need_state`` (slot, store_id, sales, even_sales), ``slots`` (slot,
    category, need_state) and ``set_aside``.
    """
    for statement in (MAPPED, SLOTS, EQUAL_PART):
        database.execute(statement)
    ((stores, places),) = database.execute(STORES_AND_PLACES).fetchall()
    sum_portions(database, "sold_by_need_state", SOLD_BY_NEED_STATE, stores * places, most_groups)
    ((unused,),) = database.execute(f"SELECT count(*) FROM parts WHERE {UNUSED}").fetchall()
    sum_portions(database, "set_aside", SET_ASIDE, unused, most_groups)
    if incomplete:
        database.execute(NO_STORE)
    return {
        "need_states": need_states(database),
        "stores": batches(database, STORES),
        "set_aside": batches(database, "FROM set_aside ORDER BY store_id, product_id, reason"),
    }


def sum_portions(
    database: duckdb.DuckDBPyConnection, table: str, query: str, groups: int, most_groups: int
) -> None:
    """Make a temporary table of ``query``, of as many portions of the stores as ``groups`` need."""
    portions = max(1, -(-groups // most_groups))
    for number in range(portions):
        database.execute(PORTION.format(of=portions, number=number))
        into = f"INSERT INTO {table}" if number else f"CREATE TEMP TABLE {table} AS"
        database.execute(f"{into} {query}")


def need_states(database: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
    """Yield the rows of every category in turn: all at once would have to be sorted on disk."""
    for (category,) in database.execute(CATEGORIES).fetchall():
        yield from batches(database, NEED_STATES, {"category": category})


def totals(database: duckdb.DuckDBPyConnection) -> Totals:
    """Return what became of the sales once all tables of :func:`map_sales` are made."""
    mapped, categories = database.sql(TOTALS).fetchall()[0]
    stores = len(database.sql("SELECT DISTINCT store_id FROM parts"))
    reasons = database.sql(REASONS).to_arrow_table().to_pylist()
    return Totals(categories, stores, mapped, reasons)


def check_inputs(
    database: duckdb.DuckDBPyConnection,
    paths: Sequence[str],
    source: Products,
    window: tuple[str | None, str | None],
) -> None:
    """Refuse sales and a product map, the views of :func:`map_sales`, that do not go together.

    ``paths`` are the files of the product map, ``window`` the first and last day of sales to use.

    Raises:
        InputError: No sale lies in the window, no product is both sold and in the map, or no
            product sold has a category and a need state.
    """
    check_window(database, *window)
    check_overlap(database, paths)
    check_places(database, paths, source)


def check_currencies(files: Sequence[str]) -> None:
    """Refuse sums of sales in several currencies, which add up to nothing.

    ``files`` are tables ``sales_part`` with the currency and its place in their notes, where there
    is one: bare numbers may be of any currency.
    """
    first: dict[str, str] = {}
    for path in files:
        first = json.loads(notes_of(path).get(CURRENCIES, "{}")) | first
    if len(first) > 1:
        raise InputError(
            f"inputs.sales: the files hold amounts in several currencies: "
            f"{', '.join(first.values())}. Expected one: convert them to one currency, or cluster "
            "the stores of each apart."
        )


def check_window(database: duckdb.DuckDBPyConnection, from_: str | None, to: str | None) -> None:
    """Refuse a date window that leaves no row of sales."""
    inside, first, last = database.execute(
        "SELECT bool_or(in_window), min(first_day), max(last_day) FROM parts"
    ).fetchone() or (None, None, None)
    if not inside and first is None and not (from_ or to):
        raise InputError(
            "inputs.sales: no row of sales has a store. Expected one in each; check "
            "columns.store_id and missing of inputs.sales."
        )
    if not inside:
        raise InputError(nothing_between(from_, to, first, last))


def nothing_between(from_: str | None, to: str | None, first: object, last: object) -> str:
    """Return what to say of sales from a first to a last day, none of which is in the window."""
    window = {"from": from_, "to": to}
    given = " and ".join(f"{name} ({day})" for name, day in window.items() if day)
    return f"inputs.sales: no row is left with {given}. The sales run from {first} to {last}."


def check_overlap(database: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> None:
    """Refuse a product map that knows none of the products sold."""
    sold = "SELECT DISTINCT product_id FROM parts WHERE product_id <> ''"
    listed = "SELECT DISTINCT product_id FROM products"
    common = "SELECT 1 FROM parts SEMI JOIN products USING (product_id) LIMIT 1"
    if not database.execute(common).fetchall():
        a = [row[0] for row in database.execute(f"{sold} ORDER BY 1 LIMIT 5").fetchall()]
        b = [row[0] for row in database.execute(f"{listed} ORDER BY 1 LIMIT 5").fetchall()]
        raise InputError(
            f"{', '.join(paths)}: no product is both sold and in the product map. "
            f"Sold: {examples(a)}. In the map: {examples(b)}. Expected the same identifiers in "
            "both; strip_leading_zeros: true lets '007' be '7'."
        )


def check_places(
    database: duckdb.DuckDBPyConnection, paths: Sequence[str], source: Products
) -> None:
    """Refuse a product map that says of no product sold where it belongs."""
    sold, placed, category, need_state, in_map = database.execute(PLACES).fetchall()[0]
    if placed:
        return
    reasons = [(f"{sold - in_map:,} are not in the map", sold - in_map)]
    for name, count in (("category", category), ("need_state", need_state)):
        word = name.replace("_", " ")
        reasons.append(
            (
                f"{in_map - count:,} have no {word} (column {getattr(source.columns, name)!r})",
                in_map - count,
            )
        )
    shown = database.execute(
        "SELECT DISTINCT product_id FROM parts WHERE in_window AND product_id <> '' "
        "ORDER BY 1 LIMIT 5"
    ).fetchall()
    raise InputError(
        f"{', '.join(paths)}: none of the {sold:,} products sold has a category and a need state: "
        f"{', '.join(text for text, count in reasons if count)}. Sold: "
        f"{examples(row[0] for row in shown)}. Expected both of at least one product sold; check "
        "columns and missing of inputs.products."
    )


def check_positive(database: duckdb.DuckDBPyConnection) -> None:
    """Refuse sales that are positive in no store: the sign or the column is wrong.

    To be asked when :func:`map_sales` has made ``sold_by_need_state``.
    """
    most, least, stores = database.execute(
        "SELECT max(sales), min(sales), count(DISTINCT store_id) FROM sold_by_need_state"
    ).fetchall()[0]
    if most <= 0:
        raise InputError(
            f"inputs.sales: none of {stores:,} stores has positive sales in a need state; they are "
            f"between {least:,.2f} and {most:,.2f}. Expected what was sold as positive amounts "
            "and returns as negative ones."
        )
