"""What clusters sell and are like, as heat maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from store_clusters.describe.words import number, percent
from store_clusters.merge.names import by_number
from store_clusters.report.drawing.style import PLAIN, figure_of, of_all, short

MOST_FEATURES = 30
MOST_WRITTEN = 14  # clusters side by side, so that a number fits into a cell
MOST_ABREAST = 8  # clusters in each of two panels side by side
COLOURMAP = colormaps["PuOr_r"]
INDICES, EFFECTS = Normalize(0, 200), Normalize(-3, 3)
CHANCE = 0.25  # how strongly differences that chance could make are coloured


def draw_mix(profiles: pd.DataFrame, cluster: str, what: str, shown: Sequence[str]) -> Figure:
    """Draw the index of every cluster by need state, chain = 100, per category.

    Args:
        profiles: Of need states: ``group``, the column ``cluster``, ``feature``, ``words``,
            ``named`` (whether the title may name it), ``index``, ``distinguishable``.
        cluster: Column with the clusters.
        what: Kind of clusters, for the title.
        shown: Categories; those of one need state or one cluster have nothing to show.
    """
    told = profiles.loc[profiles["distinguishable"] & profiles["index"].notna() & profiles["named"]]
    title = f"What {what} clusters sell more (over 100) and less of than the chain"
    if len(told):
        most = told.iloc[int(told["index"].argmax())]
        times = f"{most['index'] / 100:.1f} times the chain's share of"
        title = f"{short(most['group'])} {most[cluster]} sells {times} {short(most['words'])}"
    own = profiles[profiles["group"].isin(shown)]
    features, clusters = (own.groupby("group")[name].nunique() for name in ("feature", cluster))
    rows = int(features.clip(upper=MOST_FEATURES).max())
    several = [group for group in shown if features[group] > 1 and clusters[group] > 1]
    shown = several or list(shown)
    columns = 1 if clusters[shown].max() > MOST_ABREAST else 2
    title += of_all(len(set(own["group"])), profiles["group"].nunique())
    figure, axes = figure_of(len(shown), columns, title, height=1.1 + 0.2 * rows)
    for axis, category in zip(axes, shown, strict=True):
        table = own[own["group"] == category]
        index = _grid(table, cluster, "index")
        kept = index.sub(100).abs().max(axis=1).nlargest(MOST_FEATURES).index
        index = index[index.index.isin(kept)]
        texts = index.map(lambda value: f"{round(value):d}" if np.isfinite(value) else "")
        _draw_grid(axis, index, texts, _grid(table, cluster, "distinguishable"), INDICES)
        axis.set_yticks(range(len(index)), _written_out(table, index, 28), **PLAIN)
        some = f" ({len(index)} of {len(set(table['feature']))} need states)"
        title = short(category) + (some if len(index) < len(set(table["feature"])) else "")
        axis.set_title(title, **PLAIN)
        axis.set_xlabel(f"{what} cluster")
    _explain(figure, axes, INDICES, "index, chain = 100;\npale: chance could make it")
    return figure


def draw_surroundings(profiles: pd.DataFrame) -> Figure:
    """Draw how far external clusters lie from all other stores, feature by feature.

    ``profiles`` is the table of that name of the external track, with ``words`` and ``named`` as
    for :func:`draw_mix`.
    """
    effect = _grid(profiles, "cluster", "effect")
    kept = effect.abs().max(axis=1).nlargest(MOST_FEATURES).index
    effect = effect.loc[kept]
    known = profiles[profiles["distinguishable"] & profiles["named"]]
    title = "External clusters hardly differ in any feature"
    if len(known):
        most = known.iloc[int(known["effect"].abs().argmax())]
        words = most["words"]
        level, more = "=" in str(most["feature"]), most["effect"] > 0
        how = ("" if more else "not ") if level else ("high " if more else "low ")
        title = f"External cluster {most['cluster']} stands out most: {how}{words}"
    figure, axes = figure_of(1, 1, title, height=1.2 + 0.24 * len(effect))
    units = profiles.drop_duplicates("feature").set_index("feature")["unit"]
    value = _grid(profiles, "cluster", "value").loc[kept]
    texts = pd.DataFrame(
        [
            [_written(x, units[feature]) for x in row]
            for feature, row in zip(value.index, value.to_numpy(), strict=True)
        ],
        index=value.index,
        columns=value.columns,
    )
    told = _grid(profiles, "cluster", "distinguishable")
    _draw_grid(axes[0], effect, texts, told, EFFECTS)
    axes[0].set_yticks(range(len(effect)), _written_out(profiles, effect, 40), **PLAIN)
    axes[0].set_xlabel("external cluster; the number is its mean, or its share of stores")
    _explain(figure, axes, EFFECTS, "standard deviations above\nall other stores; pale: chance")
    return figure


def _grid(table: pd.DataFrame, cluster: str, column: str) -> pd.DataFrame:
    """Return one row per feature and one column per cluster, clusters as people count."""
    grid = table.pivot_table(
        index="feature", columns=cluster, values=column, aggfunc="first", dropna=False
    )
    codes: list[Any] = sorted(grid.columns, key=lambda x: by_number(x) if "_" in str(x) else x)
    return grid[codes]


def _written_out(table: pd.DataFrame, grid: pd.DataFrame, length: int) -> list[str]:
    """Return the words for the features of a grid, no longer than that."""
    words = table.drop_duplicates("feature").set_index("feature")["words"]
    return [short(words[feature], length) for feature in grid.index]


def _draw_grid(
    axis: Axes, values: pd.DataFrame, texts: pd.DataFrame, told: pd.DataFrame, scale: Normalize
) -> None:
    """Colour cells by value, pale where chance could make the difference, and write in them."""
    numbers = values.to_numpy(dtype=float)
    colours = COLOURMAP(
        scale(np.nan_to_num(numbers, nan=scale.vmin + np.ptp([scale.vmin, scale.vmax]) / 2))
    )
    strength = np.where(told.reindex(values.index).to_numpy(dtype=bool), 1.0, CHANCE)[..., None]
    colours[..., :3] = strength * colours[..., :3] + (1 - strength)
    axis.imshow(colours, aspect="auto")
    columns = [str(code) for code in values.columns]
    upright = len(columns) > MOST_ABREAST and "_" in columns[0]
    axis.set_xticks(range(len(columns)), columns, rotation=90 if upright else 0)
    axis.set_yticks(range(len(values)), [short(name) for name in values.index], **PLAIN)
    if len(columns) > MOST_WRITTEN:
        return
    for (row, column), text in np.ndenumerate(texts.to_numpy()):
        dark = colours[row, column, :3].mean() < 0.5
        look: Any = {"ha": "center", "va": "center", "fontsize": 7}
        axis.text(column, row, text, color="white" if dark else "black", **look)


def _explain(figure: Figure, axes: Sequence[Axes], scale: Normalize, label: str) -> None:
    if len(axes):
        mappable = ScalarMappable(scale, COLOURMAP)
        figure.colorbar(mappable, ax=list(axes), label=label, fraction=0.02, extend="both")


def _written(value: float, unit: str) -> str:
    if not np.isfinite(value):
        return ""
    return percent(value) if unit == "share" else number(value)
