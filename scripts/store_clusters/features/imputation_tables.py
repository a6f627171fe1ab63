"""Tables of features without gaps, and of what filled them."""

from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.features.imputation import impute
from store_clusters.features.options import Impute
from store_clusters.run.seeds import seed_for
from store_clusters.tables.matrices import Matrix, column, groups, matrices, stack

Columns = dict[str, Any]


def imputed_tables(
    normalized: pa.Table, made_of: pa.Table, options: Impute, seed: int
) -> dict[str, Columns]:
    """Fill the gaps of each group by itself.

    Args:
        normalized: The table of that name.
        made_of: The table ``normalize_parameters``, which says what is the level of a category.
        options: How.
        seed: From which each group has one of its own.

    Returns:
        The columns of ``imputed`` and ``impute_parameters``.
    """
    parts, parameters = [], []
    by_group = dict(groups(made_of))
    for matrix in matrices(normalized):
        origin = by_group[matrix.group]
        filled, rows = impute(
            matrix.values,
            np.array([level is not None for level in column(origin, "level")], dtype=bool),
            column(origin, "source"),
            numeric_method=options.numeric,
            categorical_method=options.categorical,
            neighbours=options.neighbours,
            seed=seed_for(seed, matrix.group, "impute"),
        )
        long = Matrix(matrix.group, matrix.stores, matrix.features, filled).long()
        parts.append({**long, "imputed": np.isnan(matrix.values).ravel()})
        predictors = [row.predictor for row in rows]
        parameters.append(
            {
                "group": [matrix.group] * len(rows),
                "feature": [matrix.features[row.column] for row in rows],
                "method": [row.method for row in rows],
                "step": [row.step for row in rows],
                "predictor": ["" if p is None else matrix.features[p] for p in predictors],
                "value": [row.value for row in rows],
            }
        )
    tables = {"imputed": parts, "impute_parameters": parameters}
    return {name: stack(part, name) for name, part in tables.items()}
