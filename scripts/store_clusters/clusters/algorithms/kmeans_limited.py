"""As `kmeans`, with clusters of at least and at most so many stores."""

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.algorithms.kmeans import fitted_model
from store_clusters.clusters.limits import limit_sizes
from store_clusters.clusters.placing import Rule

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
LIMITS_SIZES = True
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
    """Move stores of k-means' clusters until these keep ``sizes``, see :func:`limit_sizes`."""
    model = fitted_model(values, k, starts, seed, weights)
    labels = np.asarray(model.labels_, dtype=np.int64)
    if sizes is None:
        return labels, Rule.nearest(model.cluster_centers_)
    return limit_sizes(values, labels, model.cluster_centers_, sizes, weights)
