"""Stores as points: by what sets them apart most, and on a map."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from store_clusters.merge.names import by_number
from store_clusters.report.drawing.style import (
    GREY,
    PLAIN,
    colour,
    counted,
    figure_of,
    marker,
    of_all,
    short,
    wrapped,
)

MOST_NAMED = 12  # clusters that a legend has room for

Floats = npt.NDArray[np.float64]


def draw_stores(
    panels: Mapping[str, tuple[Floats, pd.DataFrame]],
    meanings: Mapping[str, Sequence[str]],
    track: str,
    unusual: float,
    groups: int,
) -> Figure:
    """Draw stores in the plane of the first two components, per group.

    Args:
        panels: From groups to (n_stores, n_components) values and a table with ``cluster`` and
            ``outlier`` for the same stores.
        meanings: From groups to what each of the components means.
        track: The track.
        unusual: The share of outliers among the stores of all groups.
        groups: How many groups there are, with a panel or not.
    """
    about = {"internal": "what they sell", "external": "their surroundings"}[track]
    crosses = f"{unusual:.1%} are unusual (crosses)" if unusual else "none is unusual"
    title = f"Stores by {about}: {crosses}"
    height = 3.3 if len(panels) > 1 else 5.0
    figure, axes = figure_of(len(panels), 3, title + of_all(len(panels), groups), height)
    wide = 48 if len(panels) > 1 else 100
    for axis, (name, (values, stores)) in zip(axes, panels.items(), strict=True):
        second = values[:, 1] if values.shape[1] > 1 else np.zeros(len(values))
        points = np.column_stack([values[:, 0], second])
        clusters = stores["cluster"].to_numpy()
        _draw_points(axis, points, clusters, stores["outlier"].to_numpy())
        count = counted(len(np.unique(clusters)), "cluster")
        axis.set_title(f"{short(name)}: {count}" if groups > 1 else count, **PLAIN)
        axis.set_xlabel(wrapped(meanings[name][0], wide), fontsize=8, **PLAIN)
        if values.shape[1] > 1:
            axis.set_ylabel(wrapped(meanings[name][1], 40), fontsize=8, **PLAIN)
        else:
            axis.set_yticks([])
    return figure


def draw_map(clusters: pd.DataFrame, places: pd.DataFrame, shown: Sequence[str]) -> Figure:
    """Draw final clusters where their stores are, per category.

    ``places`` is indexed by store, with ``latitude`` and ``longitude`` in degrees.
    """
    where = places[["longitude", "latitude"]].reindex(clusters["store_id"]).to_numpy()
    known = ~np.isnan(where).any(axis=1)
    stores = clusters["store_id"][known].nunique()
    missing = clusters["store_id"].nunique() - stores
    title = f"Final clusters on the map: {counted(stores, 'store')}"
    title += f", {missing:,} without coordinates" if missing else ""
    figure, axes = figure_of(
        len(shown), 3, title + of_all(len(shown), clusters["category"].nunique()), 3.4
    )
    for axis, category in zip(axes, shown, strict=True):
        here = known & (clusters["category"] == category).to_numpy()
        final = clusters["final_cluster"].to_numpy()[here]
        points = where[here]
        placed = pd.notna(final)
        axis.scatter(points[~placed, 0], points[~placed, 1], s=4, color=GREY)
        codes = sorted(set(final[placed]), key=by_number)
        for number, code in enumerate(codes):
            own = final == code
            _scatter(axis, points[own], number, s=max(4, _size(len(points))), label=code)
        axis.set_title(f"{short(category)}: {counted(len(codes), 'cluster')}", **PLAIN)
        axis.set_xlabel("degrees east")
        axis.set_ylabel("degrees north")
        if len(points):
            axis.set_aspect(1 / max(0.1, np.cos(np.radians(points[:, 1].mean()))), "datalim")
        if 1 < len(codes) <= MOST_NAMED:
            scale = 4 / _size(len(points)) ** 0.5
            axis.legend(fontsize=6, frameon=False, markerscale=scale, handletextpad=0, ncols=2)
    return figure


def _draw_points(
    axis: Axes, points: Floats, clusters: npt.NDArray[np.int64], unusual: npt.NDArray[np.bool_]
) -> None:
    size = _size(len(points))
    for label in np.unique(clusters):
        own = clusters == label
        _scatter(axis, points[own & ~unusual], label - 1, s=size)
        crosses = points[own & unusual]
        _scatter(axis, crosses, label - 1, s=2 * size + 4, marker="x", linewidths=0.8)
    for label in np.unique(clusters):
        x, y = np.median(points[clusters == label], axis=0)
        edge = [withStroke(linewidth=2.5, foreground="white")]
        axis.text(
            x, y, str(label), ha="center", va="center", weight="bold", path_effects=edge, zorder=4
        )


def _scatter(axis: Axes, points: Floats, number: int, **look: Any) -> None:
    marks: Any = {"marker": marker(number), "linewidths": 0} | look
    axis.scatter(points[:, 0], points[:, 1], color=colour(number), **marks)


def _size(points: int) -> float:
    """Return the area of a mark: smaller where there are many."""
    return float(np.clip(2500 / max(points, 1), 1.5, 14))
