"""Flag stores so unusual that they should not shape the clusters.

Reads: imputed features.
Writes: a score and a flag for every store; a flagged store keeps its place in the result.
"""

from typing import Any

import numpy as np

from common.features import read_matrices, stack
from common.job import JobLog, run
from common.seeds import seed_for
from common.tables import write_table
from methods.detect_outliers import flag_share, outlier_scores


def main(snakemake: Any, log: JobLog) -> None:
    """Score and flag the stores of each group of ``input``."""
    options = snakemake.params.outliers
    parts = []
    for matrix in read_matrices(snakemake.input[0], "imputed"):
        seed = seed_for(snakemake.params.seed, matrix.group, "outliers")
        scores = outlier_scores(matrix.values, options["method"], options["neighbours"], seed)
        parts.append(
            {
                "group": np.full(len(scores), matrix.group, dtype=object),
                "store_id": matrix.stores,
                "score": scores,
                "outlier": flag_share(scores, options["share"]),
            }
        )
    table = stack(parts, "outliers")
    rows = write_table(snakemake.output[0], "outliers", table)
    flagged = int(np.sum(table["outlier"].astype(bool)))
    log.done(f"{flagged:,} of {rows:,} stores flagged", rows_out=rows, outliers=flagged)


if __name__ == "__main__":
    run(main, snakemake)
