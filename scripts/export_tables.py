"""Write the main tables as CSV files.

Reads: the tables of ``store_clusters/report/exports.py``.
Writes: one CSV file per table.
"""

from typing import Any

from store_clusters.report.exports import EXPORTS, write_csv
from store_clusters.report.results import Results
from store_clusters.run.job import JobLog, run


def main(snakemake: Any, log: JobLog) -> None:
    """Write every output of the rule, which is named after its export."""
    results = Results(dict(snakemake.input.items()))
    for name, path in snakemake.output.items():
        write_csv(path, results.table(EXPORTS[name].source))
    log.done(f"{len(snakemake.output)} tables as CSV")


if __name__ == "__main__":
    run(main, snakemake)
