"""The stores of a track in the plane of its first two components."""

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure

from store_clusters.describe.labels import Labels
from store_clusters.features.components import describe_component
from store_clusters.report.drawing.largest import clustered
from store_clusters.report.drawing.points import draw_stores
from store_clusters.report.results import Results
from store_clusters.tables.matrices import column, matrices


def draw_plane(results: Results, track: str) -> Figure:
    """Draw the stores of the groups of a track that have a panel."""
    shown = clustered(results, track)
    everyone = results.table(f"{track}_clusters", ["group", "outlier"])
    clusters = results.groups(f"{track}_clusters", shown)
    loadings = results.groups(f"{track}_loadings", shown)
    panels, meanings = {}, {}
    for group, rows in results.groups(f"{track}_reduced", shown).items():
        (matrix,) = matrices(rows, "component")
        panels[group] = (matrix.values, clusters[group].to_pandas())
        meanings[group] = meanings_of(loadings[group], track, group, results.labels)
    unusual, groups = column(everyone, "outlier"), everyone["group"].unique()
    return draw_stores(panels, meanings, track, float(unusual.mean()), len(groups))


def meanings_of(loadings: pa.Table, track: str, group: str, labels: Labels) -> list[str]:
    """Say in words what each component of a group means; ``loadings`` are the group's rows."""
    features = list(dict.fromkeys(column(loadings, "feature")))
    words, named = labels.of(track, group, features)
    shares = column(loadings, "explained")[:: len(features)]
    by_component = column(loadings, "loading").reshape(-1, len(features))
    return [
        describe_component(weights, np.array(words, dtype=object), named)
        if share > 0
        else "stores do not differ"
        for share, weights in zip(shares, by_component, strict=True)
    ]
