"""Reduce the features of each group to fewer dimensions.

Reads: imputed features and what they are made of; outliers, which do not take part in the fit.
Writes: the components of every store, the loadings that make them, what they mean, and which
features are left out because another one says the same or because they share nothing with any.
"""

from collections import Counter
from typing import Any

from store_clusters.features.options import Reduce
from store_clusters.features.reduction_tables import reduced_tables
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.tables.contracts import read_table, write_table


def main(snakemake: Any, log: JobLog) -> None:
    """Reduce each group of ``input.imputed``."""
    files, options = snakemake.input, options_of(Reduce, snakemake.params.reduce)
    shows_groups = None
    if options.shared:  # slow to import, and not needed otherwise
        from store_clusters.clusters import structure  # noqa: PLC0415

        shows_groups = structure.shows_groups
    tables = reduced_tables(
        read_table(files.imputed, "imputed"),
        read_table(files.parameters, "normalize_parameters"),
        read_table(files.outliers, "outliers"),
        options,
        shows_groups=shows_groups,
        seed=snakemake.params.seed,
    )
    output = snakemake.output
    rows = write_table(output.reduced, "reduced", tables["reduced"])
    write_table(output.loadings, "loadings", tables["loadings"])
    write_table(output.components, "components", tables["components"])
    write_table(output.redundant, "redundant", tables["redundant"])
    components: Counter[str] = Counter(tables["components"]["group"])
    left_out: Counter[str] = Counter(tables["redundant"]["reason"])
    log.done(
        f"{len(components)} groups, {components.total()} components, "
        f"{left_out['redundant']} redundant features left out and {left_out['alone']} "
        "that share nothing with others",
        rows_out=rows,
        components=components,
        redundant=left_out["redundant"],
        alone=left_out["alone"],
    )


if __name__ == "__main__":
    run(main, snakemake)
