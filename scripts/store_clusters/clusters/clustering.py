"""Group stores, number the groups, and measure how near each store is to them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.mixture import GaussianMixture

from store_clusters.clusters.limits import assign_limited, offsets_of

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
    def nearest(cls, centres: Floats, offsets: Floats | float = 0.0) -> "Rule":
        """Return the rule of the nearest of (k, n_components) centres.

        ``offsets`` (k,) are taken off the squared distances, see
        :func:`offsets_of`.
        """
        return cls(centres, -0.5 * np.sum(centres**2, axis=1) + 0.5 * offsets)

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
    values: Floats,
    k: int,
    algorithm: str,
    starts: int,
    seed: int,
    *,
    weights: Floats | None = None,
    sizes: tuple[int, int] | None = None,
) -> tuple[Labels, Rule]:
    """Return labels 0..k-1 for (n_stores, n_components) values, and the rule for other stores.

    Some labels may be unused. ``kmeans`` keeps the best of ``starts`` k-means++ starts; ``ward``
    merges by least added variance; both place by the nearest centre. ``gaussian_mixture`` fits k
    Gaussians of one common covariance, the best of ``starts``, and places in the likeliest; to the
    variances it adds a share of what ``kmeans`` leaves within clusters (where that is nothing, it
    is ``kmeans``). ``kmeans_limited`` is ``kmeans`` with ``sizes``, the fewest and most stores of
    a cluster, see :func:`limit_sizes`.

    A store counts by its weight (n_stores,) in k-means and in the means of Ward's clusters; in a
    mixture all count alike. The order of the stores changes nothing: they are sorted by values.
    """
    if not np.array_equal(order := canonical_order(values, weights), np.arange(len(values))):
        own = None if weights is None else weights[order]
        found, rule = fit_clusters(
            values[order], k, algorithm, starts, seed, weights=own, sizes=sizes
        )
        labels = np.empty(len(values), dtype=np.int64)
        labels[order] = found
        return labels, rule
    if k == 1:
        middle = np.average(values, axis=0, weights=weights)
        return np.zeros(len(values), dtype=np.int64), Rule.nearest(middle[None])
    if algorithm == "ward":
        labels = AgglomerativeClustering(n_clusters=k, linkage="ward").fit_predict(values)
        centres = means_of(values, labels, k, weights)
        return np.asarray(labels, dtype=np.int64), Rule.nearest(centres)
    model = KMeans(k, n_init=starts, random_state=seed).fit(values, sample_weight=weights)
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
    labels = np.asarray(model.labels_, dtype=np.int64)
    if algorithm == "kmeans_limited" and sizes is not None:
        return limit_sizes(values, labels, model.cluster_centers_, sizes, weights)
    return labels, Rule.nearest(model.cluster_centers_)


def canonical_order(values: Floats, weights: Floats | None = None) -> Labels:
    """Return an order of stores (n_stores,) by their values, whatever they are called."""
    keys = values.T if weights is None else np.vstack([weights, values.T])
    return np.asarray(np.lexsort(keys[::-1]), dtype=np.int64)


def means_of(values: Floats, labels: Labels, k: int, weights: Floats | None = None) -> Floats:
    """Return the mean of each of k clusters, (k, n_components), stores counting by ``weights``.

    Where none of a cluster's stores counts, all of them do; 0 for a cluster without stores.
    """
    counted = np.ones(len(values)) if weights is None else weights
    idle = np.bincount(labels, counted, minlength=k) <= 0
    counted = np.where(idle[labels], 1.0, counted)
    sums = np.zeros((k, values.shape[1]))
    np.add.at(sums, labels, values * counted[:, None])
    total = np.bincount(labels, counted, minlength=k)
    return np.asarray(sums / np.where(total > 0, total, 1.0)[:, None])


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

    A store counts by the square root of its weight (n_stores,). Cluster 1 has the largest sum of
    weights; among equals, the one with the first store. ``kmeans_limited`` keeps ``min_size`` (of
    more than one cluster) and ``max_size``, where given, for all stores, see :func:`limit_sizes`.

    Raises:
        ImpossibleLimits: The stores are too few or too many for k clusters of these sizes.
    """
    counted = np.where(in_fit, np.sqrt(weights), 0.0)
    fitted, rule = fit_clusters(values[in_fit], k, algorithm, starts, seed, weights=counted[in_fit])
    used = np.unique(fitted)
    rule = rule.take(used)
    labels = rule.place(values)
    labels[in_fit] = np.searchsorted(used, fitted)
    centres = means_of(values, labels, len(used), counted)
    if algorithm == "kmeans_limited":
        least = (min_size or 1) if len(used) > 1 else 1  # few stores are one cluster all the same
        sizes = least, max_size or len(values)
        labels, rule = limit_sizes(values, labels, centres, sizes, counted)
        centres = means_of(values, labels, len(used), counted)

    total = np.bincount(labels, weights, minlength=len(centres))
    first = [int(np.argmax(labels == label)) for label in range(len(centres))]
    order = np.lexsort((np.array(first), -total))
    rank = np.empty(len(centres), dtype=np.int64)
    rank[order] = np.arange(len(centres))
    return measure(values, rank[labels] + 1, centres[order], rule.take(order))


def limit_sizes(
    values: Floats,
    labels: Labels,
    centres: Floats,
    sizes: tuple[int, int],
    weights: Floats | None = None,
) -> tuple[Labels, Rule]:
    """Move stores until every cluster has at least and at most as many as ``sizes`` says.

    Lloyd's rounds whose assignment is the one of least cost within the limits (Bradley, Bennett
    and Demiriz 2000), from ``centres`` (k, n_components), as long as they lower the sum of squared
    distances, in which a store counts by its weight. Labels (n_stores,) from 0 that keep the
    limits already are returned as they are. The rule gives every store its label; only stores that
    are alike go together even where that breaks a limit.

    Raises:
        ImpossibleLimits: The stores are too few or too many for k clusters of these sizes.
    """
    k = len(centres)
    found = np.bincount(labels, minlength=k)
    rule = Rule.nearest(centres)
    if found.min() >= sizes[0] and found.max() <= sizes[1]:
        return labels, rule
    counted = np.ones(len(values)) if weights is None else weights
    least = np.inf
    while True:
        distances = cdist(values, centres, "sqeuclidean")
        found = assign_limited(distances, *sizes)
        means = means_of(values, found, k, weights)
        squares = float(np.sum(counted[:, None] * (values - means[found]) ** 2))
        if squares >= least * (1 - 1e-9):
            return labels, rule
        rule = Rule.nearest(centres, offsets_of(distances, found))
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
