"""Grade stores by sales, with breaks where the sales themselves leave gaps."""

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.clustering import fit_clusters

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
STARTS = 50  # of k-means; few numbers have many local optima


def grade_stores(sales: Floats, tiers: int, seed: int) -> tuple[Labels, Floats]:
    """Return each store's tier, 1 for the smallest sales, and the sales from which tiers begin.

    Natural breaks: k-means of the logarithms of sales in one dimension, which makes tiers whose
    stores sell multiples of each other as small as possible. A tier begins halfway (on the
    logarithmic scale) between the largest store of the one below and its own smallest store.

    Args:
        sales: (n_stores,) sales.
        tiers: Number of tiers.
        seed: Seed of the random starts.

    Returns:
        Tiers (n_stores,), 0 for stores without positive sales, and for all where fewer than
        ``tiers`` different positive sales are left; and (tiers,) sales, the first 0.
    """
    found = np.zeros(len(sales), dtype=np.int64)
    positive = sales > 0
    if len(np.unique(sales[positive])) < tiers:
        return found, np.full(tiers, np.nan)
    logs = np.log(sales[positive])
    labels, _ = fit_clusters(logs[:, None], tiers, "kmeans", STARTS, seed)
    lowest = np.array([logs[labels == label].min() for label in range(tiers)])
    highest = np.array([logs[labels == label].max() for label in range(tiers)])
    order = np.argsort(lowest)
    found[positive] = np.argsort(order)[labels] + 1
    breaks = np.exp((highest[order][:-1] + lowest[order][1:]) / 2)
    return found, np.concatenate([[0.0], breaks])
