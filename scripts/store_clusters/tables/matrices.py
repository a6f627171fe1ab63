"""Matrices of stores x features: how the tables between rules reach the methods and come back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.tables.contracts import contract, read_table


@dataclass(frozen=True)
class Matrix:
    """The stores of one group by their features or components."""

    group: str
    stores: np.ndarray  # (n_stores,) object, sorted
    features: np.ndarray  # (n_features,) object, sorted
    values: np.ndarray  # (n_stores, n_features) float64, NaN where unknown

    def long(self, feature: str = "feature") -> dict[str, np.ndarray]:
        """Return the columns of the long table, one row per store x feature."""
        n, p = self.values.shape
        return {
            "group": np.full(n * p, self.group, dtype=object),
            "store_id": np.repeat(self.stores, p),
            feature: np.tile(self.features, n),
            "value": self.values.ravel(),
        }


def aligned(matrix: Matrix | None, stores: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return the values of some stores and features (n_stores, n_features), NaN where unknown."""
    values = np.full((len(stores), len(features)), np.nan)
    if matrix is not None:
        rows, own_rows = _common(stores, matrix.stores)
        columns, own_columns = _common(features, matrix.features)
        values[np.ix_(rows, columns)] = matrix.values[np.ix_(own_rows, own_columns)]
    return values


def _common(wanted: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where names that both lists have are in the one and in the other."""
    place = pc.index_in(pa.array(wanted, pa.string()), pa.array(known, pa.string()))
    here = np.flatnonzero(place.is_valid().to_numpy(zero_copy_only=False))
    return here, place.drop_null().to_numpy().astype(np.int64)


def matrices(table: pa.Table, feature: str = "feature", value: str = "value") -> Iterator[Matrix]:
    """Yield a matrix per group of a rectangular table sorted by group, store and feature.

    The first column is the group.
    """
    for group, rows in groups(table, table.column_names[0]):
        ids = rows["store_id"]
        p = pc.sum(pc.equal(ids, ids[0])).as_py()
        stores = column(rows.select(["store_id"]).take(np.arange(0, len(ids), p)), "store_id")
        values = rows[value].cast(pa.float64()).to_numpy()
        features = column(rows.slice(0, p), feature)
        yield Matrix(group, stores, features, np.array(values).reshape(-1, p))


def read_matrices(path: str | Path, name: str, feature: str = "feature") -> Iterator[Matrix]:
    """Read a table under contract ``name`` and yield a matrix per group."""
    return matrices(read_table(path, name), feature)


def groups(table: pa.Table, by: str = "group") -> Iterator[tuple[str, pa.Table]]:
    """Yield (group, rows) of a table that is sorted by ``by``."""
    names = table[by]
    encoded = names.combine_chunks().dictionary_encode() if table.num_rows else None
    if encoded is None:
        return
    codes = encoded.indices.to_numpy()
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(codes)], strict=True):
        yield names[int(start)].as_py(), table.slice(int(start), int(end - start))


def by_group(path: str | Path, name: str, by: str = "group") -> dict[str, pa.Table]:
    """Read a table under contract ``name`` and return its rows per group."""
    return dict(groups(read_table(path, name), by))


def column(table: pa.Table, name: str) -> np.ndarray:
    """Return a column as an array; text as objects, decimals as float64, nulls as NaN or None."""
    values = table[name].combine_chunks()
    if pa.types.is_decimal(values.type):
        values = pc.cast(values, pa.float64())
    array = values.to_numpy(zero_copy_only=False)
    return np.array(array, dtype=object if pa.types.is_string(values.type) else None)


def stack(parts: list[dict[str, Any]], name: str) -> dict[str, np.ndarray]:
    """Join the columns of several groups; an empty table under contract ``name`` when none."""
    columns = contract(name).schema.names
    if not parts:
        return {key: np.array([], dtype=object) for key in columns}
    return {key: np.concatenate([np.asarray(part[key]) for part in parts]) for key in columns}


def as_columns(rows: Sequence[tuple[Any, ...]], name: str) -> dict[str, list[Any]]:
    """Turn rows, in the order of the columns of contract ``name``, into columns."""
    columns = contract(name).schema.names
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    return {key: list(value) for key, value in zip(columns, values, strict=True)}
