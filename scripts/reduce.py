"""Reduce the features of each group to fewer dimensions.

Reads: imputed features and what they are made of; outliers, which do not take part in the fit.
Writes: the components of every store, the loadings that make them, what they mean, and which
features are left out because another one says the same or because they share nothing with any.
"""

from typing import Any

import numpy as np

from store_clusters.clusters.structure import shows_groups
from store_clusters.features.components import describe_component
from store_clusters.features.reduction import Reduced, reduce_features
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import seed_for
from store_clusters.tables.contracts import read_table, write_table
from store_clusters.tables.matrices import Matrix, as_columns, by_group, column, matrices, stack

Row = tuple[Any, ...]


def main(snakemake: Any, log: JobLog) -> None:
    """Reduce each group of ``input.imputed``."""
    options = snakemake.params.reduce
    outliers = by_group(snakemake.input.outliers, "outliers")
    made_of = by_group(snakemake.input.parameters, "normalize_parameters")
    imputed = read_table(snakemake.input.imputed, "imputed")
    parts, loadings, meanings, left_out, kept = [], [], [], [], {}
    for matrix, estimated in zip(
        matrices(imputed), matrices(imputed, value="imputed"), strict=True
    ):
        reduced = reduce_features(
            matrix.values,
            ~column(outliers[matrix.group], "outlier"),
            options["method"],
            options["variance"],
            options["redundancy"],
            known=estimated.values == 0,
            sources=column(made_of[matrix.group], "source"),
            shared=options["shared"],
            shows_groups=shows_groups,
            alike=options["alike"],
            seed=seed_for(snakemake.params.seed, matrix.group, "reduce"),
        )
        k, p = reduced.loadings.shape
        kept[matrix.group] = k
        components = (
            matrix.features[~reduced.alone & (reduced.kept == np.arange(p))]
            if options["method"] == "none"
            else np.array([f"PC{number:02d}" for number in range(1, k + 1)], dtype=object)
        )
        parts.append(
            Matrix(matrix.group, matrix.stores, components, reduced.scores).long("component")
        )
        loadings.append(
            {
                "group": np.full(k * p, matrix.group, dtype=object),
                "component": np.repeat(components, p),
                "feature": np.tile(matrix.features, k),
                "loading": reduced.loadings.ravel(),
                "center": np.tile(reduced.center, k),
                "explained": np.repeat(reduced.explained, p),
                "chance": np.repeat(reduced.chance, p),
            }
        )
        meanings += component_rows(matrix, components, reduced)
        left_out += rows_left_out(matrix, reduced)
    output = snakemake.output
    rows = write_table(output.reduced, "reduced", stack(parts, "reduced"))
    write_table(output.loadings, "loadings", stack(loadings, "loadings"))
    write_table(output.components, "components", as_columns(meanings, "components"))
    write_table(output.redundant, "redundant", as_columns(left_out, "redundant"))
    reasons = [row[2] for row in left_out]
    log.done(
        f"{len(kept)} groups, {sum(kept.values())} components, "
        f"{reasons.count('redundant')} redundant features left out and {reasons.count('alone')} "
        "that share nothing with others",
        rows_out=rows,
        components=kept,
        redundant=reasons.count("redundant"),
        alone=reasons.count("alone"),
    )


def component_rows(matrix: Matrix, components: np.ndarray, reduced: Reduced) -> list[Row]:
    """Return what the components of a group mean, as rows of ``components``."""
    return [
        (
            matrix.group,
            component,
            share,
            describe_component(loadings, matrix.features) if share > 0 else "stores do not differ",
        )
        for component, share, loadings in zip(
            components, reduced.explained, reduced.loadings, strict=True
        )
    ]


def rows_left_out(matrix: Matrix, reduced: Reduced) -> list[Row]:
    """Return the features of a group that are left out, as rows of ``redundant``."""
    rows: list[Row] = []
    for number, feature in enumerate(matrix.features):
        kept = reduced.kept[number]
        if kept != number:
            stands = matrix.features[kept]
            rows.append((matrix.group, feature, "redundant", stands, reduced.correlation[number]))
        elif reduced.alone[number]:
            rows.append((matrix.group, feature, "alone", None, None))
    return rows


if __name__ == "__main__":
    run(main, snakemake)
