"""Say what the final clusters of every category are: profiles, names, drivers, rules.

Reads: final clusters, the need states and external features of stores, raw and normalized, and how
features read.
Writes: per cluster and feature the value against the chain; per cluster a name and its size; per
feature how well it separates the clusters; a decision tree as rules.
"""

from typing import Any

from store_clusters.describe.description_tables import Descriptions, Features
from store_clusters.describe.label_tables import read_labels
from store_clusters.features.external_tables import external_features
from store_clusters.run.job import JobLog, run
from store_clusters.sales.whole_store import NeedStates
from store_clusters.tables.grouped import Grouped


def main(snakemake: Any, log: JobLog) -> None:
    """Describe the final clusters of every category of ``input.clusters``."""
    files, params = snakemake.input, snakemake.params
    features = Features(
        NeedStates(files.need_states, params.groups),
        Grouped(files.internal_normalized, "normalized"),
        external_features(files.raw_features),
        Grouped(files.external_normalized, "normalized").matrix("all"),
    )
    descriptions = Descriptions(features, read_labels(files.labels), params.seed)
    for category, clusters in Grouped(files.clusters, "final_clusters", "category"):
        descriptions.add(category, clusters)

    named, near_average = descriptions.write(snakemake.output)
    log.done(f"{named:,} clusters named, {near_average:,} of them near the average", clusters=named)


if __name__ == "__main__":
    run(main, snakemake)
