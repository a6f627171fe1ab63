"""Say what the stores of a cluster sell or are like, compared with the chain."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def sales_profile(sales: Floats, labels: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return each cluster's share of sales by need state (k, n_need_states), and the chain's.

    ``sales`` is (n_stores, n_need_states), returns subtracted; ``labels`` (n_stores,) runs from 1.
    """
    by_cluster = np.array([sales[labels == label].sum(axis=0) for label in np.unique(labels)])
    chain = sales.sum(axis=0)
    return by_cluster / by_cluster.sum(axis=1, keepdims=True), chain / chain.sum()


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
