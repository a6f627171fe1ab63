"""Say what the stores of a cluster sell or are like, compared with the chain."""

import numpy as np
import numpy.typing as npt

from methods.normalize import columns_by

Floats = npt.NDArray[np.float64]


def sales_profile(
    sales: Floats, labels: npt.NDArray[np.int64], parts: npt.NDArray[np.object_] | None = None
) -> tuple[Floats, Floats]:
    """Return each cluster's share of sales by need state (k, n_need_states), and the chain's.

    Shares are of the sales in the need state's category, NaN where those are not positive.

    Args:
        sales: (n_stores, n_need_states), returns subtracted, NaN where not in a category.
        labels: (n_stores,), from 1.
        parts: (n_need_states,), the category of each need state where there are several.
    """
    if parts is None:
        parts = np.full(sales.shape[1], "", dtype=object)
    sold = np.nan_to_num(sales)
    by_cluster = np.array([sold[labels == label].sum(axis=0) for label in np.unique(labels)])
    sums = np.vstack([by_cluster, sold.sum(axis=0)])
    shares = np.full(sums.shape, np.nan)
    for columns in columns_by(parts):
        own = np.take(sums, columns, axis=1)
        total = own.sum(axis=1)
        positive = total > 0
        shares[np.ix_(positive, columns)] = own[positive] / total[positive, None]
    return shares[:-1], shares[-1]


def mean_profile(values: Floats, labels: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return each cluster's mean of known values (k, n_features), NaN without any, and the chain's.

    ``values`` is (n_stores, n_features) with NaN where unknown; a level of a categorical feature
    is a column of zeros and ones, whose mean is the share of stores with the level.
    """
    means = [_known_mean(values[labels == label]) for label in np.unique(labels)]
    return np.array(means), _known_mean(values)


def index_against(profile: Floats, chain: Floats) -> Floats:
    """Return 100 x profile / chain, NaN where the chain's value is not positive."""
    positive = np.broadcast_to(chain > 0, profile.shape)
    index = np.full(profile.shape, np.nan)
    np.divide(100 * profile, chain, out=index, where=positive)
    return index


def _known_mean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(values.shape[1], np.nan), where=count > 0)
