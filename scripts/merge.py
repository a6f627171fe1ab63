"""Merge internal and external clusters into final clusters, for every category and every store.

Reads: clusters, components, statuses of both tracks; the stores and sales of every category, of
which even months are known apart; whether external clusters are groups.
Writes: the final clusters of every store of every input; the evidence for each; the folds; what
fewer or more clusters would explain, and what surroundings add; what a later run needs to place a
new store: the final clusters of each pair of clusters, the rules of their parts, and the final
clusters' centres.
"""

from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.limits import ImpossibleLimits, usable_size
from store_clusters.clusters.refits import refit
from store_clusters.clusters.stability import trust_of
from store_clusters.merge.merging import Merged, Options, Track, merge_tracks
from store_clusters.merge.tracks import Tracks
from store_clusters.run.errors import InputError, examples
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import seed_for
from store_clusters.sales.whole_store import NeedStates, counted_once, read_stores
from store_clusters.tables.contracts import MONEY, contract, read_table, sum_of_sales, write_table
from store_clusters.tables.matrices import as_columns, by_group, column

FOLD = [column["name"] for column in contract("folds").columns[2:]]  # after category and step
EXTERNAL_STATUS = {"eligible": "clustered", "no_data": "no_external_data"}
GROUPED = {"groups", "untested"}  # verdicts on external clusters that may part stores
CHANCE = 0.05  # that independent features make external clusters as tight, at most, for these to


def main(snakemake: Any, log: JobLog) -> None:
    """Merge every category of ``input.stores``."""
    files = snakemake.input
    internal, external = Tracks(files, "internal"), Tracks(files, "external")
    sales = read_stores(files.stores, snakemake.params.groups)
    need_states = NeedStates(files.need_states, snakemake.params.groups)
    everyone = np.unique([*internal.seen(), *external.seen()]).astype(object)
    check_common_stores(internal.seen(), external.seen())
    check_target(snakemake.params.merge["target"], set(sales))
    outside = track_of(external, "all", everyone, np.ones(len(everyone)), snakemake)
    outside_status = external.status("all", everyone, "no_external")
    grouped = are_grouped(files.external_k)

    tiers = by_group(files.tiers, "tiers", "category") if files.tiers else {}

    parts, folds, centres, places, rules = [], [], [], [], []
    trusts, numbers, summaries = [], [], []
    for category, stores in sales.items():
        sold = sales_of(stores, everyone)
        weights = np.sqrt(np.maximum(np.array(sold.cast(pa.float64())), 0.0))
        inside = track_of(internal, category, everyone, weights**2, snakemake)
        held_out = halves_of(need_states, category, everyone[inside.known], snakemake)
        merged = merge(
            category,
            inside,
            outside,
            weights=weights,
            held_out=held_out,
            grouped=grouped,
            snakemake=snakemake,
        )
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
                "reassigned": merged.reassigned,
                "outlier": inside.outlier | outside.outlier,
                "confidence": merged.confidence,
                "next_cluster": merged.next_best,
                "sales": sold,
                "volume_tier": tiers_of(tiers.get(category), everyone),
                "status": status,
            }
        )
        folds += [
            (category, step, *(getattr(fold, name) for name in FOLD))
            for step, fold in enumerate(merged.folds, 1)
        ]
        named = (internal.components(category), external.components("all"))
        centres += centre_rows(category, merged, *named)
        pairs = Counter(zip(merged.merged, merged.parts, merged.final, strict=True))
        places += [(category, *pair, count) for pair, count in pairs.items() if pair[0] is not None]
        places += [(category, *place, final, 0) for place, final in merged.others.items()]
        rules += rule_rows(category, merged, named)
        trusts += trust_rows(category, merged, sold)
        numbers += number_rows(category, merged)
        summaries.append(summary_row(category, merged, inside, held_out))
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
    write_table(output.parts, "parts", as_columns(rules, "parts"))
    write_table(output.stability, "stability", as_columns(trusts, "stability"))
    write_table(output.numbers, "numbers", as_columns(numbers, "numbers"))
    write_table(output.categories, "categories", as_columns(summaries, "categories"))
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
    category: str,
    inside: Track,
    outside: Track,
    *,
    weights: np.ndarray,
    held_out: HeldOut | None,
    grouped: bool,
    snakemake: Any,
) -> Merged:
    """Merge one category; tell the user which settings are in the way of its limits."""
    settings = snakemake.params.merge
    options = Options(
        min_size=usable_size(settings["min_size"], int(inside.known.sum())),
        max_size=settings["max_size"],
        max_clusters=settings["max_clusters"],
        aim=settings["aim"],
        target=settings["target"].get(category),
        join_above=settings["join_above"] if settings["mode"] == "separable" else np.inf,
        seed=seed_for(snakemake.params.seed, category, "merge"),
    )
    try:
        return merge_tracks(
            inside, outside, options, weights=weights, held_out=held_out, grouped=grouped
        )
    except ImpossibleLimits as error:
        keys = " or ".join(f"merge.{name}" for name in error.limit.split(" or "))
        raise InputError(f"merge: category {category!r}: {error}. Change {keys}.") from error


def track_of(
    tracks: Tracks, group: str, everyone: np.ndarray, sales: np.ndarray, snakemake: Any
) -> Track:
    """Return what a track knows of a group, for all stores, and what resamples make of it."""
    labels, values, outlier = tracks.aligned(group, everyone)
    known = labels > 0
    settings = snakemake.params.clustering[tracks.name]
    number = snakemake.params.merge["refits"]
    refits = np.zeros((number, len(everyone)), dtype=np.int64)
    chances = np.full((len(everyone), int(labels.max(initial=0))), np.nan)
    if known.any():
        found = refit(
            values[known],
            labels[known] - 1,
            ~outlier[known],
            number,
            seed_for(snakemake.params.seed, group, "merge"),
            algorithm=settings["algorithm"],
            weights=np.sqrt(np.maximum(sales[known], 1e-9)),
            min_size=usable_size(settings["min_size"], int(known.sum())),
        )
        refits[:, known], chances[known] = found.labels + 1, found.chances
    return Track(labels, values, refits, chances, outlier)


def halves_of(
    need_states: NeedStates, group: str, stores: np.ndarray, snakemake: Any
) -> HeldOut | None:
    """Return the sales of stores in odd and in even months; None without dates."""
    every, even = need_states.sales(group), need_states.sales(group, "even_sales")
    absent = np.isnan(every.values)  # in a category that the store does not sell
    if np.isnan(even.values[~absent]).any() or len(stores) == 0:
        return None
    halves = [np.where(absent, 0.0, half) for half in (every.values - even.values, even.values)]
    rows = np.searchsorted(every.stores.astype(str), stores.astype(str))
    return HeldOut(halves[0][rows], halves[1][rows], snakemake.params.transform, every.categories)


def are_grouped(path: str) -> bool:
    """Say whether external clusters are groups, and more than independent features make."""
    chosen = read_table(path, "k").to_pylist()[0]
    chance = chosen["chance_independent"]
    return chosen["verdict"] in GROUPED and chance is not None and chance <= CHANCE


def check_target(target: dict[str, int], known: set[str]) -> None:
    """Refuse numbers of final clusters for categories that there are not."""
    unknown = sorted(set(target) - known)
    if unknown:
        raise InputError(
            f"Configuration: merge.target: there is no {examples(unknown)}. Expected categories "
            f"such as {examples(sorted(known))}."
        )


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


def rule_rows(
    category: str, merged: Merged, components: tuple[list[str], list[str]]
) -> list[tuple[Any, ...]]:
    """Return what parts clusters as rows of ``parts``."""
    tracks = [("internal", name, merged.scales[0]) for name in components[0]]
    tracks += [("external", name, merged.scales[1]) for name in components[1]]
    return [
        (category, whole, part, track, component, coefficient / scale, intercept)
        for whole, (parts, rule) in merged.rules.items()
        for part, row, intercept in zip(parts, rule.coefficients, rule.intercepts, strict=True)
        for (track, component, scale), coefficient in zip(tracks, row, strict=False)
    ]


def trust_rows(category: str, merged: Merged, sales: pa.Array) -> list[tuple[Any, ...]]:
    """Return the final clusters as rows of ``stability``."""
    rows = []
    for name, evidence in zip(merged.names, merged.evidence, strict=True):
        stores = np.flatnonzero(merged.final == name)
        sold = sum((x for x in sales.take(pa.array(stores)).to_pylist()), Decimal(0))
        gain = evidence.gain
        rows.append(
            (
                category,
                name,
                len(stores),
                sold,
                merged.confidence[stores].mean(),
                evidence.jaccard,
                trust_of(evidence.jaccard),
                evidence.kind,
                merged.names[evidence.neighbour] if evidence.neighbour >= 0 else None,
                np.nan if gain is None else gain.mean,
                np.nan if gain is None else gain.low,
            )
        )
    return rows


def number_rows(category: str, merged: Merged) -> list[tuple[Any, ...]]:
    """Return what fewer and more final clusters would be, as rows of ``numbers``."""
    return [
        (
            category,
            number.clusters,
            number.explained,
            number.stable,
            number.smallest,
            number.done,
            number.chosen,
        )
        for number in merged.numbers
    ]


def summary_row(
    category: str, merged: Merged, inside: Track, held_out: HeldOut | None
) -> tuple[Any, ...]:
    """Return a row of ``categories``."""
    chosen = next((number for number in merged.numbers if number.chosen), None)
    return (
        category,
        len(merged.names),
        int(inside.labels.max(initial=0)),
        merged.split,
        np.nan if chosen is None else chosen.explained,
        np.nan if held_out is None else held_out.history,
        merged.surroundings,
    )


def count_of(names: Any) -> dict[str, int]:
    """Count equal names."""
    values, counts = np.unique(np.asarray(names, dtype=str), return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


if __name__ == "__main__":
    run(main, snakemake)
