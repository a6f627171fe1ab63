"""Say of every store and category why it is in its final cluster.

Reads: final clusters, their names, profiles and centres, folds; the features of stores, raw and
imputed, and how shares were normalized; what is unusual about stores.
Writes: reasons for the cluster and against it, what would tip it, the most similar stores.
"""

from typing import Any

from store_clusters.describe.explanation_tables import Clusters, Features, Unusual, explained
from store_clusters.describe.label_tables import read_labels
from store_clusters.features.external_tables import external_features
from store_clusters.run.job import JobLog, run
from store_clusters.sales.whole_store import NeedStates
from store_clusters.tables.contracts import write_stream
from store_clusters.tables.grouped import Grouped


def main(snakemake: Any, log: JobLog) -> None:
    """Explain the stores of every category of ``input.clusters``."""
    files, params = snakemake.input, snakemake.params
    clusters = Clusters(
        Grouped(files.clusters, "final_clusters", "category"),
        Grouped(files.names, "names", "category"),
        Grouped(files.profiles, "final_profiles", "category"),
        Grouped(files.folds, "folds", "category"),
        Grouped(files.centres, "final_centres", "category"),
    )
    features = Features(
        NeedStates(files.need_states, params.groups),
        Grouped(files.internal_imputed, "imputed"),
        Grouped(files.internal_parameters, "normalize_parameters"),
        external_features(files.raw_features),
        Grouped(files.external_imputed, "imputed").matrix("all"),
    )
    labels = read_labels(files.labels)
    unusual = Unusual(
        Grouped(files.internal_outliers, "outliers"),
        Grouped(files.external_outliers, "outliers"),
        labels,
    )

    parts = explained(clusters, features, unusual, labels, nested=params.aim != "joint")
    count = write_stream(snakemake.output[0], "store_reasons", parts)
    log.done(f"{count:,} stores x categories explained", rows_out=count)


if __name__ == "__main__":
    run(main, snakemake)
