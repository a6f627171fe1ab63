"""Check that no store and no cent got lost between the inputs and the result."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.sources import fingerprint
from store_clusters.tables.matrices import column, groups


def reconcile_sales(
    read: Iterable[Decimal], set_aside: pa.Table, final: pa.Table
) -> dict[str, Any]:
    """Return where the sales went, as exact numbers in text.

    Args:
        read: Sales of every input file.
        set_aside: Columns ``reason`` and ``sales``: what belongs to no category.
        final: Columns ``category``, ``final_cluster``, ``status`` and ``sales``.

    Raises:
        ArithmeticError: Sales read are not sales clustered and set aside.
    """
    total = sum(read, Decimal(0))
    placed = pc.is_valid(final["final_cluster"])
    clustered = _sum(final.filter(placed)["sales"])
    aside = _by(set_aside, "reason") | _by(final.filter(pc.invert(placed)), "status")
    aside_total = sum(aside.values(), Decimal(0))
    if total != clustered + aside_total:
        raise ArithmeticError(f"{total} read, {clustered} clustered, {aside_total} set aside")
    return {
        "read": str(total),
        "clustered": str(clustered),
        "set_aside": str(aside_total),
        "set_aside_by_reason": {reason: str(sales) for reason, sales in aside.items()},
        "clustered_by_category": {
            category: str(sales)
            for category, sales in _by(final.filter(placed), "category").items()
        },
    }


def reconcile_stores(seen: Mapping[str, set[str]], final: pa.Table) -> dict[str, Any]:
    """Return how many stores each kind of input holds, and their rows in the result by status.

    Raises:
        ArithmeticError: A store of an input is not in the result exactly once per category, or
            the result has a store that no input holds.
    """
    everyone = set().union(*seen.values())
    categories = set(final["category"].to_pylist())
    counts = final.group_by("store_id").aggregate([([], "count_all")])
    in_result = dict(
        zip(counts["store_id"].to_pylist(), counts["count_all"].to_pylist(), strict=True)
    )
    if in_result != dict.fromkeys(everyone, len(categories)):
        wrong = sorted(
            store
            for store in everyone | set(in_result)
            if store not in everyone or in_result.get(store) != len(categories)
        )
        raise ArithmeticError(f"{len(wrong)} stores are not accounted for: {wrong[:5]}")
    statuses = final.group_by("status").aggregate([([], "count_all")]).sort_by("status")
    return {
        "seen": len(everyone),
        "seen_in": {name: len(stores) for name, stores in seen.items()},
        "categories": len(categories),
        "rows_by_status": dict(
            zip(statuses["status"].to_pylist(), statuses["count_all"].to_pylist(), strict=True)
        ),
        "rows_without_final_cluster": pc.sum(pc.is_null(final["final_cluster"])).as_py() or 0,
        "lost": 0,
    }


def stores_sold(parts: Sequence[str]) -> set[str]:
    """Return the stores of all files of sales, from the tables ``sales_part``."""
    with duckdb.connect() as database:
        stores = database.read_parquet(list(parts)).project("store_id").distinct()
        rows = stores.filter("store_id <> ''").fetchall()  # rows of sales may have no store
    return {store for (store,) in rows}


def describe_files(files: Iterable[str], receipts: Iterable[dict[str, Any]]) -> list[dict]:
    """Return what is known of every input file: its receipt where there is one, else its bytes."""
    by_file = {receipt["file"]: receipt for receipt in receipts}
    return [by_file.get(file) or fingerprint(file) for file in files]


def count_clusters(final: pa.Table) -> dict[str, int]:
    """Return the number of final clusters of every category."""
    return {
        category: len(set(column(rows, "final_cluster")) - {None})
        for category, rows in groups(final, "category")
    }


def _sum(values: pa.ChunkedArray) -> Decimal:
    total = pc.sum(values.cast(pa.decimal128(38, 4))).as_py()
    return total if total is not None else Decimal(0)


def _by(table: pa.Table, name: str) -> dict[str, Decimal]:
    names = sorted(set(table[name].to_pylist()))
    return {key: _sum(table.filter(pc.equal(table[name], key))["sales"]) for key in names}
