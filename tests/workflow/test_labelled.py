"""People read their own words, and nothing that is never to be named, wherever features stand."""

import base64
import gzip
import json
import re

import openpyxl
import pandas as pd
import pytest
from conftest import Project
from tiny import CONFIG, write_tiny

LABELS = {
    "features": {
        "stores.income": "household earnings",
        "stores.region": "lies",
        "need 0": "morning cups",
        "Soap · need 2": "hand soap",
    },
    "never_name": ["*.race_*", "stores.religion"],
}
KEPT_OUT = re.compile(r"race[ _]white|religion", re.IGNORECASE)
SENTENCES = {
    "names": ["name", "internal_drivers", "external_drivers"],
    "store_reasons": ["name", "next_name", "reasons", "against", "tip", "unusual"],
    "rules": ["conditions"],
}


def write_retailer(project: Project) -> None:
    """Write the tiny retailer with columns that tell stores apart, and some never to be named."""
    write_tiny(project.folder)
    path = project.folder / "data" / "stores.csv"
    stores = pd.read_csv(path)
    south = stores["region"] == "south"
    stores["race_white"] = 90 - 40 * south + stores.index % 3
    stores["religion"] = south.map({True: "one", False: "other"})
    stores["manager"] = [f"Manager {number}" for number in stores.index]
    stores["permit"] = [f"{number:05d}" for number in 37 * stores.index]
    stores["phone"] = 5_550_100 + stores.index  # a number, as far as anyone can tell
    stores.to_csv(path, index=False)


@pytest.fixture(scope="module")
def told(make_project) -> tuple[Project, str]:
    """A project after a run with labels, and what the run printed."""
    project = make_project("labels")
    write_retailer(project)
    printed = project.run("--configfile", project.write_config({**CONFIG, "labels": LABELS}))
    return project, printed


def merged(project: Project, name: str) -> pd.DataFrame:
    return pd.read_parquet(project.folder / "results" / "merged" / f"{name}.parquet")


def texts(project: Project) -> dict[str, str]:
    """Return everything that is told in sentences, by table and column."""
    return {
        f"{name}.{column}": " | ".join(merged(project, name)[column].dropna())
        for name, columns in SENTENCES.items()
        for column in columns
    }


def test_names_reasons_and_rules_are_in_the_words_of_the_configuration(
    told: tuple[Project, str],
) -> None:
    found = texts(told[0])
    everything = " ".join(found.values())
    assert "morning cups" in found["names.internal_drivers"]
    assert "household earnings" in found["names.external_drivers"]
    assert "lies north" in found["names.external_drivers"]
    assert "morning cups" in found["store_reasons.reasons"]
    assert not re.search(r"need 0|\bincome|region", everything)
    soap = merged(told[0], "store_reasons").query("category == 'Soap'")["reasons"].dropna()
    tea = merged(told[0], "store_reasons").query("category == 'Tea'")["reasons"].dropna()
    assert soap.str.contains("hand soap").any()
    assert not soap.str.contains("need 2").any()
    assert tea.str.contains("need 2").any()
    assert not tea.str.contains("hand soap").any()


def test_what_is_never_named_is_in_no_sentence_though_it_separates_clusters(
    told: tuple[Project, str],
) -> None:
    drivers = merged(told[0], "drivers").query("rank <= 8")["feature"]
    assert drivers.str.contains("race_white").any()
    for place, text in texts(told[0]).items():
        assert not KEPT_OUT.search(text), place


def test_the_page_says_what_was_set_aside_and_names_nothing_that_is_kept_out(
    told: tuple[Project, str],
) -> None:
    project, printed = told
    page = (project.folder / "results" / "report" / "index.html").read_text(encoding="utf-8")
    page = re.sub(r"base64,[^\"]*", "", page)
    assert not KEPT_OUT.search(page)
    assert "household earnings" in page
    assert "External columns set aside" in page
    for column, values in (("manager", "Manager 0"), ("permit", "00000")):
        assert f"<td>{column}</td><td>nearly one value per store</td>" in page
        assert f"WARNING: data/stores.csv: column '{column}' is set aside: 24 stores have 24" in (
            printed
        )
        assert values in page
    aside = pd.read_parquet(project.folder / "results" / "external" / "set_aside.parquet")
    assert aside["column"].tolist() == ["manager", "permit"]
    features = pd.read_parquet(project.folder / "results" / "external" / "raw_features.parquet")
    assert "stores.phone" in set(features["feature"])
    assert not features["feature"].str.contains("manager|permit").any()


def test_the_explorer_and_the_workbook_obey(told: tuple[Project, str]) -> None:
    report = told[0].folder / "results" / "report"
    page = (report / "explorer.html").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if 'id="index"' in line]
    assert not KEPT_OUT.search(line)
    assert "household earnings" in line
    blocks = re.findall(r'id="block-\d+"[^>]*>([^<]*)<', page)
    assert len(blocks) == 3
    for text in blocks[:2]:
        block = json.loads(gzip.decompress(base64.b64decode(text.strip())))
        assert not KEPT_OUT.search(json.dumps(block["stores"]))
        named = {x["words"]: x["named"] for x in block["profile"]["features"]}
        assert named["household earnings"]
        assert not named["race white"]  # among all features, but not on the card
        assert not named["religion one"]
    book = openpyxl.load_workbook(report / "clusters.xlsx", read_only=True)
    for sheet in ("Assignments", "Clusters"):
        cells = " ".join(str(x) for row in book[sheet].iter_rows(values_only=True) for x in row)
        assert not KEPT_OUT.search(cells), sheet
        assert "morning cups" in cells
    header, *rows = book["Profiles"].iter_rows(values_only=True)
    features = {row[header.index("feature")] for row in rows}
    assert {"morning cups", "hand soap", "need 2", "household earnings", "race white"} <= features


def test_other_words_change_what_is_read_and_no_cluster(told: tuple[Project, str]) -> None:
    project = told[0]
    overlay = {**CONFIG, "labels": {**LABELS, "features": {"stores.area": "floor space"}}}
    planned = project.planned("--configfile", project.write_config(overlay, "other.yaml"))
    assert {"label", "describe", "explain", "write_page", "write_explorer"} <= set(planned)
    assert not set(planned) & {"join_external", "normalize", "cluster", "merge"}


def test_a_name_that_no_feature_has_ends_the_run_with_the_nearest(
    told: tuple[Project, str],
) -> None:
    project = told[0]
    wrong = {"features": {"stores.incom": "earnings"}, "never_name": ["*.rase_*", "stores.manager"]}
    config = project.write_config({**CONFIG, "labels": wrong}, "wrong.yaml")
    printed = project.fail("results/merged/labels.parquet", "--configfile", config)
    assert "labels.features: 'stores.incom' is no feature of this run" in printed
    assert "Did you mean 'stores.income'?" in printed
    assert "labels.never_name: '*.rase_*' is no feature of this run" in printed
    assert "'stores.manager' is no feature" not in printed  # a column that was set aside
