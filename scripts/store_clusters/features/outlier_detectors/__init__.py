"""Ways to find stores so unusual that they should not shape the clusters.

A member has two functions:

- ``score(values: Floats, neighbours: int, seed: int) -> Floats``: how unusual each of three stores
  or more (n_stores, n_features) is, (n_stores,), larger is more.
- ``flag(scores: Floats, threshold: float, share: float) -> Flags``: which of these scores are those
  of outliers, (n_stores,), by a threshold or as a share of the stores.
"""

import numpy as np
import numpy.typing as npt

from store_clusters.run.registry import Registry

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
OUTLIER_DETECTORS = Registry(__name__)


def flag_share(scores: Floats, share: float) -> Flags:
    """Flag the ``share`` of stores with the highest scores, rounded down; equal scores in order.

    Nothing is flagged among stores that are all equally unusual.
    """
    flags = np.zeros(len(scores), dtype=bool)
    count = int(share * len(scores) + 1e-9)  # 0.29 of 100 is 29, not the 28 of binary fractions
    if count and scores.max() > scores.min():
        flags[np.argsort(-scores, kind="stable")[:count]] = True
    return flags


def flag_beyond(scores: Floats, threshold: float) -> Flags:
    """Flag scores above the median by ``threshold`` robust standard deviations.

    The robust standard deviation is 1.4826 times the median absolute deviation. Nothing is
    flagged to fill a quota, nor where more than half of the scores are equal.
    """
    away = scores - np.median(scores) if len(scores) else scores
    deviation = 1.4826 * np.median(np.abs(away)) if len(scores) else 0.0
    return np.asarray(away > threshold * deviation) & (deviation > 0)
