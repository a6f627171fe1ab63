"""Join the external sources on the store.

Reads: the files of every external source.
Writes: one value per store x feature, features called ``source.column``; null where unknown. Per
store its name, region and coordinates, where a source has them. And the columns that are set aside,
as they tell nothing, or have nearly one value per store: a name, an address, an identifier.
"""

from typing import Any

from store_clusters.features.joining import first_known, to_long
from store_clusters.features.joining_tables import join, read_source
from store_clusters.inputs.external import read_places
from store_clusters.inputs.options import External
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import as_columns


def main(snakemake: Any, log: JobLog) -> None:
    """Join all ``params.sources``, in the order in which they are configured."""
    params, output = snakemake.params, snakemake.output
    sources = [options_of(External, source) for source in params.sources]
    files = {name: [snakemake.input[n] for n in own] for name, own in params.files.items()}
    read = []
    for source in sources:
        read.append(read_source(files[source.name], source, params.max_levels))
        for warning in read[-1].warnings:
            log.warn(warning)
        log.event("source", **read[-1].facts)
    joined = join(read)
    rows = write_table(output.raw_features, "raw_features", to_long(joined))
    places = [read_places(files[source.name], source) for source in sources]
    found = first_known(places, joined.index)
    write_table(output.places, "places", dict(found.reset_index().items()))
    aside = [row for source in read for row in source.aside]
    write_table(output.set_aside, "set_aside_columns", as_columns(aside, "set_aside_columns"))
    known = float(joined.notna().to_numpy().mean())
    log.done(
        f"{joined.shape[0]:,} stores x {joined.shape[1]} features, {known:.1%} known",
        stores=joined.shape[0],
        features=joined.shape[1],
        rows_out=rows,
        share_known=round(known, 4),
    )


if __name__ == "__main__":
    run(main, snakemake)
