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
RIDGE = 0.2  # of the mean variance in k-means clusters, added to all: few stores tell little


@dataclass(frozen=True)
class Rule:
    """Where stores belong: to the cluster whose score, linear in the components, is highest."""

    coefficients: Floats  # (k, n_components)
    intercepts: Floats  # (k,)

    @classmethod
    def nearest(cls, centres: Floats) -> "Rule":
        """Return the rule of the nearest of (k, n_components) centres."""
        return cls(centres, -0.5 * np.sum(centres**2, axis=1))

    def place(self, values: Floats) -> Labels:
        """Return the cluster 0..k-1 of each of (n_stores, n_components) values."""
        return np.asarray((values @ self.coefficients.T + self.intercepts).argmax(axis=1))

    def take(self, clusters: Labels) -> "Rule":
        """Return the rule of some of the clusters, in their order."""
        return Rule(self.coefficients[clusters], self.intercepts[clusters])


@dataclass(frozen=True)
class Clustering:
    """Clusters of all stores of a group, numbered from 1."""

    labels: Labels  # (n_stores,)
    centres: Floats  # (k, n_components), in the order of the numbers
    rule: Rule  # places other stores, in the order of the numbers
    distance: Floats  # (n_stores,) to the centre of the store's cluster
    next_label: Labels  # (n_stores,) cluster with the next nearest centre, 0 when k is 1
    next_distance: Floats  # (n_stores,), NaN when k is 1


def fit_clusters(
    values: Floats, k: int, algorithm: str, starts: int, seed: int
) -> tuple[Labels, Rule]:
    """Return labels 0..k-1 for (n_stores, n_components) values, and the rule for other stores.

    Some labels may be unused. ``kmeans`` keeps the best of ``starts`` k-means++ starts; ``ward``
    merges by least added variance; both place by the nearest centre. ``gaussian_mixture`` fits k
    Gaussians of one common covariance, the best of ``starts``, and places in the likeliest; to the
    variances it adds a share of what ``kmeans`` leaves within clusters (where that is nothing, it
    is ``kmeans``). So is ``kmeans_limited`` here: :func:`cluster_stores` then limits the sizes.
    """
    if k == 1:
        return np.zeros(len(values), dtype=np.int64), Rule.nearest(values.mean(axis=0)[None])
    if algorithm == "ward":
        labels = AgglomerativeClustering(n_clusters=k, linkage="ward").fit_predict(values)
        centres = np.array([values[labels == label].mean(axis=0) for label in range(k)])
        return np.asarray(labels, dtype=np.int64), Rule.nearest(centres)
    model = KMeans(k, n_init=starts, random_state=seed).fit(values)
    left = model.inertia_ / values.size
    if algorithm == "gaussian_mixture" and left > 1e-12 * values.var():
        ridge, middle = RIDGE * left, values.mean(axis=0)
        mixture = GaussianMixture(
            k,
            covariance_type="tied",
            n_init=starts,
            reg_covar=ridge,
            max_iter=1000,
            random_state=seed,
        ).fit(values - middle)
        coefficients = mixture.means_ @ mixture.precisions_
        halves = np.sum(coefficients * (0.5 * mixture.means_ + middle), axis=1)
        rule = Rule(coefficients, np.log(mixture.weights_) - halves)
        return rule.place(values), rule
    return np.asarray(model.labels_, dtype=np.int64), Rule.nearest(model.cluster_centers_)


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
    """Cluster the stores ``in_fit``, place the others by the rule of the algorithm, number all.

    Cluster 1 has the largest sum of ``weights`` (n_stores,); among equals, the one with the first
    store. ``kmeans_limited`` keeps ``min_size`` and ``max_size``, where given, for all stores, see
    :func:`limit_sizes`.

    Raises:
        ImpossibleLimits: The stores are too few or too many for k clusters of these sizes.
    """
    fitted, rule = fit_clusters(values[in_fit], k, algorithm, starts, seed)
    used = np.unique(fitted)
    rule = rule.take(used)
    centres = np.array([values[in_fit][fitted == label].mean(axis=0) for label in used])
    labels = rule.place(values)
    labels[in_fit] = np.searchsorted(used, fitted)
    if algorithm == "kmeans_limited":
        sizes = min_size or 1, max_size or len(values)
        labels, centres = limit_sizes(values, in_fit, labels, centres, sizes)
        rule = Rule.nearest(centres)

    total = np.bincount(labels, weights, minlength=len(centres))
    first = [int(np.argmax(labels == label)) for label in range(len(centres))]
    order = np.lexsort((np.array(first), -total))
    rank = np.empty(len(centres), dtype=np.int64)
    rank[order] = np.arange(len(centres))
    return measure(values, rank[labels] + 1, centres[order], rule.take(order))


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


def measure(values: Floats, labels: Labels, centres: Floats, rule: Rule) -> Clustering:
    """Measure the distances of stores with known labels, numbered from 1, to all centres."""
    distances = cdist(values, centres)
    stores = np.arange(len(values))
    own = distances[stores, labels - 1]
    if len(centres) == 1:
        nobody = np.full(len(values), np.nan)
        return Clustering(labels, centres, rule, own, np.zeros_like(labels), nobody)
    distances[stores, labels - 1] = np.inf
    nearest = distances.argmin(axis=1)
    return Clustering(labels, centres, rule, own, nearest + 1, distances[stores, nearest])


def _mean(values: Floats, in_fit: Flags, members: Flags) -> Floats:
    """Mean of the members in the fit; of all members where none is."""
    fitted = members & in_fit
    return np.asarray(values[fitted if fitted.any() else members].mean(axis=0))
