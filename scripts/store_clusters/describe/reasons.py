"""Say why a store is in its final cluster and not in the next best one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from store_clusters.describe.words import number, percent

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
REASONS, AGAINST, SIMILAR = 3, 2, 3
WORTH_SAYING = 0.05  # least share of all that speaks for, or against
CLEARLY = 0.9  # of the distance to the other cluster: a store farther than that is not nearer
LEAST = 0.1  # standard deviations between stores by which it must be nearer
MOST_DIGITS = 6  # significant ones of a tip
MOST_COMPARED = 5_000  # stores among which similar ones are looked for
BLOCK = 500  # stores whose distances to all others are held at once
WHY = {
    "inseparable": "{source} could not be told from {target} on resampled stores",
    "too_small": "{source} had too few stores, {stores}, and joined {target}",
    "too_many": "there were too many clusters, and {source} joined {target}",
    "too_large": "{source} had too many stores, and {target} took {stores} of them",
    "no_evidence": "there was no evidence for {source} and {target} as clusters apart",
    "fewer": "fewer clusters were asked for, and {source} joined {target}",
    "not_parted": "surroundings do not part {source} from {target}",
    "sells_differently": "stores of {source} sell differently, and {target} took {stores} of them",
}
WHOLE = {  # where final clusters nest in internal ones, only whole internal clusters are joined
    "too_small": "internal cluster {internal} had too few stores, and joined {target}",
    "too_many": "there were too many clusters, and internal cluster {internal} joined {target}",
    "no_evidence": "there was no evidence for internal cluster {internal} and {target} as clusters "
    "apart",
    "fewer": "fewer clusters were asked for, and internal cluster {internal} joined {target}",
}


@dataclass(frozen=True)
class Stores:
    """The stores of a category that have a final cluster; n stores, p features."""

    values: Floats  # (n, p), what distances are made of, NaN where a track does not know the store
    natural: Floats  # (n, p), as people know it: shares of sales, numbers, zeros and ones; or NaN
    words: Sequence[str]  # (p,)
    kinds: Sequence[str]  # (p,) `sales`, `number` or `level`


def centres_of(values: Floats, labels: Labels, k: int) -> Floats:
    """Return the mean of known values of each cluster, (k, p), NaN where there are none."""
    known = ~np.isnan(values)
    member = (labels == np.arange(k)[:, None]).astype(float)
    with np.errstate(invalid="ignore"):
        return np.asarray(member @ np.where(known, values, 0.0) / (member @ known))


def what_speaks(stores: Stores, own: Floats, following: Floats) -> Floats:
    """Return how much each feature speaks for a store's cluster, (n, p); negative for the next.

    It is the squared distance to the next best cluster's centre less that to the own one, feature
    by feature, so that a row sums to the difference of the two squared distances. Features that
    are not known of a store, or not of a cluster, say nothing.

    Args:
        stores: Their values.
        own: (n, p) the centre of each store's cluster.
        following: (n, p) the centre of its next best cluster, NaN where there is none.
    """
    speaks = (stores.values - following) ** 2 - (stores.values - own) ** 2
    return np.where(np.isnan(speaks) | np.isnan(stores.natural), 0.0, speaks)


def clearly_nearer(values: Floats, own: Floats, other: Floats) -> Bools:
    """Return in which features stores are clearly nearer to one cluster than to another, (n, p).

    At most 0.9 times as far, and nearer by a tenth of the standard deviation between stores.

    Args:
        values: (n, p) of the stores, NaN where unknown: then they are not nearer.
        own: (n, p) of the one cluster, for each store.
        other: (n, p) of the other.
    """
    near, far = np.abs(values - own), np.abs(values - other)
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    middle = np.where(known, values, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, values - middle, 0.0) ** 2).sum(axis=0) / count)
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


def strongest(speaks: Floats, count: int, clear: Bools | None = None) -> list[list[int]]:
    """Return the columns with the largest values of each row, those worth saying, at most some.

    ``clear`` (n, p) says which may be said at all.
    """
    total = np.clip(speaks, 0, None).sum(axis=1, keepdims=True)
    speaks = speaks if clear is None else np.where(clear, speaks, 0.0)
    order = np.argsort(-speaks, axis=1, kind="stable")[:, :count]
    found = np.take_along_axis(speaks, order, axis=1)
    worth = (found > 0) & (found >= WORTH_SAYING * total)
    return [row[kept].tolist() for row, kept in zip(order, worth, strict=True)]


def tipping_points(
    stores: Stores, own: Floats, following: Floats, read: Callable[[Floats], Floats]
) -> tuple[Labels, Floats]:
    """Return which feature would tip a store with the smallest change, and at which value.

    The value at which, all else equal, the store would be as near to the next best cluster as to
    its own. No feature, -1, where the store is already nearer to the next one, or where no number
    or share would do it within what the stores of the chain show; levels are not tried.

    Args:
        stores: Their values.
        own, following: As for :func:`what_speaks`.
        read: Turns values of the stores (n, p) into what people know, NaN where it cannot.
    """
    margin = margin_of(stores, own, following)
    gap = following - own
    with np.errstate(divide="ignore", invalid="ignore"):
        step = margin[:, None] / (2 * gap**2)  # in gaps between the two centres
        target = stores.values + step * gap
    reached = read(target)
    low, high = (_known(stores.natural, limit) for limit in (np.min, np.max))
    level = np.array([kind == "level" for kind in stores.kinds])
    possible = np.isfinite(reached) & (reached >= low) & (reached <= high) & ~level
    rises = (target > stores.values) == (reached > stores.natural)  # both, or neither
    possible &= (margin > 0)[:, None] & rises & ~np.isnan(stores.natural)
    step = np.where(possible, step, np.inf)
    column = step.argmin(axis=1)
    found = np.isfinite(step[np.arange(len(step)), column])
    value = reached[np.arange(len(step)), column]
    return np.where(found, column, -1), np.where(found, value, np.nan)


def read_off(stores: Stores, values: Floats) -> Floats:
    """Return values (n, p) as people know them, read off the stores; NaN beyond all of them.

    Both rise together, by a logarithm or a scale, so the lowest value belongs to the lowest number,
    and so on.
    """
    read = np.full(values.shape, np.nan)
    for i, (column, natural) in enumerate(zip(stores.values.T, stores.natural.T, strict=True)):
        known = ~np.isnan(column) & ~np.isnan(natural)
        if known.any():
            ends: Any = {"left": np.nan, "right": np.nan}
            pairs = np.sort(column[known]), np.sort(natural[known])
            read[:, i] = np.interp(values[:, i], *pairs, **ends)
    return read


def margin_of(stores: Stores, own: Floats, following: Floats) -> Floats:
    """Return how much nearer stores are to their own cluster's centre, in squared distance (n,)."""
    return np.asarray(
        np.nansum((stores.values - following) ** 2 - (stores.values - own) ** 2, axis=1)
    )


def most_similar(values: Floats, labels: Labels, centres: Floats) -> npt.NDArray[np.int64]:
    """Return the three nearest other stores of each store, (n, 3), -1 where there are fewer.

    Of more than 5,000 stores, the nearest of every second, third, ... one, so that the time grows
    with the number of stores and not with its square. What is not known of a store counts as the
    mean of its cluster.
    """
    filled = np.where(np.isnan(values), centres[labels], values)
    filled = np.nan_to_num(filled)
    n = len(filled)
    others = np.arange(0, n, max(1, math.ceil(n / MOST_COMPARED)))
    squares = (filled[others] ** 2).sum(axis=1)
    count = min(SIMILAR, n - 1)
    nearest = np.full((n, SIMILAR), -1, dtype=np.int64)
    for start in range(0, n if count else 0, BLOCK):
        rows = np.arange(start, min(start + BLOCK, n))
        distance = squares - 2 * filled[rows] @ filled[others].T
        distance[rows[:, None] == others] = np.inf
        some = np.argpartition(distance, count - 1, axis=1)[:, :count]
        order = np.take_along_axis(distance, some, axis=1).argsort(axis=1, kind="stable")
        nearest[rows, :count] = others[np.take_along_axis(some, order, axis=1)]
    return nearest


def reason(words: str, kind: str, values: tuple[float, float, float], following: str) -> str:
    """Return a store's value, that of its cluster and that of the next best one, in words.

    Those of the clusters are the ones of their profiles: shares are of all that a cluster sells.
    """
    if kind == "level":
        has = words if values[0] > 0 else f"not {words}"
        own, other = (percent(x if values[0] > 0 else 1 - x) for x in values[1:])
        return f"{has} ({own} of its cluster, {other} of {following})"
    value, own, other = (_in_words(kind, x) for x in values)
    unit = " of sales" if kind == "sales" else ""
    return f"{words} {value}{unit} (its cluster {own}, {following} {other})"


def tip(words: str, kind: str, value: float, reached: float) -> str:
    """Return from which value on a store would be as near to the next best cluster.

    With as many digits as the difference needs; where six are too few, it is next to nothing.
    """
    unit = " of sales" if kind == "sales" else ""
    size, difference = max(abs(value), abs(reached)), abs(reached - value)
    if difference <= size * 10.0 ** (1 - MOST_DIGITS):
        return f"{words} changed by next to nothing"
    needed = math.floor(math.log10(size)) - math.floor(math.log10(difference)) + 1
    usual = 3 if kind == "number" or size >= 1 else 2
    ends = [_in_words(kind, x, needed) for x in (value, reached)]
    if needed <= usual:
        ends = [_in_words(kind, x) for x in (value, reached)]
    return f"{words} {'rose' if reached > value else 'fell'} from {ends[0]} to {ends[1]}{unit}"


def _in_words(kind: str, value: float, digits: int | None = None) -> str:
    if kind == "sales":
        return percent(value) if digits is None else f"{number(100 * value, digits)} %"
    return number(value) if digits is None else number(value, digits)


def fold_path(
    folds: Sequence[tuple[str, str, int, str]], merged: str, final: str, *, nested: bool = False
) -> str:
    """Say how a merged cluster became, or became a part of, a final one.

    Args:
        folds: (from, to, stores, reason) in the order in which they happened.
        merged: Where the stores were.
        final: Where they are.
        nested: Whether final clusters nest in internal ones.
    """
    told, here = [], merged
    for _ in folds:
        ways = [fold for fold in folds if fold[0] == here]
        if here == final or not ways:
            break
        source, target, stores, why = next((way for way in ways if way[1] == final), ways[0])
        internal, into = source.split("_")[0], target.split("_")[0]
        words = WHOLE if nested and internal != into and why in WHOLE else WHY
        told.append(
            words[why].format(source=source, target=target, stores=stores, internal=internal)
        )
        here = target
    return "; ".join(told)


def _known(values: Floats, limit: Callable[[Floats], np.float64]) -> Floats:
    """Return the least or the largest known value of each column, NaN without any."""
    known = [column[~np.isnan(column)] for column in values.T]
    return np.array([limit(column) if len(column) else np.nan for column in known])
