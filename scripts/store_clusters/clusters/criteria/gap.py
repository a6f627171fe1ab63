"""The gap statistic with the stability of the clusters, and a test whether there are groups."""

import numpy as np

from store_clusters.clusters.prediction import Prediction
from store_clusters.clusters.stability import stability
from store_clusters.clusters.structure import (
    choose_by_gap,
    choose_by_mixture,
    gap_statistic,
    grouped_p_value,
)
from store_clusters.clusters.trials import Choice, Score, Trial, listed, series

REFERENCES = 25  # uniform data sets that the gap is measured against
RESAMPLES = 20  # on which the clusters must come back
REPEATS = 5  # of the test for groups
CHANCE = 0.25  # long gradients without any noise pass for groups as often, softer ones hardly ever
NEARLY = 0.8  # of what the best number of clusters explains
FEW_STORES = 500  # fewer can form groups that the test takes for a continuum


def scores(trial: Trial) -> list[Score]:
    """Return the gap with its error, the stability of the least stable cluster, the least size."""
    largest = trial.numbers[-1]
    gap, error = gap_statistic(trial.values, largest, REFERENCES, trial.seed)
    least, sizes = stability(trial.values, largest, RESAMPLES, trial.seed)
    return [
        *listed("gap", gap),
        *listed("gap_error", error),
        *listed("smallest_jaccard", least),
        *listed("smallest_cluster", sizes),
    ]


def choose(trial: Trial, scores: list[Score]) -> Choice:
    """Look for groups; where there are none, for slices that serve another aim.

    The number is the one that the gap statistic and the stability of all clusters agree on (see
    :func:`choose_by_gap`; a cluster of fewer than ``min_stores`` stores counts as not stable), or,
    where that is one, the number of Gaussians in the first ``beyond_chance`` components (see
    :func:`choose_by_mixture`). Then it is asked whether groups of that number are real: stores
    must part at the gaps between them. There are three verdicts. ``groups``: k is that number.
    ``none``: the gap is largest for one cluster. ``continuum``: stores differ, but by degrees.

    Without groups, ``no_groups`` decides between ``one`` cluster and ``slices``, of a continuum
    only with ``by_verdict``. Slices explain what stores sell: they are as many as are best at
    their price (see :func:`store_clusters.clusters.prediction.best_at_price`). A continuum of
    fewer than 500 stores keeps the number that the gap and the stability agree on where at least
    as many slices are worth it and it explains 80 % of what the best number does: few stores show
    groups and pass for a continuum. So does one without months held out; stores that do not
    differ (``none``) are one cluster then.
    """
    unstable = series("smallest_cluster", scores) < trial.min_stores
    stable = np.where(unstable, 0.0, series("smallest_jaccard", scores))
    k = choose_by_gap(series("gap", scores), series("gap_error", scores), stable)
    if k == 1 and trial.beyond_chance:
        telling = trial.values[:, : trial.beyond_chance]
        k = choose_by_mixture(telling, trial.numbers[-1], trial.min_stores, trial.seed)
    verdict = "none"
    if k > 1:
        k = max(k, trial.numbers[0])
        chance = grouped_p_value(trial.values, k, REPEATS, trial.seed)
        scores = [*scores, (k, "chance_without_groups", chance)]
        verdict = "groups" if chance < CHANCE else "continuum"
    if verdict == "groups":
        return Choice(k, "chosen", "gap", scores, verdict)
    if trial.no_groups == "one" or (trial.no_groups == "by_verdict" and verdict == "none"):
        return Choice(1, "no_groups", "gap", scores, verdict)
    slices = None if trial.at_price is None else trial.at_price(trial.numbers)
    if verdict == "continuum" and (slices is None or _is_kept(trial, k, slices)):
        return Choice(k, "slices", "gap", scores, verdict)
    if slices is None:
        return Choice(1, "no_groups", "gap", scores, verdict)
    status = "slices" if slices > 1 else "not_predictive"
    return Choice(slices, status, "prediction", scores, verdict)


def _is_kept(trial: Trial, k: int, slices: int) -> bool:
    """Say whether k clusters of a continuum, instead of so many slices, are what few stores say."""
    few = len(trial.values) < FEW_STORES
    return few and k <= slices and _explains_nearly(trial.prediction, k)


def _explains_nearly(prediction: Prediction | None, k: int) -> bool:
    """Say whether k clusters explain nearly what the best number does."""
    if prediction is None:
        return False
    explained = prediction.explained
    return k <= len(explained) and bool(explained[k - 1] >= NEARLY * explained.max())
