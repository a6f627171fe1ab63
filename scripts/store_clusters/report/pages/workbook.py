"""The workbook for planners: assignments, clusters and profiles as formatted sheets."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.describe.evidence import evidence_words
from store_clusters.describe.labels import Labels
from store_clusters.report.results import Results
from store_clusters.report.sheets import Sheet, write_sheets
from store_clusters.run.files import complete

FILE = "clusters.xlsx"
REPORT = {"category": "3 Tables", "labels": {"table": "workbook for planners"}}
READS = [
    "run",
    "final_clusters",
    "names",
    "stability",
    "final_profiles",
    "store_reasons",
    "places",
    "labels",
]
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


def write(results: Results, path: str | Path) -> str:
    """Write the sheets."""
    clusters = results.table("final_clusters")
    reasons = results.table("store_reasons", ["name", "reasons"])
    kinds = {"what": "text", "means": "long text"}
    sheets = [
        Sheet("How to read", kinds, how_to_read(results.run)),
        assignments(clusters, reasons, results.table("places")),
        overview(results.table("names"), results.table("stability")),
        profile_sheet(results.table("final_profiles"), results.labels),
    ]
    with complete(path) as beside:
        write_sheets(beside, sheets)
    return f"{path}, {clusters.num_rows:,} assignments"


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
    place = pc.index_in(clusters["store_id"], places["store_id"])
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
        places["store_name"].take(place),
        places["region"].take(place),
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
