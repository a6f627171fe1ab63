"""Tables of components, of what they are made of and mean, and of the features left out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.features.components import describe_component
from store_clusters.features.options import Reduce
from store_clusters.features.reducers import REDUCERS
from store_clusters.features.reduction import Reduced, reduce_features
from store_clusters.run.seeds import seed_for
from store_clusters.tables.matrices import Matrix, as_columns, column, groups, matrices, stack

Columns = dict[str, Any]
Rows = list[tuple[Any, ...]]


def reduced_tables(
    imputed: pa.Table,
    made_of: pa.Table,
    outliers: pa.Table,
    options: Reduce,
    *,
    shows_groups: Callable[[np.ndarray, int], bool] | None,
    seed: int,
) -> dict[str, Columns]:
    """Reduce each group by itself.

    Args:
        imputed, outliers: The tables of that name.
        made_of: The table ``normalize_parameters``, which says what features have one source.
        options: How.
        shows_groups: As for :func:`reduce_features`; needed where ``options.shared``.
        seed: From which each group has one of its own.

    Returns:
        The columns of ``reduced``, ``loadings``, ``components`` and ``redundant``.

    Raises:
        ValueError: ``shows_groups`` is missing.
    """
    if options.shared and shows_groups is None:
        raise ValueError("shared: needs shows_groups, which says whether all features together do")
    origin, unusual = dict(groups(made_of)), dict(groups(outliers))
    scores, loadings = [], []
    meanings: Rows = []
    left_out: Rows = []
    flags = matrices(imputed, value="imputed")
    for matrix, estimated in zip(matrices(imputed), flags, strict=True):
        reduced = reduce_features(
            matrix.values,
            ~column(unusual[matrix.group], "outlier"),
            options.method,
            options.variance,
            options.redundancy,
            observed=estimated.values == 0,
            sources=column(origin[matrix.group], "source"),
            shows_groups=shows_groups if options.shared else None,
            alike=options.alike,
            seed=seed_for(seed, matrix.group, "reduce"),
        )
        taking_part = matrix.features[~reduced.unrelated & ~reduced.redundant]
        components = REDUCERS.load(options.method).names(taking_part, len(reduced.loadings))
        scores.append(
            Matrix(matrix.group, matrix.stores, components, reduced.scores).long("component")
        )
        loadings.append(_loadings(matrix, components, reduced))
        meanings += _meanings(matrix, components, reduced)
        left_out += _left_out(matrix, reduced)
    return {
        "reduced": stack(scores, "reduced"),
        "loadings": stack(loadings, "loadings"),
        "components": as_columns(meanings, "components"),
        "redundant": as_columns(left_out, "redundant"),
    }


def _loadings(matrix: Matrix, components: np.ndarray, reduced: Reduced) -> Columns:
    """Return the rows of ``loadings`` of a group."""
    k, p = reduced.loadings.shape
    return {
        "group": np.full(k * p, matrix.group, dtype=object),
        "component": np.repeat(components, p),
        "feature": np.tile(matrix.features, k),
        "loading": reduced.loadings.ravel(),
        "center": np.tile(reduced.center, k),
        "explained": np.repeat(reduced.explained, p),
        "chance": np.repeat(reduced.chance, p),
    }


def _meanings(matrix: Matrix, components: np.ndarray, reduced: Reduced) -> Rows:
    """Return the rows of ``components`` of a group."""
    of_each = zip(components, reduced.explained, reduced.loadings, strict=True)
    return [
        (
            matrix.group,
            component,
            share,
            describe_component(loadings, matrix.features) if share > 0 else "stores do not differ",
        )
        for component, share, loadings in of_each
    ]


def _left_out(matrix: Matrix, reduced: Reduced) -> Rows:
    """Return the rows of ``redundant`` of a group."""
    rows: Rows = []
    redundant = reduced.redundant
    for number, feature in enumerate(matrix.features):
        if redundant[number]:
            stands = matrix.features[reduced.kept[number]]
            rows.append((matrix.group, feature, "redundant", stands, reduced.correlation[number]))
        elif reduced.unrelated[number]:
            rows.append((matrix.group, feature, "alone", None, None))
    return rows
