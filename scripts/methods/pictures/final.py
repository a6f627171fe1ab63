"""How final clusters came about, and how far they can be trusted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from methods.names import by_number
from methods.pictures.style import (
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    ORANGE,
    PLAIN,
    counted,
    figure_of,
    of_all,
    short,
)

ONE_TRACK = "one track only"  # stores that have no pair of clusters
GAP = 0.012  # between bars, as a share of the height
SMALLEST_LABEL = 0.022  # height of a bar that can be labelled
TRUST = {  # from the least stable
    "do_not_trust": COLOURS[5],
    "doubtful": ORANGE,
    "stable": COLOURS[4],
    "highly_stable": GREEN,
}
LIMITS = (0.6, 0.75, 0.85)


def draw_flow(clusters: pd.DataFrame, min_size: int, shown: Sequence[str]) -> Figure:
    """Draw how internal x external clusters became final ones, per category."""
    placed = clusters[clusters["final_cluster"].notna()]
    moved = int(placed["reassigned"].sum())
    before, after = (
        placed.groupby("category")[name].nunique().sum()
        for name in ("merged_cluster", "final_cluster")
    )
    title = (
        f"{counted(before, 'pair')} of internal and external clusters became "
        f"{counted(after, 'final cluster')}; "
        f"stores moved in {moved / max(1, len(placed)):.1%} of cases"
    )
    title += of_all(len(shown), clusters["category"].nunique())
    figure, axes = figure_of(len(shown), 3, title, height=3.4)
    for axis, category in zip(axes, shown, strict=True):
        own = placed[placed["category"] == category]
        _draw_flows(axis, own.assign(merged_cluster=own["merged_cluster"].fillna(ONE_TRACK)))
        count = own["final_cluster"].nunique()
        axis.set_title(f"{short(category)}: {counted(count, 'final cluster')}", **PLAIN)
    figure.supxlabel(
        f"Stores in pairs of clusters (left) and in final clusters, of at least {min_size} stores "
        "where that is possible (right); orange: moved",
        fontsize=9,
    )
    return figure


def draw_stability(stability: pd.DataFrame, shown: Sequence[str]) -> Figure:
    """Draw how similar every final cluster is found on resampled stores, per category."""
    counts = stability["trust"].value_counts()
    good = int(counts.get("stable", 0) + counts.get("highly_stable", 0))
    bad = int(counts.get("do_not_trust", 0))
    title = f"{good} of {counted(len(stability), 'final cluster')} are stable"
    title += f", {bad} not to be trusted" if bad else ""
    title += of_all(len(shown), stability["category"].nunique())
    own = stability[stability["category"].isin(shown)]
    bars = int(own.groupby("category").size().max()) if len(own) else 1
    figure, axes = figure_of(len(shown), 3, title, height=0.9 + 0.22 * max(4, min(bars, 40)))
    for axis, category in zip(axes, shown, strict=True):
        rows = own[own["category"] == category]
        rows = rows.sort_values("final_cluster", key=lambda codes: codes.map(by_number))
        colours = [TRUST[trust] for trust in rows["trust"]]
        axis.barh(range(len(rows)), rows["jaccard"], color=colours)
        axis.set_yticks(range(len(rows)), rows["final_cluster"])
        axis.invert_yaxis()
        for limit in LIMITS:
            axis.axvline(limit, color="black", linewidth=0.8, linestyle=":")
        axis.set_xlim(0, 1)
        axis.set_xticks(
            [0, *LIMITS, 1], ["0", *(f"{limit:g}" for limit in LIMITS), "1"], fontsize=8
        )
        axis.set_xlabel("Jaccard similarity on resampled stores")
        axis.set_title(short(category), **PLAIN)
    if len(axes):
        handles = [
            Patch(color=colour, label=trust.replace("_", " ")) for trust, colour in TRUST.items()
        ]
        look: Any = {"ncols": 4, "frameon": False, "fontsize": 8}
        figure.legend(handles=handles, loc="outside lower left", **look)
    return figure


def _draw_flows(axis: Axes, stores: pd.DataFrame) -> None:
    """Draw bars for the clusters before (left) and after (right), and bands between them."""
    axis.set_xlim(-0.25, 1.25)
    axis.set_ylim(1, 0)
    axis.set_axis_off()
    if not len(stores):
        return
    ends = ["merged_cluster", "final_cluster"]
    most = max(stores[name].nunique() for name in ends)
    gap = min(GAP, 0.2 / most)
    height = (1 - gap * (most - 1)) / len(stores)  # of a store
    left, right = (
        _bars(axis, stores[name].value_counts(), x, height, gap)
        for name, x in zip(ends, (-0.03, 1.0), strict=True)
    )
    flows: Any = stores.groupby([*ends, "reassigned"]).size().items()
    for (source, target, moved), count in sorted(flows, key=lambda flow: _order(*flow[0])):
        _band(axis, left[source], right[target], count * height, ORANGE if moved else GREY)
        left[source] += count * height
        right[target] += count * height


def _bars(axis: Axes, sizes: pd.Series, x: float, store: float, gap: float) -> dict[str, float]:
    """Draw one column of bars, as high as they have stores; return where each begins."""
    top, starts = 0.0, {}
    for code in sorted(sizes.index, key=_order):
        height = sizes[code] * store
        axis.add_patch(PathPatch(_box(x, top, 0.03, height), facecolor=BLUE, edgecolor="none"))
        if height >= SMALLEST_LABEL:
            at, side = (x - 0.02, "right") if x < 0.5 else (x + 0.05, "left")
            text = f"{code}  {sizes[code]:,}" if side == "left" else f"{sizes[code]:,}  {code}"
            axis.text(at, top + height / 2, text, ha=side, va="center", fontsize=7)
        starts[code] = top
        top += height + gap
    return starts


def _order(*codes: object) -> list[tuple[int, int, int, str]]:
    """Return what sorts clusters as people count, stores without a pair last."""
    clusters = [code for code in codes if isinstance(code, str)]
    return [by_number(code) if code != ONE_TRACK else (10**9, 0, 0, "") for code in clusters]


def _band(axis: Axes, left: float, right: float, height: float, colour: str) -> None:
    curve = [(0, left), (0.5, left), (0.5, right), (1, right)]
    back = [(1, right + height), (0.5, right + height), (0.5, left + height), (0, left + height)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    path = Path(np.array([*curve, *back, curve[0]]), codes)
    axis.add_patch(PathPatch(path, facecolor=colour, alpha=0.6, edgecolor="none"))


def _box(x: float, y: float, width: float, height: float) -> Path:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return Path(np.array(corners), closed=True)
