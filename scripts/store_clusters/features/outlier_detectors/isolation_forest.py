"""Stores that few random cuts isolate, as a share of all stores."""

import numpy as np
from sklearn.ensemble import IsolationForest

from store_clusters.features.outlier_detectors import Flags, Floats, flag_share

TREES = 300


def score(values: Floats, neighbours: int, seed: int) -> Floats:
    """Return the anomaly scores of an isolation forest.

    Source: Liu, Ting and Zhou (2008), Isolation Forest.
    """
    forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(values)
    return np.asarray(-forest.score_samples(values))


def flag(scores: Floats, threshold: float, share: float) -> Flags:
    """Flag the ``share`` of stores with the highest scores."""
    return flag_share(scores, share)
