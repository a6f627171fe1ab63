"""How final clusters came about, and how far they can be trusted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from store_clusters.describe.words import percent
from store_clusters.merge.names import by_number
from store_clusters.report.drawing.style import (
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
EVIDENCE = {  # colours, and what the kinds are called
    "group": (GREEN, "a group: comes back on resamples"),
    "slice": (COLOURS[4], "a slice: surely explains sales held out"),
    "whole": (GREY, "the whole category"),
    "none": (COLOURS[5], "no evidence, asked for by a limit or target"),
}
GROUP_FROM = 0.75


def draw_flow(clusters: pd.DataFrame, shown: Sequence[str]) -> Figure:
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
    sizes = placed.groupby(["category", "final_cluster"]).size()
    least = f", the smallest of {counted(int(sizes.min()), 'store')}" if len(sizes) else ""
    figure.supxlabel(
        f"Stores in pairs of clusters (left) and in final clusters{least} (right); orange: moved",
        fontsize=9,
    )
    return figure


def draw_stability(stability: pd.DataFrame, shown: Sequence[str]) -> Figure:
    """Draw the evidence for every final cluster, per category.

    Bars are as long as the cluster is found similar on resampled stores; beside those of slices is
    what parting them from their neighbours explains of sales held out, and what it does at least.
    """
    title = _evidence(Counter(stability["evidence"]))
    title += of_all(len(shown), stability["category"].nunique())
    own = stability[stability["category"].isin(shown)]
    bars = int(own.groupby("category").size().max()) if len(own) else 1
    figure, axes = figure_of(len(shown), 3, title, height=0.9 + 0.22 * max(4, min(bars, 40)))
    for axis, category in zip(axes, shown, strict=True):
        rows = own[own["category"] == category]
        rows = rows.sort_values("final_cluster", key=lambda codes: codes.map(by_number))
        colours = [EVIDENCE[kind][0] for kind in rows["evidence"]]
        axis.barh(range(len(rows)), rows["jaccard"], color=colours)
        axis.set_yticks(range(len(rows)), rows["final_cluster"])
        axis.invert_yaxis()
        axis.axvline(GROUP_FROM, color="black", linewidth=0.8, linestyle=":")
        for row, (kind, gain, low) in enumerate(
            zip(rows["evidence"], rows["gain"], rows["gain_low"], strict=True)
        ):
            if kind == "slice":
                words = f"explains {percent(gain)}, at least {percent(low)}"
                axis.text(0.02, row, words, va="center", fontsize=7)
        axis.set_xlim(0, 1)
        axis.set_xticks([0, 0.25, 0.5, GROUP_FROM, 1], ["0", "", "0.5", "0.75", "1"], fontsize=8)
        axis.set_xlabel("Jaccard similarity on resampled stores")
        axis.set_title(short(category), **PLAIN)
    if len(axes):
        found = set(stability["evidence"])
        handles = [Patch(color=c, label=of) for kind, (c, of) in EVIDENCE.items() if kind in found]
        look: Any = {"ncols": 2 if len(shown) == 1 else 4, "frameon": False, "fontsize": 8}
        figure.legend(handles=handles, loc="outside lower left", **look)
    return figure


def _evidence(counts: Mapping[str, int]) -> str:
    """Say how many final clusters have which evidence."""
    total = sum(counts.values())
    nouns = {"group": "group", "slice": "slice"}
    found = [counted(counts[kind], noun) for kind, noun in nouns.items() if counts.get(kind)]
    if counts.get("whole"):
        whole = counts["whole"]
        found.append("1 is a whole category" if whole == 1 else f"{whole} are whole categories")
    if counts.get("none"):
        found.append(f"{counts['none']:,} without evidence")
    of = f": {', '.join(found)}" if found else ""
    return f"Evidence for {counted(total, 'final cluster')}{of}"


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
