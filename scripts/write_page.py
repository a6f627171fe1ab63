"""Write a page of the report: the page of results, the explorer, the workbook.

Reads: what the page declares (see ``store_clusters/report/pages``), in some cases all pictures.
Writes: the page, one file that needs no other.
"""

from typing import Any

from store_clusters.report.pages import PAGES
from store_clusters.report.results import Results
from store_clusters.run.job import JobLog, run


def main(snakemake: Any, log: JobLog) -> None:
    """Write the page ``params.page``; ``params.titles`` are those of the pictures, by name."""
    tables, titles = dict(snakemake.input.items()), snakemake.params.titles
    shown = zip(titles.items(), tables.pop("pictures", []), strict=True)
    pictures = {name: (title, path) for (name, title), path in shown}
    page = PAGES.load(snakemake.params.page)
    log.done(page.write(Results(tables, pictures), snakemake.output[0]))


if __name__ == "__main__":
    run(main, snakemake)
