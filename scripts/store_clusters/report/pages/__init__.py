"""The pages of the report, one file each.

A member declares, as literals that are read without importing it:

- ``FILE``: its name below ``report/``.
- ``REPORT``: its category and labels in Snakemake's report.
- ``READS``: the tables it reads, see :func:`store_clusters.report.sources.source`; with
  ``pictures`` among them, it shows all pictures.

and defines ``write(results, path) -> str``, which writes the page from
:class:`store_clusters.report.results.Results` and returns the sentence for the log. Its caption is
``workflow/report/pages/<name>.rst``; other files of its name there are its templates.
"""

from store_clusters.run.registry import Registry

PAGES = Registry(__name__)
