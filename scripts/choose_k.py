"""Choose the number of clusters of each group.

Reads: components, outliers (not part of the fit), the loadings and the stores of every group; in
the internal track also the sales, of which even months are known apart; in the external track the
features themselves.
Writes: every score of every number tried, and the number chosen.
"""

from typing import Any

from store_clusters.clusters.number_of_clusters_tables import Chooser, k_columns, score_columns
from store_clusters.clusters.options import ChooseK, Cluster
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.tables.contracts import write_table


def main(snakemake: Any, log: JobLog) -> None:
    """Choose k for every group that has stores, eligible or not."""
    params = snakemake.params
    chooser = Chooser(
        snakemake.input,
        snakemake.wildcards.track,
        choosing=options_of(ChooseK, params.choose_k),
        clustering=options_of(Cluster, params.cluster),
        transform=params.transform,
        kind=params.groups,
        seed=params.seed,
    )
    chosen = []
    for group in chooser.groups:
        one = chooser.choose(group)
        chosen.append(one)
        log.event(
            "chosen",
            group=group,
            k=one.choice.k,
            stores=one.stores,
            status=one.status,
            verdict=one.choice.verdict,
        )
    write_table(snakemake.output.k, "k", k_columns(chosen))
    write_table(snakemake.output.k_scores, "k_scores", score_columns(chosen))
    ks = {one.group: one.choice.k for one in chosen}
    between = f", k {min(ks.values())} to {max(ks.values())}" if ks else ""
    log.done(f"{len(ks)} groups, {sum(ks.values())} clusters{between}", k=ks)


if __name__ == "__main__":
    run(main, snakemake)
