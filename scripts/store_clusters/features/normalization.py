"""Make sales mixes and external features comparable between stores."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
OTHER = "other"


@dataclass(frozen=True)
class Scaled:
    """Columns after scaling: ``values == clip((transformed - center) / scale)``."""

    values: Floats  # (n_stores, n_features)
    center: Floats  # (n_features,)
    scale: Floats  # (n_features,), positive


def shares(sales: Floats) -> Floats:
    """Return each store's share of sales per need state, (n_stores, n_need_states), rows sum to 1.

    A need state with more returns than sales counts as nothing sold. Stores whose sales are all
    zero or negative get NaN.
    """
    sold = np.clip(sales, 0, None)
    total = sold.sum(axis=1, keepdims=True)
    return np.divide(sold, total, out=np.full(sold.shape, np.nan), where=total > 0)


def sells_somewhere(sales: Floats, parts: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Return which stores have positive sales in a category; ``sales`` as in comparable_mixes."""
    known = [~np.isnan(shares(sales[:, columns])).any(axis=1) for columns in columns_by(parts)]
    return np.asarray(np.any(known, axis=0))


def shrinkage(sales: Floats) -> tuple[Floats, float]:
    """Return the chain's shares and the sales that they count for in a store's own.

    A store with little sales has a mix that is mostly chance. The squared distance of a store's
    shares from the chain's, relative to that of a store which sells one need state only, is
    expected to be ``between + noise / sales``; both are estimated from medians over bins of
    stores of like sales. A store's best estimate is then its own shares, weighted by its sales,
    and the chain's, weighted by ``noise / between`` (empirical Bayes; Efron and Morris 1973 for
    proportions). The weight is at most a fifth of the median store's sales: where small stores
    differ in kind, and not only by chance, the estimate cannot tell and must not erase it.

    Args:
        sales: (n_stores, n_need_states), every store with positive sales.

    Returns:
        The chain's shares (n_need_states,) and the weight, in units of sales.
    """
    sold = np.clip(sales, 0, None)
    total = sold.sum(axis=1)
    chain = sold.sum(axis=0) / total.sum()
    bins = min(10, len(total) // 10)
    if bins < 2 or len(chain) < 2 or chain.max() > 1 - 1e-9:
        return chain, 0.0
    away = np.sum((sold / total[:, None] - chain) ** 2, axis=1) / (1 - np.sum(chain**2))
    by_sales = np.array_split(np.argsort(-total, kind="stable"), bins)
    middle = np.maximum([np.median(away[stores]) for stores in by_sales], 1e-12)
    inverse = np.array([np.mean(1 / total[stores]) for stores in by_sales])
    scale = inverse.mean()
    from scipy.optimize import nnls  # noqa: PLC0415, slow, and other steps use this module too

    (between, noise), _ = nnls(
        np.column_stack([np.ones(bins), inverse / scale]) / middle[:, None], np.ones(bins)
    )
    most = float(np.median(total)) / 5
    return chain, most if between <= 0 else min(most, float(noise / between / scale))


def shrink(share: Floats, total: Floats, chain: Floats, weight: float) -> Floats:
    """Draw shares (n_stores, n_need_states) towards the chain's, as if it had sold ``weight`` more.

    ``total`` (n_stores,) are the sales that the shares are of.
    """
    return (share * total[:, None] + weight * chain) / (total[:, None] + weight)


def zero_share(share: Floats) -> float:
    """Return the share that stands for 0 in ``log_ratio``: half of the smallest positive one."""
    return float(share[share > 0].min(initial=1.0)) / 2


def transform_shares(share: Floats, transform: str, zero: float = 0.0) -> Floats:
    """Transform shares of sales.

    ``share`` leaves them; ``hellinger`` (and ``shrunk_hellinger``, for shares drawn towards the
    chain's before) takes the square root, so that Euclidean distances are
    Hellinger distances (Legendre and Gallagher 2001); ``log`` is log(1 + 100 share);
    ``log_ratio`` the centred log-ratio (Aitchison 1986), with ``zero``, which is positive, in
    place of zeros.
    """
    if transform == "share":
        return share
    if transform in {"hellinger", "shrunk_hellinger"}:
        return np.sqrt(share)
    if transform == "log":
        return np.log1p(100 * share)
    logs = np.log(np.where(share > 0, share, zero))
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred


def comparable_mix(sales: Floats, transform: str) -> tuple[Floats, Floats, float, float]:
    """Turn sales (n_stores, n_need_states), positive in sum, into a mix that can be compared.

    Returns:
        The transformed shares; the chain's shares that they were drawn to, and with what weight
        (0 but for ``shrunk_hellinger``); the share that stands for 0 (0 but for ``log_ratio``).
    """
    share = shares(sales)
    zero = zero_share(share) if transform == "log_ratio" else 0.0
    if transform != "shrunk_hellinger" or len(sales) == 0:
        return transform_shares(share, transform, zero), np.zeros(sales.shape[1]), 0.0, zero
    chain, weight = shrinkage(sales)
    shrunk = shrink(share, np.clip(sales, 0, None).sum(axis=1), chain, weight)
    return transform_shares(shrunk, transform, zero), chain, weight, zero


def columns_by(parts: npt.NDArray[np.object_]) -> list[npt.NDArray[np.int64]]:
    """Return the columns of each part, in the order of their names; ``parts`` is (n_columns,)."""
    return [np.flatnonzero(parts == part) for part in sorted(set(parts))]


def shares_by_part(sales: Floats, parts: npt.NDArray[np.object_]) -> Floats:
    """Return each store's shares of its sales in the category of each need state.

    Arguments are those of :func:`comparable_mixes`; NaN where these sales are not positive.
    """
    result = np.full(sales.shape, np.nan)
    for columns in columns_by(parts):
        result[:, columns] = shares(sales[:, columns])
    return result


def comparable_mixes(
    sales: Floats, parts: npt.NDArray[np.object_], transform: str
) -> tuple[Floats, Floats, Floats, Floats]:
    """Turn sales of several categories side by side into as many mixes, each in itself.

    Args:
        sales: (n_stores, n_need_states), NaN where a store is not in a category.
        parts: (n_need_states,), the category of each need state.
        transform: As for :func:`comparable_mix`, which makes each mix of the stores with positive
            sales in the category.

    Returns:
        The mixes (n_stores, n_need_states), NaN in a category without positive sales of the store;
        the chain's shares, the weights and the shares that stand for 0 (n_need_states,).
    """
    values = np.full(sales.shape, np.nan)
    chain, weight, zero = np.zeros((3, sales.shape[1]))
    for columns in columns_by(parts):
        sold = np.take(sales, columns, axis=1)
        known = ~np.isnan(shares(sold)).any(axis=1)
        mix, chain[columns], weight[columns], zero[columns] = comparable_mix(sold[known], transform)
        values[np.ix_(known, columns)] = mix
    return values, chain, weight, zero


def choose_transform(values: Floats, transform: str) -> list[str]:
    """Return a transform for each column of (n_stores, n_features) values, NaN unknown.

    With ``log_where_skewed``, columns with skewness above 1 get ``log`` when all their known
    values are positive, else ``signed_log``.
    """
    if transform == "none":
        return ["none"] * values.shape[1]
    return [_skew_transform(column[~np.isnan(column)]) for column in values.T]


def apply_transform(column: Floats, transform: str) -> Floats:
    """Apply ``none``, ``log`` or ``signed_log`` (sign(x) log(1 + |x|)) to a column."""
    if transform == "log":
        return np.log(column)
    if transform == "signed_log":
        return np.sign(column) * np.log1p(np.abs(column))
    return column


def scale_columns(values: Floats, method: str, clip: float | None) -> Scaled:
    """Centre and scale columns, ignoring NaN, then limit them to ``clip`` on either side.

    ``robust`` uses the median and the interquartile range / 1.349 (the standard deviation, for a
    normal distribution; where half of the values are equal, the standard deviation itself);
    ``standard`` the mean and the standard deviation; ``none`` subtracts and divides by nothing.
    Constant columns keep scale 1.
    """
    features = values.shape[1]
    center, scale = np.zeros(features), np.ones(features)
    for number, column in enumerate(values.T):
        known = column[~np.isnan(column)]
        if method == "none" or len(known) == 0:
            continue
        center[number], scale[number] = _center_and_scale(known, method)
    scaled = (values - center) / scale
    return Scaled(scaled if clip is None else np.clip(scaled, -clip, clip), center, scale)


def encode_levels(
    levels: npt.NDArray[np.object_], max_levels: int
) -> tuple[list[str], Floats, Floats, float]:
    """Encode a categorical feature as indicator columns with total variance one.

    So a categorical feature weighs as much as one standardised number, however many levels it
    has. The ``max_levels - 1`` most frequent levels keep a column when there are more than
    ``max_levels``; the rest share the level ``other``.

    Returns:
        Names of the levels (sorted), values (n_stores, n_levels) with NaN rows where the level is
        unknown, the centre of each column, and the scale common to all.
    """
    known = np.array([level is not None for level in levels], dtype=bool)
    names, counts = np.unique(levels[known].astype(str), return_counts=True)
    if len(names) > max_levels:
        kept = sorted(names[np.lexsort((names, -counts))[: max_levels - 1]])
        levels = np.array([x if x is None or x in kept else OTHER for x in levels], dtype=object)
        names = np.unique(levels[known].astype(str))
    indicators = (levels[:, None] == names[None, :].astype(object)).astype(float)
    indicators[~known] = np.nan
    center = indicators[known].mean(axis=0)
    scale = float(np.sqrt(np.sum(center * (1 - center)))) or 1.0
    return [str(name) for name in names], (indicators - center) / scale, center, scale


def _skew_transform(known: Floats) -> str:
    if len(known) < 3 or known.std() == 0:
        return "none"
    skewness = np.mean(((known - known.mean()) / known.std()) ** 3)
    if skewness <= 1:
        return "none"
    return "log" if known.min() > 0 else "signed_log"


def _center_and_scale(known: Floats, method: str) -> tuple[float, float]:
    deviation = float(known.std())
    rounding = 1e-12 * max(1.0, float(np.abs(known).max()))
    if deviation <= rounding:
        return float(known[0]), 1.0
    if method == "standard":
        return float(known.mean()), deviation
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return float(middle), float(high - low) / 1.349 if high - low > rounding else deviation
