"""Fill gaps in the normalized features, within each group.

Reads: normalized features and what they are made of.
Writes: features without gaps, each value marked as known or imputed; what filled the gaps.
"""

from typing import Any

import numpy as np

from store_clusters.features.imputation import impute
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import seed_for
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import Matrix, by_group, column, read_matrices, stack


def main(snakemake: Any, log: JobLog) -> None:
    """Impute each group of ``input.normalized``."""
    options = snakemake.params.impute
    made_of = by_group(snakemake.input.parameters, "normalize_parameters")
    parts, parameters = [], []
    for matrix in read_matrices(snakemake.input.normalized, "normalized"):
        fitted = made_of[matrix.group]
        filled, rows = impute(
            matrix.values,
            np.array([level is not None for level in column(fitted, "level")], dtype=bool),
            column(fitted, "source"),
            numeric_method=options["numeric"],
            categorical_method=options["categorical"],
            neighbours=options["neighbours"],
            seed=seed_for(snakemake.params.seed, matrix.group, "impute"),
        )
        gaps = np.isnan(matrix.values)
        parts.append(
            {
                **Matrix(matrix.group, matrix.stores, matrix.features, filled).long(),
                "imputed": gaps.ravel(),
            }
        )
        predictors = [row["predictor"] for row in rows]
        parameters.append(
            {
                "group": [matrix.group] * len(rows),
                "feature": [matrix.features[row["column"]] for row in rows],
                "method": [row["method"] for row in rows],
                "step": [row["step"] for row in rows],
                "predictor": ["" if p is None else matrix.features[p] for p in predictors],
                "value": [row["value"] for row in rows],
            }
        )
    table = stack(parts, "imputed")
    rows_out = write_table(snakemake.output.imputed, "imputed", table)
    write_table(
        snakemake.output.parameters, "impute_parameters", stack(parameters, "impute_parameters")
    )
    filled_in = int(np.sum(table["imputed"].astype(bool)))
    log.done(
        f"{filled_in:,} of {rows_out:,} values were unknown and have been estimated",
        rows_out=rows_out,
        imputed=filled_in,
    )


if __name__ == "__main__":
    run(main, snakemake)
