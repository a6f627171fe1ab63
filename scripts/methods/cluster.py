"""Group stores, number the groups, and measure how near each store is to them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.mixture import GaussianMixture

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


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
    variance; ``gaussian_mixture`` fits k Gaussians of one common covariance.
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
    in_fit: npt.NDArray[np.bool_],
    *,
    weights: Floats,
    k: int,
    algorithm: str,
    starts: int,
    seed: int,
) -> Clustering:
    """Cluster the stores ``in_fit``, place the others by the nearest centre, number by weight.

    Cluster 1 has the largest sum of ``weights`` (n_stores,); among equals, the one with the first
    store.
    """
    fitted = fit_labels(values[in_fit], k, algorithm, starts, seed)
    used = np.unique(fitted)
    centres = np.array([values[in_fit][fitted == label].mean(axis=0) for label in used])
    labels = np.empty(len(values), dtype=np.int64)
    labels[in_fit] = np.searchsorted(used, fitted)
    labels[~in_fit] = cdist(values[~in_fit], centres).argmin(axis=1)

    total = np.bincount(labels, weights, minlength=len(used))
    first = [int(np.argmax(labels == label)) for label in range(len(used))]
    order = np.lexsort((np.array(first), -total))
    rank = np.empty(len(used), dtype=np.int64)
    rank[order] = np.arange(len(used))
    return place(values, rank[labels] + 1, centres[order])


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
