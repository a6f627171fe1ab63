"""Flag stores so unusual that they should not shape the clusters.

Reads: imputed features.
Writes: a score and a flag for every store; a flagged store keeps its place in the result.
"""

from typing import Any

from store_clusters.features.options import Outliers
from store_clusters.features.outlier_tables import outlier_table
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.tables.contracts import read_table, write_table


def main(snakemake: Any, log: JobLog) -> None:
    """Score and flag the stores of each group of ``input``."""
    imputed = read_table(snakemake.input[0], "imputed")
    options = options_of(Outliers, snakemake.params.outliers)
    table = outlier_table(imputed, options, snakemake.params.seed)
    rows = write_table(snakemake.output[0], "outliers", table)
    flagged = int(table["outlier"].sum())
    log.done(f"{flagged:,} of {rows:,} stores flagged", rows_out=rows, outliers=flagged)


if __name__ == "__main__":
    run(main, snakemake)
