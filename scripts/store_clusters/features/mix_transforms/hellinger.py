"""The square root of the share, so that distances are Hellinger distances."""

import numpy as np

from store_clusters.features.mix_transforms import Fitted, Floats


def fit(sold: Floats) -> Fitted:
    """Return nothing: a store's shares are enough."""
    return Fitted.nothing(sold.shape[1])


def transform(share: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return square roots: their Euclidean distances are Hellinger distances.

    Source: Legendre and Gallagher (2001), Ecologically meaningful transformations.
    """
    return np.sqrt(share)


def inverse(values: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return squares; below 0 there is no share."""
    return np.asarray(np.clip(values, 0, None) ** 2)
