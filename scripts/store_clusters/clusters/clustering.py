"""Group stores, number the groups, and measure how near each store is to them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from store_clusters.clusters.algorithms import ALGORITHMS
from store_clusters.clusters.limits import limit_sizes
from store_clusters.clusters.placing import Rule, means_of

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


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

    ``algorithm`` is one of :data:`store_clusters.clusters.algorithms.ALGORITHMS`, where the other
    arguments are described; some labels may be unused. The order of the stores changes nothing:
    they are sorted by values.
    """
    order = canonical_order(values, weights)
    if not np.array_equal(order, np.arange(len(values))):
        values, weights = values[order], None if weights is None else weights[order]
    if k == 1:
        middle = np.average(values, axis=0, weights=weights)
        return np.zeros(len(values), dtype=np.int64), Rule.nearest(middle[None])
    fit = ALGORITHMS.load(algorithm).fit
    fitted, rule = fit(values, k, starts=starts, seed=seed, weights=weights, sizes=sizes)
    labels = np.empty(len(values), dtype=np.int64)
    labels[order] = fitted
    return labels, rule


def canonical_order(values: Floats, weights: Floats | None = None) -> Labels:
    """Return an order of stores (n_stores,) by their values, whatever they are called."""
    keys = values.T if weights is None else np.vstack([weights, values.T])
    return np.asarray(np.lexsort(keys[::-1]), dtype=np.int64)


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
    if ALGORITHMS.load(algorithm).LIMITS_SIZES:
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


def measure(values: Floats, labels: Labels, centres: Floats, rule: Rule) -> Clustering:
    """Measure the distances of stores with known labels, numbered from 1, to all centres."""
    distances = cdist(values, centres)
    stores = np.arange(len(values))
    distance = distances[stores, labels - 1]
    if len(centres) == 1:
        none = np.full(len(values), np.nan)
        return Clustering(labels, centres, rule, distance, np.zeros_like(labels), none)
    distances[stores, labels - 1] = np.inf
    nearest = distances.argmin(axis=1)
    return Clustering(labels, centres, rule, distance, nearest + 1, distances[stores, nearest])
