"""Find the stores of a category that are most like a store."""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
SIMILAR = 3
MOST_COMPARED = 5_000  # stores among which similar ones are looked for
BLOCK = 500  # stores whose distances to all others are held at once


def similar_stores(values: Floats, labels: Labels, centres: Floats) -> Labels:
    """Return the three nearest other stores of each store, (n, 3), -1 where there are fewer.

    Of more than 5,000 stores, the nearest of every second, third, ... one, so that the time grows
    with the number of stores and not with its square.

    Args:
        values: (n, p), NaN where unknown: that counts as the mean of the store's cluster.
        labels: (n,) clusters, from 0.
        centres: (k, p) the means of clusters, NaN where unknown.
    """
    filled = np.where(np.isnan(values), centres[labels], values)
    filled = np.nan_to_num(filled)
    n = len(filled)
    others = np.arange(0, n, max(1, math.ceil(n / MOST_COMPARED)))
    place = np.full(n, -1)
    place[others] = np.arange(len(others))
    squares = (filled[others] ** 2).sum(axis=1)
    count = min(SIMILAR, n - 1)
    nearest = np.full((n, SIMILAR), -1, dtype=np.int64)
    for start in range(0, n if count else 0, BLOCK):
        rows = np.arange(start, min(start + BLOCK, n))
        distance = (-2 * filled[rows]) @ filled[others].T
        distance += squares  # and the store's own square, the same for all
        among = np.flatnonzero(place[rows] >= 0)
        distance[among, place[rows[among]]] = np.inf
        nearest[rows, :count] = others[_smallest(distance, count)]
    return nearest


def _smallest(values: Floats, count: int) -> Labels:
    """Return the columns of the smallest values of each row, in order.

    Where values are equal, the order is that of NumPy's partition.
    """
    rows = np.arange(len(values))
    columns = np.empty((len(values), count + 1), dtype=np.int64)
    found = np.empty((len(values), count + 1))
    for step in range(count + 1):  # faster than a partition, for so few
        columns[:, step] = values.argmin(axis=1)
        found[:, step] = values[rows, columns[:, step]]
        values[rows, columns[:, step]] = np.inf
    for step in reversed(range(count + 1)):
        values[rows, columns[:, step]] = found[:, step]
    tied = np.flatnonzero((found[:, 1:] <= found[:, :-1]).any(axis=1))
    some = np.argpartition(values[tied], count - 1, axis=1)[:, :count]
    order = np.take_along_axis(values[tied], some, axis=1).argsort(axis=1, kind="stable")
    columns[tied, :count] = np.take_along_axis(some, order, axis=1)
    return columns[:, :count]
