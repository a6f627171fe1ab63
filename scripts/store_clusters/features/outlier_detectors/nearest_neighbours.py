"""Stores far from those nearest to them, beyond the threshold."""

import numpy as np
from scipy.spatial import cKDTree

from store_clusters.features.outlier_detectors import Flags, Floats, flag_beyond

SMALLEST_DISTANCE = 1e-12  # of equal stores, so that it has a logarithm


def score(values: Floats, neighbours: int, seed: int) -> Floats:
    """Return the logarithm of the mean distance to the nearest stores."""
    nearest = min(neighbours, len(values) - 1)
    distances, _ = cKDTree(values).query(values, nearest + 1)
    return np.log(np.maximum(distances[:, 1:].mean(axis=1), SMALLEST_DISTANCE))


def flag(scores: Floats, threshold: float, share: float) -> Flags:
    """Flag scores above the median by ``threshold`` robust standard deviations."""
    return flag_beyond(scores, threshold)
