"""Choose the number of clusters."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

from methods.cluster import fit_labels
from methods.structure import (
    choose_by_gap,
    gap_statistic,
    grouped_p_value,
    share_explained,
)

Floats = npt.NDArray[np.float64]
CRITERIA = {
    "silhouette": (silhouette_score, 1),
    "calinski_harabasz": (calinski_harabasz_score, 1),
    "davies_bouldin": (davies_bouldin_score, -1),
}


REFERENCES = 50  # uniform data sets that the gap is measured against
SPLITS = 10  # halvings of the stores in the test for groups
CHANCE = 0.2  # with it, none of several hundred simulated gradients and clouds passed for groups
SLICES = 0.8  # of what the largest number of clusters explains


class TooFewStores(ValueError):
    """A group has fewer stores than the smallest number of clusters asked for."""


@dataclass(frozen=True)
class Choice:
    """The number of clusters, how it came about, and every score of every number tried."""

    k: int
    status: str
    criterion: str
    scores: list[tuple[int, str, float]]  # k, criterion, score
    verdict: str = "untested"  # `groups`, `continuum`, `none`


def choose_k(
    values: Floats,
    *,
    smallest: int,
    largest: int,
    criterion: str,
    algorithm: str,
    starts: int,
    seed: int,
    no_groups: str = "one",
) -> Choice:
    """Choose k for (n_stores, n_components) values: best criterion, the smaller k among equals.

    ``gap`` takes the smallest k within one standard error of the largest gap statistic, and asks
    whether groups of that number are real: held-out stores must part at the gaps between them. It
    has three verdicts. ``groups``: k is that number. ``none``: the gap is largest for one
    cluster. ``continuum``: stores differ, but by degrees. Without groups, ``no_groups`` decides
    between ``one`` cluster and ``slices``: of a continuum as many as the gap says, of a cloud the
    fewest that explain 80 % of what the largest number would. ``by_verdict`` slices a continuum
    only.

    Of the scores, silhouette (Rousseeuw 1987) and Calinski-Harabasz (1974) should be high,
    Davies-Bouldin (1979) low. Stores that are all alike make one cluster. At most one cluster
    fewer than there are distinct stores is tried, as no score is defined beyond.

    Raises:
        TooFewStores: There are at least two distinct stores but fewer than ``smallest``.
    """
    if len(values) == 0:
        return Choice(0, "no_data", "none", [])
    if len(values) == 1:
        return Choice(1, "one_store", "none", [])
    distinct = len(np.unique(np.round(values, 9), axis=0))
    if distinct == 1:
        return Choice(1, "identical_stores", "none", [])
    if len(values) < smallest:
        raise TooFewStores(f"{len(values)} stores, fewer than {smallest}")
    candidates = range(smallest, min(largest, distinct - 1) + 1)
    if not candidates:
        return Choice(min(smallest, distinct), "fixed", "none", [])

    scores, best = [], (-np.inf, 0)
    for k in candidates:
        labels = fit_labels(values, k, algorithm, starts, seed)
        if len(np.unique(labels)) < 2:
            continue
        for name, (function, sign) in CRITERIA.items():
            score = float(function(values, labels))
            scores.append((k, name, score))
            if name == criterion:
                best = max(best, (sign * score, -k))
    if criterion == "gap":
        return _choose_by_gap(values, candidates, no_groups, scores, seed)
    status = "fixed" if smallest == largest else "chosen"
    return Choice(-best[1] or smallest, status, criterion, scores)


def _choose_by_gap(
    values: Floats,
    candidates: range,
    no_groups: str,
    scores: list[tuple[int, str, float]],
    seed: int,
) -> Choice:
    gap, error = gap_statistic(values, candidates[-1], REFERENCES, seed)
    for k, (height, spread) in enumerate(zip(gap, error, strict=True), start=1):
        scores = [*scores, (k, "gap", float(height)), (k, "gap_error", float(spread))]
    if len(candidates) == 1:
        return Choice(candidates[0], "fixed", "gap", scores)
    k = choose_by_gap(gap, error)
    verdict = "none"
    if k > 1:
        k = max(k, candidates[0])
        chance = grouped_p_value(values, k, SPLITS, seed)
        scores = [*scores, (k, "chance_without_groups", chance)]
        verdict = "groups" if chance < CHANCE else "continuum"
    if verdict == "groups":
        return Choice(k, "chosen", "gap", scores, verdict)
    if no_groups == "one" or (no_groups == "by_verdict" and verdict == "none"):
        return Choice(1, "no_groups", "gap", scores, verdict)
    if verdict == "continuum":
        return Choice(k, "slices", "gap", scores, verdict)
    explained = share_explained(values, candidates[-1], seed)
    enough = int(np.flatnonzero(explained >= SLICES * explained[-1])[0]) + 1
    return Choice(max(enough, candidates[0]), "slices", "gap", scores, verdict)
