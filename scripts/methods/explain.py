"""Say why a store is in its final cluster and not in the next best one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from methods.words import number, percent

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
REASONS, AGAINST, SIMILAR = 3, 2, 3
WORTH_SAYING = 0.05  # least share of all that speaks for, or against
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


def strongest(speaks: Floats, count: int) -> list[list[int]]:
    """Return the columns with the largest values of each row, those worth saying, at most some."""
    order = np.argsort(-speaks, axis=1, kind="stable")[:, :count]
    found = np.take_along_axis(speaks, order, axis=1)
    total = np.clip(speaks, 0, None).sum(axis=1, keepdims=True)
    worth = (found > 0) & (found >= WORTH_SAYING * total)
    return [row[kept].tolist() for row, kept in zip(order, worth, strict=True)]


def tipping_points(
    stores: Stores, own: Floats, following: Floats, natural: tuple[Floats, Floats]
) -> tuple[Labels, Floats]:
    """Return which feature would tip a store with the smallest change, and at which value.

    The value at which, all else equal, the store would be as near to the next best cluster as to
    its own. Values between the centres are read off a straight line between them. No feature, -1,
    where the store is already nearer to the next one, or where none would do it within what the
    stores of the chain show.

    Args:
        stores: Their values.
        own, following: As for :func:`what_speaks`.
        natural: The same centres as people know them, each (n, p).
    """
    margin = np.nansum((stores.values - following) ** 2 - (stores.values - own) ** 2, axis=1)
    gap = following - own
    with np.errstate(divide="ignore", invalid="ignore"):
        step = margin[:, None] / (2 * gap**2)  # in gaps between the two centres
        reached = stores.natural + step * (natural[1] - natural[0])
    low, high = (_known(stores.natural, limit) for limit in (np.min, np.max))
    level = np.array([kind == "level" for kind in stores.kinds])
    possible = np.isfinite(reached) & (reached >= low) & (reached <= high) & ~level
    possible &= (margin > 0)[:, None]
    step = np.where(possible, step, np.inf)
    column = step.argmin(axis=1)
    found = np.isfinite(step[np.arange(len(step)), column])
    value = reached[np.arange(len(step)), column]
    return np.where(found, column, -1), np.where(found, value, np.nan)


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
    """Return a store's value, that of its cluster and that of the next best one, in words."""
    if kind == "level":
        has = words if values[0] > 0 else f"not {words}"
        own, other = (percent(x if values[0] > 0 else 1 - x) for x in values[1:])
        return f"{has} ({own} of its cluster, {other} of {following})"
    value, own, other = (_in_words(kind, x) for x in values)
    unit = " of sales" if kind == "sales" else ""
    return f"{words} {value}{unit} (its cluster {own}, {following} {other})"


def tip(words: str, kind: str, value: float, reached: float) -> str:
    """Return from which value on a store would be as near to the next best cluster."""
    direction = "rose" if reached > value else "fell"
    unit = " of sales" if kind == "sales" else ""
    return f"{words} {direction} from {_in_words(kind, value)} to {_in_words(kind, reached)}{unit}"


def _in_words(kind: str, value: float) -> str:
    return percent(value) if kind == "sales" else number(value)


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
