"""Find stores so unusual that they should not shape the clusters."""

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

Floats = npt.NDArray[np.float64]
TREES = 300


def outlier_scores(values: Floats, method: str, neighbours: int, seed: int) -> Floats:
    """Return how unusual each store is, (n_stores,), larger is more.

    ``isolation_forest`` (Liu et al. 2008) isolates stores by random cuts; ``local_outlier_factor``
    (Breunig et al. 2000) compares the density around a store with that around its ``neighbours``
    nearest; ``none`` gives 0.
    """
    stores = len(values)
    if method == "none" or stores < 3:
        return np.zeros(stores)
    if method == "isolation_forest":
        forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(values)
        return np.asarray(-forest.score_samples(values))
    factor = LocalOutlierFactor(n_neighbors=min(neighbours, stores - 1)).fit(values)
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
