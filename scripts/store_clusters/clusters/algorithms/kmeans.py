"""Spherical groups of any size, each store in that of the nearest centre."""

from typing import Any

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.placing import Rule

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
LIMITS_SIZES = False
KMEANS = True


def fit(
    values: Floats,
    k: int,
    *,
    starts: int,
    seed: int,
    weights: Floats | None = None,
    sizes: tuple[int, int] | None = None,
) -> tuple[Labels, Rule]:
    """Keep the best of ``starts`` k-means++ starts; place by the nearest centre."""
    model = fitted_model(values, k, starts, seed, weights)
    return np.asarray(model.labels_, dtype=np.int64), Rule.nearest(model.cluster_centers_)


def fitted_model(values: Floats, k: int, starts: int, seed: int, weights: Floats | None) -> Any:
    """Return scikit-learn's k-means of the values, fitted."""
    from sklearn.cluster import KMeans  # noqa: PLC0415, slow to import

    return KMeans(k, n_init=starts, random_state=seed).fit(values, sample_weight=weights)
