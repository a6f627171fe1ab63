"""What is said of clusters and stores of the demo retailer adds up, and is what was planted."""

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import Project
from planted import planted_differences, planted_mixes

MERGED = ["category", "final_cluster"]


def merged(project: Project, name: str) -> pd.DataFrame:
    return pd.read_parquet(project.folder / "results" / "merged" / f"{name}.parquet")


@pytest.mark.parametrize("track", ["internal", "external"])
def test_shares_of_every_cluster_sum_to_100_percent(demo: Project, track: str) -> None:
    path = demo.folder / "results" / track / "profiles.parquet"
    profiles = pd.read_parquet(path).query("unit == 'share'")
    if track == "external":  # the levels of one feature
        profiles = profiles.assign(feature=profiles["feature"].str.partition("=")[0])
        keys = ["group", "cluster", "feature"]
    else:
        keys = ["group", "cluster"]
    for column in ("value", "chain"):
        sums = 100 * profiles.groupby(keys)[column].sum()
        assert sums.to_numpy() == pytest.approx(100, abs=0.01), column


def test_shares_of_every_final_cluster_sum_to_100_percent(demo: Project) -> None:
    profiles = merged(demo, "profiles").query("track == 'internal'")
    sums = 100 * profiles.groupby(MERGED)[["value", "chain"]].sum()
    assert sums.to_numpy() == pytest.approx(100, abs=0.01)
    names = merged(demo, "names")
    assert names.groupby("category")["share_of_sales"].sum().to_numpy() == pytest.approx(1)


def test_sales_of_clusters_are_the_sales_of_the_category_to_the_cent(demo: Project) -> None:
    clusters, names = merged(demo, "clusters"), merged(demo, "names")
    placed = clusters[clusters["final_cluster"].notna()]
    expected = placed.groupby("category")["sales"].sum()
    assert dict(names.groupby("category")["sales"].sum()) == dict(expected)
    profiles = pd.read_parquet(demo.folder / "results" / "internal" / "profiles.parquet")
    members = pd.read_parquet(demo.folder / "results" / "internal" / "clusters.parquet")
    members = members.rename(columns={"group": "category"}).merge(
        clusters[["category", "store_id", "sales"]], on=["category", "store_id"]
    )
    one = profiles.drop_duplicates(["group", "cluster"])
    assert dict(one.groupby("group")["sales"].sum()) == dict(
        members.groupby("category")["sales"].sum()
    )


def test_differences_and_indices_follow_from_the_values(demo: Project) -> None:
    for profiles in (
        merged(demo, "profiles"),
        pd.read_parquet(demo.folder / "results" / "internal" / "profiles.parquet"),
    ):
        np.testing.assert_allclose(profiles["difference"], profiles["value"] - profiles["chain"])
        positive = profiles[profiles["chain"] > 0]
        np.testing.assert_allclose(positive["index"], 100 * positive["value"] / positive["chain"])
        told = profiles[profiles["distinguishable"]]
        assert (told["p_value"] < 0.05).all()
        assert (told["effect"] * told["difference"] > 0).all()
        assert (told["index"].round() != 100).all()
        assert (profiles["driver"].notna() == profiles["distinguishable"]).all()


def test_the_top_drivers_of_every_cluster_are_planted_ones(demo: Project, tmp_path: Path) -> None:
    hits, first = drivers_against_the_truth(demo, tmp_path)
    print(f"{hits.mean():.1%} of {len(hits)} top drivers planted, strongest {first.mean():.1%}")
    assert hits.mean() > 0.95
    assert first.mean() > 0.8


def drivers_against_the_truth(demo: Project, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Judge the three strongest drivers of each track for every final cluster.

    Returns whether each is planted, in its direction; and whether the strongest is one of the
    three that are planted strongest.
    """
    truth = demo.folder / "resources" / "demo" / "truth"
    segments = pd.read_csv(truth / "internal.csv", dtype={"store_id": str})
    external = pd.read_csv(truth / "stores.csv", dtype={"store_id": str})
    stores = merged(demo, "clusters").merge(segments, on=["category", "store_id"])
    stores = stores.merge(external[["store_id", "external_segment"]], on="store_id")
    planted = planted_differences(stores, planted_mixes(folder))
    found = merged(demo, "profiles").query("driver.notna()").sort_values("driver")
    keys = [*MERGED, "track"]
    both = planted.merge(found, on=[*keys, "feature"], how="left")
    size = both["planted"].abs()
    both["real"] = size > 0.1 * size.groupby([both[key] for key in keys]).transform("max")
    both["strongest"] = size.groupby([both[key] for key in keys]).rank(ascending=False) <= 3
    both["same_way"] = np.sign(both["planted"]) == np.sign(both["effect"])
    top = (
        found.groupby(keys)
        .head(3)
        .merge(
            both[[*keys, "feature", "real", "same_way", "strongest"]],
            on=[*keys, "feature"],
            how="left",
        )
        .fillna({"real": False, "same_way": False, "strongest": False})
    )
    hits = (top["real"] & top["same_way"]).to_numpy(dtype=bool)
    first = top.drop_duplicates(keys)["strongest"].to_numpy(dtype=bool)
    return hits, first


def test_every_cluster_has_a_name_of_its_own(demo: Project) -> None:
    names = merged(demo, "names")
    assert not names.duplicated(["category", "name"]).any()
    final = merged(demo, "clusters")[MERGED].dropna().drop_duplicates()
    assert len(names.merge(final, on=MERGED)) == len(final) == len(names)
    assert names["name"].str.len().max() < 120


def test_every_store_has_a_reason_in_every_category(demo: Project) -> None:
    reasons, clusters = merged(demo, "store_reasons"), merged(demo, "clusters")
    for column in ("category", "store_id", "final_cluster", "next_cluster", "status"):
        assert reasons[column].equals(clusters[column]), column
    compared = reasons[(reasons["status"] == "clustered") & reasons["next_cluster"].notna()]
    assert compared["reasons"].notna().mean() > 0.95
    assert compared["similar_3"].notna().all()
    assert (reasons["folded"].notna() == clusters["reassigned"]).all()
    flagged = clusters["outlier"]
    assert (reasons["unusual"].notna() == flagged).all()


def test_rules_hold_for_as_many_stores_as_they_say(demo: Project) -> None:
    rules, clusters = merged(demo, "rules"), merged(demo, "clusters")
    placed = clusters[clusters["final_cluster"].notna()]
    held = rules.groupby("category")["stores"].sum()
    assert dict(held) == dict(placed.groupby("category").size())
    assert (rules["sketch"] == ~(rules["accuracy"].round(2) >= 0.9)).all()


def test_the_workbook_holds_every_assignment_and_is_safe(demo: Project) -> None:
    path = demo.folder / "results" / "report" / "clusters.xlsx"
    book = openpyxl.load_workbook(path, read_only=True)
    assert book.sheetnames == ["How to read", "Assignments", "Clusters", "Profiles"]
    clusters = merged(demo, "clusters")
    header, *rows = book["Assignments"].iter_rows(values_only=True)
    found = pd.DataFrame(rows, columns=header)
    assert list(found["store"]) == list(clusters["store_id"])
    assert list(found["cluster"].fillna("")) == list(clusters["final_cluster"].fillna(""))
    assert found["sales"].sum() == pytest.approx(float(clusters["sales"].sum()))
    for page in book:
        for row in page.iter_rows():
            assert all(cell.data_type != "f" for cell in row), page.title


def test_the_pages_are_the_same_bytes_again(demo: Project, tmp_path: Path) -> None:
    again = demo.copy_to(tmp_path / "copy")
    pages = ("results/report/explorer.html", "results/report/clusters.xlsx")
    for page in pages:
        (again.folder / page).unlink()
    again.run(*pages)
    assert again.files("results/report/*") == demo.files("results/report/*")
