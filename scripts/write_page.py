"""Write the page of results, one HTML file that needs no other, and the main tables as CSV.

Reads: the account of the run, what is known of final clusters and stores, profiles, pictures.
Writes: ``index.html`` and CSV files beside it.
"""

import base64
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from store_clusters.describe.evidence import (
    STATUS,
    evidence_words,
    made_by_words,
    why_words,
)
from store_clusters.describe.label_tables import Labels, read_labels
from store_clusters.merge.names import by_number
from store_clusters.run.files import complete, read_json, write_text
from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import read_table

TEMPLATE = Path(__file__).resolve().parents[1] / "workflow" / "report" / "page.html.j2"
CONTRACTS = {
    "clusters": "final_clusters",
    "profiles": "final_profiles",
    "internal_profiles": "profiles",
    "external_profiles": "profiles",
}
STRONGEST = 5  # features that separate the clusters of a category


def main(snakemake: Any, log: JobLog) -> None:
    """Fill the template."""
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    tables = {}
    for name in params.tables:
        tables[name] = read_table(files[name], CONTRACTS.get(name, name)).to_pandas()
        with complete(output[name]) as beside:
            tables[name].to_csv(beside, index=False, float_format="%.6g")
    labels = read_labels(files.labels)
    account = read_json(files.run)
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        TEMPLATE.read_text(encoding="utf-8")
    )
    chosen = {
        track: read_table(files[f"{track}_k"], "k").to_pylist()
        for track in ("internal", "external")
    }
    page = template.render(
        run=account,
        tables=params.tables,
        pictures=[
            {"title": title, "data": encode(path)}
            for title, path in zip(params.pictures.values(), files.pictures, strict=True)
        ],
        categories=[
            summary(
                category,
                {name: of_category(table, category) for name, table in tables.items()},
                labels,
            )
            | why(category, tables, chosen, account["configuration"]["merge"])
            for category in account["final_clusters"]
        ],
        set_aside=read_table(files.set_aside, "set_aside_columns").to_pylist(),
        chosen=[
            {"track": track, **row, "status": STATUS.get(row["status"], row["status"])}
            for track, rows in chosen.items()
            for row in rows
        ],
    )
    write_text(output.page, page)
    log.done(f"{output.page}, {len(files.pictures)} pictures, {len(tables)} tables as CSV")


def of_category(table: pd.DataFrame, category: str) -> pd.DataFrame:
    """Return the rows of a category; all of a table that has none."""
    return table[table["category"] == category] if "category" in table else table


def summary(category: str, tables: dict[str, pd.DataFrame], labels: Labels) -> dict[str, Any]:
    """Return what the page says of a category: its final clusters and what separates them."""
    stores = tables["clusters"].groupby("final_cluster")
    trust = tables["stability"].set_index("final_cluster")[["confidence", "jaccard", "trust"]]
    clusters = tables["names"].set_index("final_cluster").join(trust)
    clusters["reassigned"] = stores["reassigned"].sum()
    rows = clusters.reset_index().to_dict("records")
    drivers = tables["drivers"].query("explained.notna()").sort_values("rank")
    strongest = [
        (labels.words(track, category, feature), explained)
        for track, feature, explained in drivers[["track", "feature", "explained"]].to_numpy()
        if labels.named(track, category, feature)
    ]
    rules = tables["rules"]
    return {
        "name": category,
        "clusters": sorted(rows, key=lambda row: by_number(str(row["final_cluster"]))),
        "drivers": strongest[:STRONGEST],
        "accuracy": float(rules["accuracy"].iloc[0]) if len(rules) else None,
        "sketch": bool(rules["sketch"].iloc[0]) if len(rules) else True,
    }


def why(
    category: str,
    tables: dict[str, pd.DataFrame],
    chosen: dict[str, list[dict[str, Any]]],
    merge: dict[str, Any],
) -> dict[str, Any]:
    """Return what the page says of the number of a category's final clusters."""
    (row,) = records(of_category(tables["categories"], category))
    internal = {of["group"]: of for of in chosen["internal"]}
    clusters = records(of_category(tables["stability"], category))
    numbers = records(of_category(tables["numbers"], category))
    last = next((number["clusters"] for number in numbers if number["chosen"]), 0)
    return {
        "why": why_words(row, clusters, internal.get(category), chosen["external"][0], merge),
        "evidence": {of["final_cluster"]: evidence_words(of) for of in clusters},
        "history": row["history"],
        "divided": row["final_clusters"] - last if last else 0,
        "numbers": [number | {"made_by": made_by_words(number)} for number in numbers],
    }


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values, None where nothing is known."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def encode(path: str) -> str:
    """Return a picture as text that a page can hold."""
    return base64.b64encode(Path(path).read_bytes()).decode()


if __name__ == "__main__":
    run(main, snakemake)
