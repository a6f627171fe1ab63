"""Stores in a sparser place than those nearest to them, as a share of all stores."""

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

from store_clusters.features.outlier_detectors import Flags, Floats, flag_share


def score(values: Floats, neighbours: int, seed: int) -> Floats:
    """Return the density around the nearest stores relative to that around the store.

    Source: Breunig, Kriegel, Ng and Sander (2000), LOF.
    """
    factor = LocalOutlierFactor(n_neighbors=min(neighbours, len(values) // 2)).fit(values)
    return np.asarray(-factor.negative_outlier_factor_)


def flag(scores: Floats, threshold: float, share: float) -> Flags:
    """Flag the ``share`` of stores with the highest scores."""
    return flag_share(scores, share)
