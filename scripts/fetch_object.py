"""Copy a file from object storage to the disk.

Reads: an object, by its URL.
Writes: the same bytes.
"""

from typing import Any

from store_clusters.inputs.objects import fetch
from store_clusters.run.job import JobLog, run
from store_clusters.run.origins import write_origin


def main(snakemake: Any, log: JobLog) -> None:
    """Fetch ``params.found``, which says where it is and how large."""
    found, output = snakemake.params.found, snakemake.output[0]
    fetch(found["url"], found["size"], found["changed"], output, found["key"])
    write_origin(output, found["url"])
    log.done(f"{found['url']}: {found['size']:,} bytes", bytes=found["size"])


if __name__ == "__main__":
    run(main, snakemake)
