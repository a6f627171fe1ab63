"""The centred log-ratio, each share relative to the geometric mean of the store's shares."""

import numpy as np

from store_clusters.features.mix_transforms import Fitted, Floats


def fit(sold: Floats) -> Fitted:
    """Return the share that stands for 0: half of the smallest positive one of any store."""
    nothing = Fitted.nothing(sold.shape[1])
    share = sold / sold.sum(axis=1, keepdims=True)
    zero = float(share[share > 0].min(initial=1.0)) / 2
    return Fitted(nothing.chain, nothing.weight, np.full(sold.shape[1], zero))


def transform(share: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return centred log-ratios, which sum to 0 in every store.

    Source: Aitchison (1986), The Statistical Analysis of Compositional Data.
    """
    logs = np.log(np.where(share > 0, share, fitted.zero))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def inverse(values: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return NaN: the share depends on the log-ratios of all need states."""
    return np.full(values.shape, np.nan)
