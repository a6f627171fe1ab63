"""Fill gaps in the features of stores."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ROUNDS = 20
TIE = 1e-9  # squared distances that differ by less are equal but for the order of summing
MOST_DONORS = 5_000  # stores among which the nearest are looked for
BLOCK = 500  # stores whose distances to all others are held at once


def impute(
    values: Floats,
    categorical: npt.NDArray[np.bool_],
    sources: npt.NDArray[np.object_],
    *,
    numeric_method: str,
    categorical_method: str,
    neighbours: int,
    seed: int = 0,
) -> tuple[Floats, list[dict[str, Any]]]:
    """Return ``values`` without gaps, and what filled them.

    Args:
        values: (n_stores, n_features), NaN unknown, every column with a known value.
        categorical: (n_features,), the column is an indicator of a level.
        sources: (n_features,), raw feature that each column is made of.
        numeric_method: ``median``; ``knn``, the mean of the nearest stores weighted by the
            inverse of their distance (Troyanskaya et al. 2001), where stores equally far share
            the last places, so that their order does not matter; of more than 5,000 stores, the
            nearest of 5,000 drawn at random; ``iterative``, each feature regressed on the others
            in turn (van Buuren and Groothuis-Oudshoorn 2011).
        categorical_method: ``mode``, the indicators of the most frequent level; ``knn``.
        neighbours: Number of nearest stores, for ``knn``.
        seed: Of the stores that are drawn, and of the regressions.

    Returns:
        The values, and rows of (column, method, step, predictor, value). At step 0 every column
        has the constant that fills its gaps, or the number of neighbours. ``iterative`` then
        predicts the gaps of one column after the other, again and again: the value at a step 1, 2,
        ... is the intercept where predictor is empty, else the coefficient of that column.
    """
    filled = values.copy()
    parameters: list[dict[str, Any]] = []
    constants = _constants(values, categorical, sources)
    methods = np.where(categorical, categorical_method, numeric_method)
    _fill_from_nearest(values, np.flatnonzero(methods == "knn"), neighbours, filled, seed)

    for column, method in enumerate(methods):
        if method not in {"knn", "iterative"}:
            filled[np.isnan(values[:, column]), column] = constants[column]
        value = neighbours if method == "knn" else constants[column]
        parameters.append(_parameter(column, str(method), 0, None, float(value)))
    if numeric_method == "iterative" and np.isnan(filled).any():
        filled, rows = _regress(filled, seed)
        parameters += rows
    return filled, parameters


def _constants(
    values: Floats, categorical: npt.NDArray[np.bool_], sources: npt.NDArray[np.object_]
) -> Floats:
    """Medians of numbers; for indicators, the values of a store with the most frequent level."""
    constants = np.zeros(values.shape[1])
    for column in np.flatnonzero(~categorical):
        constants[column] = np.nanmedian(values[:, column])
    for source in dict.fromkeys(sources[categorical]):
        columns = np.flatnonzero(categorical & (sources == source))
        known = values[~np.isnan(values[:, columns[0]])][:, columns]
        level = int(np.argmax(known.mean(axis=0) - known.min(axis=0)))
        constants[columns] = known[np.argmax(known[:, level])]
    return constants


def _fill_from_nearest(
    values: Floats, columns: npt.NDArray[np.int64], neighbours: int, filled: Floats, seed: int
) -> None:
    """Fill the gaps of some columns from the nearest stores that know them."""
    gaps = np.isnan(values)
    receivers = np.flatnonzero(gaps[:, columns].any(axis=1))
    if len(receivers) == 0:
        return
    # slow to import, and not needed without gaps
    from sklearn.metrics.pairwise import nan_euclidean_distances  # noqa: PLC0415

    donors = _donors(gaps[:, columns], seed)
    for stores in np.array_split(receivers, -(-len(receivers) // BLOCK)):
        squares = nan_euclidean_distances(values[stores], values[donors], squared=True)
        for column in columns[gaps[np.ix_(stores, columns)].any(axis=0)]:
            missing, known = gaps[stores, column], ~gaps[donors, column]
            weights = _weights(squares[np.ix_(missing, known)], neighbours)
            filled[stores[missing], column] = weights @ values[donors[known], column]


def _donors(gaps: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.int64]:
    """Return the stores that gaps are filled from: all, or as many as allowed, drawn at random.

    Of the stores that know a column, a tenth of that number is among them, or all where fewer do.
    """
    if len(gaps) <= MOST_DONORS:
        return np.arange(len(gaps))
    order = np.random.default_rng(seed).permutation(len(gaps))
    rare = [order[~column[order]][: MOST_DONORS // 10] for column in gaps.T]
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


def _regress(values: Floats, seed: int) -> tuple[Floats, list[dict[str, Any]]]:
    # slow to import, and seldom needed
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401, PLC0415
    from sklearn.impute import IterativeImputer  # noqa: PLC0415
    from sklearn.linear_model import BayesianRidge  # noqa: PLC0415

    imputer = IterativeImputer(
        BayesianRidge(), max_iter=ROUNDS, tol=1e-3, initial_strategy="median", random_state=seed
    )
    filled = cast(Floats, imputer.fit_transform(values))
    gaps = np.isnan(values)
    rows = []
    for number, step in enumerate(imputer.imputation_sequence_, start=1):
        column = step.feat_idx
        if not gaps[:, column].any():
            continue
        rows.append(_parameter(column, "iterative", number, None, float(step.estimator.intercept_)))
        for predictor, weight in zip(step.neighbor_feat_idx, step.estimator.coef_, strict=True):
            rows.append(_parameter(column, "iterative", number, int(predictor), float(weight)))
    return filled, rows


def _parameter(
    column: int, method: str, step: int, predictor: int | None, value: float
) -> dict[str, Any]:
    return {
        "column": column,
        "method": method,
        "step": step,
        "predictor": predictor,
        "value": value,
    }
