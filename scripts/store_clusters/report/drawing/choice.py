"""How many clusters, and why: the score of every number tried, per group."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from store_clusters.describe.evidence import STATUS
from store_clusters.report.drawing.style import (
    BLUE,
    COLOURS,
    PLAIN,
    counted,
    figure_of,
    of_all,
    short,
)

ERRORS = {"gap": "gap_error", "prediction": "prediction_error"}
UNITS = {
    "gap": "gap statistic ± s.e.",
    "prediction": "share of held-out mix explained ± s.e.",
    "silhouette": "silhouette, higher is better",
    "calinski_harabasz": "Calinski-Harabasz, higher is better",
    "davies_bouldin": "Davies-Bouldin, lower is better",
}
WHY = {
    ("chosen", "gap"): "stores part at gaps",
    ("slices", "prediction"): "no groups, slices that explain held-out sales",
    ("slices", "gap"): "no groups, slices",
    ("no_groups", "gap"): "no groups",
    ("chosen", "prediction"): "explain held-out sales best",
}


def draw_choice(
    scores: pd.DataFrame, chosen: pd.DataFrame, track: str, shown: Sequence[str]
) -> Figure:
    """Draw the score that decided in each of the groups ``shown``, its spread and what it chose.

    ``scores`` and ``chosen`` are the tables ``k_scores`` and ``k``.
    """
    figure, axes = figure_of(
        len(shown), 3, _finding(chosen, track) + of_all(len(shown), len(chosen))
    )
    by_group: Any = chosen.set_index("group").to_dict("index")
    for axis, group in zip(axes, shown, strict=True):
        choice = by_group[group]
        why = WHY.get((choice["status"], choice["criterion"]), _otherwise(choice))
        title = f"{short(group)}: {counted(choice['k'], 'cluster')}" if len(chosen) > 1 else ""
        axis.set_title(f"{title}\n{why}".strip(), **PLAIN)
        _draw_scores(axis, scores[scores["group"] == group], choice)
    return figure


def _draw_scores(axis: Axes, scores: pd.DataFrame, choice: dict[str, Any]) -> None:
    criterion = choice["criterion"]
    by_k = scores.pivot_table(index="k", columns="criterion", values="score")
    if criterion not in by_k:
        axis.text(0.5, 0.5, "no number to choose", ha="center", transform=axis.transAxes)
        axis.set_axis_off()
        return
    rows = by_k[by_k[criterion].notna()]
    spread = rows.get(ERRORS.get(criterion, ""))
    axis.errorbar(
        rows.index,
        rows[criterion],
        yerr=spread,
        color=BLUE,
        marker="o",
        markersize=3,
        elinewidth=1,
        capsize=2,
    )
    if choice["k"] in rows.index:
        mark: Any = {"marker": "o", "markersize": 10, "linestyle": "none", "fillstyle": "none"}
        best = float(rows.loc[choice["k"], criterion])
        axis.plot(choice["k"], best, color=COLOURS[5], markeredgewidth=2, **mark)
    axis.set_xlabel("number of clusters")
    axis.set_ylabel(UNITS.get(criterion, criterion.replace("_", " ")))
    axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))


def _otherwise(choice: dict[str, Any]) -> str:
    if choice["status"] in STATUS:
        return STATUS[choice["status"]]
    if choice["status"] == "chosen":
        return f"best {choice['criterion'].replace('_', ' ')}"
    return str(choice["status"]).replace("_", " ")


def _finding(chosen: pd.DataFrame, track: str) -> str:
    low, high = chosen["k"].min(), chosen["k"].max()
    numbers = (
        counted(high, f"{track} cluster") if low == high else f"{low} to {high} {track} clusters"
    )
    if len(chosen) == 1:
        groups = (chosen["verdict"] == "groups").any()
        return f"{numbers}: stores {'form groups' if groups else 'form no groups of their own'}"
    found = (chosen["verdict"] == "groups").sum()
    return f"{numbers} per category; stores form groups in {found} of {len(chosen)} categories"
