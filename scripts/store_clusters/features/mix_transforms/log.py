"""The logarithm log(1 + 100 share)."""

import numpy as np

from store_clusters.features.mix_transforms import Fitted, Floats


def fit(sold: Floats) -> Fitted:
    """Return nothing: a store's shares are enough."""
    return Fitted.nothing(sold.shape[1])


def transform(share: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return logarithms of percentages, plus one so that 0 stays 0."""
    return np.log1p(100 * share)


def inverse(values: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return the shares."""
    return np.asarray(np.expm1(values) / 100)
