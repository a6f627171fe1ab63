"""Draw the pictures of a run.

Reads: the account of the run; final clusters, their profiles and stability, what fewer or more
would be; where stores are; both tracks' clusters with their scores, components and profiles; how
features read.
Writes: one PNG per picture.
"""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from store_clusters.describe.label_tables import Labels, read_labels
from store_clusters.features.components import describe_component
from store_clusters.report.pictures.choice import draw_choice
from store_clusters.report.pictures.final import draw_flow, draw_stability
from store_clusters.report.pictures.numbers import draw_numbers
from store_clusters.report.pictures.profiles import draw_mix, draw_surroundings
from store_clusters.report.pictures.sales import draw_sales
from store_clusters.report.pictures.stores import draw_map, draw_stores
from store_clusters.report.pictures.style import MOST_PANELS
from store_clusters.run.files import complete, read_json
from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import read_table
from store_clusters.tables.matrices import by_group, column, read_matrices


def main(snakemake: Any, log: JobLog) -> None:
    """Draw every output of the rule."""
    files, output = snakemake.input, snakemake.output
    labels = read_labels(files.labels)
    sales = read_json(files.run)["sales"]
    aside = {reason: Decimal(value) for reason, value in sales["set_aside_by_reason"].items()}
    save(draw_sales(Decimal(sales["read"]), aside, Decimal(sales["clustered"])), output.sales)
    final = frame(files.clusters, "final_clusters")
    shown = largest(final)
    save(draw_flow(final, shown), output.flow)
    stability = frame(files.stability, "stability")
    placed = [category for category in shown if category in set(stability["category"])]
    save(draw_stability(stability, placed), output.stability)
    numbers, categories = frame(files.numbers, "numbers"), frame(files.categories, "categories")
    save(draw_numbers(numbers, categories, placed), output.final_k)
    mix = frame(files.profiles, "final_profiles").query("track == 'internal'")
    mix = labelled(mix.rename(columns={"category": "group"}), "internal", labels)
    save(draw_mix(mix, "final_cluster", "final", placed), output.final_mix)
    if "map" in dict(output.items()):
        places = frame(files.places, "places").set_index("store_id")
        save(draw_map(final, places, shown), output.map)
    for track in ("internal", "external"):
        draw_track(files, output, track, shown if track == "internal" else ["all"], labels)
    log.done(f"{len(output)} pictures", files=list(output))


def draw_track(files: Any, output: Any, track: str, shown: list[str], labels: Labels) -> None:
    """Draw the pictures of a track, of the groups ``shown`` that have clusters."""
    scores, chosen = frame(files[f"{track}_k_scores"], "k_scores"), frame(files[f"{track}_k"], "k")
    clusters = frame(files[f"{track}_clusters"], "clusters")
    shown = [group for group in shown if group in set(clusters["group"])]
    save(draw_choice(scores, chosen, track, shown), output[f"{track}_k"])
    members = dict(iter(clusters.groupby("group")))
    panels = {
        matrix.group: (matrix.values, members[matrix.group])
        for matrix in read_matrices(files[f"{track}_reduced"], "reduced", "component")
    }
    loadings = by_group(files[f"{track}_loadings"], "loadings")
    meanings = {group: meanings_of(loadings[group], track, group, labels) for group in shown}
    save(draw_stores(panels, meanings, track, shown), output[f"{track}_stores"])
    profiles = labelled(frame(files[f"{track}_profiles"], "profiles"), track, labels)
    if track == "internal":
        save(draw_mix(profiles, "cluster", track, shown), output.internal_mix)
    else:
        save(draw_surroundings(profiles), output.external_traits)


def labelled(profiles: pd.DataFrame, track: str, labels: Labels) -> pd.DataFrame:
    """Return profiles with the words for their features, and whether titles may name these."""
    keys = list(zip(profiles["group"], profiles["feature"], strict=True))
    return profiles.assign(
        words=[labels.words(track, *key) for key in keys],
        named=[labels.named(track, *key) for key in keys],
    )


def meanings_of(loadings: pa.Table, track: str, group: str, labels: Labels) -> list[str]:
    """Say in words what each component of a group means; ``loadings`` are the group's rows."""
    features = list(dict.fromkeys(column(loadings, "feature")))
    words, named = labels.of(track, group, features)
    shares = column(loadings, "explained")[:: len(features)]
    by_component = column(loadings, "loading").reshape(-1, len(features))
    return [
        describe_component(own, np.array(words, dtype=object), named)
        if share > 0
        else "stores do not differ"
        for share, own in zip(shares, by_component, strict=True)
    ]


def largest(final: pd.DataFrame) -> list[str]:
    """Return the categories with most sales, as many as have a panel, sorted by name."""
    sales = final.groupby("category")["sales"].sum().astype(float)
    return sorted(sales.sort_values(kind="stable").index[-MOST_PANELS:])


def frame(path: str, name: str) -> pd.DataFrame:
    """Read a table as a data frame."""
    return read_table(path, name).to_pandas()


def save(figure: Figure, path: str) -> None:
    """Write a figure as PNG, without the date that would make its bytes differ."""
    with complete(path) as beside:
        figure.savefig(beside, dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    run(main, snakemake)
