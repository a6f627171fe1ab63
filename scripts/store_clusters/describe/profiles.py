"""Say what the stores of a cluster sell or are like, compared with the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from store_clusters.describe.contrast import Contrast, adjusted, contrast, driver_ranks
from store_clusters.features.normalization import columns_by

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]
SHARE, NUMBER = "share", "number"
CHANCE = 0.05  # adjusted p values below are not put down to chance


@dataclass(frozen=True)
class Profile:
    """The clusters of a group, feature by feature; k clusters, p features."""

    features: Names  # (p,)
    unit: Names  # (p,) `share` or `number`
    value: Floats  # (k, p), NaN where no store of the cluster is known
    chain: Floats  # (p,) the same over all stores of the chain
    contrast: Contrast

    @property
    def difference(self) -> Floats:
        """Value less the chain's value, (k, p)."""
        return self.value - self.chain


@dataclass(frozen=True)
class Drivers:
    """Which differences are more than chance, (k, p) each."""

    p_value: Floats  # adjusted for all comparisons of the profile
    distinguishable: npt.NDArray[np.bool_]
    rank: Floats  # 1 for what sets the cluster apart most, NaN where not distinguishable


def profile_sales(
    sales: Floats,
    normalized: Floats,
    labels: Labels,
    k: int,
    *,
    names: Names,
    parts: Names,
    everyone: Floats,
) -> Profile:
    """Describe clusters by the need states that their stores sell.

    Args:
        sales: (n_stores, p) as for :func:`sales_profile`.
        normalized: (n_stores, p), what differences are tested on, NaN where unknown.
        labels: (n_stores,), from 0 to k - 1.
        k: Clusters.
        names: (p,), the need states.
        parts: (p,), their categories.
        everyone: (m, p), sales of all stores, in a cluster or not: the chain.
    """
    value, chain = sales_profile(sales, labels, k, parts, everyone)
    unit = np.full(len(names), SHARE, dtype=object)
    return Profile(names, unit, value, chain, contrast(normalized, labels, k))


def profile_features(
    values: Floats,
    normalized: Floats,
    labels: Labels,
    k: int,
    *,
    names: Names,
    levels: npt.NDArray[np.bool_],
    everyone: Floats,
) -> Profile:
    """Describe clusters by external features; ``levels`` (p,) says which are zeros and ones.

    The other arguments are those of :func:`profile_sales`.
    """
    value, chain = mean_profile(values, labels, k, everyone)
    unit = np.where(levels, SHARE, NUMBER).astype(object)
    return Profile(names, unit, value, chain, contrast(normalized, labels, k))


def side_by_side(profiles: list[Profile]) -> Profile:
    """Return one profile with the features of several of the same clusters."""
    return Profile(
        np.concatenate([x.features for x in profiles]),
        np.concatenate([x.unit for x in profiles]),
        np.hstack([x.value for x in profiles]),
        np.concatenate([x.chain for x in profiles]),
        Contrast(
            np.hstack([x.contrast.effect for x in profiles]),
            np.hstack([x.contrast.p_value for x in profiles]),
        ),
    )


def drivers(profile: Profile) -> Drivers:
    """Say which differences chance does not explain, and which set each cluster apart most.

    A difference counts only where the chain's sales and its typical store agree on its direction,
    and where the index shows it: one of 100 says that there is none.
    """
    p_value = adjusted(profile.contrast.p_value)
    effect = profile.contrast.effect
    shown = np.round(index_against(profile.value, profile.chain)) != 100
    with np.errstate(invalid="ignore"):
        distinguishable = (p_value < CHANCE) & (effect * profile.difference > 0) & shown
    return Drivers(p_value, distinguishable, driver_ranks(effect, distinguishable))


def sales_profile(
    sales: Floats,
    labels: Labels,
    k: int,
    parts: Names | None = None,
    everyone: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return each cluster's share of sales by need state (k, n_need_states), and the chain's.

    Shares are of the sales in the need state's category, NaN where those are not positive.

    Args:
        sales: (n_stores, n_need_states), returns subtracted, NaN where not in a category.
        labels: (n_stores,), from 0 to k - 1.
        k: Clusters.
        parts: (n_need_states,), the category of each need state where there are several.
        everyone: (m, n_need_states), the sales of the chain's stores where some are in no cluster.
    """
    if parts is None:
        parts = np.full(sales.shape[1], "", dtype=object)
    sold = np.nan_to_num(sales)
    by_cluster = np.array([sold[labels == label].sum(axis=0) for label in range(k)])
    chain = sold if everyone is None else np.nan_to_num(everyone)
    sums = np.vstack([by_cluster, chain.sum(axis=0)])
    shares = np.full(sums.shape, np.nan)
    for columns in columns_by(parts):
        of_part = np.take(sums, columns, axis=1)
        total = of_part.sum(axis=1)
        positive = total > 0
        shares[np.ix_(positive, columns)] = of_part[positive] / total[positive, None]
    return shares[:-1], shares[-1]


def mean_profile(
    values: Floats, labels: Labels, k: int, everyone: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return each cluster's mean of known values (k, n_features), NaN without any, and the chain's.

    ``values`` is (n_stores, n_features) with NaN where unknown; a level of a categorical feature
    is a column of zeros and ones, whose mean is the share of stores with the level. ``everyone``
    is the same of all stores of the chain, where some are in no cluster.
    """
    means = [_known_mean(values[labels == label]) for label in range(k)]
    return np.array(means), _known_mean(values if everyone is None else everyone)


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


def long_profile(profile: Profile) -> dict[str, npt.NDArray[np.generic]]:
    """Return the columns of a long table, one row per cluster x feature, features within."""
    k, _ = profile.value.shape
    found = drivers(profile)
    return {
        "feature": np.tile(profile.features, k),
        "unit": np.tile(profile.unit, k),
        "value": profile.value.ravel(),
        "chain": np.tile(profile.chain, k),
        "difference": profile.difference.ravel(),
        "index": index_against(profile.value, profile.chain).ravel(),
        "effect": profile.contrast.effect.ravel(),
        "p_value": found.p_value.ravel(),
        "distinguishable": found.distinguishable.ravel(),
        "driver": found.rank.ravel(),
    }


def sales_by_cluster(sales: Sequence[Decimal], labels: Labels, k: int) -> list[Decimal]:
    """Return the sum of sales of each cluster, exactly."""
    sums = [Decimal(0)] * k
    for label, amount in zip(labels.tolist(), sales, strict=True):
        sums[label] += amount
    return sums


def shares_of(sums: Sequence[Decimal]) -> list[float]:
    """Return each sum as a share of all; 0 where the sum of all is not positive."""
    total = sum(sums, Decimal(0))
    return [float(part / total) if total > 0 else 0.0 for part in sums]
