"""Choose the number of clusters."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

from methods.cluster import fit_labels

Floats = npt.NDArray[np.float64]
CRITERIA = {
    "silhouette": (silhouette_score, 1),
    "calinski_harabasz": (calinski_harabasz_score, 1),
    "davies_bouldin": (davies_bouldin_score, -1),
}


class TooFewStores(ValueError):
    """A group has fewer stores than the smallest number of clusters asked for."""


@dataclass(frozen=True)
class Choice:
    """The number of clusters, how it came about, and every score of every number tried."""

    k: int
    status: str
    criterion: str
    scores: list[tuple[int, str, float]]  # k, criterion, score


def choose_k(
    values: Floats,
    *,
    smallest: int,
    largest: int,
    criterion: str,
    algorithm: str,
    starts: int,
    seed: int,
) -> Choice:
    """Choose k for (n_stores, n_components) values: best criterion, the smaller k among equals.

    Silhouette (Rousseeuw 1987) and Calinski-Harabasz (1974) should be high, Davies-Bouldin (1979)
    low. Stores that are all alike make one cluster. At most one cluster fewer than there are
    distinct stores is tried, as no score is defined beyond.

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
    status = "fixed" if smallest == largest else "chosen"
    return Choice(-best[1] or smallest, status, criterion, scores)
