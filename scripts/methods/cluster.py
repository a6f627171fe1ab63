"""Group stores, number the groups, and measure how near each store is to them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.mixture import GaussianMixture

from methods.limits import assign_limited

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Clustering:
    """Clusters of all stores of a group, numbered from 1."""

    labels: Labels  # (n_stores,)
    centres: Floats  # (k, n_components), in the order of the numbers
    distance: Floats  # (n_stores,) to the centre of the store's cluster
    next_label: Labels  # (n_stores,) cluster with the next nearest centre, 0 when k is 1
    next_distance: Floats  # (n_stores,), NaN when k is 1


def fit_labels(values: Floats, k: int, algorithm: str, starts: int, seed: int) -> Labels:
    """Return labels 0..k-1 for (n_stores, n_components) values; some may be unused.

    ``kmeans`` keeps the best of ``starts`` k-means++ starts; ``ward`` merges by least added
    variance; ``gaussian_mixture`` fits k Gaussians of one common covariance. ``kmeans_limited``
    is ``kmeans`` here: :func:`cluster_stores` then limits the sizes.
    """
    if k == 1:
        return np.zeros(len(values), dtype=np.int64)
    if algorithm == "ward":
        labels = AgglomerativeClustering(n_clusters=k, linkage="ward").fit_predict(values)
    elif algorithm == "gaussian_mixture":
        mixture = GaussianMixture(
            k, covariance_type="tied", n_init=starts, reg_covar=1e-6, random_state=seed
        )
        labels = mixture.fit_predict(values)
    else:
        labels = KMeans(k, n_init=starts, random_state=seed).fit_predict(values)
    return np.asarray(labels, dtype=np.int64)


def cluster_stores(
    values: Floats,
    in_fit: Flags,
    *,
    weights: Floats,
    k: int,
    algorithm: str,
    starts: int,
    seed: int,
    min_size: int | None = None,
    max_size: int | None = None,
) -> Clustering:
    """Cluster the stores ``in_fit``, place the others by the nearest centre, number by weight.

    Cluster 1 has the largest sum of ``weights`` (n_stores,); among equals, the one with the first
    store. ``kmeans_limited`` keeps ``min_size`` and ``max_size``, where given, for all stores, see
    :func:`limit_sizes`.

    Raises:
        ImpossibleLimits: The stores are too few or too many for k clusters of these sizes.
    """
    fitted = fit_labels(values[in_fit], k, algorithm, starts, seed)
    used = np.unique(fitted)
    centres = np.array([values[in_fit][fitted == label].mean(axis=0) for label in used])
    labels = np.empty(len(values), dtype=np.int64)
    labels[in_fit] = np.searchsorted(used, fitted)
    labels[~in_fit] = cdist(values[~in_fit], centres).argmin(axis=1)
    if algorithm == "kmeans_limited":
        sizes = min_size or 1, max_size or len(values)
        labels, centres = limit_sizes(values, in_fit, labels, centres, sizes)

    total = np.bincount(labels, weights, minlength=len(centres))
    first = [int(np.argmax(labels == label)) for label in range(len(centres))]
    order = np.lexsort((np.array(first), -total))
    rank = np.empty(len(centres), dtype=np.int64)
    rank[order] = np.arange(len(centres))
    return place(values, rank[labels] + 1, centres[order])


def limit_sizes(
    values: Floats, in_fit: Flags, labels: Labels, centres: Floats, sizes: tuple[int, int]
) -> tuple[Labels, Floats]:
    """Move stores until every cluster has at least and at most as many as ``sizes`` says.

    Lloyd's rounds whose assignment is the one of least cost within the limits (Bradley, Bennett
    and Demiriz 2000), from ``centres`` (k, n_components), as long as they lower the sum of squared
    distances. All stores are assigned, as the limits are for all; centres are the means of those
    ``in_fit``. Labels (n_stores,) from 0 that keep the limits already are returned as they are.

    Raises:
        ImpossibleLimits: The stores are too few or too many for k clusters of these sizes.
    """
    smallest, largest = sizes
    found = np.bincount(labels, minlength=len(centres))
    if found.min() >= smallest and found.max() <= largest:
        return labels, centres
    least = np.inf
    while True:
        found = assign_limited(cdist(values, centres, "sqeuclidean"), smallest, largest)
        means = np.array([_mean(values, in_fit, found == label) for label in range(len(centres))])
        squares = float(np.sum((values - means[found]) ** 2))
        if squares >= least * (1 - 1e-9):
            return labels, centres
        labels, centres, least = found, means, squares


def place(values: Floats, labels: Labels, centres: Floats) -> Clustering:
    """Measure the distances of stores with known labels, numbered from 1, to all centres."""
    distances = cdist(values, centres)
    stores = np.arange(len(values))
    own = distances[stores, labels - 1]
    if len(centres) == 1:
        nobody = np.full(len(values), np.nan)
        return Clustering(labels, centres, own, np.zeros_like(labels), nobody)
    distances[stores, labels - 1] = np.inf
    nearest = distances.argmin(axis=1)
    return Clustering(labels, centres, own, nearest + 1, distances[stores, nearest])


def _mean(values: Floats, in_fit: Flags, members: Flags) -> Floats:
    """Mean of the members in the fit; of all members where none is."""
    fitted = members & in_fit
    return np.asarray(values[fitted if fitted.any() else members].mean(axis=0))
