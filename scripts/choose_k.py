"""Choose the number of clusters of each group.

Reads: components, outliers (not part of the fit), the loadings and the stores of every group.
Writes: every score of every number tried, and the number chosen.
"""

from typing import Any

import numpy as np

from common.errors import InputError
from common.features import as_columns, by_group, column, groups, read_matrices
from common.job import JobLog, run
from common.seeds import seed_for
from common.tables import read_table, write_table
from methods.choose_k import Choice, TooFewStores, choose_k


def main(snakemake: Any, log: JobLog) -> None:
    """Choose k for every group that has stores, eligible or not."""
    matrices = {m.group: m for m in read_matrices(snakemake.input.reduced, "reduced", "component")}
    outliers = by_group(snakemake.input.outliers, "outliers")
    loadings = by_group(snakemake.input.loadings, "loadings")
    scores, chosen = [], []
    for group, _ in groups(read_table(snakemake.input.status, "store_status")):
        values = np.empty((0, 1))
        if group in matrices:
            values = matrices[group].values[~column(outliers[group], "outlier")]
        choice = choose(group, values, snakemake)
        status = choice.status
        one_feature = group in loadings and len(loadings[group]["feature"].unique()) == 1
        if status == "identical_stores" and one_feature and snakemake.wildcards.track == "internal":
            status = "one_need_state"
        chosen.append((group, choice.k, len(values), choice.criterion, status, choice.verdict))
        scores += [(group, k, name, score, k == choice.k) for k, name, score in choice.scores]
        log.event(
            "chosen",
            group=group,
            k=choice.k,
            stores=len(values),
            status=status,
            verdict=choice.verdict,
        )

    write_table(snakemake.output.k, "k", as_columns(chosen, "k"))
    write_table(snakemake.output.k_scores, "k_scores", as_columns(scores, "k_scores"))
    ks = [row[1] for row in chosen]
    log.done(
        f"{len(ks)} groups, {sum(ks)} clusters" + (f", k {min(ks)} to {max(ks)}" if ks else ""),
        k={row[0]: row[1] for row in chosen},
    )


def choose(group: str, values: np.ndarray, snakemake: Any) -> Choice:
    """Choose k for one group; tell the user which setting is in the way when stores are few."""
    options, cluster = snakemake.params.choose_k, snakemake.params.cluster
    try:
        return choose_k(
            values,
            smallest=options["min"],
            largest=options["max"],
            criterion=options["criterion"],
            no_groups=options["no_groups"],
            algorithm=cluster["algorithm"],
            starts=cluster["starts"],
            seed=seed_for(snakemake.params.seed, group, "choose_k"),
        )
    except TooFewStores as error:
        track = snakemake.wildcards.track
        raise InputError(
            f"{snakemake.input.reduced}: group {group!r} of the {track} track has {error} "
            f"({track}.choose_k.min), not counting outliers. Lower {track}.choose_k.min, or give "
            f"the category more stores ({track} data or eligibility)."
        ) from error


if __name__ == "__main__":
    run(main, snakemake)
