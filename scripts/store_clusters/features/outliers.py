"""Find stores so unusual that they should not shape the clusters, and say what is unusual."""

import numpy as np
import numpy.typing as npt

from store_clusters.features.outlier_detectors import OUTLIER_DETECTORS, Flags, Floats

FEWEST_STORES = 3  # of fewer, none is unusual
MOST_FEATURES = 3  # told of a flagged store


def find_outliers(
    values: Floats, method: str, *, neighbours: int, threshold: float, share: float, seed: int = 0
) -> tuple[Floats, Flags]:
    """Return how unusual each store is and which stores are outliers, each (n_stores,).

    Args:
        values: (n_stores, n_features).
        method: The detector.
        neighbours: Nearest stores that a store is compared with.
        threshold: For detectors that flag stores by their score alone.
        share: Of the stores, for detectors that flag those with the highest scores.
        seed: Of what a detector draws.
    """
    if len(values) < FEWEST_STORES:
        return np.zeros(len(values)), np.zeros(len(values), dtype=bool)
    detector = OUTLIER_DETECTORS.load(method)
    scores = detector.score(values, neighbours, seed)
    return scores, detector.flag(scores, threshold, share)


def explain_flags(
    values: Floats, flags: Flags, neighbours: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Say what is unusual about flagged stores, and whether they resemble each other.

    Returns:
        For every flagged store the columns of ``values`` (n_stores, n_features) in which it is
        farthest from the mean of the ordinary stores nearest to it, farthest first
        (n_flagged, n_features); and how many of the stores nearest to it are flagged too
        (n_flagged,): several are rather a niche than a slip.
    """
    if not flags.any() or flags.all():
        nothing = np.zeros((int(flags.sum()), values.shape[1]), np.int64)
        return nothing, np.zeros(len(nothing), np.int64)
    from scipy.spatial import cKDTree  # noqa: PLC0415, slow to import, and not needed without flags

    flagged, ordinary = values[flags], values[~flags]
    _, near = cKDTree(ordinary).query(flagged, list(range(1, min(neighbours, len(ordinary)) + 1)))
    away = np.abs(flagged - ordinary[near].mean(axis=1))
    _, anyone = cKDTree(values).query(flagged, list(range(2, min(neighbours, len(values) - 1) + 2)))
    return np.argsort(-away, axis=1, kind="stable"), flags[anyone].sum(axis=1)
