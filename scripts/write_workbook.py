"""Write the workbook for planners: assignments, clusters and profiles as formatted sheets.

Reads: the account of the run; final clusters, their names, stability and profiles; why stores are
where they are; names and regions of stores; how features read.
Writes: ``clusters.xlsx``.
"""

from typing import Any

import pyarrow as pa

from store_clusters.describe.evidence import evidence_words
from store_clusters.describe.label_tables import Labels, read_labels
from store_clusters.report.workbook import Sheet, write_workbook
from store_clusters.run.files import complete, read_json
from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import read_table

HOW_TO_READ = (
    ("Assignments", "One row per category and store: its final cluster and why it is there."),
    ("Clusters", "One row per final cluster: what it is, its size and the evidence for it."),
    (
        "evidence",
        "group: it comes back on resamples. slice: parting it from the cluster that sells most "
        "alike surely explains more of what stores sell in months held out. whole: the only one. "
        "none: a limit or target of yours asks for it.",
    ),
    ("Profiles", "What the stores of each cluster sell and are like, beside the chain."),
    (
        "cluster",
        "2_1 holds stores of internal cluster 2 (by what they sell) and external cluster 1 "
        "(by where they stand), and what was folded into them; 2_1a is a part of a cluster that "
        "sells differently or was too large. A 0 stands for a track that does not know the stores.",
    ),
    ("share of sales", "Of the sales in all final clusters of the category."),
    ("next best", "The likeliest other final cluster, the nearest of equally likely ones."),
    (
        "why here",
        "Features in which the store is clearly nearer to its cluster than to the next best one; "
        "the values of clusters are those of the sheet Profiles.",
    ),
    (
        "confidence",
        "The chance that the store belongs to it, judged on repetitions on resampled stores in "
        "which the store did not take part; of a store that was moved, half counts by the "
        "cluster's size. On the sheet Clusters the mean of the cluster's stores.",
    ),
    (
        "stability",
        "How similar the cluster is found in all repetitions (Jaccard): from 0.75 it is a group. "
        "The edges of slices move, so that theirs may be low.",
    ),
    (
        "value",
        "Of what a cluster sells, the share of all its sales in the category; else the mean of its "
        "stores, or the share of them.",
    ),
    ("index", "100 is the chain, all its stores: 150 is half as much again, 50 is half."),
    ("beyond chance", "Whether the difference from the chain is more than chance would make."),
    ("driver", "1 sets the cluster apart most, 2 comes next, ..."),
    ("status", "clustered: both tracks know the store; else what is missing for that."),
)


def main(snakemake: Any, log: JobLog) -> None:
    """Write the sheets."""
    files = snakemake.input
    clusters = read_table(files.clusters, "final_clusters")
    reasons = read_table(files.reasons, "store_reasons")
    names = read_table(files.names, "names")
    stability = read_table(files.stability, "stability")
    profiles = read_table(files.profiles, "final_profiles")
    places = read_table(files.places, "places")
    account = read_json(files.run)
    sheets = [
        Sheet("How to read", {"what": "text", "means": "long text"}, how_to_read(account)),
        assignments(clusters, reasons, places),
        overview(names, stability),
        profile_sheet(profiles, read_labels(files.labels)),
    ]
    with complete(snakemake.output[0]) as beside:
        write_workbook(beside, sheets)
    log.done(f"{snakemake.output[0]}, {clusters.num_rows:,} assignments")


def how_to_read(account: dict[str, Any]) -> pa.Table:
    """Return what the run was, and what the sheets and columns mean."""
    stores, sales = account["stores"], account["sales"]
    clusters = sum(account["final_clusters"].values())
    this_run = (
        f"{stores['seen']:,} stores, {clusters:,} final clusters; sales of "
        f"{float(sales['clustered']):,.2f} in clusters, {float(sales['set_aside']):,.2f} set aside"
    )
    what, means = zip(("This run", this_run), *HOW_TO_READ, strict=True)
    return pa.table({"what": what, "means": means})


def assignments(clusters: pa.Table, reasons: pa.Table, places: pa.Table) -> Sheet:
    """Return a row per category and store; both tables have the same order."""
    where = {row["store_id"]: row for row in places.to_pylist()}
    stores = clusters["store_id"].to_pylist()
    known = [where.get(store, {}) for store in stores]
    kinds = {
        "category": "text",
        "store": "text",
        "name of store": "text",
        "region": "text",
        "cluster": "text",
        "what it is": "long text",
        "confidence": "decimal",
        "next best": "text",
        "sales": "money",
        "tier": "text",
        "status": "text",
        "why here": "long text",
    }
    columns = [
        clusters["category"],
        clusters["store_id"],
        pa.array([place.get("store_name") for place in known], pa.string()),
        pa.array([place.get("region") for place in known], pa.string()),
        clusters["final_cluster"],
        reasons["name"],
        clusters["confidence"],
        clusters["next_cluster"],
        clusters["sales"],
        clusters["volume_tier"],
        clusters["status"],
        reasons["reasons"],
    ]
    return Sheet("Assignments", kinds, pa.table(columns, names=list(kinds)))


def overview(names: pa.Table, stability: pa.Table) -> Sheet:
    """Return a row per final cluster; both tables have the same order."""
    kinds = {
        "category": "text",
        "cluster": "text",
        "what it is": "long text",
        "evidence": "text",
        "why it is a cluster": "long text",
        "stores": "number",
        "sales": "money",
        "share of sales": "share",
        "mean confidence": "decimal",
        "stability": "decimal",
        "sells": "long text",
        "surroundings": "long text",
    }
    columns = [
        *(names[name] for name in ("category", "final_cluster", "name")),
        stability["evidence"],
        pa.array([evidence_words(row) for row in stability.to_pylist()], pa.string()),
        *(names[name] for name in ("stores", "sales")),
        names["share_of_sales"],
        *(stability[name] for name in ("confidence", "jaccard")),
        names["internal_drivers"],
        names["external_drivers"],
    ]
    return Sheet("Clusters", kinds, pa.table(columns, names=list(kinds)))


def profile_sheet(profiles: pa.Table, labels: Labels) -> Sheet:
    """Return a row per cluster and feature."""
    kinds = {
        "category": "text",
        "cluster": "text",
        "about": "text",
        "feature": "text",
        "value": "general",
        "chain": "general",
        "difference": "general",
        "index": "number",
        "beyond chance": "text",
        "driver": "number",
    }
    tracks, features = profiles["track"].to_pylist(), profiles["feature"].to_pylist()
    keys = zip(tracks, profiles["category"].to_pylist(), features, strict=True)
    about = {"internal": "sales", "external": "surroundings"}
    columns = [
        profiles["category"],
        profiles["final_cluster"],
        pa.array([about[track] for track in tracks]),
        pa.array([labels.words(*key) for key in keys]),
        *(profiles[name] for name in ("value", "chain", "difference", "index")),
        pa.array(["yes" if told else "no" for told in profiles["distinguishable"].to_pylist()]),
        profiles["driver"],
    ]
    units = profiles["unit"].to_pylist()
    return Sheet("Profiles", kinds, pa.table(columns, names=list(kinds)), units)


if __name__ == "__main__":
    run(main, snakemake)
