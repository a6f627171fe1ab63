"""Choose the number of clusters."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

from methods.cluster import fit_clusters
from methods.partitions import ward_kmeans
from methods.prediction import Prediction, choose_by_prediction
from methods.stability import stability
from methods.structure import (
    choose_by_gap,
    choose_by_mixture,
    gap_statistic,
    grouped_p_value,
    share_explained,
)

Floats = npt.NDArray[np.float64]
CRITERIA = {"silhouette": 1, "calinski_harabasz": 1, "davies_bouldin": -1}  # -1: less is better

REFERENCES = 25  # uniform data sets that the gap is measured against
RESAMPLES = 20  # on which the clusters must come back
REPEATS = 5  # of the test for groups
CHANCE = 0.25  # long gradients without any noise pass for groups as often, softer ones hardly ever
MOST_SCORED = 1000  # stores, for the scores that take every store's distances
SLICES = 0.8  # of what the best number of clusters explains or foretells


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
    seed: int,
    no_groups: str = "slices",
    min_stores: int = 1,
    fixed: int | None = None,
    prediction: Prediction | None = None,
    beyond_chance: int = 0,
) -> Choice:
    """Choose k for (n_stores, n_components) values and tell the scores of every number.

    ``gap`` looks for groups. It takes the number that the gap statistic and the stability of all
    clusters agree on (see :func:`methods.structure.choose_by_gap`; a cluster of fewer than
    ``min_stores`` stores counts as not stable), or, where that is one, the number of Gaussians in
    the first ``beyond_chance`` components, which say more than chance would (see
    :func:`methods.structure.choose_by_mixture`), and asks whether groups of that number are real:
    stores must part at the gaps between them. It has three verdicts. ``groups``: k is that number.
    ``none``: the gap is largest for one cluster. ``continuum``: stores differ, but by degrees.
    Without groups, ``no_groups`` decides between ``one`` cluster and ``slices``, of a continuum
    only with ``by_verdict``. Slices serve another aim, to foretell what stores sell: they are as
    many as ``prediction`` says, which is also the criterion ``prediction``. A continuum keeps the
    number that the gap and the stability agree on where it foretells 80 % of what the best number
    does, or where no prediction is known: few stores show groups and pass for a continuum. A cloud
    without a prediction has the fewest slices that explain 80 % of what the largest number would.

    ``silhouette`` (Rousseeuw 1987) and ``calinski_harabasz`` (1974) take the number with the
    highest score, ``davies_bouldin`` (1979) the lowest; among equals the smaller number.

    Stores that are all alike make one cluster. At most one cluster fewer than there are distinct
    stores is tried, as no score is defined beyond. ``fixed`` overrules what the criterion says,
    but for more clusters than distinct stores.

    Raises:
        TooFewStores: There are at least two distinct stores but fewer than ``smallest``.
    """
    distinct = len(np.unique(np.round(values, 9), axis=0))
    if distinct < 2:
        status = {0: "no_data", 1: "one_store"}.get(len(values), "identical_stores")
        return Choice(distinct, status, "none", [])
    if fixed is None and len(values) < smallest:
        raise TooFewStores(f"{len(values)} stores, fewer than {smallest}")
    candidates = range(smallest, min(largest, distinct - 1) + 1)
    if not candidates:
        return Choice(min(fixed or smallest, distinct), "fixed", "none", [])

    gap = gap_statistic(values, candidates[-1], REFERENCES, seed)
    stable = stability(values, candidates[-1], RESAMPLES, seed)
    scores = _compactness(values, candidates, algorithm, seed)
    scores += _listed("gap", gap[0]) + _listed("gap_error", gap[1])
    scores += _listed("smallest_jaccard", stable[0]) + _listed("smallest_cluster", stable[1])
    if prediction is not None:
        scores += _listed("prediction", prediction.explained)
        scores += _listed("prediction_error", prediction.error)

    if fixed is not None or len(candidates) == 1:
        return Choice(min(fixed or smallest, distinct), "fixed", criterion, scores)
    if criterion in CRITERIA:
        sign = CRITERIA[criterion]
        best = max((sign * score, -k) for k, name, score in scores if name == criterion)
        return Choice(-best[1], "chosen", criterion, scores)
    if criterion == "prediction" and prediction is not None:
        k = choose_by_prediction(prediction, candidates)
        return Choice(k, "chosen", criterion, scores)
    k = choose_by_gap(*gap, np.where(stable[1] < min_stores, 0.0, stable[0]))
    if k == 1 and beyond_chance:
        k = choose_by_mixture(values[:, :beyond_chance], candidates[-1], min_stores, seed)
    return _by_verdict(
        values,
        candidates,
        k,
        no_groups=no_groups,
        prediction=prediction,
        scores=scores,
        seed=seed,
    )


def _by_verdict(
    values: Floats,
    candidates: range,
    k: int,
    *,
    no_groups: str,
    prediction: Prediction | None,
    scores: list[tuple[int, str, float]],
    seed: int,
) -> Choice:
    """Ask whether the groups that the gap and the stability found are real, and what if not."""
    verdict = "none"
    if k > 1:
        k = max(k, candidates[0])
        chance = grouped_p_value(values, k, REPEATS, seed)
        scores = [*scores, (k, "chance_without_groups", chance)]
        verdict = "groups" if chance < CHANCE else "continuum"
    if verdict == "groups":
        return Choice(k, "chosen", "gap", scores, verdict)
    if no_groups == "one" or (no_groups == "by_verdict" and verdict == "none"):
        return Choice(1, "no_groups", "gap", scores, verdict)
    if prediction is not None and (verdict == "none" or not _foretells(prediction, k)):
        k = choose_by_prediction(prediction, candidates)
        return Choice(k, "slices", "prediction", scores, verdict)
    if verdict == "none":
        explained = share_explained(values, candidates[-1], seed)
        k = int(np.flatnonzero(explained >= SLICES * explained[-1])[0]) + 1
    return Choice(max(k, candidates[0]), "slices", "gap", scores, verdict)


def _foretells(prediction: Prediction, k: int) -> bool:
    """Say whether k clusters foretell nearly what the best number does."""
    explained = prediction.explained
    return k <= len(explained) and bool(explained[k - 1] >= SLICES * explained.max())


def _compactness(
    values: Floats, candidates: range, algorithm: str, seed: int
) -> list[tuple[int, str, float]]:
    """Return the scores of ``CRITERIA`` for every number of clusters.

    At most 1,000 stores are scored. Silhouettes need the distances of all their pairs, which are
    computed once. K-means starts from Ward's clusters, which serve all numbers; other algorithms
    start once.
    """
    random = np.random.default_rng(seed)
    values = values[np.sort(random.permutation(len(values))[:MOST_SCORED])]
    distances = cdist(values, values)
    if algorithm.startswith("kmeans"):
        fits = (
            cdist(values, centres).argmin(axis=1) for centres in ward_kmeans(values, candidates)
        )
    else:
        fits = (fit_clusters(values, k, algorithm, 1, seed)[0] for k in candidates)
    scores = []
    for k, labels in zip(candidates, fits, strict=True):
        if len(np.unique(labels)) < 2:
            continue
        scores.append((k, "calinski_harabasz", float(calinski_harabasz_score(values, labels))))
        scores.append((k, "davies_bouldin", float(davies_bouldin_score(values, labels))))
        silhouette = silhouette_score(distances, labels, metric="precomputed")
        scores.append((k, "silhouette", float(silhouette)))
    return scores


def _listed(name: str, scores: npt.NDArray[np.number]) -> list[tuple[int, str, float]]:
    return [(k, name, float(score)) for k, score in enumerate(scores, start=1)]
