"""Say before a run what each input is, and whether the inputs fit together.

Reads: every input file; of large ones the first rows.
Writes: ``check.json``, and the same as a table on the console. Fails where a run would.
"""

import sys
from typing import Any

from store_clusters.run.errors import InputError
from store_clusters.run.files import write_json
from store_clusters.run.job import JobLog, run
from store_clusters.sales.before import (
    as_json,
    as_text,
    beyond_limits,
    look_before,
    problems_of,
)


def main(snakemake: Any, log: JobLog) -> None:
    """Look at the files ``params.files`` of the sources ``params.inputs``."""
    params = snakemake.params
    looks, found = look_before(params.inputs, params.files)
    print(as_text(looks, found), file=sys.stderr, flush=True)
    log.event("looked", **as_json(looks, found))
    warnings, errors = beyond_limits(found, params.checks)
    problems = problems_of(looks)
    for message in warnings:
        log.warn(message)
    if problems + errors:
        raise InputError(" ".join(["A run would end here:", *problems, *errors]))
    write_json(snakemake.output[0], as_json(looks, found) | {"warnings": warnings})
    log.done(f"{len(looks)} sources can be read, {len(warnings)} warnings")


if __name__ == "__main__":
    run(main, snakemake)
