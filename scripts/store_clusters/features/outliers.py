"""Find stores so unusual that they should not shape the clusters."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float64]
TREES = 300
MOST_FEATURES = 3  # told of a flagged store
SMALLEST_DISTANCE = 1e-12  # of equal stores, so that it has a logarithm


def outlier_scores(values: Floats, method: str, neighbours: int, seed: int) -> Floats:
    """Return how unusual each store is, (n_stores,), larger is more.

    ``isolation_forest`` (Liu et al. 2008) isolates stores by random cuts; ``local_outlier_factor``
    (Breunig et al. 2000) compares the density around a store with that around its ``neighbours``
    nearest; ``nearest_neighbours`` is the logarithm of the mean distance to them; ``none`` gives 0.
    """
    stores = len(values)
    if method == "none" or stores < 3:
        return np.zeros(stores)
    if method == "isolation_forest":
        from sklearn.ensemble import IsolationForest  # noqa: PLC0415, slow and seldom needed

        forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(values)
        return np.asarray(-forest.score_samples(values))
    if method == "nearest_neighbours":
        nearest = min(neighbours, stores - 1)
        distances, _ = cKDTree(values).query(values, nearest + 1)
        return np.log(np.maximum(distances[:, 1:].mean(axis=1), SMALLEST_DISTANCE))
    from sklearn.neighbors import LocalOutlierFactor  # noqa: PLC0415, slow and seldom needed

    factor = LocalOutlierFactor(n_neighbors=min(neighbours, stores // 2)).fit(values)
    return np.asarray(-factor.negative_outlier_factor_)


def flag_share(scores: Floats, share: float) -> npt.NDArray[np.bool_]:
    """Flag the ``share`` of stores with the highest scores, rounded down; equal scores in order.

    Nothing is flagged among stores that are all equally unusual.
    """
    flags = np.zeros(len(scores), dtype=bool)
    count = int(share * len(scores) + 1e-9)  # 0.29 of 100 is 29, not the 28 of binary fractions
    if count and scores.max() > scores.min():
        flags[np.argsort(-scores, kind="stable")[:count]] = True
    return flags


def flag_beyond(scores: Floats, threshold: float) -> npt.NDArray[np.bool_]:
    """Flag scores above the median by ``threshold`` robust standard deviations.

    The robust standard deviation is 1.4826 times the median absolute deviation. Nothing is
    flagged to fill a quota, nor where more than half of the scores are equal.
    """
    away = scores - np.median(scores) if len(scores) else scores
    deviation = 1.4826 * np.median(np.abs(away)) if len(scores) else 0.0
    return np.asarray(away > threshold * deviation) & (deviation > 0)


def explain_flags(
    values: Floats, flags: npt.NDArray[np.bool_], neighbours: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Say what is unusual about flagged stores, and whether they resemble each other.

    Returns:
        For every flagged store the columns of ``values`` (n_stores, n_features) in which it is
        farthest from the mean of the ordinary stores nearest to it, farthest first
        (n_flagged, n_features); and how many of the stores nearest to it are flagged too
        (n_flagged,): several are rather a niche than a slip.
    """
    if not flags.any() or flags.all():
        return np.zeros((int(flags.sum()), values.shape[1]), np.int64), np.zeros(
            int(flags.sum()), np.int64
        )
    flagged, ordinary = values[flags], values[~flags]
    _, near = cKDTree(ordinary).query(flagged, list(range(1, min(neighbours, len(ordinary)) + 1)))
    away = np.abs(flagged - ordinary[near].mean(axis=1))
    _, anyone = cKDTree(values).query(flagged, list(range(2, min(neighbours, len(values) - 1) + 2)))
    return np.argsort(-away, axis=1, kind="stable"), flags[anyone].sum(axis=1)
