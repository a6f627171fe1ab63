"""Reduce the features of each group to fewer dimensions.

Reads: imputed features and outliers, which do not take part in the fit.
Writes: the components of every store, and the loadings that make them.
"""

from typing import Any

import numpy as np

from common.features import Matrix, by_group, column, read_matrices, stack
from common.job import JobLog, run
from common.tables import write_table
from methods.reduce import reduce_features


def main(snakemake: Any, log: JobLog) -> None:
    """Reduce each group of ``input.imputed``."""
    options = snakemake.params.reduce
    outliers = by_group(snakemake.input.outliers, "outliers")
    parts, loadings, kept = [], [], {}
    for matrix in read_matrices(snakemake.input.imputed, "imputed"):
        in_fit = ~column(outliers[matrix.group], "outlier")
        reduced = reduce_features(matrix.values, in_fit, options["method"], options["variance"])
        k, p = reduced.loadings.shape
        kept[matrix.group] = k
        components = (
            matrix.features
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
    rows = write_table(snakemake.output.reduced, "reduced", stack(parts, "reduced"))
    write_table(snakemake.output.loadings, "loadings", stack(loadings, "loadings"))
    log.done(
        f"{len(kept)} groups, {sum(kept.values())} components",
        rows_out=rows,
        components=kept,
    )


if __name__ == "__main__":
    run(main, snakemake)
