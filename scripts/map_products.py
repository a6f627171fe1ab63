"""Map the sales of products to categories and need states, and set aside what has none.

Reads: the sums of all sales files, the product map.
Writes: sales per category x store x need state; the stores of every category; what was set aside.
"""

from typing import Any

from store_clusters.inputs.options import Products
from store_clusters.inputs.rows import Tally, left_out
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.sales.database import connect
from store_clusters.sales.mapping import (
    GROUPS_PER_MB,
    check_currencies,
    check_inputs,
    check_positive,
    map_sales,
    read_parts,
    totals,
)
from store_clusters.sales.product_map import read_products
from store_clusters.tables.contracts import write_stream


def main(snakemake: Any, log: JobLog) -> None:
    """Map all ``input.parts`` with ``input.products``."""
    files, params, output = snakemake.input, snakemake.params, snakemake.output
    check_currencies(files.parts)
    source = options_of(Products, params.source)
    tally = Tally()
    products = read_products(files.products, source, params.groups, tally)
    if tally.dropped:
        log.warn(left_out(files.products, tally.dropped), rows_left_out=tally.dropped)
    incomplete = params.incomplete == "set_aside"
    memory = snakemake.resources.mem_mb // 2
    with connect(snakemake.threads, memory, f"{output.need_states}.spill") as database:
        read_parts(database, files.parts, incomplete)
        database.register("products", products)
        window = (params.window["from"], params.window["to"])
        check_inputs(database, files.products, source, window)
        tables = map_sales(database, GROUPS_PER_MB * memory, incomplete)
        check_positive(database)
        written = {name: write_stream(output[name], name, rows) for name, rows in tables.items()}
        found = totals(database)
    log.done(
        f"sales {found.mapped:,.2f} in {found.categories} categories, {found.aside:,.2f} set aside",
        categories=found.categories,
        stores=found.stores,
        rows_out=written["need_states"],
        sales_in=str(found.mapped + found.aside),
        sales_out=str(found.mapped),
        set_aside=found.set_aside,
    )


if __name__ == "__main__":
    run(main, snakemake)
