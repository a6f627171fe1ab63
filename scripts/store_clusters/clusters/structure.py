"""Are there groups of stores at all, and how many: gap statistic and a test of unimodality."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from store_clusters.clusters.dip import dip_p_value
from store_clusters.clusters.partitions import sample_stores, ward_kmeans

Floats = npt.NDArray[np.float64]
STABLE, DISSOLVED = 0.75, 0.6  # mean Jaccard similarity of a cluster on resamples, Hennig 2007
FOLDS = 5
MOST_CLUSTERS, REFERENCES = 10, 25  # to see whether there are groups at all
SMALLEST_VARIANCE = 1e-3  # of a Gaussian in any direction, as a share of that within clusters
SMALLEST_SIDE = 8  # stores on either side of a gap, fewer say nothing


def gap_statistic(
    values: Floats, largest: int, references: int, seed: int
) -> tuple[Floats, Floats]:
    """Return the gap for 1..largest clusters, and its standard error.

    The gap (Tibshirani, Walther and Hastie 2001) is how much less the logarithm of the sum of
    squares within clusters is than in uniform data in the box of the principal components.

    Args:
        values: (n_stores, n_components), more than ``largest`` stores; at most 500 are used.
        largest: Largest number of clusters.
        references: Number of uniform data sets.
        seed: Seed of the sample and the references.
    """
    random = np.random.default_rng(seed)
    sample = sample_stores(values, random)
    centred = sample - sample.mean(axis=0)
    scores = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    low, high = scores.min(axis=0), scores.max(axis=0)
    expected = np.array(
        [_log_within(random.uniform(low, high, scores.shape), largest) for _ in range(references)]
    )
    gap = expected.mean(axis=0) - _log_within(scores, largest)
    return gap, expected.std(axis=0) * np.sqrt(1 + 1 / references)


def choose_by_gap(gap: Floats, error: Floats, stability: Floats) -> int:
    """Return the number of clusters that gap and stability agree on.

    The smallest number within one standard error of the largest gap is sure to part what is far
    apart, but prefers few. So a larger number, up to that of the largest gap, is taken when all
    its clusters are stable; and a smaller one where a cluster dissolves.

    Args:
        gap: (largest,) gap of 1..largest clusters.
        error: (largest,) its standard error.
        stability: (largest,) of the least stable cluster, see :func:`stability`.
    """
    best = int(gap.argmax())
    k = int(np.flatnonzero(gap >= gap[best] - error[best])[0]) + 1
    if k == 1:
        return 1
    stable = [larger for larger in range(k, best + 2) if stability[larger - 1] >= STABLE]
    k = max([k, *stable])
    while k > 2 and stability[k - 1] < DISSOLVED:
        k -= 1
    return k


def shows_groups(values: Floats, seed: int) -> bool:
    """Say whether the gap statistic finds more than one cluster in (n_stores, n_components)."""
    largest = min(MOST_CLUSTERS, len(np.unique(np.round(values, 9), axis=0)) - 1)
    if largest < 2:
        return False
    gap, error = gap_statistic(values, largest, REFERENCES, seed)
    return choose_by_gap(gap, error, np.zeros(largest)) > 1


def choose_by_mixture(values: Floats, largest: int, smallest_size: int, seed: int) -> int:
    """Return the number of Gaussians of one common covariance that describes stores best.

    By the Bayesian information criterion (Schwarz 1978; for mixtures, Fraley and Raftery 2002).
    Groups that overlap, or one of few stores, leave no gap, but stores that are not one Gaussian;
    so this is asked only in few dimensions, in which groups can be told from noise. A mixture
    with a Gaussian of fewer than ``smallest_size`` stores does not count.

    Args:
        values: (n_stores, n_components); at most 500 stores are used.
        largest: Largest number of Gaussians.
        smallest_size: Stores that each Gaussian has at least.
        seed: Seed of the sample and the starts.
    """
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415, slow to import

    sample = sample_stores(values, np.random.default_rng(seed))
    best, least = 1, np.inf
    for k, centres in enumerate(ward_kmeans(sample, range(1, largest + 1)), start=1):
        if len(centres) < k:
            break
        left = cdist(sample, centres, "sqeuclidean").min(axis=1).sum() / sample.size
        mixture = GaussianMixture(
            k,
            covariance_type="tied",
            means_init=centres,
            reg_covar=max(SMALLEST_VARIANCE * left, 1e-9),
            max_iter=300,
            random_state=seed,
        ).fit(sample)
        sizes = np.bincount(mixture.predict(sample), minlength=k)
        score = mixture.bic(sample)
        if score < least and sizes.min() >= smallest_size:
            best, least = k, score
    return best


def grouped_p_value(values: Floats, k: int, repeats: int, seed: int) -> float:
    """Return how easily stores without groups would look as if they had k of them.

    Every store is judged by centres that were fitted without it (cross-fitting, five folds), so
    the centres were not chosen to part the stores that they are tested on. For two neighbouring
    clusters, their stores are projected on the line between the centres and tested for a gap with
    the dip test: a smooth gradient has none, however long it is. The p-values of all neighbours
    are combined (Cauchy combination, Liu and Xie 2020, which allows for stores in common); the
    median over the repeats is returned.

    Args:
        values: (n_stores, n_components); at most 500 stores are used.
        k: Number of clusters, at least 2.
        repeats: Number of random divisions into folds.
        seed: Seed of the sample and the divisions.
    """
    random = np.random.default_rng(seed)
    sample = sample_stores(values, random)
    (whole,) = ward_kmeans(sample, [k])
    if len(whole) < k:
        return 1.0
    p_values = []
    for _ in range(repeats):
        fold = random.permutation(len(sample)) % FOLDS
        nearest, centres = _cross_fit(sample, fold, whole)
        p_values.append(_combine([*_p_values(sample, fold, nearest, centres, whole)]))
    return float(np.median(p_values))


def _log_within(values: Floats, largest: int) -> Floats:
    """Logarithm of the sum of squares within 1..largest clusters, (largest,)."""
    within = [
        np.sum(cdist(values, centres, "sqeuclidean").min(axis=1))
        for centres in ward_kmeans(values, range(1, largest + 1))
    ]
    return np.asarray(np.log(np.maximum(within, 1e-12)))


def _cross_fit(
    values: Floats, fold: npt.NDArray[np.int64], whole: Floats
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Fit centres without each fold and place its stores by them.

    Returns:
        (n_stores,) nearest centre and (folds, k, n_components) centres, both in the order of the
        centres ``whole`` (k, n_components) of all stores.
    """
    nearest = np.empty(len(values), dtype=np.int64)
    centres = np.empty((FOLDS, *whole.shape))
    for number in range(FOLDS):
        (fitted,) = ward_kmeans(values[fold != number], [len(whole)])
        fitted = np.vstack([fitted, np.repeat(fitted[-1:], len(whole) - len(fitted), axis=0)])
        centres[number] = fitted[linear_sum_assignment(cdist(whole, fitted, "sqeuclidean"))[1]]
        held_out = fold == number
        nearest[held_out] = cdist(values[held_out], centres[number]).argmin(axis=1)
    return nearest, centres


def _p_values(
    values: Floats,
    fold: npt.NDArray[np.int64],
    nearest: npt.NDArray[np.int64],
    centres: Floats,
    whole: Floats,
) -> Iterator[float]:
    """Test every two clusters of which one is nearest to the other for a gap between them."""
    between = cdist(whole, whole)
    np.fill_diagonal(between, np.inf)
    for i, j in zip(*np.triu_indices(len(whole), 1), strict=True):
        neighbours = between[i].argmin() == j or between[j].argmin() == i
        if not neighbours or min(np.sum(nearest == i), np.sum(nearest == j)) < SMALLEST_SIDE:
            continue
        stores = (nearest == i) | (nearest == j)
        first, second = centres[fold[stores], i], centres[fold[stores], j]
        line = second - first
        place = np.sum((values[stores] - first) * line, axis=1)
        yield dip_p_value(place / np.maximum(np.sum(line**2, axis=1), 1e-12))


def _combine(p_values: list[float]) -> float:
    """Combine p-values, which may depend on each other, by the mean of their Cauchy scores."""
    if not p_values:
        return 1.0
    score = np.mean(np.tan((0.5 - np.clip(p_values, 1e-12, 0.99)) * np.pi))
    return float(0.5 - np.arctan(score) / np.pi)
