"""The table of unusual stores."""

from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.features.options import Outliers
from store_clusters.features.outliers import MOST_FEATURES, explain_flags, find_outliers
from store_clusters.run.seeds import seed_for
from store_clusters.tables.matrices import matrices, stack

Columns = dict[str, Any]


def outlier_table(imputed: pa.Table, options: Outliers, seed: int) -> Columns:
    """Score and flag the stores of each group in ``imputed``; return the columns of ``outliers``.

    ``seed`` is the one from which each group has its own.
    """
    parts = []
    for matrix in matrices(imputed):
        scores, flags = find_outliers(
            matrix.values,
            options.method,
            neighbours=options.neighbours,
            threshold=options.threshold,
            share=options.share,
            seed=seed_for(seed, matrix.group, "outliers"),
        )
        columns, alike = explain_flags(matrix.values, flags, options.neighbours)
        farthest = np.full((len(columns), MOST_FEATURES), None, dtype=object)
        named = matrix.features[columns[:, :MOST_FEATURES]]
        farthest[:, : named.shape[1]] = named
        parts.append(
            {
                "group": np.full(len(scores), matrix.group, dtype=object),
                "store_id": matrix.stores,
                "score": scores,
                "outlier": flags,
                **{
                    f"feature_{n + 1}": _of_all(farthest[:, n], flags) for n in range(MOST_FEATURES)
                },
                "alike": _of_all(alike, flags),
            }
        )
    return stack(parts, "outliers")


def _of_all(values: np.ndarray, flags: np.ndarray) -> np.ndarray:
    """Spread the values of flagged stores over all stores, None for the others."""
    spread = np.full(len(flags), None, dtype=object)
    spread[flags] = values
    return spread
