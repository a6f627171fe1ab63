"""The mean of the nearest stores weighted by distance; of levels, their mix among these."""

import numpy as np
import numpy.typing as npt

from store_clusters.features.imputers import Columns, Floats, Gaps, Parameter

SERVES = ("numeric", "categorical")
TIE = 1e-9  # squared distances that differ by less are equal but for the order of summing
MOST_DONORS = 5_000  # stores among which the nearest are looked for
BLOCK = 500  # stores whose distances to all others are held at once


def fill(gaps: Gaps) -> tuple[Floats, list[Parameter]]:
    """Fill the gaps of each column from the nearest stores that know it.

    The mean is weighted by the inverse of the distance. Stores equally far share the last places,
    so that their order does not matter; of more than 5,000 stores, the nearest of 5,000 drawn at
    random count.

    Source: Troyanskaya et al. (2001), Missing value estimation methods for DNA microarrays.
    """
    values, columns = gaps.values, gaps.columns
    filled, missing = values.copy(), np.isnan(values)
    rows = [Parameter(int(column), "knn", 0, None, float(gaps.neighbours)) for column in columns]
    receivers = np.flatnonzero(missing[:, columns].any(axis=1))
    if len(receivers) == 0:
        return filled[:, columns], rows
    donors = _donors(missing[:, columns], gaps.seed)
    for stores in np.array_split(receivers, -(-len(receivers) // BLOCK)):
        squares = squared_distances(values[stores], values[donors])
        for column in columns[missing[np.ix_(stores, columns)].any(axis=0)]:
            without, known = missing[stores, column], ~missing[donors, column]
            weights = _weights(squares[np.ix_(without, known)], gaps.neighbours)
            filled[stores[without], column] = weights @ values[donors[known], column]
    return filled[:, columns], rows


def squared_distances(stores: Floats, others: Floats) -> Floats:
    """Return squared distances between stores with gaps, (n_stores, n_others).

    They are summed over the features that both know and scaled up to all features; NaN where there
    is none. The same as scikit-learn's ``nan_euclidean_distances``, which takes longer to import
    than most jobs take to run.
    """
    unknown, others_unknown = np.isnan(stores), np.isnan(others)
    stores, others = np.where(unknown, 0.0, stores), np.where(others_unknown, 0.0, others)
    squares = -2 * (stores @ others.T)
    squares += np.einsum("ij,ij->i", stores, stores)[:, None]
    squares += np.einsum("ij,ij->i", others, others)[None, :]
    squares = np.maximum(squares, 0)
    squares -= stores**2 @ others_unknown.astype(float).T
    squares -= unknown.astype(float) @ (others**2).T
    common = (~unknown).astype(float) @ (~others_unknown).astype(float).T
    squares = np.maximum(squares, 0) / np.maximum(common, 1) * stores.shape[1]
    return np.where(common > 0, squares, np.nan)


def _donors(missing: npt.NDArray[np.bool_], seed: int) -> Columns:
    """Return the stores that gaps are filled from: all, or as many as allowed, drawn at random.

    Of the stores that know a column, a tenth of that number is among them, or all where fewer do.
    """
    if len(missing) <= MOST_DONORS:
        return np.arange(len(missing))
    order = np.random.default_rng(seed).permutation(len(missing))
    rare = [order[~column[order]][: MOST_DONORS // 10] for column in missing.T]
    return np.unique(np.concatenate([order[:MOST_DONORS], *rare]))


def _weights(squares: Floats, neighbours: int) -> Floats:
    """Return the weights, of sum 1, of stores at squared distances (n_receivers, n_donors).

    Stores at the distance of the last neighbour share the places that are left. A store at no
    distance takes all the weight; a store that shares no known feature, NaN, takes none, unless
    all do: then every donor counts alike.
    """
    squares = np.where(np.isnan(squares), np.inf, squares)
    squares[np.isinf(squares).all(axis=1)] = 1.0
    count = min(neighbours, squares.shape[1])
    last = np.partition(squares, count - 1, axis=1)[:, count - 1 : count]
    nearer = squares < last - TIE
    tied = ~nearer & (squares <= last + TIE) & np.isfinite(squares)
    left = count - nearer.sum(axis=1, keepdims=True)
    places = nearer + tied * left / np.maximum(tied.sum(axis=1, keepdims=True), 1)
    same = squares <= TIE
    near = np.where(same.any(axis=1, keepdims=True), same, 1 / np.sqrt(np.maximum(squares, TIE)))
    weights = places * near
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
