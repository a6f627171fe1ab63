"""Attribute a store's final cluster to its features, against the next best cluster.

A store lies with the nearest of its category's centres, so what decides is a difference of squared
distances, which is a sum over features: each has its contribution. A counterfactual is the least
change of one feature that would tip the store (Wachter, Mittelstadt and Russell 2018).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
ToRaw = Callable[[Floats], Floats]
WORTH_SAYING = 0.05  # least share of all contributions to one side
CLEARLY = 0.9  # of the distance to the other cluster: a store farther than that is not nearer
LEAST = 0.1  # standard deviations between stores by which it must be nearer


@dataclass(frozen=True)
class Stores:
    """The stores of a category that have a final cluster; n stores, p features."""

    scaled: Floats  # (n, p), what distances are made of, NaN where a track does not know the store
    raw: Floats  # (n, p), as people read them: shares of sales, numbers, zeros and ones; or NaN
    words: Sequence[str]  # (p,)
    kinds: Sequence[str]  # (p,) `sales`, `number` or `level`


@dataclass(frozen=True)
class Centres:
    """Of each store, the centres of two clusters; n stores, p features."""

    cluster: Floats  # (n, p) of the store's cluster
    next_best: Floats  # (n, p) of its next best cluster, NaN where there is none


def cluster_means(values: Floats, labels: Labels, k: int) -> Floats:
    """Return the mean of known values of each cluster, (k, p), NaN where there are none."""
    known = ~np.isnan(values)
    member = (labels == np.arange(k)[:, None]).astype(float)
    with np.errstate(invalid="ignore"):
        return np.asarray(member @ np.where(known, values, 0.0) / (member @ known))


def contributions(stores: Stores, centres: Centres) -> Floats:
    """Return how much each feature speaks for a store's cluster, (n, p); negative for the next.

    It is the squared distance to the next best cluster's centre less that to its own cluster's,
    feature by feature, so that a row sums to :func:`margins`. Features that are not known of a
    store, or not of a cluster, contribute nothing.
    """
    differences = _differences(stores, centres)
    return np.where(np.isnan(differences) | np.isnan(stores.raw), 0.0, differences)


def margins(stores: Stores, centres: Centres) -> Floats:
    """Return how much nearer stores are to their cluster's centre, in squared distance (n,)."""
    return np.asarray(np.nansum(_differences(stores, centres), axis=1))


def _differences(stores: Stores, centres: Centres) -> Floats:
    return np.asarray(
        (stores.scaled - centres.next_best) ** 2 - (stores.scaled - centres.cluster) ** 2
    )


def clearly_nearer(values: Floats, to: Floats, than: Floats) -> Bools:
    """Return in which features stores are clearly nearer to one cluster than to another, (n, p).

    At most 0.9 times as far, and nearer by a tenth of the standard deviation between stores.

    Args:
        values: (n, p) of the stores, NaN where unknown: then they are not nearer.
        to: (n, p) of the one cluster, for each store.
        than: (n, p) of the other.
    """
    near, far = np.abs(values - to), np.abs(values - than)
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / count)
    return np.asarray((near <= CLEARLY * far) & (far - near >= LEAST * spread) & (far > near))


def as_shown(values: Floats, kinds: Sequence[str]) -> Floats:
    """Return values (n, p) as people read them, so that nothing is said that they do not show.

    Numbers have three significant digits, percentages below 100 two.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(values)))
    short = np.array([kind != "number" for kind in kinds]) & (np.abs(values) < 1)
    unit = 10.0 ** (np.where(np.isfinite(size), size, 0) - np.where(short, 1, 2))
    return np.asarray(np.round(values / unit) * unit)


def strongest(contributed: Floats, count: int, clear: Bools | None = None) -> Labels:
    """Return the columns with the largest values of each row, (n, count), -1 for none.

    Only those worth saying. ``clear`` (n, p) says which may be said at all.
    """
    total = np.clip(contributed, 0, None).sum(axis=1, keepdims=True)
    contributed = contributed if clear is None else np.where(clear, contributed, 0.0)
    order = np.argsort(-contributed, axis=1, kind="stable")[:, :count]
    found = np.take_along_axis(contributed, order, axis=1)
    columns = np.full((len(contributed), count), -1, dtype=np.int64)
    worth = (found > 0) & (found >= WORTH_SAYING * total)
    columns[:, : order.shape[1]] = np.where(worth, order, -1)
    return columns


def counterfactuals(stores: Stores, centres: Centres, to_raw: ToRaw) -> tuple[Labels, Floats]:
    """Return which feature would tip a store with the smallest change, and at which raw value.

    The value at which, all else equal, the store would be as near to the next best cluster as to
    its own. No feature, -1, where the store is already nearer to the next one, or where no number
    or share would do it within what the stores of the chain show; levels are not tried.

    Args:
        stores: Their values.
        centres: Of their clusters.
        to_raw: Turns scaled values of the stores (n, p) into raw ones, NaN where it cannot.
    """
    margin = margins(stores, centres)
    gap = centres.next_best - centres.cluster
    with np.errstate(divide="ignore", invalid="ignore"):
        step = margin[:, None] / (2 * gap**2)  # in gaps between the two centres
        target = stores.scaled + step * gap
    reached = to_raw(target)
    low, high = (_extreme(stores.raw, limit) for limit in (np.min, np.max))
    level = np.array([kind == "level" for kind in stores.kinds])
    possible = np.isfinite(reached) & (reached >= low) & (reached <= high) & ~level
    rises = (target > stores.scaled) == (reached > stores.raw)  # both, or neither
    possible &= (margin > 0)[:, None] & rises & ~np.isnan(stores.raw)
    step = np.where(possible, step, np.inf)
    column = step.argmin(axis=1)
    found = np.isfinite(step[np.arange(len(step)), column])
    value = reached[np.arange(len(step)), column]
    return np.where(found, column, -1), np.where(found, value, np.nan)


def interpolated_raw(stores: Stores, scaled: Floats) -> Floats:
    """Return scaled values (n, p) as raw ones, by those of the stores; NaN beyond all of them.

    Both rise together, by a logarithm or a scale, so the lowest value belongs to the lowest number,
    and so on.
    """
    result = np.full(scaled.shape, np.nan)
    for i, (column, raw) in enumerate(zip(stores.scaled.T, stores.raw.T, strict=True)):
        known = ~np.isnan(column) & ~np.isnan(raw)
        if known.any():
            ends: Any = {"left": np.nan, "right": np.nan}
            pairs = np.sort(column[known]), np.sort(raw[known])
            result[:, i] = np.interp(scaled[:, i], *pairs, **ends)
    return result


def _extreme(values: Floats, limit: Callable[[Floats], np.float64]) -> Floats:
    """Return the least or the largest known value of each column, NaN without any."""
    known = [column[~np.isnan(column)] for column in values.T]
    return np.array([limit(column) if len(column) else np.nan for column in known])
