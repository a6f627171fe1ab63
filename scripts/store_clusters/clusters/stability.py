"""Would the same clusters be found among other stores? Clusters of resamples tell."""

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from store_clusters.clusters.partitions import sample_stores, ward_kmeans

WORDS = ("do_not_trust", "doubtful", "stable", "highly_stable")
FROM = (0.6, 0.75, 0.85)  # Hennig
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def stability(values: Floats, largest: int, resamples: int, seed: int) -> tuple[Floats, Labels]:
    """Return how stable the least stable of 1..largest clusters is, and how small the smallest.

    The stability of a cluster is the mean over bootstrap resamples of its largest Jaccard
    similarity with a cluster of the resample (Hennig 2007): below 0.6 it is not to be trusted,
    from 0.75 it is stable, from 0.85 highly so. Stores drawn more than once count once.

    Args:
        values: (n_stores, n_components), more stores than ``largest``; at most 500 are used.
        largest: Largest number of clusters.
        resamples: Number of resamples.
        seed: Seed of the sample and the resamples.

    Returns:
        (largest,) stability, 1 for one cluster and 0 where there are fewer clusters than asked
        for; (largest,) stores of the smallest cluster.
    """
    random = np.random.default_rng(seed)
    sample = sample_stores(values, random)
    numbers = range(1, largest + 1)
    whole = [cdist(sample, centres).argmin(axis=1) for centres in ward_kmeans(sample, numbers)]
    similarity = [np.zeros(k) for k in numbers]
    for _ in range(resamples):
        drawn = np.unique(random.integers(0, len(sample), len(sample)))
        some = sample[drawn]
        for k, centres in zip(numbers, ward_kmeans(some, numbers), strict=True):
            found = cdist(some, centres).argmin(axis=1)
            similarity[k - 1] += jaccard(whole[k - 1][drawn], found, k).max(axis=1)
    sizes = np.array([np.bincount(labels, minlength=k).min() for k, labels in enumerate(whole, 1)])
    least = np.array([float(means.min()) / resamples for means in similarity])
    least[sizes == 0] = 0.0
    return least, sizes


def jaccard(first: Labels, second: Labels, k: int) -> Floats:
    """Return the Jaccard similarity of every two clusters of two labelings from 0, (k, k)."""
    both = np.bincount(first * k + second, minlength=k * k).reshape(k, k).astype(np.float64)
    either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
    return np.asarray(both / np.maximum(either, 1.0))


def trust_of(stability: float) -> str:
    """Return Hennig's words for a stability, with two decimals as it is shown."""
    return WORDS[int(np.searchsorted(FROM, round(stability, 2), side="right"))]
