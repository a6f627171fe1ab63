"""Merge internal and external clusters into final clusters, for every category and every store.

Reads: clusters, components, statuses of both tracks; the stores and sales of every category.
Writes: the final clusters of every store of every input; how far each can be trusted; the folds;
what a later run needs to place a new store: the final clusters of each pair of clusters, and the
final clusters' centres.
"""

from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from common.errors import InputError, examples
from common.features import as_columns, by_group, column
from common.job import JobLog, run
from common.seeds import seed_for
from common.tables import MONEY, contract, sum_of_sales, write_table
from common.tracks import Tracks
from common.whole_store import counted_once, read_stores
from methods.fold import Limits
from methods.limits import ImpossibleLimits
from methods.merge import Merged, Track, merge_tracks
from methods.separation import refit_labels
from methods.trust import final_stability, trust_of

FOLD = [column["name"] for column in contract("folds").columns[2:]]  # after category and step
EXTERNAL_STATUS = {"eligible": "clustered", "no_data": "no_external_data"}


def main(snakemake: Any, log: JobLog) -> None:
    """Merge every category of ``input.stores``."""
    files = snakemake.input
    internal, external = Tracks(files, "internal"), Tracks(files, "external")
    sales = read_stores(files.stores, snakemake.params.groups)
    everyone = np.unique([*internal.seen(), *external.seen()]).astype(object)
    check_common_stores(internal.seen(), external.seen())
    outside, outside_flags = track_of(external, "all", everyone, snakemake)
    outside_status = external.status("all", everyone, "no_external")

    tiers = by_group(files.tiers, "tiers", "category") if files.tiers else {}

    parts, folds, centres, places, trusts = [], [], [], [], []
    for category, stores in sales.items():
        inside, inside_flags = track_of(internal, category, everyone, snakemake)
        merged, stability = merge(category, inside, outside, snakemake)
        own_status = internal.status(category, everyone, "no_sales")
        status = np.where(
            own_status == "eligible",
            [EXTERNAL_STATUS.get(name, name) for name in outside_status],
            own_status,
        )
        parts.append(
            {
                "category": np.full(len(everyone), category, dtype=object),
                "store_id": everyone,
                "internal_cluster": np.where(inside.known, inside.labels, None),
                "external_cluster": np.where(outside.known, outside.labels, None),
                "merged_cluster": merged.merged,
                "final_cluster": merged.final,
                "reassigned": np.array(
                    [name is not None and name != merged.final_of[name] for name in merged.merged]
                ),
                "outlier": inside_flags | outside_flags,
                "confidence": merged.confidence,
                "next_cluster": merged.next_best,
                "sales": sales_of(stores, everyone),
                "volume_tier": tiers_of(tiers.get(category), everyone),
                "status": status,
            }
        )
        folds += [
            (category, step, *(getattr(fold, name) for name in FOLD))
            for step, fold in enumerate(merged.folds, 1)
        ]
        centres += centre_rows(
            category, merged, internal.components(category), external.components("all")
        )
        pairs = Counter(zip(merged.merged, merged.final, strict=True))
        places += [(category, *pair, count) for pair, count in pairs.items() if pair[0] is not None]
        trusts += trust_rows(category, merged, stability, parts[-1]["sales"])
        log.event(
            "merged",
            category=category,
            clusters=len(merged.names),
            folds=len(merged.folds),
            folds_by_reason=count_of([fold.reason for fold in merged.folds]),
            stores_by_status=count_of(status),
        )

    output = snakemake.output
    table = final_table(parts)
    rows = write_table(output.clusters, "final_clusters", table)
    write_table(output.folds, "folds", as_columns(folds, "folds"))
    write_table(output.centres, "final_centres", as_columns(centres, "final_centres"))
    write_table(output.map, "merge_map", as_columns(places, "merge_map"))
    write_table(output.stability, "stability", as_columns(trusts, "stability"))
    clustered = table.filter(table["final_cluster"].is_valid())
    once = counted_once(table, snakemake.params.groups)
    clustered_once = once.filter(once["final_cluster"].is_valid())
    log.done(
        f"{len(everyone):,} stores x {len(sales)} categories: {clustered.num_rows:,} of {rows:,} "
        f"have a final cluster, with sales of {sum_of_sales(clustered_once):,.2f}",
        rows_out=rows,
        stores=len(everyone),
        categories=len(sales),
        folds=len(folds),
        sales_in=str(sum_of_sales(once)),
        sales_clustered=str(sum_of_sales(clustered_once)),
        stores_by_status=count_of(table["status"].to_pylist()),
    )


def merge(
    category: str, inside: Track, outside: Track, snakemake: Any
) -> tuple[Merged, np.ndarray]:
    """Merge one category and measure the stability of its final clusters.

    Tells the user which settings are in the way when the limits cannot be kept.
    """
    options = snakemake.params.merge
    limits = {name: options[name] for name in ("min_size", "max_size", "max_clusters")}
    join_above = options["join_above"] if options["mode"] == "separable" else np.inf
    seed = seed_for(snakemake.params.seed, category, "merge")
    try:
        merged = merge_tracks(inside, outside, join_above=join_above, seed=seed, **limits)
        return merged, final_stability(merged, inside, outside, Limits(**limits), seed)
    except ImpossibleLimits as error:
        keys = " or ".join(f"merge.{name}" for name in error.limit.split(" or "))
        raise InputError(f"merge: category {category!r}: {error}. Change {keys}.") from error


def track_of(
    tracks: Tracks, group: str, everyone: np.ndarray, snakemake: Any
) -> tuple[Track, np.ndarray]:
    """Return labels, components and refits of a group, for all stores, and which are outliers."""
    labels, values, outlier = tracks.aligned(group, everyone)
    known = labels > 0
    refits = np.zeros((snakemake.params.merge["refits"], len(everyone)), dtype=np.int64)
    if known.any():
        refits[:, known] = refit_labels(
            values[known],
            ~outlier[known],
            k=int(labels.max()),
            refits=len(refits),
            seed=seed_for(snakemake.params.seed, group, "merge"),
            algorithm=snakemake.params.algorithms[tracks.name],
        )
    return Track(labels, values, refits), outlier


def check_common_stores(internal: set[str], external: set[str]) -> None:
    """Refuse tracks that have no store in common: their identifiers do not meet."""
    if not internal & external:
        raise InputError(
            "inputs.sales and inputs.external: no store is both in the sales and in an external "
            f"source. Sales: {examples(sorted(internal))}. External: "
            f"{examples(sorted(external))}. Expected the same identifiers in both; "
            "strip_leading_zeros: true lets '007' be '7'."
        )


def sales_of(stores: pa.Table, everyone: np.ndarray) -> pa.Array:
    """Return the sales of all stores in a category, 0 for those without."""
    rows = {store: row for row, store in enumerate(stores["store_id"].to_pylist())}
    take = pa.array([rows.get(store) for store in everyone], pa.int64())
    values = stores["sales"].combine_chunks().take(take)
    return values.fill_null(pa.scalar(Decimal(0), MONEY))


def tiers_of(tiers: pa.Table | None, everyone: np.ndarray) -> np.ndarray:
    """Return the volume tiers of a category, None where a store has none."""
    known: dict[str, str] = {}
    if tiers is not None:
        known = dict(zip(column(tiers, "store_id"), column(tiers, "volume_tier"), strict=True))
    return np.array([known.get(store) for store in everyone], dtype=object)


def final_table(parts: list[dict[str, Any]]) -> pa.Table:
    """Join the categories; sales stay decimals."""
    sales = pa.chunked_array([part.pop("sales") for part in parts], MONEY)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns["sales"] = sales
    schema = contract("final_clusters").schema
    arrays = [
        columns[field.name]
        if field.name == "sales"
        else pa.array(columns[field.name], field.type, from_pandas=True)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def centre_rows(
    category: str, merged: Merged, internal: list[str], external: list[str]
) -> list[tuple[Any, ...]]:
    """Return the centres of the final clusters as rows of ``final_centres``."""
    tracks = (("internal", internal), ("external", external))
    return [
        (category, final, track, component, centres[i, j], scale)
        for (track, components), centres, scale in zip(
            tracks, merged.centres, merged.scales, strict=True
        )
        for i, final in enumerate(merged.names)
        if not np.isnan(centres[i]).any()
        for j, component in enumerate(components)
    ]


def trust_rows(
    category: str, merged: Merged, stability: np.ndarray, sales: pa.Array
) -> list[tuple[Any, ...]]:
    """Return the final clusters as rows of ``stability``."""
    rows = []
    for name, jaccard in zip(merged.names, stability, strict=True):
        stores = np.flatnonzero(merged.final == name)
        sold = sum((x for x in sales.take(pa.array(stores)).to_pylist()), Decimal(0))
        confidence = merged.confidence[stores].mean()
        rows.append((category, name, len(stores), sold, confidence, jaccard, trust_of(jaccard)))
    return rows


def count_of(names: Any) -> dict[str, int]:
    """Count equal names."""
    values, counts = np.unique(np.asarray(names, dtype=str), return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


if __name__ == "__main__":
    run(main, snakemake)
