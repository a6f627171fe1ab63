"""The square root of the share, first drawn towards the chain's where the store sells little."""

import numpy as np

from store_clusters.features.mix_transforms import Fitted, Floats

MOST = 5  # the chain's shares count for at most this part of the median store's sales
BINS = 10  # of stores of like sales
BIN = 10  # stores in a bin at least


def fit(sold: Floats) -> Fitted:
    """Return the chain's shares and the sales that they count for in a store's own.

    A store with little sales has a mix that is mostly chance. The squared distance of a store's
    shares from the chain's, relative to that of a store which sells one need state only, is
    expected to be ``between + noise / sales``; both are estimated from medians over bins of
    stores of like sales. A store's best estimate is then its own shares, weighted by its sales,
    and the chain's, weighted by ``noise / between`` (empirical Bayes; Efron and Morris 1973 for
    proportions). The weight is at most a fifth of the median store's sales: where small stores
    differ in kind, and not only by chance, the estimate cannot tell and must not erase it.
    """
    nothing = Fitted.nothing(sold.shape[1])
    if len(sold) == 0:
        return nothing
    total = sold.sum(axis=1)
    chain = sold.sum(axis=0) / total.sum()
    return Fitted(chain, np.full(len(chain), _weight(sold, total, chain)), nothing.zero)


def transform(share: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return square roots of shares drawn to the chain's, as if it sold ``weight`` in each store.

    Their Euclidean distances are Hellinger distances (Legendre and Gallagher 2001).
    """
    return np.sqrt((share * total + fitted.weight * fitted.chain) / (total + fitted.weight))


def inverse(values: Floats, total: Floats, fitted: Fitted) -> Floats:
    """Return the store's own shares."""
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.clip(values, 0, None) ** 2
        return np.asarray((drawn * (total + fitted.weight) - fitted.weight * fitted.chain) / total)


def _weight(sold: Floats, total: Floats, chain: Floats) -> float:
    """Return the weight of the chain's shares, in units of sales."""
    bins = min(BINS, len(total) // BIN)
    if bins < 2 or len(chain) < 2 or chain.max() > 1 - 1e-9:
        return 0.0
    away = np.sum((sold / total[:, None] - chain) ** 2, axis=1) / (1 - np.sum(chain**2))
    by_sales = np.array_split(np.argsort(-total, kind="stable"), bins)
    middle = np.maximum([np.median(away[stores]) for stores in by_sales], 1e-12)
    inverse_sales = np.array([np.mean(1 / total[stores]) for stores in by_sales])
    scale = inverse_sales.mean()
    from scipy.optimize import nnls  # noqa: PLC0415, slow to import; not needed to go back

    (between, noise), _ = nnls(
        np.column_stack([np.ones(bins), inverse_sales / scale]) / middle[:, None], np.ones(bins)
    )
    most = float(np.median(total)) / MOST
    return most if between <= 0 else min(most, float(noise / between / scale))
