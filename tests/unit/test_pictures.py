"""Pictures can be read with few and with many clusters, features, stores and categories."""

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from store_clusters.report.drawing.choice import draw_choice
from store_clusters.report.drawing.final import draw_flow, draw_stability
from store_clusters.report.drawing.heat import MOST_FEATURES, draw_mix, draw_surroundings
from store_clusters.report.drawing.numbers import draw_numbers
from store_clusters.report.drawing.points import draw_map, draw_stores
from store_clusters.report.drawing.style import MOST_PANELS, of_all, save, short
from store_clusters.report.drawing.waterfall import draw_sales

SIZES = [  # categories, clusters per track, features, stores
    pytest.param((1, 2, 5, 20), id="small"),
    pytest.param((12, 12, 60, 5_000), id="large"),
]
Size = tuple[int, int, int, int]


def check(figure: Figure, *words: str) -> None:
    """See that words are written, titles lie in the picture, labels of an axis do not overlap."""
    figure.draw_without_rendering()
    written = " ".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())
    said = " ".join(written.split())
    assert all(word in said for word in words), said[:1000]
    whole = figure.bbox.padded(2)
    for axis in [axis for axis in figure.axes if axis.get_visible() and axis.axison]:
        for text in (axis.title, axis._left_title, axis.xaxis.label, axis.yaxis.label):
            box = text.get_window_extent()
            assert whole.x0 < box.x0, text
            assert box.x1 < whole.x1, text
        for place, labels, limits in (
            (0, axis.get_xticklabels(), axis.get_xlim()),
            (1, axis.get_yticklabels(), axis.get_ylim()),
        ):
            low, high = sorted(limits)
            shown = [x for x in labels if x.get_text() and low <= x.get_position()[place] <= high]
            boxes = [label.get_window_extent().padded(-1) for label in shown]
            overlapping = [pair for pair in pairwise(boxes) if pair[0].overlaps(pair[1])]
            assert not overlapping, [label.get_text() for label in shown]


def names(count: int) -> list[str]:
    return [f"category {number:02d}" for number in range(count)]


def final_clusters(size: Size) -> pd.DataFrame:
    categories, k, _, stores = size
    rng = np.random.default_rng(0)
    parts = []
    for category in names(categories):
        inside, outside = rng.integers(1, k + 1, (2, stores))
        merged = pd.Series([f"{i}_{j}" for i, j in zip(inside, outside, strict=True)])
        folded = merged.where(outside <= 2, [f"{i}_1" for i in inside])
        part = {"category": category, "store_id": np.arange(stores).astype(str)}
        part |= {"merged_cluster": merged, "final_cluster": folded}
        parts.append(pd.DataFrame(part | {"reassigned": merged != folded}))
    table = pd.concat(parts, ignore_index=True)
    table.loc[0, "merged_cluster"] = None
    return table


def profiles(size: Size, clusters: list[str] | list[int]) -> pd.DataFrame:
    categories, _, features, _ = size
    rng = np.random.default_rng(1)
    rows = [
        (group, cluster, f"demographics.feature_{f:02d}", f"a long name of a feature {f:02d}")
        for group in names(categories)
        for cluster in clusters
        for f in range(features)
    ]
    table = pd.DataFrame(rows, columns=["group", "cluster", "feature", "words"])
    table["named"] = True
    table["index"] = rng.uniform(0, 300, len(table))
    table["effect"] = rng.normal(0, 2, len(table))
    table["value"] = rng.normal(40_000, 10_000, len(table))
    table["unit"] = "number"
    table["distinguishable"] = rng.random(len(table)) < 0.5
    return table


@pytest.mark.parametrize("size", SIZES)
def test_flows_and_stability(size: Size) -> None:
    table, shown = final_clusters(size), names(size[0])
    moved = table["reassigned"].mean()
    least = table.groupby(["category", "final_cluster"]).size().min()
    flow = draw_flow(table, shown)
    check(
        flow, f"stores moved in {moved:.1%} of cases", shown[0], f"the smallest of {least:,} store"
    )
    codes = table.drop_duplicates(["category", "final_cluster"])[["category", "final_cluster"]]
    codes["jaccard"] = 0.7
    codes["evidence"], codes["gain"], codes["gain_low"] = "slice", 0.014, 0.009
    said = f"Evidence for {len(codes)} final clusters: {len(codes)} slices"
    check(draw_stability(codes, shown), said, "0.75", "explains 1.4 %, at least 0.9 %")
    codes.loc[0, "evidence"] = "group"
    check(draw_stability(codes, shown), f"1 group, {len(codes) - 1} slices", "comes back")


@pytest.mark.parametrize("size", SIZES)
def test_heat_maps(size: Size) -> None:
    shown = names(size[0])
    codes = [f"{i}_{j}" for i in range(1, size[1] + 1) for j in (1, 2)]
    table = profiles(size, codes)
    told = table[table["distinguishable"]]
    top = told.loc[told["index"].idxmax()]
    figure = draw_mix(table, "cluster", "final", shown)
    check(figure, f"{top['cluster']} sells {top['index'] / 100:.1f} times the chain's share")
    if size[2] > MOST_FEATURES:
        check(figure, f"({MOST_FEATURES} of {size[2]} need states)")
    one = profiles((1, *size[1:]), list(range(1, size[1] + 1)))
    check(draw_surroundings(one), "stands out most", "a long name of a feature 0")
    nothing = one.assign(named=False)  # the rows are values; the title is a sentence
    check(draw_surroundings(nothing), "hardly differ", "a long name of a feature 0")


@pytest.mark.parametrize("size", SIZES)
def test_stores_in_the_plane_and_on_the_map(size: Size) -> None:
    categories, k, _, stores = size
    rng = np.random.default_rng(2)
    shown = names(categories)[:3]
    panels = {
        name: (
            rng.normal(size=(stores, 2)),
            pd.DataFrame(
                {"cluster": rng.integers(1, k + 1, stores), "outlier": np.arange(stores) == 0}
            ),
        )
        for name in shown
    }
    meanings = {name: ["more a; less b", "more c"] for name in shown}
    figure = draw_stores(panels, meanings, "internal", 1 / stores, len(shown))
    check(figure, f"{1 / stores:.1%} are unusual (crosses)", "more a; less b", str(k))
    table = final_clusters(size).query("category in @shown")
    where = pd.DataFrame(rng.normal(50, 2, (stores - 1, 2)), columns=["latitude", "longitude"])
    where.index = pd.Index(np.arange(1, stores).astype(str), name="store_id")
    check(draw_map(table, where, shown), f"{stores - 1:,} stores, 1 without coordinates")


@pytest.mark.parametrize("size", SIZES)
def test_the_choice_of_k_says_why(size: Size) -> None:
    shown = names(size[0])
    decided = [("gap", "chosen", "groups"), ("prediction", "slices", "continuum")]
    chosen, scores = [], []
    for number, group in enumerate(shown):
        criterion, status, verdict = decided[number % 2]
        chosen.append({"group": group, "k": 2, "criterion": criterion, "status": status})
        chosen[-1]["verdict"] = verdict
        for k in range(1, 13):
            scores += [(group, k, criterion, 1 / k), (group, k, f"{criterion}_error", 0.05)]
    table = pd.DataFrame(scores, columns=["group", "k", "criterion", "score"])
    figure = draw_choice(table, pd.DataFrame(chosen), "internal", shown)
    check(figure, "2 internal clusters", "stores part at gaps", "gap statistic ± s.e.")
    if size[0] > 1:
        check(figure, "form groups in 6 of 12 categories", "slices that explain held-out sales")


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize(("count", "most"), [(1, 1), (3, 8), (12, 30)])
def test_the_number_of_final_clusters_says_why(count: int, most: int, dated: bool) -> None:
    shown, numbers = names(count), []
    for name in shown:
        numbers += [(name, k, 1 - 1 / k, 1 / k, 2_000 // k, k == most) for k in range(1, most + 1)]
    columns = ["category", "clusters", "explained", "stable", "smallest", "chosen"]
    table = pd.DataFrame(numbers, columns=columns)
    table["made_by"] = np.where(table["clusters"] > 2, "split", "join")
    categories = pd.DataFrame({"category": shown, "final_clusters": most})
    categories["explained"], categories["history"] = 0.684, 0.912
    if not dated:
        table["explained"] = categories["explained"] = categories["history"] = np.nan
    figure = draw_numbers(table, categories, shown)
    noun = "final cluster" if most == 1 else "final clusters"
    check(figure, f"category 00: {most} {noun}", "chosen", "stable", f"{2_000 // most:,}")
    if dated:
        said = "of what stores sell in months held out, each store's own mix 91.2%"
        check(figure, f"explain 68.4% {said}", "parted by surroundings")
    else:
        check(figure, "without dates, what comes back on resamples decides")


def test_categories_in_which_mixes_do_not_differ_are_not_averaged() -> None:
    rows = [("a", 1, 0.0, 1.0, 9, True, "start"), ("b", 1, 0.5, 1.0, 9, True, "start")]
    rows += [("c", 1, 0.7, 1.0, 9, True, "start")]
    columns = ["category", "clusters", "explained", "stable", "smallest", "chosen", "made_by"]
    categories = pd.DataFrame({"category": list("abc"), "final_clusters": 1})
    categories["explained"], categories["history"] = [0.0, 0.5, 0.7], [0.0, 0.8, 0.9]
    figure = draw_numbers(pd.DataFrame(rows, columns=columns), categories, list("abc"))
    check(figure, "explain 60.0%", "own mix 85.0% (medians)", "no mixes that last")


def test_without_final_clusters_there_is_a_picture_that_says_so() -> None:
    columns = ["category", "clusters", "explained", "stable", "smallest", "chosen", "made_by"]
    nothing = pd.DataFrame(columns=["category", "final_clusters", "explained", "history"])
    numbers = pd.DataFrame(columns=columns)
    check(draw_numbers(numbers, nothing, []), "No store has a final cluster")
    stability = pd.DataFrame(columns=["category", "evidence"])
    check(draw_stability(stability, []), "Evidence for 0 final clusters")


def test_a_new_status_of_k_reads_as_a_sentence() -> None:
    chosen = {"group": ["a"], "k": [1], "criterion": ["gap"], "status": ["not_predictive"]}
    scores = pd.DataFrame({"group": ["a"], "k": [1], "criterion": ["gap"], "score": [0.5]})
    table = pd.DataFrame(chosen | {"verdict": ["none"]})
    check(draw_choice(scores, table, "internal", ["a"]), "no slices surely explain held-out sales")


def test_a_group_without_a_choice_says_so() -> None:
    chosen = {"group": ["a"], "k": [1], "criterion": ["none"], "status": ["one_store"]}
    scores = pd.DataFrame({"group": [], "k": [], "criterion": [], "score": []})
    table = pd.DataFrame(chosen | {"verdict": ["untested"]})
    check(draw_choice(scores, table, "internal", ["a"]), "one store", "no number to choose")


def test_the_waterfall_says_how_much_of_the_sales_is_clustered() -> None:
    aside = {"product_not_in_map": Decimal("20.50"), "outside_window": Decimal("4.50")}
    figure = draw_sales(Decimal(100), aside, Decimal(75))
    check(
        figure,
        "75.0% of the sales read are in final clusters, the rest is set aside",
        "set aside: product not in map",
        "20.50",
        "75.00",
    )
    check(draw_sales(Decimal(0), {}, Decimal(0)), "0.0% of the sales read are in final clusters")
    few = {"product_not_in_map": Decimal(1)}
    check(draw_sales(Decimal(10**6), few, Decimal(10**6 - 1)), "More than 99.9% of the sales read")


def test_many_categories_are_said_to_be_left_out() -> None:
    assert of_all(MOST_PANELS, 40) == " (the 12 largest of 40 categories)"
    assert of_all(3, 3) == ""


def test_long_names_are_shortened_at_both_ends_of_a_dot() -> None:
    assert short("x" * 40) == "x" * 27 + "…"
    assert (
        short("Baby care and more · Newborn and small children")
        == "Baby care and more · Newborn and small…"
    )
    assert short("Tea · mild") == "Tea · mild"


def test_a_picture_is_the_same_bytes_each_time_and_as_matplotlib_saves_it(
    tmp_path: Path,
) -> None:
    aside = {"product_not_in_map": Decimal("20.50")}
    for name in ("once", "again"):
        save(draw_sales(Decimal(100), aside, Decimal("79.50")), tmp_path / f"{name}.png")
    figure = draw_sales(Decimal(100), aside, Decimal("79.50"))
    figure.savefig(tmp_path / "plain.png", dpi=130, metadata={"Software": None})
    once, again, plain = ((tmp_path / f"{x}.png").read_bytes() for x in ("once", "again", "plain"))
    assert once == again == plain
