"""Draw the pictures of a stage: of final, internal or external clusters.

Reads: what the pictures declare (see ``store_clusters/report/pictures``).
Writes: one PNG per picture.
"""

from typing import Any

from store_clusters.report.drawing.style import save
from store_clusters.report.pictures import PICTURES
from store_clusters.report.results import Results
from store_clusters.run.job import JobLog, run


def main(snakemake: Any, log: JobLog) -> None:
    """Draw every output of the rule, which is named after its picture."""
    results = Results(dict(snakemake.input.items()))
    for picture, path in snakemake.output.items():
        save(PICTURES.load(picture).draw(results), path)
    log.done(f"{len(snakemake.output)} pictures", files=list(snakemake.output))


if __name__ == "__main__":
    run(main, snakemake)
