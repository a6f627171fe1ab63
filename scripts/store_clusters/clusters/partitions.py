"""Clusters for many numbers at once, quick and without chance: what the choice of k compares."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import linkage
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
        labels = np.ones(1) if tree is None else cut(tree, k)
        start = np.array([values[labels == label].mean(axis=0) for label in np.unique(labels)])
        start = np.unique(start, axis=0)
        if len(start) == 1:
            yield start
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a cluster that loses its last store
            centres, _ = kmeans2(values, start, iter=ROUNDS, minit="matrix", check_finite=False)
        yield np.asarray(centres)


def cut(tree: Floats, k: int) -> npt.NDArray[np.int64]:
    """Return the cluster of each store (n_stores,) when a tree is cut into at most k clusters.

    As SciPy's ``fcluster`` with ``maxclust``, which checks the tree again for every number and
    takes seven times as long. Clusters that are joined at one height are joined together.

    Args:
        tree: (n_stores - 1, 4), see :func:`scipy.cluster.hierarchy.linkage`, heights ascending.
        k: Number of clusters.
    """
    stores, heights = len(tree) + 1, tree[:, 2]
    left = stores - np.searchsorted(heights, heights, side="right")  # clusters up to each height
    joined = 0 if k >= stores else stores - int(left[np.argmax(left <= k)])
    parent = np.arange(2 * stores - 1)
    parent[tree[:joined, :2].astype(np.int64)] = np.arange(stores, stores + joined)[:, None]
    while not np.array_equal(above := parent[parent], parent):
        parent = above
    return parent[:stores]


def sample_stores(values: Floats, random: np.random.Generator) -> Floats:
    """Return the values of all stores, or of 500 drawn without replacement."""
    if len(values) <= MOST_STORES:
        return values
    return values[np.sort(random.choice(len(values), MOST_STORES, replace=False))]
