"""Make the features of a track comparable between stores, group by group.

Reads: sales by need state and the stores of each category, or the raw external features.
Writes: normalized features of the eligible stores, what turns a raw value into a normalized one,
and for every store of every group whether it is eligible, or why not.
"""

from typing import Any

from store_clusters.features.eligibility_tables import count_by_status
from store_clusters.features.normalization_tables import (
    as_tables,
    normalized_features,
    normalized_sales,
)
from store_clusters.features.options import Eligible, NormalizeFeatures, NormalizeSales
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.sales.whole_store import NeedStates, read_stores
from store_clusters.tables.contracts import read_table, write_table


def main(snakemake: Any, log: JobLog) -> None:
    """Normalize the groups of one shard of one track."""
    files, params, output = snakemake.input, snakemake.params, snakemake.output
    if snakemake.wildcards.track == "internal":
        groups = normalized_sales(
            NeedStates(files.features, params.groups),
            read_stores(files.stores, params.groups),
            options_of(Eligible, params.eligible),
            options_of(NormalizeSales, params.normalize),
            snakemake.wildcards.shard,
        )
    else:
        table = read_table(files.features, "raw_features")
        options = options_of(NormalizeFeatures, params.normalize)
        groups = iter([normalized_features(table, options)])
    tables = as_tables(groups)
    rows = write_table(output.normalized, "normalized", tables["normalized"])
    write_table(output.parameters, "normalize_parameters", tables["normalize_parameters"])
    stores = write_table(output.status, "store_status", tables["store_status"])
    count = len(set(tables["store_status"]["group"]))
    by_status = count_by_status(tables["store_status"])
    log.done(
        f"{by_status.get('eligible', 0):,} of {stores:,} stores in {count} groups are eligible",
        groups=count,
        rows_out=rows,
        stores_by_status=by_status,
    )


if __name__ == "__main__":
    run(main, snakemake)
