"""Make the features of a track comparable between stores, group by group.

Reads: sales by need state and the stores of each category, or the raw external features.
Writes: normalized features of the eligible stores, what turns a raw value into a normalized one,
and for every store of every group whether it is eligible, or why not.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.features.normalization import (
    apply_transform,
    choose_transform,
    comparable_mixes,
    encode_levels,
    scale_columns,
    sells_somewhere,
)
from store_clusters.run.errors import InputError
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import in_shard
from store_clusters.sales.whole_store import NeedStates, read_stores
from store_clusters.tables.contracts import read_table, write_table
from store_clusters.tables.matrices import Matrix, column, matrices, stack

Part = dict[str, Any]


def main(snakemake: Any, log: JobLog) -> None:
    """Normalize the groups of one shard of one track."""
    prepare = {"internal": normalize_sales, "external": normalize_external}[
        snakemake.wildcards.track
    ]
    values, parameters, statuses = [], [], []
    for matrix, fitted, status in prepare(snakemake):
        statuses.append(status)
        if len(matrix.stores):
            values.append(matrix.long())
            parameters.append({"group": np.full(len(matrix.features), matrix.group), **fitted})
    output = snakemake.output
    rows = write_table(output.normalized, "normalized", stack(values, "normalized"))
    write_table(
        output.parameters, "normalize_parameters", stack(parameters, "normalize_parameters")
    )
    status = stack(statuses, "store_status")
    write_table(output.status, "store_status", status)
    names, counts = np.unique(status["status"].astype(str), return_counts=True)
    by_status = dict(zip(names.tolist(), counts.tolist(), strict=True))
    log.done(
        f"{by_status.get('eligible', 0):,} of {len(status['status']):,} stores in "
        f"{len(statuses)} groups are eligible",
        groups=len(statuses),
        rows_out=rows,
        stores_by_status=by_status,
    )


def normalize_sales(snakemake: Any) -> Iterator[tuple[Matrix, Part, Part]]:
    """Yield normalized shares, their parameters and the stores' statuses per group.

    Of whole stores, need states of categories in which no eligible store sells are left out.
    """
    options, eligible = snakemake.params.normalize, snakemake.params.eligible
    kind = snakemake.params.groups
    need_states = NeedStates(snakemake.input.features, kind)
    by_group = read_stores(snakemake.input.stores, kind)
    check_eligible(by_group, eligible)
    for group, stores in by_group.items():
        if not in_shard(group, snakemake.wildcards.shard):
            continue
        raw = need_states.sales(group)
        sold = sells_somewhere(raw.values, raw.categories)
        status = sales_status(stores, sold, eligible)
        in_group = np.isin(status["store_id"].astype(str), raw.stores.astype(str))
        kept = status["status"][in_group] == "eligible"
        mixes, chain, weight, zero = comparable_mixes(
            raw.values[kept], raw.categories, options["transform"]
        )
        known = ~np.isnan(mixes).all(axis=0)
        scaled = scale_columns(mixes[:, known], options["scale"], options["clip"])
        features = raw.features[known]
        yield (
            Matrix(group, raw.stores[kept], features, scaled.values),
            {
                "feature": features,
                "source": features,
                "level": np.full(len(features), None),
                "transform": np.full(len(features), options["transform"]),
                "chain": chain[known],
                "weight": weight[known],
                "zero": zero[known],
                "center": scaled.center,
                "scale": scaled.scale,
                "clip": np.full(len(features), options["clip"], dtype=float),
            },
            status,
        )


def check_eligible(by_group: dict[str, pa.Table], eligible: dict[str, Any]) -> None:
    """Refuse limits that leave no store in any category: there would be nothing to cluster."""
    rows = pa.concat_tables(by_group.values())
    status = np.concatenate(
        [
            sales_status(
                stores, column(stores, "sales")[column(stores, "in_category")] > 0, eligible
            )["status"]
            for stores in by_group.values()
        ]
    )
    if np.any(status == "eligible"):
        return
    names, counts = np.unique(status.astype(str), return_counts=True)
    found = ", ".join(f"{count:,} {name}" for name, count in zip(names, counts, strict=True))
    days = column(rows, "last_day") - column(rows, "first_day")
    longest = ""
    if not np.isnat(days).all():
        longest = f", the longest history {np.nanmax(days).astype(int)} days"
    raise InputError(
        f"internal.eligible: no store can be clustered by what it sells: min_sales is "
        f"{eligible['min_sales']:,}, min_history_days {eligible['min_history_days']}. The most "
        f"that a store sold in a category is {column(rows, 'sales').max():,.2f}{longest}. Stores "
        f"by category: {found}. Expected limits that leave stores to cluster."
    )


def sales_status(stores: pa.Table, has_share: np.ndarray, eligible: dict[str, Any]) -> Part:
    """Return why each store of a category can be clustered by its sales, or cannot.

    ``has_share`` covers the stores that have rows of sales in the category.
    """
    sold = column(stores, "in_category")
    positive = np.zeros(len(sold), dtype=bool)
    positive[sold] = has_share
    sales = column(stores, "sales")
    first, last = (
        stores[name].cast(pa.int32()).cast(pa.float64()).to_numpy()
        for name in ("first_day", "last_day")
    )
    days = np.nan_to_num(last - first, nan=np.inf)
    span = np.nanmax(last, initial=-np.inf) - np.nanmin(first, initial=np.inf)
    too_new = (days < eligible["min_history_days"]) & (span >= eligible["min_history_days"])
    status = np.full(len(sold), "eligible", dtype=object)
    status[too_new | (sales < eligible["min_sales"])] = "too_little_data"
    status[~positive | (sales <= 0)] = "no_positive_sales"
    status[~sold] = "no_sales"
    return {
        "group": column(stores, "category"),
        "store_id": column(stores, "store_id"),
        "status": status,
        "weight": sales,
    }


def normalize_external(snakemake: Any) -> Iterator[tuple[Matrix, Part, Part]]:
    """Yield normalized features, their parameters and the stores' statuses: one group, ``all``."""
    options = snakemake.params.normalize
    table = read_table(snakemake.input.features, "raw_features")
    table = table.add_column(0, "group", pa.repeat("all", table.num_rows))
    (raw,) = matrices(table)
    p = len(raw.features)
    levels = column(table, "level").reshape(-1, p)
    numeric = column(table, "kind")[:p] == "numeric"
    known = (~np.isnan(raw.values)) | (levels != None)  # noqa: E711
    stores = known.any(axis=1)

    values, blocks, rows = raw.values[stores], [], []
    chosen = iter(choose_transform(values[:, numeric], options["transform"]))
    for number, name in enumerate(raw.features):
        if numeric[number]:
            transform = next(chosen)
            moved = apply_transform(values[:, [number]], transform)
            scaled = scale_columns(moved, options["scale"], options["clip"])
            blocks.append(scaled.values)
            units = (scaled.center[0], scaled.scale[0], options["clip"])
            rows.append((name, name, None, transform, None, None, None, *units))
            continue
        names, encoded, center, scale = encode_levels(levels[stores, number], options["max_levels"])
        blocks.append(encoded)
        for level, middle in zip(names, center, strict=True):
            rows.append(
                (f"{name}={level}", name, level, "level", None, None, None, middle, scale, None)
            )

    texts = ("feature", "source", "level", "transform")
    fields = (*texts, "chain", "weight", "zero", "center", "scale", "clip")
    fitted = {
        field: np.array(values, dtype=object if field in texts else float)
        for field, values in zip(fields, zip(*rows, strict=True), strict=True)
    }
    order = np.argsort(fitted["feature"].astype(str), kind="stable")
    fitted = {field: values[order] for field, values in fitted.items()}
    status = {
        "group": np.full(len(stores), "all"),
        "store_id": raw.stores,
        "status": np.where(stores, "eligible", "no_data"),
        "weight": np.ones(len(stores)),
    }
    matrix = Matrix("all", raw.stores[stores], fitted["feature"], np.hstack(blocks)[:, order])
    yield matrix, fitted, status


if __name__ == "__main__":
    run(main, snakemake)
