"""The product map: which category and need state a product belongs to."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.columns import read_columns
from store_clusters.inputs.options import Products
from store_clusters.inputs.rows import Tally
from store_clusters.run.errors import InputError, examples
from store_clusters.sales.whole_store import WHOLE_STORE

NO_PRODUCTS = "the product map has no rows."
KINDS = {"product_id": "identifier", "category": "text", "need_state": "text"}


def read_products(
    paths: Sequence[str], source: Products, groups: str, tally: Tally | None = None
) -> pa.Table:
    """Read the product map, one row per product, category and need state.

    ``groups`` is ``internal.groups``. Rows that are left out are counted in ``tally``.

    Raises:
        InputError: A file cannot be read, there is no row, a row is there twice and the source does
            not allow it, or a category is called like the group of whole stores.
    """
    products = pa.concat_tables([read_columns(path, source, KINDS, tally) for path in paths])
    if products.num_rows == 0:
        raise InputError(f"{', '.join(paths)}: {NO_PRODUCTS}")
    counts = products.group_by(list(KINDS)).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    if twice.num_rows and source.rows == "unique":
        rows = [
            tuple(row[name] for name in KINDS) for row in twice.sort_by("product_id").to_pylist()
        ]
        raise InputError(
            f"{', '.join(paths)}: {twice.num_rows:,} rows of (product, category, need state) are "
            f"there more than once: {examples(rows)}. Expected each once; set "
            "inputs.products.rows: distinct to use each once."
        )
    products = counts.select(list(KINDS))
    check_names(products, paths, groups)
    return products


def check_names(products: pa.Table, paths: Sequence[str], groups: str) -> None:
    """Refuse a category that is called like the group of whole stores, where there is one."""
    if groups != "category" and pc.any(pc.equal(products["category"], WHOLE_STORE)).as_py():
        raise InputError(
            f"{', '.join(paths)}: a category is called {WHOLE_STORE!r}, which is the name of the "
            f"group of whole stores (internal.groups: {groups}). Expected another name, or "
            "internal.groups: category."
        )


def read_need_states(paths: Sequence[str], source: Products) -> list[tuple[str, str]]:
    """Return every need state of the product map, as category and need state, sorted."""
    kinds = {"category": "text", "need_state": "text"}
    table = pa.concat_tables([read_columns(path, source, kinds) for path in paths])
    rows = table.group_by(list(kinds)).aggregate([]).to_pylist()
    return sorted((row["category"], row["need_state"]) for row in rows if None not in row.values())
