"""Tables of features that are comparable between stores, and of what makes them so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.features.eligibility_tables import (
    check_eligible,
    status_by_features,
    status_by_sales,
)
from store_clusters.features.normalization import (
    comparable_mixes,
    encode_levels,
    scale_columns,
    sells_somewhere,
    transform_feature,
)
from store_clusters.features.options import Eligible, NormalizeFeatures, NormalizeSales
from store_clusters.run.seeds import in_shard
from store_clusters.sales.whole_store import NeedStates
from store_clusters.tables.matrices import Matrix, column, matrices, stack

Columns = dict[str, Any]
TEXTS = ("feature", "source", "level", "transform")
NUMBERS = ("chain", "weight", "zero", "center", "scale", "clip")


@dataclass(frozen=True)
class Normalized:
    """The stores of a group, normalized where they are eligible."""

    matrix: Matrix  # of the eligible stores
    parameters: Columns  # rows of `normalize_parameters`, but for the group
    status: Columns  # rows of `store_status`, of all stores


def normalized_sales(
    need_states: NeedStates,
    stores: dict[str, pa.Table],
    limits: Eligible,
    options: NormalizeSales,
    shard: str = "",
) -> Iterator[Normalized]:
    """Normalize the shares of sales of each group of ``stores`` that is in a shard.

    Of whole stores, need states of categories in which no eligible store sells are left out.

    Raises:
        InputError: No store of any group, in this shard or another, is eligible.
    """
    check_eligible(stores, limits)
    for group, of_group in stores.items():
        if not in_shard(group, shard):
            continue
        raw = need_states.sales(group)
        sells = sells_somewhere(raw.values, raw.categories)
        status = status_by_sales(of_group, sells, limits)
        has_rows = np.isin(status["store_id"].astype(str), raw.stores.astype(str))
        eligible = status["status"][has_rows] == "eligible"
        mixes, fitted = comparable_mixes(raw.values[eligible], raw.categories, options.transform)
        sold = ~np.isnan(mixes).all(axis=0)
        scaled = scale_columns(mixes[:, sold], options.scale, options.clip)
        features = raw.features[sold]
        parameters = {
            "feature": features,
            "source": features,
            "level": np.full(len(features), None),
            "transform": np.full(len(features), options.transform),
            "chain": fitted.chain[sold],
            "weight": fitted.weight[sold],
            "zero": fitted.zero[sold],
            "center": scaled.center,
            "scale": scaled.scale,
            "clip": np.full(len(features), options.clip, dtype=float),
        }
        matrix = Matrix(group, raw.stores[eligible], features, scaled.values)
        yield Normalized(matrix, parameters, status)


def normalized_features(table: pa.Table, options: NormalizeFeatures) -> Normalized:
    """Normalize the external features in ``raw_features``: one group, ``all``."""
    table = table.add_column(0, "group", pa.repeat("all", table.num_rows))
    (raw,) = matrices(table)
    levels = column(table, "level").reshape(raw.values.shape)
    numeric = column(table, "kind")[: len(raw.features)] == "numeric"
    observed = (~np.isnan(raw.values) | (levels != None)).any(axis=1)  # noqa: E711
    blocks, rows = [], []
    for number, name in enumerate(raw.features):
        make = _number if numeric[number] else _category
        of_feature = (raw.values if numeric[number] else levels)[observed, number]
        block, of_columns = make(name, of_feature, options)
        blocks.append(block)
        rows += of_columns
    fields = zip((*TEXTS, *NUMBERS), zip(*rows, strict=True), strict=True)
    parameters = {
        field: np.array(values, dtype=object if field in TEXTS else float)
        for field, values in fields
    }
    order = np.argsort(parameters["feature"].astype(str), kind="stable")
    parameters = {field: values[order] for field, values in parameters.items()}
    normalized = np.hstack(blocks)[:, order]
    matrix = Matrix("all", raw.stores[observed], parameters["feature"], normalized)
    return Normalized(matrix, parameters, status_by_features(raw.stores, observed))


def _number(
    name: str, values: np.ndarray, options: NormalizeFeatures
) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
    """Return the column of a number, and its row of parameters."""
    transformed, form = transform_feature(values, options.transform)
    scaled = scale_columns(transformed[:, None], options.scale, options.clip)
    units = (scaled.center[0], scaled.scale[0], options.clip)
    return scaled.values, [(name, name, None, form, None, None, None, *units)]


def _category(
    name: str, levels: np.ndarray, options: NormalizeFeatures
) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
    """Return a column per level of a categorical feature, and their rows of parameters."""
    names, values, center, scale = encode_levels(levels, options.max_levels)
    return values, [
        (f"{name}={level}", name, level, "level", None, None, None, middle, scale, None)
        for level, middle in zip(names, center, strict=True)
    ]


def as_tables(groups: Iterable[Normalized]) -> dict[str, Columns]:
    """Return the columns of the tables of all groups, by the names of their contracts."""
    values, parameters, statuses = [], [], []
    for normalized in groups:
        matrix = normalized.matrix
        statuses.append(normalized.status)
        if len(matrix.stores):
            group = np.full(len(matrix.features), matrix.group)
            values.append(matrix.long())
            parameters.append({"group": group, **normalized.parameters})
    parts = {
        "normalized": values,
        "normalize_parameters": parameters,
        "store_status": statuses,
    }
    return {name: stack(part, name) for name, part in parts.items()}
