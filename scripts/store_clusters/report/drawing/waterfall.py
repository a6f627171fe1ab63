"""Where the sales went, as a waterfall."""

from collections.abc import Mapping
from decimal import Decimal

import matplotlib as mpl
from matplotlib.figure import Figure

from store_clusters.report.drawing.style import BLUE, GREEN, ORANGE, figure_of


def draw_sales(read: Decimal, set_aside: Mapping[str, Decimal], clustered: Decimal) -> Figure:
    """Draw sales read, set aside by reason, and in final clusters."""
    share = float(clustered / read) if read else 0.0
    said = "More than 99.9%" if clustered < read and share >= 0.9995 else f"{share:.1%}"
    title = f"{said} of the sales read are in final clusters"
    title += ", the rest is set aside" if clustered < read else ""
    figure, (axis,) = figure_of(1, 1, title, height=1.0 + 0.35 * (len(set_aside) + 2))
    aside = [f"set aside: {reason.replace('_', ' ')}" for reason in set_aside]
    values = [float(value) for value in (read, *set_aside.values(), clustered)]
    starts, end = [0.0], values[0]
    for value in values[1:-1]:
        end -= value
        starts.append(end)
    starts.append(0.0)
    colours = [BLUE, *[ORANGE] * len(aside), GREEN]
    axis.barh(["read", *aside, "in final clusters"], values, left=starts, color=colours)
    for row, (value, start) in enumerate(zip(values, starts, strict=True)):
        whole = row in {0, len(values) - 1}
        axis.text(
            values[0] * 0.01 if whole else start,
            row,
            f"{value:,.2f} ",
            va="center",
            ha="left" if whole else "right",
            color="white" if whole else "black",
        )
    axis.invert_yaxis()
    axis.set_xlabel("sales")
    axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
    axis.xaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.0f}"))
    return figure
