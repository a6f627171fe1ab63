"""Fill gaps in the features of stores."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ROUNDS = 20


def impute(
    values: Floats,
    categorical: npt.NDArray[np.bool_],
    sources: npt.NDArray[np.object_],
    *,
    numeric_method: str,
    categorical_method: str,
    neighbours: int,
) -> tuple[Floats, list[dict[str, Any]]]:
    """Return ``values`` without gaps, and what filled them.

    Args:
        values: (n_stores, n_features), NaN unknown, every column with a known value.
        categorical: (n_features,), the column is an indicator of a level.
        sources: (n_features,), raw feature that each column is made of.
        numeric_method: ``median``; ``knn``, the mean of the nearest stores weighted by the
            inverse of their distance (Troyanskaya et al. 2001); ``iterative``, each feature
            regressed on the others in turn (van Buuren and Groothuis-Oudshoorn 2011).
        categorical_method: ``mode``, the indicators of the most frequent level; ``knn``.
        neighbours: Number of nearest stores, for ``knn``.

    Returns:
        The values, and rows of (column, method, predictor, value): the constant or number of
        neighbours where predictor is empty, else the coefficient of a predicting column.
    """
    filled = values.copy()
    parameters: list[dict[str, Any]] = []
    constants = _constants(values, categorical, sources)
    methods = np.where(categorical, categorical_method, numeric_method)
    nearest = None
    if "knn" in methods and np.isnan(values).any():
        from sklearn.impute import KNNImputer  # noqa: PLC0415, slow, and not needed without gaps

        imputer = KNNImputer(n_neighbors=neighbours, weights="distance")
        nearest = imputer.fit_transform(values)

    for column, method in enumerate(methods):
        gaps = np.isnan(values[:, column])
        if method == "knn":
            filled[gaps, column] = nearest[gaps, column] if nearest is not None else 0.0
        elif method != "iterative":
            filled[gaps, column] = constants[column]
        value = neighbours if method == "knn" else constants[column]
        parameters.append(_parameter(column, str(method), None, float(value)))
    if numeric_method == "iterative" and np.isnan(filled).any():
        parameters = [row for row in parameters if row["method"] != "iterative"]
        filled, rows = _regress(filled)
        parameters += [row for row in rows if not categorical[row["column"]]]
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


def _regress(values: Floats) -> tuple[Floats, list[dict[str, Any]]]:
    # slow to import, and seldom needed
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401, PLC0415
    from sklearn.impute import IterativeImputer  # noqa: PLC0415
    from sklearn.linear_model import BayesianRidge  # noqa: PLC0415

    imputer = IterativeImputer(
        BayesianRidge(), max_iter=ROUNDS, tol=1e-3, initial_strategy="median", random_state=0
    )
    filled = cast(Floats, imputer.fit_transform(values))
    last = {step.feat_idx: step for step in imputer.imputation_sequence_}
    rows = []
    for column in range(values.shape[1]):
        if column not in last or not np.isnan(values[:, column]).any():
            rows.append(_parameter(column, "iterative", None, float(np.median(filled[:, column]))))
            continue
        step = last[column]
        rows.append(_parameter(column, "iterative", None, float(step.estimator.intercept_)))
        for predictor, weight in zip(step.neighbor_feat_idx, step.estimator.coef_, strict=True):
            rows.append(_parameter(column, "iterative", int(predictor), float(weight)))
    return filled, rows


def _parameter(column: int, method: str, predictor: int | None, value: float) -> dict[str, Any]:
    return {"column": column, "method": method, "predictor": predictor, "value": value}
