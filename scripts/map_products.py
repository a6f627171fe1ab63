"""Map the sales of products to categories and need states, and set aside what has none.

Reads: the sums of all sales files, the product map.
Writes: sales per category x store x need state; the stores of every category; what was set aside.
"""

from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.sources import read_columns
from store_clusters.run.errors import InputError, examples
from store_clusters.run.job import JobLog, run
from store_clusters.sales.mapping import map_sales
from store_clusters.sales.whole_store import WHOLE_STORE
from store_clusters.tables.contracts import write_stream

GROUPS_PER_MB = 3000  # of the database's memory, summed at once: about a third of it
MAPPED = """
    SELECT coalesce(sum(sales::DECIMAL(38, 4)), 0), count(DISTINCT category)
    FROM sold_by_need_state JOIN slots USING (slot)
"""
PLACES = """
    WITH sold AS (SELECT DISTINCT product_id FROM parts WHERE in_window)
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


def main(snakemake: Any, log: JobLog) -> None:
    """Map all ``input.parts`` with ``input.products``."""
    source, paths = snakemake.params.source, snakemake.input.products
    products = read_map(paths, source)
    check_names(products, paths, snakemake.params.groups)
    limit = snakemake.resources.mem_mb // 2
    with duckdb.connect(config={"threads": snakemake.threads}) as database:
        database.execute(f"SET memory_limit = '{limit}MB'")
        database.execute(f"SET temp_directory = '{snakemake.output.need_states}.spill'")
        database.read_parquet(list(snakemake.input.parts)).create_view("parts")
        database.register("products", products)
        check_window(database, snakemake.params.window)
        check_overlap(database, paths)
        check_places(database, paths, source["columns"])
        written, tables = {}, map_sales(database, GROUPS_PER_MB * limit)
        check_positive(database)
        for name, rows in tables.items():
            written[name] = write_stream(snakemake.output[name], name, rows)
        mapped, categories = database.sql(MAPPED).fetchall()[0]
        stores = len(database.sql("SELECT DISTINCT store_id FROM parts"))
        reasons = database.sql(REASONS).to_arrow_table().to_pylist()

    aside = sum((reason["sales_sum"] for reason in reasons), Decimal(0))
    log.done(
        f"sales {mapped:,.2f} in {categories} categories, {aside:,.2f} set aside",
        categories=categories,
        stores=stores,
        rows_out=written["need_states"],
        sales_in=str(mapped + aside),
        sales_out=str(mapped),
        set_aside=reasons,
    )


def read_map(paths: list[str], source: dict[str, Any]) -> pa.Table:
    """Read the product map, one row per product and place; refuse rows given twice."""
    kinds = {"product_id": "identifier", "category": "text", "need_state": "text"}
    products = pa.concat_tables([read_columns(path, source, kinds) for path in paths])
    if products.num_rows == 0:
        raise InputError(f"{', '.join(paths)}: the product map has no rows.")
    counts = products.group_by(list(kinds)).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    if twice.num_rows and source["rows"] == "unique":
        rows = [
            tuple(row[name] for name in kinds) for row in twice.sort_by("product_id").to_pylist()
        ]
        raise InputError(
            f"{', '.join(paths)}: {twice.num_rows:,} rows of (product, category, need state) are "
            f"there more than once: {examples(rows)}. Expected each once; set "
            "inputs.products.rows: distinct to use each once."
        )
    return counts.select(list(kinds))


def check_names(products: pa.Table, paths: list[str], kind: str) -> None:
    """Refuse a category that is called like the group of whole stores, where there is one."""
    if kind != "category" and pc.any(pc.equal(products["category"], WHOLE_STORE)).as_py():
        raise InputError(
            f"{', '.join(paths)}: a category is called {WHOLE_STORE!r}, which is the name of the "
            f"group of whole stores (internal.groups: {kind}). Expected another name, or "
            "internal.groups: category."
        )


def check_window(database: duckdb.DuckDBPyConnection, window: dict[str, Any]) -> None:
    """Refuse a date window that leaves no row of sales."""
    inside, first, last = database.execute(
        "SELECT bool_or(in_window), min(first_day), max(last_day) FROM parts"
    ).fetchone() or (None, None, None)
    if not inside:
        raise InputError(
            f"inputs.sales: no row is left between from ({window['from']}) and to "
            f"({window['to']}). The sales run from {first} to {last}."
        )


def check_overlap(database: duckdb.DuckDBPyConnection, paths: list[str]) -> None:
    """Refuse a product map that knows none of the products sold."""
    sold = "SELECT DISTINCT product_id FROM parts"
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
    database: duckdb.DuckDBPyConnection, paths: list[str], columns: dict[str, str | None]
) -> None:
    """Refuse a product map that says of no product sold where it belongs."""
    sold, placed, category, need_state, in_map = database.execute(PLACES).fetchall()[0]
    if placed:
        return
    reasons = [(f"{sold - in_map:,} are not in the map", sold - in_map)]
    for name, count in (("category", category), ("need_state", need_state)):
        word = name.replace("_", " ")
        reasons.append(
            (f"{in_map - count:,} have no {word} (column {columns[name]!r})", in_map - count)
        )
    shown = database.execute(
        "SELECT DISTINCT product_id FROM parts WHERE in_window ORDER BY 1 LIMIT 5"
    ).fetchall()
    raise InputError(
        f"{', '.join(paths)}: none of the {sold:,} products sold has a category and a need state: "
        f"{', '.join(text for text, count in reasons if count)}. Sold: "
        f"{examples(row[0] for row in shown)}. Expected both of at least one product sold; check "
        "columns and missing of inputs.products."
    )


def check_positive(database: duckdb.DuckDBPyConnection) -> None:
    """Refuse sales that are positive in no store: the sign or the column is wrong."""
    most, least, stores = database.execute(
        "SELECT max(sales), min(sales), count(DISTINCT store_id) FROM sold_by_need_state"
    ).fetchall()[0]
    if most <= 0:
        raise InputError(
            f"inputs.sales: none of {stores:,} stores has positive sales in a need state; they are "
            f"between {least:,.2f} and {most:,.2f}. Expected what was sold as positive amounts "
            "and returns as negative ones."
        )


if __name__ == "__main__":
    run(main, snakemake)
