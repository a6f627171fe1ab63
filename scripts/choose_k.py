"""Choose the number of clusters of each group.

Reads: components, outliers (not part of the fit), the loadings and the stores of every group; in
the internal track also the sales, of which even months are known apart; in the external track the
features themselves.
Writes: every score of every number tried, and the number chosen.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.independence import chance_independent
from store_clusters.clusters.limits import usable_size
from store_clusters.clusters.number import Choice, TooFewStores, choose_k
from store_clusters.clusters.paying import Fit, choose_paying
from store_clusters.clusters.prediction import Prediction, predict_sold
from store_clusters.features.reduction import beyond_chance
from store_clusters.run.errors import InputError, examples
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import seed_for
from store_clusters.sales.whole_store import NeedStates
from store_clusters.tables.contracts import read_table, write_table
from store_clusters.tables.matrices import (
    Matrix,
    as_columns,
    by_group,
    column,
    groups,
    matrices,
    read_matrices,
)

PERMUTATIONS = 40  # of the external features, to ask whether clusters are more than their product

STARTS = 10  # of k-means at most, for each number of clusters that is tried


def main(snakemake: Any, log: JobLog) -> None:
    """Choose k for every group that has stores, eligible or not."""
    options, track = snakemake.params.choose_k, snakemake.wildcards.track
    internal = track == "internal"
    components = {
        m.group: m for m in read_matrices(snakemake.input.reduced, "reduced", "component")
    }
    outliers = by_group(snakemake.input.outliers, "outliers")
    loadings = by_group(snakemake.input.loadings, "loadings")
    sales = NeedStates(snakemake.input.features, snakemake.params.groups) if internal else None
    check_fixed(options["fixed"], set(sales.groups) if sales else {"all"}, track)
    scores, chosen = [], []
    for group, _ in groups(read_table(snakemake.input.status, "store_status")):
        values, min_size, prediction, paying = np.empty((0, 1)), 1, None, None
        if group in components:
            in_fit = ~column(outliers[group], "outlier")
            values = components[group].values[in_fit]
            min_size = usable_size(snakemake.params.cluster["min_size"], len(in_fit))
            if sales:
                stores = components[group].stores
                odd, even, parts = halves(sales, group, stores)
                prediction = predict(
                    odd[in_fit],
                    even[in_fit],
                    parts,
                    group=group,
                    min_size=min_size,
                    snakemake=snakemake,
                )
                if prediction is not None:
                    paying = partial(
                        choose_paying,
                        fit_of(components[group], odd + even, group, min_size, snakemake),
                        HeldOut(odd, even, snakemake.params.transform, parts),
                        prediction,
                    )
        choice = choose(
            group,
            values,
            min_size=min_size,
            prediction=prediction,
            paying=paying,
            beyond=components_beyond_chance(loadings.get(group)),
            snakemake=snakemake,
        )
        status = choice.status
        one_feature = group in loadings and len(loadings[group]["feature"].unique()) == 1
        if status == "identical_stores" and one_feature and internal:
            status = "one_need_state"
        held_out = (np.nan, np.nan)
        if prediction is not None and 0 < choice.k <= len(prediction.explained):
            held_out = (prediction.explained[choice.k - 1], prediction.history)
        row = (group, choice.k, len(values), choice.criterion, status, choice.verdict, *held_out)
        row = (*row, np.nan if internal else independence(group, choice.k, snakemake))
        chosen.append(row)
        scores += [(group, k, name, score, k == choice.k) for k, name, score in choice.scores]
        log.event(
            "chosen",
            group=group,
            k=choice.k,
            stores=len(values),
            status=status,
            verdict=choice.verdict,
        )

    write_table(snakemake.output.k, "k", as_columns(chosen, "k"))
    write_table(snakemake.output.k_scores, "k_scores", as_columns(scores, "k_scores"))
    ks = [row[1] for row in chosen]
    log.done(
        f"{len(ks)} groups, {sum(ks)} clusters" + (f", k {min(ks)} to {max(ks)}" if ks else ""),
        k={row[0]: row[1] for row in chosen},
    )


def check_fixed(fixed: dict[str, int], known: set[str], track: str) -> None:
    """Refuse numbers of clusters for groups that there are not."""
    unknown = sorted(set(fixed) - known)
    if unknown:
        raise InputError(
            f"Configuration: {track}.choose_k.fixed: there is no {examples(unknown)}. Expected "
            f"{'categories' if track == 'internal' else 'the group'} such as "
            f"{examples(sorted(known))}."
        )


def halves(
    sales: NeedStates, group: str, stores: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sales of odd and even months (NaN without dates), and each need state's category.

    Of all stores: what one that is unlike all others sells is money, too.
    """
    every, even = sales.sales(group), sales.sales(group, "even_sales")
    kept = np.isin(every.stores.astype(str), stores.astype(str))
    absent = np.isnan(every.values)  # in a category that the store does not sell
    odd_sales, even_sales = (
        np.where(absent, 0.0, values)[kept] for values in (every.values - even.values, even.values)
    )
    return odd_sales, even_sales, every.categories


def predict(
    odd: np.ndarray,
    even: np.ndarray,
    parts: np.ndarray,
    *,
    group: str,
    min_size: int,
    snakemake: Any,
) -> Prediction | None:
    """Measure what clusters explain of months held out; None without sales of two halves."""
    options = snakemake.params.choose_k
    return predict_sold(
        odd,
        even,
        range(options["min"], options["max"] + 1),
        snakemake.params.transform,
        seed_for(snakemake.params.seed, group, "prediction"),
        parts=parts,
        min_size=min_size,
    )


def fit_of(matrix: Matrix, sales: np.ndarray, group: str, min_size: int, snakemake: Any) -> Fit:
    """Return how the clusters of a group will be made."""
    return Fit(
        matrix.values,
        np.clip(sales, 0, None).sum(axis=1),
        snakemake.params.cluster["algorithm"],
        min(STARTS, snakemake.params.cluster["starts"]),
        seed_for(snakemake.params.seed, group, "cluster"),
        min_size,
    )


def components_beyond_chance(loadings: pa.Table | None) -> int:
    """Return how many of the first components of a group explain more than chance would."""
    if loadings is None:
        return 0
    p = len(loadings["feature"].unique())
    return beyond_chance(column(loadings, "explained")[::p], column(loadings, "chance")[::p])


def independence(group: str, k: int, snakemake: Any) -> float:
    """Return how often independent features would make external clusters as tight."""
    if k < 2:
        return np.nan
    files = snakemake.input
    imputed = read_table(files.imputed, "imputed")
    (filled,) = (m for m in matrices(imputed) if m.group == group)
    (estimated,) = (m for m in matrices(imputed, value="imputed") if m.group == group)
    in_fit = ~column(by_group(files.outliers, "outliers")[group], "outlier")
    left_out = read_table(files.redundant, "redundant")
    redundant = column(left_out, "feature")[column(left_out, "reason") == "redundant"]
    used = ~np.isin(filled.features.astype(str), redundant.astype(str))
    values = np.where(estimated.values == 0, filled.values, np.nan)[in_fit][:, used]
    sources = column(by_group(files.parameters, "normalize_parameters")[group], "source")[used]
    seed = seed_for(snakemake.params.seed, group, "independence")
    return chance_independent(values, sources, k, PERMUTATIONS, seed)


def choose(
    group: str,
    values: np.ndarray,
    *,
    min_size: int,
    prediction: Prediction | None,
    paying: Callable[[range], int] | None,
    beyond: int,
    snakemake: Any,
) -> Choice:
    """Choose k for one group; tell the user which setting is in the way when stores are few."""
    options = snakemake.params.choose_k
    try:
        return choose_k(
            values,
            smallest=options["min"],
            largest=options["max"],
            usable=len(values) // min_size,
            criterion=options["criterion"],
            no_groups=options["no_groups"],
            min_stores=options["min_stores"],
            fixed=options["fixed"].get(group),
            prediction=prediction,
            beyond_chance=beyond,
            paying=paying,
            algorithm=snakemake.params.cluster["algorithm"],
            seed=seed_for(snakemake.params.seed, group, "choose_k"),
        )
    except TooFewStores as error:
        track = snakemake.wildcards.track
        raise InputError(
            f"{snakemake.input.reduced}: group {group!r} of the {track} track has {error} "
            f"({track}.choose_k.min), not counting outliers. Lower {track}.choose_k.min, or give "
            f"the category more stores ({track} data or eligibility)."
        ) from error


if __name__ == "__main__":
    run(main, snakemake)
