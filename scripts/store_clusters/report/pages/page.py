"""The page of results: account, clusters, reasons and pictures on one page."""

import base64
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.describe.evidence import STATUS, evidence_words, made_by_words, why_words
from store_clusters.describe.labels import Labels
from store_clusters.merge.names import by_number
from store_clusters.merge.options import Merge
from store_clusters.report.exports import EXPORTS
from store_clusters.report.results import Results
from store_clusters.report.sources import TEMPLATES
from store_clusters.run.files import write_text
from store_clusters.run.options import options_of
from store_clusters.tables.history import duration, read_history

FILE = "index.html"
REPORT = {"category": "1 Pages", "labels": {"page": "all results"}}
READS = [
    "run",
    "final_clusters",
    "names",
    "drivers",
    "rules",
    "stability",
    "numbers",
    "categories",
    "internal_k",
    "external_k",
    "set_aside_columns",
    "labels",
    "pictures",
]
FIRST = [  # pictures, as they stand on the page; others follow
    "sales",
    "flow",
    "final_k",
    "stability",
    "final_mix",
    "map",
    "internal_k",
    "internal_stores",
    "internal_mix",
    "external_k",
    "external_stores",
    "external_traits",
]
OF_A_CATEGORY = ("names", "drivers", "rules", "stability", "numbers", "categories")
STRONGEST = 5  # features that separate the clusters of a category

RUNS = 12  # of the history, that the page shows

Rows = list[dict[str, Any]]


def write(results: Results, path: str | Path) -> str:
    """Fill the template."""
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        (TEMPLATES / "page.html.j2").read_text(encoding="utf-8")
    )
    chosen = {track: results.rows(f"{track}_k") for track in ("internal", "external")}
    tables = {name: results.by_category(name) for name in OF_A_CATEGORY}
    moved = _moved(results.table("final_clusters", ["category", "final_cluster", "reassigned"]))
    merge = options_of(Merge, results.run["configuration"]["merge"])
    categories = []
    for category in results.run["final_clusters"]:
        rows = {name: _rows(of.get(category)) for name, of in tables.items()}
        categories.append(
            _summary(category, rows, moved, results.labels)
            | _why(rows, _of_group(chosen["internal"], category), chosen["external"][0], merge)
        )
    page = template.render(
        run=results.run,
        history=_history(results.run),
        tables={name: export.title for name, export in EXPORTS.items()},
        pictures=_in_order(results.pictures),
        categories=categories,
        set_aside=results.rows("set_aside_columns"),
        chosen=[
            {"track": track, **row, "status": STATUS.get(row["status"], row["status"])}
            for track, rows in chosen.items()
            for row in rows
        ],
    )
    write_text(path, page)
    return f"{path}, {len(results.pictures)} pictures"


def _history(run: Mapping[str, Any]) -> Rows:
    """Return the last runs with these results, the latest first; this one has not ended."""
    rows = read_history(run["configuration"]["output"]["results"])
    ended = [row for row in rows if row["run"] != run["run"]]
    return [
        row
        | {name: json.loads(row[name] or "{}") for name in ("clusters", "warnings")}
        | {"duration": duration(row["seconds"])}
        for row in sorted(ended, key=lambda row: row["started"])[-RUNS:][::-1]
    ]


def _moved(clusters: pa.Table) -> Counter[tuple[str, str]]:
    """Count the stores of each category and final cluster that were folded into it."""
    there = clusters.filter(pc.field("reassigned") & pc.field("final_cluster").is_valid())
    return Counter(zip(*(there[name].to_pylist() for name in there.column_names[:2]), strict=True))


def _summary(
    category: str, rows: Mapping[str, Rows], moved: Counter[tuple[str, str]], labels: Labels
) -> dict[str, Any]:
    """Return what the page says of a category: its final clusters and what separates them."""
    evidence = {row["final_cluster"]: row for row in rows["stability"]}
    clusters = [
        row
        | {name: evidence[row["final_cluster"]][name] for name in ("confidence", "jaccard")}
        | {"reassigned": moved[category, row["final_cluster"]]}
        for row in sorted(rows["names"], key=lambda row: by_number(row["final_cluster"]))
    ]
    drivers = (row for row in rows["drivers"] if row["explained"] is not None)
    strongest = [
        (labels.words(row["track"], category, row["feature"]), row["explained"])
        for row in sorted(drivers, key=lambda row: row["rank"])
        if labels.named(row["track"], category, row["feature"])
    ]
    rules = rows["rules"]
    return {
        "name": category,
        "clusters": clusters,
        "drivers": strongest[:STRONGEST],
        "accuracy": rules[0]["accuracy"] if rules else None,
        "sketch": rules[0]["sketch"] if rules else True,
    }


def _why(
    rows: Mapping[str, Rows],
    internal: dict[str, Any] | None,
    external: dict[str, Any],
    merge: Merge,
) -> dict[str, Any]:
    """Return what the page says of the number of a category's final clusters."""
    (category,) = rows["categories"]
    clusters, numbers = rows["stability"], rows["numbers"]
    last = next((number["clusters"] for number in numbers if number["chosen"]), 0)
    return {
        "why": why_words(category, clusters, internal, external, merge),
        "evidence": {of["final_cluster"]: evidence_words(of) for of in clusters},
        "history": category["history"],
        "divided": category["final_clusters"] - last if last else 0,
        "numbers": [number | {"made_by": made_by_words(number)} for number in numbers],
    }


def _in_order(pictures: Mapping[str, tuple[str, str | Path]]) -> list[dict[str, str]]:
    """Return titles and pictures as text that a page can hold."""
    names = [name for name in FIRST if name in pictures]
    names += [name for name in pictures if name not in FIRST]
    shown = [pictures[name] for name in names]
    return [
        {"title": title, "data": base64.b64encode(Path(path).read_bytes()).decode()}
        for title, path in shown
    ]


def _of_group(rows: Rows, group: str) -> dict[str, Any] | None:
    return next((row for row in rows if row["group"] == group), None)


def _rows(table: pa.Table | None) -> Rows:
    return [] if table is None else table.to_pylist()
