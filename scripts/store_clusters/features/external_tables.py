"""The raw external features as a matrix of stores by features."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from store_clusters.tables.contracts import read_table
from store_clusters.tables.matrices import Matrix, column, groups


@dataclass(frozen=True)
class FeatureMatrix(Matrix):
    """External features: numbers, and zeros and ones per level of a categorical feature."""

    levels: np.ndarray  # (n_features,) bool, which columns are levels, called `feature=level`


def external_features(path: str | Path) -> FeatureMatrix:
    """Read the table ``raw_features`` of the one external group."""
    table = read_table(path, "raw_features")
    stores = np.unique(column(table, "store_id").astype(str)).astype(object)
    columns: dict[str, np.ndarray] = {}
    levels = set()
    for feature, rows in groups(
        table.sort_by([("feature", "ascending"), ("store_id", "ascending")]), "feature"
    ):
        if rows["kind"][0].as_py() == "numeric":
            columns[feature] = column(rows, "value")
            continue
        values = column(rows, "level")
        known = np.array([value is not None for value in values])
        for level in sorted(set(values[known])):
            name = f"{feature}={level}"
            columns[name] = np.where(known, (values == level).astype(float), np.nan)
            levels.add(name)
    names = sorted(columns)
    return FeatureMatrix(
        "all",
        stores,
        np.array(names, dtype=object),
        np.column_stack([columns[name] for name in names]),
        np.array([name in levels for name in names], dtype=bool),
    )
