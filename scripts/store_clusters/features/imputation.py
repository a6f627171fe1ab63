"""Fill gaps in the features of stores."""

import numpy as np
import numpy.typing as npt

from store_clusters.features.imputers import IMPUTERS, Gaps, Parameter

Floats = npt.NDArray[np.float64]


def impute(
    values: Floats,
    categorical: npt.NDArray[np.bool_],
    sources: npt.NDArray[np.object_],
    *,
    numeric_method: str,
    categorical_method: str,
    neighbours: int,
    seed: int = 0,
) -> tuple[Floats, list[Parameter]]:
    """Return ``values`` without gaps, and what filled them.

    Args:
        values: (n_stores, n_features), NaN unknown, every column with a known value.
        categorical: (n_features,), the column is an indicator of a level.
        sources: (n_features,), raw feature that each column is made of.
        numeric_method: Imputer of numbers; it sees the levels filled, where it is another one.
        categorical_method: Imputer of the indicators of levels.
        neighbours: Number of nearest stores, for ``knn``.
        seed: Of the stores that are drawn, and of the regressions.

    Returns:
        The values, and the parameters by step and column. At step 0 every column has the constant
        that fills its gaps, or the number of neighbours; later steps are predictions.
    """
    filled = values.copy()
    parameters: list[Parameter] = []
    methods = np.where(categorical, categorical_method, numeric_method)
    for method in dict.fromkeys((categorical_method, numeric_method)):
        columns = np.flatnonzero(methods == method)
        if len(columns):
            gaps = Gaps(values, columns, sources, neighbours, seed, filled)
            filled[:, columns], rows = IMPUTERS.load(method).fill(gaps)
            parameters += rows
    return filled, sorted(parameters, key=lambda row: (row.step, row.column))
