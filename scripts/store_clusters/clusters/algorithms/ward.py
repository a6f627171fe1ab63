"""Groups joined two at a time, those that add least variance first (Ward 1963)."""

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.placing import Rule, means_of

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
LIMITS_SIZES = False
KMEANS = False


def fit(
    values: Floats,
    k: int,
    *,
    starts: int,
    seed: int,
    weights: Floats | None = None,
    sizes: tuple[int, int] | None = None,
) -> tuple[Labels, Rule]:
    """Cut the tree into k clusters; place by the nearest centre, in which stores have weights."""
    from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415, slow to import

    labels = AgglomerativeClustering(n_clusters=k, linkage="ward").fit_predict(values)
    centres = means_of(values, labels, k, weights)
    return np.asarray(labels, dtype=np.int64), Rule.nearest(centres)
