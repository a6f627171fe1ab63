"""Choose the number of clusters."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

from store_clusters.clusters.clustering import fit_clusters
from store_clusters.clusters.partitions import ward_kmeans
from store_clusters.clusters.prediction import Prediction
from store_clusters.clusters.stability import stability
from store_clusters.clusters.structure import (
    choose_by_gap,
    choose_by_mixture,
    gap_statistic,
    grouped_p_value,
)

Floats = npt.NDArray[np.float64]
CRITERIA = {"silhouette": 1, "calinski_harabasz": 1, "davies_bouldin": -1}  # -1: less is better

REFERENCES = 25  # uniform data sets that the gap is measured against
RESAMPLES = 20  # on which the clusters must come back
REPEATS = 5  # of the test for groups
CHANCE = 0.25  # long gradients without any noise pass for groups as often, softer ones hardly ever
MOST_SCORED = 1000  # stores, for the scores that take every store's distances
NEARLY = 0.8  # of what the best number of clusters explains
FEW_STORES = 500  # fewer can form groups that the test takes for a continuum


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


def choose_k(  # noqa: PLR0911, a list of cases
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
    usable: int | None = None,
    prediction: Prediction | None = None,
    paying: Callable[[range], int] | None = None,
    beyond_chance: int = 0,
) -> Choice:
    """Choose k for (n_stores, n_components) values and tell the scores of every number.

    ``gap`` looks for groups. It takes the number that the gap statistic and the stability of all
    clusters agree on (see :func:`choose_by_gap`; a cluster of fewer than
    ``min_stores`` stores counts as not stable), or, where that is one, the number of Gaussians in
    the first ``beyond_chance`` components, which say more than chance would (see
    :func:`choose_by_mixture`), and asks whether groups of that number are real:
    stores must part at the gaps between them. It has three verdicts. ``groups``: k is that number.
    ``none``: the gap is largest for one cluster. ``continuum``: stores differ, but by degrees.
    Without groups, ``no_groups`` decides between ``one`` cluster and ``slices``, of a continuum
    only with ``by_verdict``. Slices serve another aim, to explain what stores sell: they are as
    many as pay on months held out, which ``paying`` says of candidates (see
    :func:`choose_paying`), which is
    also the criterion ``prediction``. A continuum of fewer than 500 stores keeps the number that
    the gap and the stability agree on where at least as many pay and it explains 80 % of what the
    best number does: few stores show groups and pass for a continuum. So does one without a
    prediction; stores that do not differ (``none``) are one cluster then.

    ``silhouette`` (Rousseeuw 1987) and ``calinski_harabasz`` (1974) take the number with the
    highest score, ``davies_bouldin`` (1979) the lowest; among equals the smaller number.

    Stores that are all alike make one cluster, as do those of which there are too few for
    ``smallest`` clusters of a usable size: at most ``usable`` are tried. At most one cluster fewer
    than there are distinct stores is tried, as no score is defined beyond. ``fixed`` overrules what
    the criterion says, but for more clusters than distinct stores.

    Raises:
        TooFewStores: There are at least two distinct stores but fewer than ``smallest``.
    """
    distinct = len(np.unique(np.round(values, 9), axis=0))
    if distinct < 2:
        status = {0: "no_data", 1: "one_store"}.get(len(values), "identical_stores")
        return Choice(distinct, status, "none", [])
    if fixed is None and len(values) < smallest:
        raise TooFewStores(f"{len(values)} stores, fewer than {smallest}")
    if fixed is None and usable is not None and usable < smallest:
        return Choice(1, "too_few_stores", "none", [])
    most = largest if usable is None else max(smallest, min(largest, usable))
    candidates = range(smallest, min(most, distinct - 1) + 1)
    decided = "fixed" if fixed is not None or smallest == largest else "only_choice"
    if not candidates:
        return Choice(min(fixed or smallest, distinct), decided, "none", [])

    gap = gap_statistic(values, candidates[-1], REFERENCES, seed)
    stable = stability(values, candidates[-1], RESAMPLES, seed)
    scores = _compactness(values, candidates, algorithm, seed)
    scores += _listed("gap", gap[0]) + _listed("gap_error", gap[1])
    scores += _listed("smallest_jaccard", stable[0]) + _listed("smallest_cluster", stable[1])
    if prediction is not None:
        scores += _listed("prediction", prediction.explained)
        scores += _listed("prediction_error", prediction.error)

    if fixed is not None or len(candidates) == 1:
        return Choice(min(fixed or smallest, distinct), decided, criterion, scores)
    if criterion in CRITERIA:
        sign = CRITERIA[criterion]
        best = max((sign * score, -k) for k, name, score in scores if name == criterion)
        return Choice(-best[1], "chosen", criterion, scores)
    if criterion == "prediction" and paying is not None:
        k = paying(candidates)
        return Choice(k, "chosen" if k > 1 else "not_predictive", criterion, scores)
    k = choose_by_gap(*gap, np.where(stable[1] < min_stores, 0.0, stable[0]))
    if k == 1 and beyond_chance:
        k = choose_by_mixture(values[:, :beyond_chance], candidates[-1], min_stores, seed)
    return _by_verdict(
        values,
        candidates,
        k,
        no_groups=no_groups,
        prediction=prediction,
        paying=paying,
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
    paying: Callable[[range], int] | None,
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
    pays = None if paying is None else paying(candidates)
    kept = pays is None or (
        len(values) < FEW_STORES and k <= pays and _explains_nearly(prediction, k)
    )
    if verdict == "continuum" and kept:
        return Choice(k, "slices", "gap", scores, verdict)
    if pays is None:
        return Choice(1, "no_groups", "gap", scores, verdict)
    k = pays
    return Choice(k, "slices" if k > 1 else "not_predictive", "prediction", scores, verdict)


def _explains_nearly(prediction: Prediction | None, k: int) -> bool:
    """Say whether k clusters explain nearly what the best number does."""
    if prediction is None:
        return False
    explained = prediction.explained
    return k <= len(explained) and bool(explained[k - 1] >= NEARLY * explained.max())


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
