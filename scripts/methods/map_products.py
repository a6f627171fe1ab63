"""Map sales of products to categories and need states, to the last ten-thousandth."""

import duckdb
import pyarrow as pa

SOLD = """
    CREATE TEMP TABLE sold AS
    SELECT store_id, product_id, in_window,
           sum(sales)::DECIMAL(18, 4) AS sales, sum(even_sales)::DECIMAL(18, 4) AS even_sales,
           sum(rows)::BIGINT AS rows, min(first_day) AS first_day, max(last_day) AS last_day
    FROM parts GROUP BY ALL
"""
MAPPED = """
    CREATE TEMP TABLE mapped AS
    SELECT product_id, category, need_state,
           count(*) OVER (PARTITION BY product_id) AS places,
           row_number() OVER (PARTITION BY product_id ORDER BY category, need_state) AS place
    FROM products WHERE category IS NOT NULL AND need_state IS NOT NULL
"""
# A product in n need states gives each an equal part of its sales; what does not divide evenly
# goes to the first ones, one ten-thousandth each, so that the parts sum to the whole.
EQUAL_PART = """
    CREATE TEMP MACRO equal_part(units, places, place) AS
    units // places + CASE WHEN place <= abs(units % places) THEN sign(units) ELSE 0 END
"""
SOLD_BY_NEED_STATE = """
    CREATE TEMP TABLE sold_by_need_state AS
    WITH units AS (
        SELECT *, (sales::DECIMAL(38, 4) * 10000)::BIGINT AS units,
               (even_sales::DECIMAL(38, 4) * 10000)::BIGINT AS even_units
        FROM sold WHERE in_window
    ), parts AS (
        SELECT category, store_id, need_state, sum(equal_part(units, places, place)) AS units,
               sum(equal_part(even_units, places, place)) AS even_units
        FROM units JOIN mapped USING (product_id) GROUP BY ALL
    )
    SELECT category, store_id, need_state,
           (units::DECIMAL(18, 0) * 0.0001)::DECIMAL(18, 4) AS sales,
           (even_units::DECIMAL(18, 0) * 0.0001)::DECIMAL(18, 4) AS even_sales
    FROM parts
"""
NEED_STATES = """
    WITH stores AS (SELECT DISTINCT category, store_id FROM sold_by_need_state),
         states AS (SELECT DISTINCT category, need_state FROM sold_by_need_state)
    SELECT category, store_id, need_state, coalesce(sales, 0)::DECIMAL(18, 4) AS sales,
           CASE WHEN sales IS NULL THEN 0 ELSE even_sales END::DECIMAL(18, 4) AS even_sales
    FROM stores JOIN states USING (category)
    LEFT JOIN sold_by_need_state USING (category, store_id, need_state)
"""
STORES = """
    WITH history AS (SELECT store_id, min(first_day) FILTER (in_window) AS first_day,
                            max(last_day) FILTER (in_window) AS last_day
                     FROM sold GROUP BY store_id),
         sums AS (SELECT category, store_id, sum(sales) AS sales
                  FROM sold_by_need_state GROUP BY category, store_id),
         categories AS (SELECT DISTINCT category FROM sums)
    SELECT category, store_id, coalesce(sales, 0)::DECIMAL(18, 4) AS sales,
           sales IS NOT NULL AS in_category, first_day, last_day
    FROM categories CROSS JOIN history LEFT JOIN sums USING (category, store_id)
"""
SET_ASIDE = """
    SELECT store_id, product_id, sum(sales)::DECIMAL(18, 4) AS sales, sum(rows)::BIGINT AS rows,
           CASE WHEN NOT in_window THEN 'outside_window'
                WHEN product_id NOT IN (SELECT product_id FROM products) THEN 'product_not_in_map'
                ELSE 'no_category_or_need_state' END AS reason
    FROM sold
    WHERE NOT in_window OR product_id NOT IN (SELECT product_id FROM mapped)
    GROUP BY ALL
"""


def map_sales(database: duckdb.DuckDBPyConnection) -> dict[str, pa.Table]:
    """Return the tables ``need_states``, ``stores`` and ``set_aside``.

    ``database`` holds two views: ``parts`` (store_id, product_id, in_window, sales, even_sales,
    rows, first_day, last_day) and ``products`` (product_id, category, need_state; no row twice;
    rows without category or need state place the product nowhere). Sales are decimals with four
    places. The sum of ``sales`` over ``need_states`` and ``set_aside`` is that over ``parts``.
    """
    for statement in (SOLD, MAPPED, EQUAL_PART, SOLD_BY_NEED_STATE):
        database.execute(statement)
    queries = {"need_states": NEED_STATES, "stores": STORES, "set_aside": SET_ASIDE}
    return {name: database.sql(query).to_arrow_table() for name, query in queries.items()}
