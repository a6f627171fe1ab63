"""Clusters for many numbers at once, quick and without chance: what the choice of k compares."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.cluster.vq import kmeans2

Floats = npt.NDArray[np.float64]
MOST_STORES = 500  # more are sampled: the answer does not sharpen, the cost grows with the square
ROUNDS = 8  # of k-means; from Ward's clusters, more change next to nothing


def ward_kmeans(values: Floats, numbers: Sequence[int]) -> Iterator[Floats]:
    """Yield the centres of k-means, started from Ward's clusters, for every number of clusters.

    One tree serves all numbers. There are fewer centres than asked for where stores are alike.

    Args:
        values: (n_stores, n_components).
        numbers: Numbers of clusters.
    """
    tree = linkage(values, "ward") if len(values) > 1 else None
    for k in numbers:
        labels = np.ones(1) if tree is None else fcluster(tree, k, "maxclust")
        start = np.array([values[labels == label].mean(axis=0) for label in np.unique(labels)])
        start = np.unique(start, axis=0)
        if len(start) == 1:
            yield start
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a cluster that loses its last store
            centres, _ = kmeans2(values, start, iter=ROUNDS, minit="matrix", check_finite=False)
        yield np.asarray(centres)


def sample_stores(values: Floats, random: np.random.Generator) -> Floats:
    """Return the values of all stores, or of 500 drawn without replacement."""
    if len(values) <= MOST_STORES:
        return values
    return values[np.sort(random.choice(len(values), MOST_STORES, replace=False))]
