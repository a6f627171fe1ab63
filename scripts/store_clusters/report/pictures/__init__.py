"""The pictures of the report, one file each.

A member declares, as literals that are read without importing it:

- ``TITLE``: what it shows.
- ``STAGE``: the job that draws it: ``internal`` or ``external`` where it follows from the clusters
  of one track, else ``final``.
- ``READS``: the tables it reads, see :func:`store_clusters.report.sources.source`.
- ``NEEDS``, if it does: columns that an external source must have, else there is no picture.

and defines ``draw(results) -> Figure``, which draws it from
:class:`store_clusters.report.results.Results`. Its caption is
``workflow/report/pictures/<name>.rst``.
"""

from store_clusters.run.registry import Registry

PICTURES = Registry(__name__)
