"""Say in which words people read every feature, and which features no text names.

Reads: the product map, the external features and the columns set aside.
Writes: one row per feature. A name in ``labels`` that no feature has ends the run here.
"""

from typing import Any

from store_clusters.describe.label_tables import (
    internal_features,
    label_columns,
    labelled,
    read_external_features,
    read_set_aside,
)
from store_clusters.describe.options import Labels
from store_clusters.inputs.options import Products
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.sales.product_map import read_need_states
from store_clusters.tables.contracts import write_table


def main(snakemake: Any, log: JobLog) -> None:
    """Label the features of both tracks."""
    files, params = snakemake.input, snakemake.params
    need_states = read_need_states(files.products, options_of(Products, params.products))
    features = internal_features(need_states, params.groups)
    features += read_external_features(files.raw_features)
    labels = labelled(features, read_set_aside(files.set_aside), options_of(Labels, params.labels))

    rows = write_table(snakemake.output[0], "labels", label_columns(features, labels))
    chosen = sum(label.chosen for label in labels)
    kept_out = sum(not label.named for label in labels)
    log.done(
        f"{rows:,} features, {chosen:,} with words of your own, {kept_out:,} never named",
        rows_out=rows,
        chosen=chosen,
        never_named=kept_out,
    )


if __name__ == "__main__":
    run(main, snakemake)
