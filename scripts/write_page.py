"""Write the page of results, one HTML file that needs no other, and the main tables as CSV.

Reads: the account of the run, final clusters and their stability, folds, profiles and pictures.
Writes: ``index.html`` and CSV files beside it.
"""

import base64
import json
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from common.job import JobLog, run
from common.tables import read_table
from methods.names import by_number

TEMPLATE = Path(__file__).resolve().parents[1] / "workflow" / "report" / "page.html.j2"


def main(snakemake: Any, log: JobLog) -> None:
    """Fill the template."""
    files, output = snakemake.input, snakemake.output
    account = json.loads(Path(files.run).read_text(encoding="utf-8"))
    final = read_table(files.clusters, "final_clusters").to_pandas()
    final.to_csv(output.clusters, index=False)
    trust = read_table(files.stability, "stability").to_pandas()
    trust.to_csv(output.stability, index=False)
    read_table(files.folds, "folds").to_pandas().to_csv(output.folds, index=False)
    for track in ("internal", "external"):
        profiles = read_table(files[f"{track}_profiles"], "profiles").to_pandas()
        profiles.to_csv(output[f"{track}_profiles"], index=False, float_format="%.6g")

    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        TEMPLATE.read_text(encoding="utf-8")
    )
    page = template.render(
        run=account,
        tables=[Path(path).name for path in output if path.endswith(".csv")],
        pictures=[(Path(path).stem, encode(path)) for path in files.pictures],
        categories=summarize(final, trust),
        chosen=[
            {"track": track, **row}
            for track in ("internal", "external")
            for row in read_table(files[f"{track}_k"], "k").to_pylist()
        ],
    )
    Path(output.page).write_text(page, encoding="utf-8")
    log.done(f"{output.page}, {len(files.pictures)} pictures, {len(output) - 1} tables as CSV")


def summarize(final: pd.DataFrame, trust: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the final clusters of each category with their stores, share of sales and trust."""
    final = final.assign(sales=final["sales"].astype(float))
    summaries = []
    for category, stores in final.groupby("category"):
        clusters = stores.groupby("final_cluster").agg(
            stores=("store_id", "size"),
            sales=("sales", "sum"),
            reassigned=("reassigned", "sum"),
            confidence=("confidence", "median"),
        )
        total = clusters["sales"].sum()
        clusters["share"] = clusters["sales"] / total if total else 0.0
        found = trust[trust["category"] == category].set_index("final_cluster")
        clusters = clusters.join(found[["jaccard", "trust"]])
        rows = clusters.reset_index().to_dict("records")
        rows.sort(key=lambda row: by_number(row["final_cluster"]))
        summaries.append({"name": category, "clusters": rows})
    return summaries


def encode(path: str) -> str:
    """Return a picture as text that a page can hold."""
    return base64.b64encode(Path(path).read_bytes()).decode()


if __name__ == "__main__":
    run(main, snakemake)
