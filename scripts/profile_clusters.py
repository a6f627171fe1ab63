"""Describe every cluster of a track by its features, against the chain.

Reads: clusters, the sales of stores, and need states or external features, raw and normalized.
Writes: per cluster its size, and per feature the value, the chain's value, the index (chain =
100) and whether chance could make the difference.
"""

from typing import Any

from store_clusters.describe.profiles_tables import Profiler
from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import by_group, stack


def main(snakemake: Any, log: JobLog) -> None:
    """Profile each group of ``input.clusters``."""
    files = snakemake.input
    profiler = Profiler(files, snakemake.wildcards.track, snakemake.params.groups)
    clusters = by_group(files.clusters, "clusters")
    parts = [profiler.columns(group, rows) for group, rows in clusters.items()]
    rows_out = write_table(snakemake.output[0], "profiles", stack(parts, "profiles"))
    log.done(f"{len(parts)} groups, {rows_out:,} cluster x feature", rows_out=rows_out)


if __name__ == "__main__":
    run(main, snakemake)
