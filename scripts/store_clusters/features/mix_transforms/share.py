"""The share of the store's sales in the category as it is."""

from store_clusters.features.mix_transforms import Fitted, Floats


def fit(sold: Floats) -> Fitted:
    """Return nothing: a store's shares are enough."""
    return Fitted.nothing(sold.shape[1])


def transform(share: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return the shares."""
    return share


def inverse(values: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return the values."""
    return values
