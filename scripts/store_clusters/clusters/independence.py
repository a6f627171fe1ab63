"""Are clusters of external features more than what the features make one by one?"""

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.partitions import sample_stores, ward_kmeans
from store_clusters.features.correlation import centred, permuted

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]


def chance_independent(
    values: Floats, sources: Names, k: int, permutations: int, seed: int
) -> float:
    """Return how often independent features would make k clusters as tight as these features do.

    Two independent columns of yes and no make four perfect groups, which mean no more than the
    columns do one by one. Clusters that several features agree on explain more of the features'
    variance than clusters of the same features with their values permuted, column by column; the
    levels of a categorical feature are permuted together. Clusters are made anew each time, by
    k-means on as many principal components as k centres span.

    Args:
        values: (n_stores, n_features), NaN unknown; unknown values stay where they are. At most
            500 stores are used.
        sources: (n_features,), what each is made of.
        k: Number of clusters.
        permutations: Number of permutations.
        seed: Seed of the sample and the permutations.

    Returns:
        The p-value, at least 1 / (permutations + 1); 1 for one cluster or one feature.
    """
    if k < 2 or len(np.unique(sources.astype(str))) < 2 or len(values) <= k:
        return 1.0
    sample = sample_stores(values, np.random.default_rng(seed))
    found = _share_of_clusters(sample, k)
    as_much = sum(
        _share_of_clusters(other, k) >= found - 1e-9
        for other in permuted(sample, sources, seed, permutations)
    )
    return (1 + as_much) / (permutations + 1)


def _share_of_clusters(values: Floats, k: int) -> float:
    """Share of the features' sum of squares between k clusters of their first components."""
    around = centred(values)
    left, spread, _ = np.linalg.svd(around, full_matrices=False)
    total = float(np.sum(spread**2))
    scores = (left * spread)[:, : k - 1]
    (centres,) = ward_kmeans(scores, [k])
    apart = np.sum((scores[:, None, :] - centres[None]) ** 2, axis=2).min(axis=1).sum()
    return float((np.sum(scores**2) - apart) / total) if total > 0 else 0.0
