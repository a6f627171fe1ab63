"""Map sales of products to categories and need states, to the last ten-thousandth."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

BATCH_ROWS = 1 << 18
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
                WHEN product_id NOT IN (SELECT product_id FROM products) THEN 'product_not_in_map'
                ELSE 'no_category_or_need_state' END AS reason
    FROM portion WHERE {UNUSED} GROUP BY ALL
"""


def map_sales(
    database: duckdb.DuckDBPyConnection, most_groups: int
) -> dict[str, Iterator[pa.RecordBatch]]:
    """Return the rows of ``need_states``, ``stores`` and ``set_aside``, sorted by their keys.

    ``database`` holds two views: ``parts`` (store_id, product_id, in_window, sales, even_sales,
    rows, first_day, last_day) and ``products`` (product_id, category, need_state; no row twice;
    rows without category or need state place the product nowhere). Sales are decimals with four
    places. The sum of ``sales`` over ``need_states`` and ``set_aside`` is that over ``parts``.
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


def batches(
    database: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query."""
    yield from database.sql(query, params=parameters).to_arrow_reader(BATCH_ROWS)
