"""Tables and a picture of the runs of the benchmark."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from simulate import USUAL

CELL = ["scenario", "stores"]
WORTH_A_SHARE = 0.1  # of a smaller index than this of the oracle, no share is taken
FEWEST = 50  # stores of a bin whose share placed right is compared with its confidence
COLOURS = {
    "project": "#0072B2",
    "old_method": "#D55E00",
    "kmeans_silhouette": "#E69F00",
    "r_fpc": "#009E73",
}


@dataclass(frozen=True)
class Measure:
    """A line of the table: values of one method's runs, whose mean has a goal."""

    name: str
    goal: str
    values: Callable[[pd.DataFrame], pd.Series]
    percent: bool = False
    worst: Callable[[pd.Series], float] | None = None


def measures(sizes: list[int]) -> list[Measure]:
    """Return the lines of the table of goals."""
    joint_goals = {120: "≥ 0.80", 400: "≥ 0.92", 1500: "≥ 0.92"}
    return [
        Measure(
            "recovery per category, share of k-means with the true k on the same matrix",
            "≥ 0.95, none < 0.80",
            lambda runs: recovery(runs[runs["family"] == "category"]),
            worst=np.min,
        ),
        Measure(
            "the same for external features",
            "",
            lambda runs: recovery(runs[runs["family"] == "external"]),
            worst=np.min,
        ),
        *[
            Measure(
                f"joint segments after merging, {size:,} stores (adjusted Rand index)",
                joint_goals.get(size, ""),
                lambda runs, size=size: runs[(runs["track"] == "final") & (runs["stores"] == size)][
                    "ari"
                ],
            )
            for size in sizes
        ],
        Measure(
            "exact k",
            "≥ 88 %",
            lambda runs: by_cell(grouped(runs), lambda some: some["k"] == some["true_k"]),
            percent=True,
        ),
        Measure(
            "k within one",
            "≥ 96 %",
            lambda runs: by_cell(
                grouped(runs), lambda some: (some["k"] - some["true_k"]).abs() <= 1
            ),
            percent=True,
        ),
        Measure(
            "no structure recognised, clouds",
            "≥ 90 %",
            lambda runs: by_cell(runs[runs["structure"] == "none"], no_groups),
            percent=True,
            worst=np.min,
        ),
        Measure(
            "no structure recognised, gradients",
            "≥ 90 %",
            lambda runs: by_cell(runs[runs["structure"] == "gradient"], no_groups),
            percent=True,
            worst=np.min,
        ),
        Measure(
            "false “no structure”",
            "≤ 5 %",
            lambda runs: by_cell(grouped(runs), no_groups),
            percent=True,
            worst=np.max,
        ),
        Measure(
            "planted outliers found",
            "≥ 90 %",
            lambda runs: by_cell(runs.dropna(subset="recall"), lambda some: some["recall"]),
            percent=True,
            worst=np.min,
        ),
        Measure(
            "other stores flagged",
            "≤ 5 %",
            lambda runs: by_cell(
                runs.dropna(subset="false_flags"), lambda some: some["false_flags"]
            ),
            percent=True,
            worst=np.max,
        ),
        Measure("stores lost", "none", lambda runs: lost(runs)["lost"], percent=True, worst=np.max),
        Measure(
            "final clusters under the minimum size, per run",
            "none",
            lambda runs: runs.get("under_size", pd.Series(dtype=float)).dropna(),
            worst=np.max,
        ),
        Measure("seconds per data set", "", lambda runs: lost(runs)["seconds"], worst=np.max),
    ]


def grouped(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of tracks that have groups."""
    return runs[runs["structure"] == "groups"]


def usual(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that count in the table of goals."""
    return runs[runs["family"].isin(USUAL)]


def no_groups(runs: pd.DataFrame) -> pd.Series:
    """Return whether the method says that there are no groups."""
    return ~runs["groups"].astype(bool)


def by_cell(runs: pd.DataFrame, value: Callable[[pd.DataFrame], pd.Series]) -> pd.Series:
    """Return the mean of a value for each scenario, size and track."""
    keys = [runs[name] for name in (*CELL, "track")]
    return value(runs).astype(float).groupby(keys).mean() if len(runs) else pd.Series(dtype=float)


def recovery(runs: pd.DataFrame) -> pd.Series:
    """Return, for each scenario and size, the mean index as a share of the oracle's."""
    means = runs.groupby(CELL)[["ari", "oracle_ari"]].mean()
    means = means[means["oracle_ari"] >= WORTH_A_SHARE]
    return means["ari"] / means["oracle_ari"]


def lost(runs: pd.DataFrame) -> pd.DataFrame:
    """Return one line per data set: of the final clusters, or of the only track."""
    return runs.drop_duplicates(["scenario", "stores", "seed"], keep="last")


def write_summary(
    runs: pd.DataFrame, confidence: pd.DataFrame, notes: list[str], path: Path
) -> None:
    """Write the tables as Markdown."""
    methods = list(dict.fromkeys(runs["method"]))
    others = runs[~runs["family"].isin(USUAL)]
    seeds = runs["seed"].nunique()
    sizes = ", ".join(f"{size:,}" for size in sorted(runs["stores"].unique()))
    lines = [
        "# Found and planted segments",
        "",
        f"{runs['scenario'].nunique()} scenarios, {seeds} seeds each, {sizes} stores. "
        "Mean (median; 10 to 90 % of the runs, or of the scenarios and sizes where the value is a "
        "share). Adjusted Rand indices leave planted outliers and lost stores aside. A final "
        "cluster needs 20 stores, or a twentieth of the chain where that is fewer. A method says "
        "“no structure” by k = 1 or by a verdict; no share is taken of an oracle's index under "
        f"{WORTH_A_SHARE}. Scenarios of other families than {', '.join(USUAL)} are listed by "
        "themselves and count in none of these means.",
        "",
        *[f"{note}\n" for note in notes],
        *_goals(usual(runs), methods),
        "",
        "## Scenarios",
        "",
        "Mean adjusted Rand index (k-means with the true k on the same matrix), exact k, and how "
        "often the clusters are taken for real groups.",
        "",
        *_scenarios(usual(runs), methods),
    ]
    for family, some in others.groupby("family", sort=False):
        table = _chains(some) if family == "independent" else _scenarios(some, methods)
        lines += ["", f"## {str(family).capitalize()}", "", *table]
    lines += ["", "## Beside what could be had", "", *_beside(runs)]
    if len(confidence):
        lines += [
            "",
            "## Stores by confidence",
            "",
            *_curves(confidence),
            "",
            *_reliability(confidence),
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def draw(runs: pd.DataFrame, confidence: pd.DataFrame, path: Path) -> None:
    """Draw recovery by scenario, joint segments by size, decisions, and reliability."""
    methods = list(dict.fromkeys(runs["method"]))
    scenarios = list(dict.fromkeys(runs["scenario"]))
    figure = Figure(figsize=(12, 5 + 0.22 * len(scenarios)), layout="constrained")
    right = ["joint", "rates", "sure"]
    panels = figure.subplot_mosaic([["scenarios", name] for name in right])
    _draw_scenarios(panels["scenarios"], runs, methods)
    _draw_joint(panels["joint"], runs, methods)
    _draw_rates(panels["rates"], usual(runs), methods)
    _draw_reliability(panels["sure"], confidence)
    for axes in panels.values():
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = panels["scenarios"].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), frameon=False)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _goals(runs: pd.DataFrame, methods: list[str]) -> list[str]:
    sizes = sorted(int(size) for size in runs[runs["track"] == "final"]["stores"].unique())
    table = []
    for measure in measures(sizes):
        cells = [_cell(measure, runs[runs["method"] == method]) for method in methods]
        table.append([measure.name, *cells, measure.goal])
    return _markdown(["measure", *methods, "goal"], table)


def _cell(measure: Measure, runs: pd.DataFrame) -> str:
    values = measure.values(runs).dropna().astype(float)
    if values.empty:
        return "-"
    factor, digits = (100, 1) if measure.percent else (1, 2)
    unit = " %" if measure.percent else ""
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9]) * factor
    text = f"{values.mean() * factor:.{digits}f}{unit} ({middle:.{digits}f}; "
    text += f"{low:.{digits}f} to {high:.{digits}f})"
    if measure.worst is not None:
        text += f", worst {measure.worst(values) * factor:.{digits}f}{unit}"
        at = values.index[values.argmin() if measure.worst is np.min else values.argmax()]
        if isinstance(at, tuple) and values.min() < values.max():
            text += f" ({at[0]}, {at[1]})"
    return text


def _scenarios(runs: pd.DataFrame, methods: list[str]) -> list[str]:
    table = []
    for (scenario, stores, track), some in runs.groupby([*CELL, "track"], sort=False):
        cells = []
        for method in methods:
            of = some[some["method"] == method]
            parts = []
            if of["ari"].notna().any():
                oracle = f" ({of['oracle_ari'].mean():.2f})" if track != "final" else ""
                exact = f"{100 * (of['k'] == of['true_k']).mean():.0f} %"
                parts += [f"{of['ari'].mean():.2f}{oracle}", exact]
            if track != "final":
                parts.append(f"{100 * (1 - no_groups(of).mean()):.0f} %")
            cells.append(" · ".join(parts))
        few, many = some["true_k"].min(), some["true_k"].max()
        truth = {1: "none"}.get(many, str(many) if few == many else f"{few} to {many}")
        if (some["structure"] == "gradient").all():
            truth = "gradient"
        table.append([str(scenario), f"{stores:,}", str(track), truth, *cells])
    return _markdown(["scenario", "stores", "track", "segments", *methods], table)


def _chains(runs: pd.DataFrame) -> list[str]:
    """Return a line per chain, method and track, and the means of the tracks."""
    columns = ["true_k", "k", "groups", "ari", "oracle_ari", "informative_ari", "sales_ari"]
    columns += ["sales_ari_internal", "explained", "explained_kmeans", "history"]
    values = runs.reindex(columns=columns).astype(float)
    table = [
        [f"{of.seed}", f"{of.stores:,}", of.track, of.method, str(of.structure).replace("nan", "")]
        + [_number(value) for value in values.loc[of.Index]]
        for of in runs.itertuples()
    ]
    for (track, method), some in runs.groupby(["track", "method"], sort=False):
        means = values.loc[some.index].mean()
        table.append(["mean", "", str(track), str(method), "", *(_number(x) for x in means)])
    names = [name.replace("_", " ") for name in columns]
    return _markdown(["seed", "stores", "track", "method", "structure", *names], table)


def _beside(runs: pd.DataFrame) -> list[str]:
    """Return what is known of final clusters and sales, of few columns among many, of clouds."""
    columns = {
        "informative_ari": "k-means told the number, on the informative columns",
        "informative_share": "share of it",
        "sales_ari_internal": "sales segments, internal",
        "sales_ari": "sales segments, final",
        "sales_difference": "difference",
        "explained": "explained of next year",
        "explained_kmeans": "k-means, as many as final",
        "history": "own history",
    }
    means = runs.reindex(columns=[*runs.columns, *(set(columns) - set(runs.columns))])
    means = means.groupby([*CELL, "track", "method"], sort=False)[["ari", "k", *columns]].mean()
    means["informative_share"] = means["ari"] / means["informative_ari"]
    means["sales_difference"] = means["sales_ari"] - means["sales_ari_internal"]
    means = means.dropna(how="all", subset=list(columns))
    table = [
        [str(name), f"{stores:,}", str(track), str(method), f"{row['k']:.1f}"]
        + [_number(value, 3) for value in row[list(columns)]]
        for (name, stores, track, method), row in means.iterrows()
    ]
    header = ["scenario", "stores", "track", "method", "clusters", *columns.values()]
    return _markdown(header, table)


def _number(value: float, digits: int = 2) -> str:
    return "-" if np.isnan(value) else f"{value:.{digits}f}"


def area_under_curve(confidence: pd.DataFrame) -> float:
    """Return how often a store placed right has more confidence than one that is not.

    Ties count half; NaN where all are right, or none.
    """
    counts = confidence.groupby("confidence")[["placed", "right"]].sum().sort_index()
    right = counts["right"].to_numpy(float)
    wrong = counts["placed"].to_numpy(float) - right
    pairs = right.sum() * wrong.sum()
    below = np.cumsum(wrong) - wrong / 2
    return float(np.sum(right * below) / pairs) if pairs else np.nan


def largest_deviation(confidence: pd.DataFrame) -> float:
    """Return the largest distance between mean confidence and share placed right of a tenth."""
    apart = [abs(m - r) for _, m, r, stores in reliability(confidence) if stores >= FEWEST]
    return max(apart, default=np.nan)


def curves(confidence: pd.DataFrame) -> pd.DataFrame:
    """Return a line per method, truth, scenario and size: how well confidence tells.

    Means over the runs, and of all runs' stores together.
    """
    lines = []
    keys = ["method", "truth", *CELL]
    for key, some in confidence.groupby(keys, sort=False):
        found = some[some["found"].astype(bool)]
        moved = found["moved"].astype(bool)
        parts = {"all": some, "found": found, "unmoved": found[~moved]}
        wrong = found["placed"].sum() - found["right"].sum()
        line = dict(zip(keys, key, strict=True)) | {
            "apart": 1 - found["placed"].sum() / some["placed"].sum(),
            "misplaced": wrong / max(1, found["placed"].sum()),
        }
        for name, part in parts.items():
            runs = [area_under_curve(run) for _, run in part.groupby("seed")]
            known = [area for area in runs if not np.isnan(area)]
            line[f"auc_{name}"] = np.mean(known) if known else np.nan
            line[f"pooled_{name}"] = area_under_curve(part)
        line["deviation_unmoved"] = largest_deviation(found[~moved])
        line["deviation_moved"] = largest_deviation(found[moved])
        lines.append(line)
    return pd.DataFrame(lines)


def _curves(confidence: pd.DataFrame) -> list[str]:
    table = []
    for line in curves(confidence).to_dict("records"):
        areas = [
            f"{_number(line[f'auc_{name}'])} ({_number(line[f'pooled_{name}'])})"
            for name in ("all", "found", "unmoved")
        ]
        shares = [f"{100 * line[name]:.0f} %" for name in ("apart", "misplaced")]
        apart = [_number(line[f"deviation_{name}"]) for name in ("unmoved", "moved")]
        row = [str(line["method"]), str(line["truth"]), str(line["scenario"])]
        table.append([*row, f"{line['stores']:,}", *shares, *areas, *apart])
    header = ["method", "segments", "scenario", "stores", "apart", "misplaced", "all", "found"]
    return [
        "Area under the curve for misplaced stores: mean of the runs (of all stores together). "
        "Misplaced is a store that is not of the segment which most of its cluster are of. Stores "
        "of segments that no cluster has most of its stores from are counted apart; they count as "
        "misplaced in *all* and nowhere else. Deviation: the largest between mean confidence and "
        f"share placed right, of tenths with {FEWEST} stores.",
        "",
        *_markdown(
            [*header, "found, unmoved", "deviation, unmoved", "deviation, moved"],
            table,
        ),
    ]


def _reliability(confidence: pd.DataFrame) -> list[str]:
    """Return bins of confidence; of segments that were found."""
    table = []
    found = confidence[confidence["found"].astype(bool)]
    for (method, truth, moved), some in found.groupby(["method", "truth", "moved"], sort=False):
        for low, mean, right, stores in reliability(some):
            row = [str(method), str(truth), "moved" if moved else "", f"{low:.1f}", f"{mean:.2f}"]
            table.append([*row, f"{right:.2f}", f"{mean - right:+.2f}", f"{stores:,}"])
    header = ["method", "segments", "", "confidence from", "mean", "placed right", "too high by"]
    return _markdown([*header, "stores"], table)


def reliability(confidence: pd.DataFrame) -> list[tuple[float, float, float, int]]:
    """Return per tenth of confidence: where it begins, mean, share placed right, stores."""
    tenth = (confidence["confidence"] * 10 + 1e-9).astype(int).clip(upper=9)
    lines = []
    for number, some in confidence.groupby(tenth):
        stores = int(some["placed"].sum())
        mean = float((some["confidence"] * some["placed"]).sum() / stores)
        lines.append((int(number) / 10, mean, float(some["right"].sum() / stores), stores))
    return lines


def _markdown(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _draw_scenarios(axes: Axes, runs: pd.DataFrame, methods: list[str]) -> None:
    judged = runs[runs["ari"].notna() & ((runs["family"] != "joint") | (runs["track"] == "final"))]
    scenarios = list(dict.fromkeys(judged["scenario"]))[::-1]
    for number, method in enumerate(methods):
        of = judged[judged["method"] == method].groupby("scenario")["ari"]
        low, middle, high = (of.quantile(share).reindex(scenarios) for share in (0.1, 0.5, 0.9))
        at = np.arange(len(scenarios)) + 0.15 * ((len(methods) - 1) / 2 - number)
        colour = COLOURS.get(method)
        axes.hlines(at, low, high, color=colour, linewidth=1)
        axes.plot(middle, at, "o", color=colour, label=method, markersize=4)
    axes.set_yticks(np.arange(len(scenarios)), scenarios, fontsize=8)
    axes.set_xlim(-0.05, 1.02)
    axes.set_title("Segments recovered: adjusted Rand index\n(median, 10 to 90 %)", loc="left")


def _draw_joint(axes: Axes, runs: pd.DataFrame, methods: list[str]) -> None:
    final = runs[runs["track"] == "final"]
    sizes = sorted(final["stores"].unique())
    for method in methods:
        of = final[final["method"] == method].groupby("stores")["ari"]
        mean, low, high = of.mean(), of.quantile(0.1), of.quantile(0.9)
        axes.plot(range(len(mean)), mean, "o-", color=COLOURS.get(method))
        axes.fill_between(range(len(mean)), low, high, color=COLOURS.get(method), alpha=0.12)
    axes.set_xticks(range(len(sizes)), [f"{size:,} stores" for size in sizes])
    axes.set_ylim(-0.05, 1.02)
    axes.set_title("Joint segments (mean, 10 to 90 %)", loc="left")


def _draw_rates(axes: Axes, runs: pd.DataFrame, methods: list[str]) -> None:
    rates = [measure for measure in measures([]) if measure.percent]
    for number, method in enumerate(methods):
        of = runs[runs["method"] == method]
        means = [measure.values(of).mean() for measure in rates]
        at = np.arange(len(rates)) + 0.8 / len(methods) * ((len(methods) - 1) / 2 - number)
        axes.barh(at, means, height=0.7 / len(methods), color=COLOURS.get(method))
    axes.set_yticks(range(len(rates)), [measure.name for measure in rates], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_title("Decisions (share)", loc="left")


def _draw_reliability(axes: Axes, confidence: pd.DataFrame) -> None:
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    joint = confidence[(confidence["truth"] == "joint") & confidence["found"].astype(bool)]
    for method, some in joint.groupby("method", sort=False):
        lines = [line for line in reliability(some) if line[3] >= 20]
        mean, right = [line[1] for line in lines], [line[2] for line in lines]
        axes.plot(mean, right, "o-", color=COLOURS.get(str(method)))
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_title("Share placed right, by confidence", loc="left")
