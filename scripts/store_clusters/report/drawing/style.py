"""What all pictures share: their style, their panels, their labels."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from store_clusters.report.colours import COLOURS
from store_clusters.run.files import complete

BLUE, ORANGE, GREEN, GREY = COLOURS[0], COLOURS[1], COLOURS[2], "#B8B8B8"
MARKERS = "os^D"  # with the colours, 32 clusters stay apart
MOST_PANELS = 12
DOTS_PER_INCH = 130
PLAIN: Any = {"parse_math": False}  # names may hold a dollar
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


def figure_of(
    panels: int, columns: int, title: str, height: float = 2.6
) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure and its panels, each ``height`` inches high, in at most so many columns."""
    mpl.rcParams.update(STYLE)
    columns = max(1, min(columns, panels))
    rows = max(1, -(-panels // columns))
    width = 8.5 if columns == 1 else 4.0 * columns
    lines = textwrap.wrap(title, int(width * 9.5))
    figure = Figure(figsize=(width, height * rows + 0.2 + 0.25 * len(lines)), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axis in axes[panels:]:
        axis.set_visible(False)
    figure.suptitle("\n".join(lines), **PLAIN)
    return figure, axes[:panels]


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, without the date that would make its bytes differ.

    The canvas draws it once, ``Figure.savefig`` would draw it twice.
    """
    figure.set_dpi(DOTS_PER_INCH)
    with complete(path) as beside:
        FigureCanvasAgg(figure).print_png(beside, metadata={"Software": None})


def of_all(shown: int, groups: int) -> str:
    """Say in a title where not every category has a panel."""
    return f" (the {shown} largest of {groups} categories)" if shown < groups else ""


def colour(number: int) -> str:
    """Return the colour of cluster 0, 1, ..."""
    return COLOURS[number % len(COLOURS)]


def marker(number: int) -> str:
    """Return the marker of cluster 0, 1, ..., another one when colours begin again."""
    return MARKERS[number // len(COLOURS) % len(MARKERS)]


def counted(count: int, noun: str) -> str:
    """Return ``1 cluster``, ``2 clusters``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def wrapped(text: str, width: int) -> str:
    """Break a long label into at most three lines."""
    return "\n".join(textwrap.wrap(text, width, max_lines=3, placeholder=" …"))


def short(name: str, length: int = 28) -> str:
    """Shorten a name; of a whole store's need state, its category and itself each."""
    if " · " in name and len(name) > length:
        return " · ".join(short(part, length * 2 // 3) for part in name.split(" · "))
    return name if len(name) <= length else f"{name[: length - 1]}…"
