"""Flag stores so unusual that they should not shape the clusters.

Reads: imputed features.
Writes: a score and a flag for every store; a flagged store keeps its place in the result.
"""

from typing import Any

import numpy as np

from store_clusters.features.outliers import (
    MOST_FEATURES,
    explain_flags,
    flag_beyond,
    flag_share,
    outlier_scores,
)
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import seed_for
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import read_matrices, stack


def main(snakemake: Any, log: JobLog) -> None:
    """Score and flag the stores of each group of ``input``."""
    options = snakemake.params.outliers
    parts = []
    for matrix in read_matrices(snakemake.input[0], "imputed"):
        seed = seed_for(snakemake.params.seed, matrix.group, "outliers")
        method, neighbours = options["method"], options["neighbours"]
        scores = outlier_scores(matrix.values, method, neighbours, seed)
        if method == "nearest_neighbours":
            flags = flag_beyond(scores, options["threshold"])
        else:
            flags = flag_share(scores, options["share"])
        columns, alike = explain_flags(matrix.values, flags, neighbours)
        parts.append(
            {
                "group": np.full(len(scores), matrix.group, dtype=object),
                "store_id": matrix.stores,
                "score": scores,
                "outlier": flags,
                **farthest(matrix.features[columns], flags),
                "alike": expand(alike, flags),
            }
        )
    table = stack(parts, "outliers")
    rows = write_table(snakemake.output[0], "outliers", table)
    flagged = int(np.sum(table["outlier"].astype(bool)))
    log.done(f"{flagged:,} of {rows:,} stores flagged", rows_out=rows, outliers=flagged)


def farthest(features: np.ndarray, flags: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``feature_1``, ... of all stores; ``features`` (n_flagged, n_features) in order."""
    return {
        f"feature_{n + 1}": expand(features[:, n] if n < features.shape[1] else None, flags)
        for n in range(MOST_FEATURES)
    }


def expand(values: np.ndarray | None, flags: np.ndarray) -> np.ndarray:
    """Spread the values of flagged stores over all stores, None for the others."""
    spread = np.full(len(flags), None, dtype=object)
    spread[flags] = values
    return spread


if __name__ == "__main__":
    run(main, snakemake)
