"""Clusters again on resampled stores: what of them comes back, and how surely a store belongs."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from store_clusters.clusters.clustering import canonical_order, fit_clusters
from store_clusters.clusters.stability import jaccard

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
MOST_STORES = 500  # more are sampled for a refit
STARTS = 3
ROUNDS = 10  # of expectation and maximisation, from the clusters of a refit
USUAL = 0.99  # share of a cluster's stores that are not far from it
NEAR = 0.99  # of the limit of what is far: nearer stores are not far, whatever the rounding


@dataclass(frozen=True)
class Refits:
    """What resamples make of the stores of a group."""

    labels: Labels  # (n_refits, n_stores) from 0, under the numbers of the clusters they refit
    chances: Floats  # (n_stores, k) of belonging to each cluster, by refits without the store


def refit(
    values: Floats,
    labels: Labels,
    in_fit: Bools,
    refits: int,
    seed: int,
    *,
    algorithm: str = "kmeans",
    weights: Floats | None = None,
    min_size: int = 1,
) -> Refits:
    """Cluster resamples of the stores as the clusters were made, and place all stores by each.

    A refitted cluster gets the number of the cluster that it shares most stores with, one each
    (Hungarian method). A store's chances are those of Gaussians of one common covariance that
    start at the refitted clusters, averaged over the refits that did not draw the store: so its
    own place has no vote. The farther a store is from all of them, the more its chances are those
    of a store of which nothing is known, the clusters' shares of the stores.

    Args:
        values: (n_stores, n_components).
        labels: (n_stores,) clusters from 0.
        in_fit: (n_stores,), stores that may be drawn, with replacement, at most 500 of them.
        refits: Number of resamples.
        seed: Seed of the draws and starts.
        algorithm: As the clusters were made, see :func:`fit_clusters`.
        weights: (n_stores,) likewise.
        min_size: Stores of a cluster at least, likewise.
    """
    from sklearn import config_context  # noqa: PLC0415, slow to import

    n, k = len(values), int(labels.max()) + 1
    if k < 2:
        return Refits(np.zeros((refits, n), dtype=np.int64), np.ones((n, 1)))
    random = np.random.default_rng(seed)
    order = canonical_order(values, weights)
    candidates = order[in_fit[order]]
    number = min(len(candidates), MOST_STORES)
    sizes = max(1, min_size * number // len(candidates)), number
    again = np.empty((refits, n), dtype=np.int64)
    chances, votes, of_all = np.zeros((n, k)), np.zeros(n), np.zeros((n, k))
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for one in range(refits):
            drawn = random.choice(candidates, number)
            some = values[drawn]
            _, rule = fit_clusters(
                some,
                min(k, len(np.unique(some, axis=0))),
                algorithm,
                STARTS,
                int(random.integers(2**31)),
                weights=None if weights is None else weights[drawn],
                sizes=sizes,
            )
            again[one] = match(rule.place(values), labels, k)
            likely = belonging(values, drawn, again[one], k)
            of_all += likely
            left_out = np.ones(n, dtype=bool)
            left_out[drawn] = False
            chances[left_out] += likely[left_out]
            votes += left_out
    never = votes == 0  # drawn every time
    chances[never], votes[never] = of_all[never], refits
    return Refits(again, chances / votes[:, None])


def match(again: Labels, labels: Labels, k: int) -> Labels:
    """Number refitted clusters (n_stores,) like the clusters that they share most stores with."""
    similar = jaccard(again, labels, k)
    rows, columns = linear_sum_assignment(-similar)
    names = np.empty(k, dtype=np.int64)
    names[rows] = columns
    return np.asarray(names[again])


def belonging(values: Floats, drawn: Labels, labels: Labels, k: int) -> Floats:
    """Return each store's chances of belonging to k clusters, (n_stores, k).

    ``labels`` (n_stores,) of the stores ``drawn`` are where the Gaussians start.
    """
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415, slow to import
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415

    some, of = values[drawn], labels[drawn]
    used = np.unique(of)
    shares = np.bincount(of, minlength=k) / len(of)
    if len(used) < 2:
        return np.tile(shares, (len(values), 1))
    centres = np.array([some[of == label].mean(axis=0) for label in used])
    within = some - centres[np.searchsorted(used, of)]
    dimensions = values.shape[1]
    spread = float(np.mean(within**2)) or 1e-12
    few = dimensions / (dimensions + len(some))
    covariance = within.T @ within / len(some)
    covariance = (1 - few) * covariance + (few * spread + 1e-9 * spread) * np.eye(dimensions)
    mixture = GaussianMixture(
        len(used),
        covariance_type="tied",
        means_init=centres,
        weights_init=shares[used],
        precisions_init=np.linalg.inv(covariance),
        reg_covar=max(few * spread, 1e-12),
        max_iter=ROUNDS,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a few rounds are meant
        mixture.fit(some)
    likely = np.zeros((len(values), k))
    likely[:, used] = mixture.predict_proba(values)
    usual = _usual(values, mixture.means_, mixture.precisions_cholesky_)[:, None]
    return np.asarray(usual * likely + (1 - usual) * shares)


def _usual(values: Floats, means: Floats, root: Floats) -> Floats:
    """Return how far stores (n_stores,) are not from the nearest mean, 1 for all that are near.

    Distances are Mahalanobis'; ``root @ root.T`` is the inverse of the covariance. They are
    measured exactly only for the few stores that may be far.
    """
    from scipy.stats import chi2  # noqa: PLC0415, slow to import

    limit = chi2.ppf(USUAL, values.shape[1])
    usual = np.ones(len(values))
    squares = cdist(values @ root, means @ root, "sqeuclidean").min(axis=1)
    far = np.flatnonzero(squares > NEAR * limit)
    inverse, some = root @ root.T, values[far]
    apart = [np.einsum("ij,jk,ik->i", some - mean, inverse, some - mean) for mean in means]
    usual[far] = np.minimum(1.0, limit / np.maximum(np.min(apart, axis=0), 1e-12))
    return usual
