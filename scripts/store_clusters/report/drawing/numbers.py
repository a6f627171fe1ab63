"""Why this many final clusters: what fewer and more would be, per category."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

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

MOST_LABELS = 9  # numbers that can be told below a panel
RING: Any = {"marker": "o", "markersize": 11, "linestyle": "none", "fillstyle": "none"}
RING |= {"color": COLOURS[5], "markeredgewidth": 2}
LINE: Any = {"color": BLUE, "marker": "o", "markersize": 4}
STABLE: Any = {"color": GREEN, "marker": "o", "markersize": 4}
SPLIT: Any = {"color": ORANGE, "marker": "D", "markersize": 6, "linestyle": "none"}
HISTORY: Any = {"color": GREY, "linestyle": "--"}


def draw_numbers(numbers: pd.DataFrame, categories: pd.DataFrame, shown: Sequence[str]) -> Figure:
    """Draw what each number of final clusters explains of sales held out, per category ``shown``.

    Below each number stands how many of the clusters are stable, and the stores of the smallest.
    Without dates, the line is the share of clusters that are stable. ``numbers`` and
    ``categories`` are the tables of these names.
    """
    title = _finding(categories) + of_all(len(shown), len(categories))
    figure, axes = figure_of(len(shown), 3, title, height=2.9)
    by_category: Any = categories.set_index("category").to_dict("index")
    for axis, name in zip(axes, shown, strict=True):
        own = numbers[numbers["category"] == name].sort_values("clusters")
        _draw(axis, own, by_category[name]["history"])
        count = counted(by_category[name]["final_clusters"], "final cluster")
        axis.set_title(f"{short(name)}: {count}", **PLAIN)
    dated = numbers["category"].isin(shown) & numbers["explained"].notna()
    handles = [Line2D([], [], **RING, label="chosen")]
    if dated.any():
        line = Line2D([], [], **LINE, label="explained of sales in months held out")
        parted = Line2D([], [], **SPLIT, label="one more, parted by surroundings")
        own_mix = Line2D([], [], **HISTORY, label="explained by each store's own mix")
        handles = [line, parted, own_mix, *handles]
    if not dated.all():
        handles.append(Line2D([], [], **STABLE, label="share of clusters that are stable, undated"))
    look: Any = {"ncols": 2 if len(shown) == 1 else 4, "frameon": False, "fontsize": 8}
    figure.legend(handles=handles, loc="outside lower left", **look)
    return figure


def _draw(axis: Axes, numbers: pd.DataFrame, history: float) -> None:
    dated = numbers["explained"].notna().any()
    x, y = numbers["clusters"], numbers["explained" if dated else "stable"]
    axis.plot(x, y, **(LINE if dated else STABLE))
    split = (numbers["made_by"] == "split").to_numpy()
    axis.plot(x[split], y[split], **SPLIT)
    chosen = numbers["chosen"].to_numpy()
    axis.plot(x[chosen], y[chosen], **RING)
    low = min(0.0, float(y.min()))
    top = float(y.max())
    if dated and not np.isnan(history):
        axis.axhline(history, **HISTORY)
        top = max(top, history)
    axis.set_ylim(low - 0.04, max(top, low + 0.1) * 1.08)
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    if history <= 0:
        axis.text(0.5, 0.7, "no mixes that last", ha="center", transform=axis.transAxes)
    told = _told(numbers)
    stable = (told["stable"] * told["clusters"]).round().astype(int)
    rows = zip(told["clusters"], stable, told["smallest"], strict=True)
    labels = [f"{count}\n{good}\n{least:,}" for count, good, least in rows]
    axis.set_xticks(told["clusters"].tolist(), labels, fontsize=8)
    axis.set_xlim(float(x.min()) - 0.5, float(x.max()) + 0.5)
    look: Any = {"fontsize": 8, "ha": "right", "va": "top", "linespacing": 1.2}
    axis.annotate(
        "clusters\nstable\nsmallest",
        (0, 0),
        (-6, -7),
        xycoords="axes fraction",
        textcoords="offset points",
        **look,
    )


def _told(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers that have room for a label, evenly spread; the chosen one always."""
    if len(numbers) <= MOST_LABELS:
        return numbers
    step = -(-len(numbers) // (MOST_LABELS - 2))
    at = int(numbers["chosen"].to_numpy().argmax())
    return numbers.iloc[at % step :: step]


def _finding(categories: pd.DataFrame) -> str:
    """Say what the final clusters of all categories explain."""
    count = categories["final_clusters"]
    if not count.any():
        return "No store has a final cluster"
    low, high = int(count.min()), int(count.max())
    of = counted(high, "final cluster") if low == high else f"{low} to {high} final clusters"
    of += " per category" if len(categories) > 1 else ""
    dated = categories.dropna(subset=["explained", "history"])
    if len(dated):
        dated = dated[dated["history"] > 0]  # else all sell the same mix: nothing to explain
        if dated.empty:
            return f"{of}; in none do the mixes of stores differ in a way that lasts"
    if dated.empty:
        return f"{of}; without dates, what comes back on resamples decides"
    middle = " (medians)" if len(dated) > 1 else ""
    middle += f" in {dated['category'].iloc[0]}" if 1 == len(dated) < len(categories) else ""
    return (
        f"{of} explain {dated['explained'].median():.1%} of what stores sell in months held out, "
        f"each store's own mix {dated['history'].median():.1%}{middle}"
    )
