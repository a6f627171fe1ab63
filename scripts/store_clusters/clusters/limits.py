"""Assign stores to clusters at the least cost when clusters have a smallest and largest size."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import eye_array, kron, vstack
from scipy.spatial.distance import cdist

from store_clusters.clusters.placing import Rule, means_of

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


class ImpossibleLimits(ValueError):
    """No assignment of the stores keeps the limit on the size of clusters, ``min`` or ``max``."""

    def __init__(self, message: str, limit: str):
        super().__init__(message)
        self.limit = limit


@dataclass(frozen=True)
class Limits:
    """What the final clusters of a category may be like, None for no limit."""

    min_size: int  # stores of a cluster
    max_size: int | None = None
    max_clusters: int | None = None

    def parts(self, stores: Labels) -> Labels:
        """Return the fewest clusters that so many stores can be divided into."""
        largest = self.max_size or np.iinfo(np.int64).max
        return np.maximum(1, -(-np.asarray(stores) // largest))


def assign_limited(distances: Floats, smallest: int | Labels, largest: int | Labels) -> Labels:
    """Return the cluster, from 0, of each store: the least sum of distances within the limits.

    This is a transport problem, whose linear programme has whole numbers at its corners (Bradley,
    Bennett and Demiriz 2000); HiGHS solves it. Where the nearest clusters keep the limits, they
    are the answer.

    Args:
        distances: (n_stores, k) cost of a store in a cluster, such as its squared distance.
        smallest: Stores that each of the k clusters has at least; one number, or one per cluster.
        largest: Stores that each cluster has at most, likewise.

    Raises:
        ImpossibleLimits: The stores are too few for ``smallest`` or too many for ``largest``.
    """
    stores, k = distances.shape
    least, most = (np.broadcast_to(limit, k) for limit in (smallest, largest))
    if least.sum() > stores:
        few = f"{stores} stores are too few for {k} clusters of at least {smallest}"
        raise ImpossibleLimits(few, "min")
    if most.sum() < stores:
        many = f"{stores} stores are too many for {k} clusters of at most {largest}"
        raise ImpossibleLimits(many, "max")
    nearest = np.asarray(distances.argmin(axis=1), dtype=np.int64)
    sizes = np.bincount(nearest, minlength=k)
    if (sizes >= least).all() and (sizes <= most).all():
        return nearest
    extra = distances - distances.min(axis=1, keepdims=True)
    extra /= extra.mean() or 1.0  # the solver's tolerances are absolute
    size_of = kron(np.ones((1, stores)), eye_array(k))
    for method in ("highs-ipm", "highs-ds"):  # the first is faster, the second never in between
        share = linprog(
            extra.ravel(),
            A_ub=vstack([size_of, -size_of], format="csc"),
            b_ub=np.concatenate([most, -least]),
            A_eq=kron(eye_array(stores), np.ones((1, k)), format="csc"),
            b_eq=np.ones(stores),
            method=method,
        ).x
        if share is not None and np.abs(share - np.round(share)).max() < 1e-6:
            return np.asarray(share.reshape(stores, k).argmax(axis=1), dtype=np.int64)
    raise RuntimeError(f"no assignment of {stores} stores to {k} clusters was found")


def usable_size(min_size: int | float | str | None, stores: int) -> int:
    """Return how many stores a cluster needs of a category with so many.

    ``auto`` is a twentieth of the stores, at least 3 and at most 20, so that it serves chains of
    any size; below 1 it is a share of the stores, from 1 their number; None asks for one.
    """
    if min_size is None:
        return 1
    if isinstance(min_size, str):
        return max(3, min(20, stores // 20))
    return int(min_size) if min_size >= 1 else max(1, math.ceil(min_size * stores - 1e-9))


def offsets_of(distances: Floats, labels: Labels) -> Floats:
    """Return what to take off the distances to each cluster so that the nearest is its label.

    A least-cost assignment within limits is the one to the nearest cluster after a number per
    cluster has been taken off (a power diagram; Aurenhammer, Hoffmann and Aronov 1998), so a rule
    places every store. The numbers must keep ``offset[b] - offset[a]`` at or below the least that
    a store of ``a`` would be farther from ``b``; the mean of all shortest-path solutions lies
    between the bounds. Stores that are alike but were assigned to two clusters cannot be parted.

    Args:
        distances: (n_stores, k), as for :func:`assign_limited`.
        labels: (n_stores,) its answer; every cluster has a store.

    Returns:
        (k,) offsets with mean 0.
    """
    k = distances.shape[1]
    bounds = np.array(
        [
            (distances[labels == a] - distances[labels == a, a][:, None]).min(axis=0)
            for a in range(k)
        ]
    )
    for middle in range(k):  # Floyd and Warshall; bounds may be negative or zero
        bounds = np.minimum(bounds, bounds[:, [middle]] + bounds[[middle]])
    offsets = bounds.mean(axis=0)
    return np.asarray(offsets - offsets.mean())


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
