"""Reduce the features of each group to fewer dimensions.

Reads: imputed features and what they are made of; outliers, which do not take part in the fit.
Writes: the components of every store, the loadings that make them, what they mean, and which
features are left out because another one says the same.
"""

from typing import Any

import numpy as np

from common.features import Matrix, as_columns, by_group, column, matrices, stack
from common.job import JobLog, run
from common.tables import read_table, write_table
from methods.reduce import Reduced, describe_component, reduce_features

Row = tuple[Any, ...]


def main(snakemake: Any, log: JobLog) -> None:
    """Reduce each group of ``input.imputed``."""
    options = snakemake.params.reduce
    outliers = by_group(snakemake.input.outliers, "outliers")
    made_of = by_group(snakemake.input.parameters, "normalize_parameters")
    imputed = read_table(snakemake.input.imputed, "imputed")
    parts, loadings, meanings, left_out, kept = [], [], [], [], {}
    for matrix, estimated in zip(
        matrices(imputed), matrices(imputed, value="imputed"), strict=True
    ):
        reduced = reduce_features(
            matrix.values,
            ~column(outliers[matrix.group], "outlier"),
            options["method"],
            options["variance"],
            options["redundancy"],
            known=estimated.values == 0,
            sources=column(made_of[matrix.group], "source"),
        )
        k, p = reduced.loadings.shape
        kept[matrix.group] = k
        components = (
            matrix.features[np.unique(reduced.kept)]
            if options["method"] == "none"
            else np.array([f"PC{number:02d}" for number in range(1, k + 1)], dtype=object)
        )
        parts.append(
            Matrix(matrix.group, matrix.stores, components, reduced.scores).long("component")
        )
        loadings.append(
            {
                "group": np.full(k * p, matrix.group, dtype=object),
                "component": np.repeat(components, p),
                "feature": np.tile(matrix.features, k),
                "loading": reduced.loadings.ravel(),
                "center": np.tile(reduced.center, k),
                "explained": np.repeat(reduced.explained, p),
            }
        )
        meanings += component_rows(matrix, components, reduced)
        left_out += redundant_rows(matrix, reduced)
    output = snakemake.output
    rows = write_table(output.reduced, "reduced", stack(parts, "reduced"))
    write_table(output.loadings, "loadings", stack(loadings, "loadings"))
    write_table(output.components, "components", as_columns(meanings, "components"))
    write_table(output.redundant, "redundant", as_columns(left_out, "redundant"))
    log.done(
        f"{len(kept)} groups, {sum(kept.values())} components, "
        f"{len(left_out)} redundant features left out",
        rows_out=rows,
        components=kept,
        redundant=len(left_out),
    )


def component_rows(matrix: Matrix, components: np.ndarray, reduced: Reduced) -> list[Row]:
    """Return what the components of a group mean, as rows of ``components``."""
    return [
        (
            matrix.group,
            component,
            share,
            describe_component(loadings, matrix.features) if share > 0 else "stores do not differ",
        )
        for component, share, loadings in zip(
            components, reduced.explained, reduced.loadings, strict=True
        )
    ]


def redundant_rows(matrix: Matrix, reduced: Reduced) -> list[Row]:
    """Return the features of a group that are left out, as rows of ``redundant``."""
    return [
        (matrix.group, feature, matrix.features[kept], correlation)
        for number, (feature, kept, correlation) in enumerate(
            zip(matrix.features, reduced.kept, reduced.correlation, strict=True)
        )
        if kept != number
    ]


if __name__ == "__main__":
    run(main, snakemake)
