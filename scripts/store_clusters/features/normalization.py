"""Make sales mixes and external features comparable between stores."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.features.feature_transforms import FEATURE_TRANSFORMS
from store_clusters.features.mix_transforms import MIX_TRANSFORMS, Fitted

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]
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


def sells_somewhere(sales: Floats, parts: Names) -> npt.NDArray[np.bool_]:
    """Return which stores have positive sales in a category; ``sales`` as in comparable_mixes."""
    known = [~np.isnan(shares(sales[:, columns])).any(axis=1) for columns in columns_by(parts)]
    return np.asarray(np.any(known, axis=0))


def columns_by(parts: Names) -> list[npt.NDArray[np.int64]]:
    """Return the columns of each part, in the order of their names; ``parts`` is (n_columns,)."""
    return [np.flatnonzero(parts == part) for part in sorted(set(parts))]


def shares_by_part(sales: Floats, parts: Names) -> Floats:
    """Return each store's shares of its sales in the category of each need state.

    Arguments are those of :func:`comparable_mixes`; NaN where these sales are not positive.
    """
    result = np.full(sales.shape, np.nan)
    for columns in columns_by(parts):
        result[:, columns] = shares(sales[:, columns])
    return result


def comparable_mix(sales: Floats, transform: str) -> tuple[Floats, Fitted]:
    """Turn sales (n_stores, n_need_states), positive in sum, into a mix that can be compared.

    Returns:
        The shares, transformed by the member ``transform`` of the family, and what that needs to
        do the same with any other store.
    """
    member = MIX_TRANSFORMS.load(transform)
    sold = np.clip(sales, 0, None)
    fitted = member.fit(sold)
    return member.transform(shares(sales), sold.sum(axis=1, keepdims=True), fitted), fitted


def comparable_mixes(sales: Floats, parts: Names, transform: str) -> tuple[Floats, Fitted]:
    """Turn sales of several categories side by side into as many mixes, each in itself.

    Args:
        sales: (n_stores, n_need_states), NaN where a store is not in a category.
        parts: (n_need_states,), the category of each need state.
        transform: As for :func:`comparable_mix`, which makes each mix of the stores with positive
            sales in the category.

    Returns:
        The mixes (n_stores, n_need_states), NaN in a category without positive sales of the store;
        what the transform needs to do the same with any other store.
    """
    values = np.full(sales.shape, np.nan)
    fitted = Fitted.nothing(sales.shape[1])
    for columns in columns_by(parts):
        sold = np.take(sales, columns, axis=1)
        sells = ~np.isnan(shares(sold)).any(axis=1)
        mix, of_part = comparable_mix(sold[sells], transform)
        values[np.ix_(sells, columns)] = mix
        fitted.chain[columns] = of_part.chain
        fitted.weight[columns] = of_part.weight
        fitted.zero[columns] = of_part.zero
    return values, fitted


def shares_behind(
    values: Floats, sales: Floats, parts: Names, transform: str, fitted: Fitted
) -> Floats:
    """Return the shares of sales that transformed ones come from, (n_stores, n_need_states).

    NaN where the transform cannot say, and in a category without positive sales of the store. The
    arguments are what :func:`comparable_mixes` takes and returns.
    """
    sold, total = np.clip(sales, 0, None), np.full(sales.shape, np.nan)
    for columns in columns_by(parts):
        total[:, columns] = sold[:, columns].sum(axis=1, keepdims=True)
    return np.asarray(MIX_TRANSFORMS.load(transform).inverse(values, total, fitted))


def transform_feature(values: Floats, transform: str) -> tuple[Floats, str]:
    """Transform the numbers of a feature, NaN unknown, and say in which form they are now."""
    member = FEATURE_TRANSFORMS.load(transform)
    form = member.choose(values[~np.isnan(values)])
    return member.apply(values, form), form


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


def encode_levels(levels: Names, max_levels: int) -> tuple[list[str], Floats, Floats, float]:
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


def _center_and_scale(known: Floats, method: str) -> tuple[float, float]:
    deviation = float(known.std())
    rounding = 1e-12 * max(1.0, float(np.abs(known).max()))
    if deviation <= rounding:
        return float(known[0]), 1.0
    if method == "standard":
        return float(known.mean()), deviation
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return float(middle), float(high - low) / 1.349 if high - low > rounding else deviation
