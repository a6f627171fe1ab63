"""Draw the pictures of a run.

Reads: the account of the run, final clusters, and both tracks' scores, components and profiles.
Writes: one PNG per picture.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from common.features import read_matrices
from common.job import JobLog, run
from common.tables import read_table
from methods.draw_figures import draw_profiles, draw_sales, draw_scores, draw_sizes, draw_stores


def main(snakemake: Any, log: JobLog) -> None:
    """Draw every output of the rule."""
    files, output = snakemake.input, snakemake.output
    sales = json.loads(Path(files.run).read_text(encoding="utf-8"))["sales"]
    aside = {reason: Decimal(value) for reason, value in sales["set_aside_by_reason"].items()}
    save(draw_sales(Decimal(sales["read"]), aside, Decimal(sales["clustered"])), output.sales)
    final = frame(files.clusters, "final_clusters")
    save(draw_sizes(final, snakemake.params.min_size), output.sizes)
    save(draw_profiles(frame(files.internal_profiles, "profiles")), output.profiles)
    for track in ("internal", "external"):
        criterion = snakemake.params.criterion[track]
        save(
            draw_scores(frame(files[f"{track}_k_scores"], "k_scores"), criterion, track),
            output[f"{track}_k"],
        )
        clusters = frame(files[f"{track}_clusters"], "clusters")
        panels = {
            matrix.group: (matrix.values, clusters[clusters["group"] == matrix.group])
            for matrix in read_matrices(files[f"{track}_reduced"], "reduced", "component")
        }
        components = frame(files[f"{track}_components"], "components")
        meanings = {group: list(rows["meaning"]) for group, rows in components.groupby("group")}
        save(draw_stores(panels, meanings, track), output[f"{track}_stores"])
    log.done(f"{len(output)} pictures", files=list(output))


def frame(path: str, name: str) -> pd.DataFrame:
    """Read a table as a data frame."""
    return read_table(path, name).to_pandas()


def save(figure: Figure, path: str) -> None:
    """Write a figure as PNG, without the date that would make its bytes differ."""
    figure.savefig(path, dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    run(main, snakemake)
