"""Fill gaps in the normalized features, within each group.

Reads: normalized features and what they are made of.
Writes: features without gaps, each value marked as observed or imputed; what filled the gaps.
"""

from typing import Any

from store_clusters.features.imputation_tables import imputed_tables
from store_clusters.features.options import Impute
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.tables.contracts import read_table, write_table


def main(snakemake: Any, log: JobLog) -> None:
    """Impute each group of ``input.normalized``."""
    tables = imputed_tables(
        read_table(snakemake.input.normalized, "normalized"),
        read_table(snakemake.input.parameters, "normalize_parameters"),
        options_of(Impute, snakemake.params.impute),
        snakemake.params.seed,
    )
    output = snakemake.output
    rows = write_table(output.imputed, "imputed", tables["imputed"])
    write_table(output.parameters, "impute_parameters", tables["impute_parameters"])
    imputed = int(tables["imputed"]["imputed"].sum())
    log.done(
        f"{imputed:,} of {rows:,} values were unknown and have been estimated",
        rows_out=rows,
        imputed=imputed,
    )


if __name__ == "__main__":
    run(main, snakemake)
