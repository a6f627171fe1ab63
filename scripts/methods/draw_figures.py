"""Pictures of a run: tables in, matplotlib figures out."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from methods.colours import COLOURS
from methods.names import by_number

MOST_PANELS = 12
STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "svg.hashsalt": "store-clusters",
}


def draw_sales(read: Decimal, set_aside: Mapping[str, Decimal], clustered: Decimal) -> Figure:
    """Where the sales went: read, set aside by reason, clustered."""
    figure, axes = _figure(1, 1, height=1.2 + 0.35 * (len(set_aside) + 2))
    labels = [
        "read",
        *(f"set aside: {reason.replace('_', ' ')}" for reason in set_aside),
        "clustered",
    ]
    values = [read, *set_aside.values(), clustered]
    left, ends = [0.0], float(read)
    for value in set_aside.values():
        ends -= float(value)
        left.append(ends)
    axis = axes[0]
    colours = [COLOURS[0], *[COLOURS[5]] * len(set_aside), COLOURS[2]]
    axis.barh(labels, [float(value) for value in values], left=[*left, 0.0], color=colours)
    for row, (value, start) in enumerate(zip(values, [*left, 0.0], strict=True)):
        inside = row in {0, len(values) - 1}
        axis.text(
            float(read) * 0.01 if inside else start,
            row,
            f"{value:,.2f} " if not inside else f"{value:,.2f}",
            va="center",
            ha="left" if inside else "right",
            color="white" if inside else "black",
        )
    axis.invert_yaxis()
    axis.set_xlabel("sales")
    axis.xaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
    share = float(clustered / read) if read else 0.0
    figure.suptitle(f"{share:.1%} of sales belong to stores with a final cluster")
    return figure


def draw_scores(scores: pd.DataFrame, criterion: str, track: str) -> Figure:
    """The score of every number of clusters tried, and the number chosen, per group."""
    scores = scores[scores["criterion"] == criterion]
    groups = _first(scores["group"].unique())
    figure, axes = _figure(len(groups), 3)
    for axis, group in zip(axes, groups, strict=False):
        rows = scores[scores["group"] == group].sort_values("k")
        best = rows[rows["chosen"]]
        axis.plot(rows["k"], rows["score"], color=COLOURS[0], marker="o", markersize=3)
        axis.plot(best["k"], best["score"], color=COLOURS[5], marker="o", linestyle="none")
        chosen = f"{best['k'].iloc[0]} clusters" if len(best) else "none chosen"
        axis.set_title(f"{group}: {chosen}")
        axis.set_xlabel("number of clusters")
        axis.set_ylabel(criterion.replace("_", " "))
        axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    figure.suptitle(f"How many {track} clusters: the score of every number tried")
    return figure


def draw_sizes(clusters: pd.DataFrame, min_size: int) -> Figure:
    """Stores per final cluster and category, against the smallest usable size."""
    categories = _first(clusters["category"].unique())
    figure, axes = _figure(len(categories), 3)
    for axis, category in zip(axes, categories, strict=False):
        rows = clusters[(clusters["category"] == category) & clusters["final_cluster"].notna()]
        sizes = pd.crosstab(rows["final_cluster"], rows["reassigned"])
        sizes = sizes.reindex(columns=[False, True], fill_value=0)
        sizes = sizes.loc[sorted(sizes.index, key=by_number)]
        axis.bar(sizes.index, sizes[False], color=COLOURS[0], label="own cluster")
        axis.bar(sizes.index, sizes[True], bottom=sizes[False], color=COLOURS[4], label="folded in")
        axis.axhline(min_size, color="black", linewidth=0.8, linestyle=":")
        axis.set_title(f"{category}: {len(sizes)} final clusters")
        axis.set_ylabel("stores")
        axis.set_xlabel("final cluster (internal_external)")
        if len(sizes) > 6:
            axis.tick_params(axis="x", rotation=60)
    if len(axes):
        axes[0].legend(frameon=False, fontsize=8)
    figure.suptitle(f"Stores per final cluster; the dotted line is the smallest size, {min_size}")
    return figure


def draw_profiles(profiles: pd.DataFrame) -> Figure:
    """Index of each internal cluster by need state, chain = 100, per category."""
    categories = _first(profiles["group"].unique())
    longest = max(
        (profiles[profiles["group"] == g]["feature"].nunique() for g in categories), default=1
    )
    rows_high = 1.1 + 0.2 * min(longest, 30)
    figure, axes = _figure(len(categories), 2, height=rows_high)
    for axis, category in zip(axes, categories, strict=False):
        table = profiles[profiles["group"] == category]
        table = table.pivot_table(index="feature", columns="cluster", values="index")
        spread = table.sub(100).abs().max(axis=1).nlargest(30).index
        table = table.loc[[name for name in table.index if name in spread]]
        image = axis.imshow(table, cmap="PuOr_r", vmin=0, vmax=200, aspect="auto")
        axis.set_xticks(range(table.shape[1]), [f"{c}" for c in table.columns])
        axis.set_yticks(range(table.shape[0]), [_label(name) for name in table.index])
        axis.set_xlabel("internal cluster")
        axis.set_title(category)
        for (row, column), value in np.ndenumerate(table.to_numpy()):
            if np.isfinite(value):
                colour = "white" if abs(value - 100) > 70 else "black"
                axis.text(
                    column, row, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=7
                )
    if len(categories):
        figure.colorbar(image, ax=list(axes), label="index, chain = 100", fraction=0.02)
    figure.suptitle("What clusters sell more (over 100) and less of than the chain")
    return figure


def draw_stores(
    panels: Mapping[str, tuple[npt.NDArray[np.float64], pd.DataFrame]],
    meanings: Mapping[str, Sequence[str]],
    track: str,
) -> Figure:
    """Stores in the plane of the first two components, per group.

    ``panels`` maps a group to (n_stores, n_components) values and a table with ``cluster`` and
    ``outlier`` for the same stores, ``meanings`` to what each of the components means.
    """
    names = _first(list(panels))
    figure, axes = _figure(len(names), 3, height=3.3)
    wide = 48 if len(names) > 1 else 100
    plain: Any = {"fontsize": 8, "parse_math": False}  # names of features may hold a dollar
    for axis, name in zip(axes, names, strict=False):
        values, stores = panels[name]
        second = values[:, 1] if values.shape[1] > 1 else np.zeros(len(values))
        labels, outlier = stores["cluster"].to_numpy(), stores["outlier"].to_numpy()
        for label in np.unique(labels):
            colour = COLOURS[(label - 1) % len(COLOURS)]
            ordinary, unusual = (labels == label) & ~outlier, (labels == label) & outlier
            axis.scatter(values[ordinary, 0], second[ordinary], s=9, color=colour, label=str(label))
            axis.scatter(values[unusual, 0], second[unusual], s=18, color=colour, marker="x")
        axis.set_title(f"{name}: {len(np.unique(labels))} clusters")
        axis.set_xlabel(_wrapped(meanings[name][0], wide), **plain)
        if values.shape[1] > 1:
            axis.set_ylabel(_wrapped(meanings[name][1], 40), **plain)
        else:
            axis.set_yticks([])
        axis.legend(frameon=False, fontsize=7, markerscale=1.3, handletextpad=0.1)
    about = {"internal": "sales mix", "external": "external features"}[track]
    figure.suptitle(f"Stores by {about}, first two components; crosses are unusual stores")
    return figure


def _figure(panels: int, columns: int, height: float = 2.6) -> tuple[Figure, Sequence[Axes]]:
    mpl.rcParams.update(STYLE)
    columns = max(1, min(columns, panels))
    rows = max(1, -(-panels // columns))
    width = 8.5 if columns == 1 else 4.0 * columns
    figure = Figure(figsize=(width, height * rows + 0.5), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axis in axes[max(1, panels) :]:
        axis.set_visible(False)
    return figure, axes[:panels]


def _first(groups: Iterable[str]) -> list[str]:
    return sorted(groups)[:MOST_PANELS]


def _wrapped(text: str, width: int) -> str:
    """Break a long label into at most three lines."""
    return "\n".join(textwrap.wrap(text, width, max_lines=3, placeholder=" …"))


def _label(name: str) -> str:
    """Shorten a need state; of a whole store's, its category and itself each."""
    if " · " in name and len(name) > 28:
        return " · ".join(_short(part, 18) for part in name.split(" · "))
    return _short(name)


def _short(name: str, length: int = 28) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"
