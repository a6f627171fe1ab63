"""A number is the same in the tables, on the page, in the explorer and in the workbook."""

import base64
import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import Project

KEY = ["category", "final_cluster"]
TEXT = {"store_id": str}


class Rows(HTMLParser):
    """The rows of all tables of a page, each below the last heading, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.heading, self.rows, self.text = "", [], []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        if tag == "tr":
            self.rows.append((self.heading, []))
        if tag in {"td", "th"}:
            self.rows[-1][1].append("")
        if tag in {"h2", "h3"}:
            self.heading = ""
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self._open):
            self.rows[-1][1][-1] += data.strip()
        elif {"h2", "h3"} & set(self._open):
            self.heading += data.strip()
        self.text.append(" ".join(data.split()))


@dataclass(frozen=True)
class Surfaces:
    """What a finished run shows, read as a person or a program would."""

    folder: Path

    @cache  # noqa: B019
    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}.parquet")

    @cache  # noqa: B019
    def csv(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / "report" / f"{name}.csv", dtype=TEXT)

    @cache  # noqa: B019
    def page(self) -> Rows:
        parser = Rows()
        parser.feed((self.folder / "report" / "index.html").read_text(encoding="utf-8"))
        return parser

    @cache  # noqa: B019
    def explorer(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the index and the blocks of the explorer."""
        text = (self.folder / "report" / "explorer.html").read_text(encoding="utf-8")
        (index,) = re.findall(r'id="index">(.*?)</script>', text)
        blocks = re.findall(r'id="block-\d+">(.*?)</script>', text)
        return json.loads(index), [json.loads(gzip.decompress(base64.b64decode(b))) for b in blocks]

    @cache  # noqa: B019
    def sheet(self, name: str) -> pd.DataFrame:
        book = openpyxl.load_workbook(self.folder / "report" / "clusters.xlsx", read_only=True)
        header, *rows = book[name].iter_rows(values_only=True)
        return pd.DataFrame(rows, columns=header)

    @cache  # noqa: B019
    def account(self) -> dict[str, Any]:
        return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))

    def clusters(self) -> pd.DataFrame:
        """Return what follows from the final table alone, per final cluster."""
        final = self.table("merged/clusters").dropna(subset="final_cluster")
        final = final.assign(sales=final["sales"].astype(float))
        found = final.groupby(KEY).agg(
            stores=("store_id", "size"),
            sales=("sales", "sum"),
            confidence=("confidence", "mean"),
            reassigned=("reassigned", "sum"),
        )
        found["share_of_sales"] = found["sales"] / found.groupby("category")["sales"].transform(
            "sum"
        )
        return found


@pytest.fixture(scope="module")
def shown(demo: Project) -> Surfaces:
    """The demo's results."""
    return Surfaces(demo.folder / "results")


def close(found: Any, expected: Any) -> None:
    """Compare numbers by value, unknown ones included."""
    found, expected = (np.array(list(x), dtype=float) for x in (found, expected))
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-9)


def test_clusters_have_the_same_numbers_in_every_table(shown: Surfaces) -> None:
    expected = shown.clusters()
    names = shown.table("merged/names").set_index(KEY)
    stability = shown.table("merged/stability").set_index(KEY)
    assert set(names.index) == set(stability.index) == set(expected.index)
    for column, tables in {
        "stores": [names, stability],
        "sales": [names, stability],
        "share_of_sales": [names],
        "confidence": [stability],
    }.items():
        for table in tables:
            close(table[column].loc[expected.index], expected[column])


def test_a_clusters_numbers_are_the_same_in_explorer_and_workbook(shown: Surfaces) -> None:
    index, _ = shown.explorer()
    cards = pd.DataFrame(
        [{"category": c["name"], **card} for c in index["categories"] for card in c["clusters"]]
    ).set_index(["category", "code"])
    sheet = shown.sheet("Clusters").set_index(["category", "cluster"])
    known = shown.table("merged/names").merge(
        shown.table("merged/stability").drop(columns=["stores", "sales"]), on=KEY
    )
    known = known.set_index(KEY)
    assert set(known.index) == set(cards.index) == set(sheet.index)
    numbers = {"stores": "stores", "sales": "sales", "share_of_sales": "share"}
    numbers |= {"confidence": "confidence", "jaccard": "jaccard"}
    in_sheet = {"share_of_sales": "share of sales", "jaccard": "stability"}
    in_sheet |= {"confidence": "mean confidence"}
    for column, own in numbers.items():
        close(cards[own].loc[known.index], known[column])
        close(sheet[in_sheet.get(column, column)].loc[known.index], known[column])
    assert list(cards["trust"].loc[known.index]) == list(known["trust"])
    assert list(sheet["evidence"].loc[known.index]) == list(known["evidence"])
    assert list(cards["evidence"].loc[known.index]) == list(
        sheet["why it is a cluster"].loc[known.index]
    )
    for words in (cards["name"], sheet["what it is"]):
        assert list(words.loc[known.index]) == list(known["name"])


def test_the_page_says_of_clusters_what_the_tables_say(shown: Surfaces) -> None:
    known = shown.clusters().join(
        shown.table("merged/stability").set_index(KEY)[["jaccard", "evidence"]]
    )
    known = known.join(shown.table("merged/names").set_index(KEY)["name"])
    categories = set(known.index.get_level_values("category"))
    rows = [(h, cells) for h, cells in shown.page().rows if h in categories]
    rows = [(h, cells) for h, cells in rows if len(cells) == 8 and cells[0] != "cluster"]
    assert len(rows) == len(known)
    for category, (code, name, evidence, stores, moved, share, confidence, jaccard) in rows:
        own = known.loc[(category, code)]
        assert name == own["name"]
        assert stores == f"{own['stores']:,}"
        assert moved == str(own["reassigned"])
        assert share == f"{own['share_of_sales']:.1%}"
        assert confidence == f"{own['confidence']:.2f}"
        assert jaccard == f"{own['jaccard']:.2f}"
        assert evidence.startswith(
            {"whole": "the whole"}.get(own["evidence"], f"a {own['evidence']}")
        )
        assert own["evidence"] == "whole" or f"Jaccard {jaccard}" in evidence


def test_numbers_of_clusters_are_the_same_everywhere(shown: Surfaces) -> None:
    counts = shown.clusters().groupby("category").size().to_dict()
    index, _ = shown.explorer()
    assert counts == shown.account()["final_clusters"]
    assert counts == {c["name"]: len(c["clusters"]) for c in index["categories"]}
    assert counts == shown.sheet("Clusters").groupby("category").size().to_dict()
    stores = {c["name"]: c["stores"] for c in index["categories"]}
    assert stores == shown.clusters().groupby("category")["stores"].sum().to_dict()
    for track in ("internal", "external"):
        chosen = shown.table(f"{track}/k").set_index("group")
        clusters = shown.table(f"{track}/clusters")
        assert chosen["k"].to_dict() == clusters.groupby("group")["cluster"].nunique().to_dict()
        fit = clusters[~clusters["outlier"]].groupby("group").size()
        assert chosen["stores"].to_dict() == fit.to_dict()
        scores = shown.table(f"{track}/k_scores")
        held_out = scores[scores["chosen"] & (scores["criterion"] == "prediction")]
        explained = held_out.set_index("group")["score"]
        close(explained, chosen["explained"].loc[explained.index])
        for group, row in chosen.iterrows():
            (cells,) = [r for _, r in shown.page().rows if r[:2] == [track, group]]
            assert cells[2] == str(row["k"])
            explained = "\N{EN DASH}" if np.isnan(row["explained"]) else f"{row['explained']:.0%}"
            assert cells[5] == explained


def test_profiles_are_the_same_in_explorer_and_workbook(shown: Surfaces) -> None:
    known = shown.table("merged/profiles")
    sheet = shown.sheet("Profiles")
    assert len(sheet) == len(known)
    for column in ("value", "chain", "difference", "index", "driver"):
        close(sheet[column], known[column])
    assert list(sheet["beyond chance"] == "yes") == list(known["distinguishable"])
    index, blocks = shown.explorer()
    for category, block in zip(index["categories"], blocks, strict=False):
        profile, own = block["profile"], known[known["category"] == category["name"]]
        for card, values in zip(category["clusters"], profile["clusters"], strict=True):
            rows = own[own["final_cluster"] == card["code"]]
            close(values["value"], rows["value"])
            close(values["index"], rows["index"])
            assert values["told"] == list(rows["distinguishable"])
            close([f["chain"] for f in profile["features"]], rows["chain"])


def test_the_chain_is_the_same_whatever_clusters_it_is_beside(shown: Surfaces) -> None:
    final = shown.table("merged/profiles")
    for track in ("internal", "external"):
        own = shown.table(f"{track}/profiles").drop_duplicates(["group", "feature"])
        beside = final[final["track"] == track].drop_duplicates(["category", "feature"])
        group = beside["category"] if track == "internal" else "all"
        both = beside.assign(group=group).merge(own, on=["group", "feature"])
        assert len(both) == len(beside)
        np.testing.assert_allclose(both["chain_x"], both["chain_y"], rtol=1e-12)


def test_stores_have_the_same_numbers_in_every_place(shown: Surfaces) -> None:
    final, reasons = shown.table("merged/clusters"), shown.table("merged/store_reasons")
    sheet = shown.sheet("Assignments")
    close(sheet["confidence"], final["confidence"])
    close(reasons["confidence"], final["confidence"])
    close(sheet["sales"], final["sales"])
    for column, table in {
        "next best": final["next_cluster"],
        "why here": reasons["reasons"],
    }.items():
        assert list(sheet[column].fillna("")) == list(table.fillna("")), column
    index, blocks = shown.explorer()
    for category, block in zip(index["categories"], blocks, strict=False):
        rows = final[final["category"] == category["name"]]
        close(block["stores"]["confidence"], rows["confidence"])
        close(block["stores"]["sales"], rows["sales"].astype(float).round(2))
        codes = [card["code"] for card in category["clusters"]]
        for name, column in (("cluster", "final_cluster"), ("next", "next_cluster")):
            found = [codes[n] if n >= 0 else None for n in block["stores"][name]]
            assert found == list(rows[column])


def test_a_store_is_compared_with_what_the_card_of_its_cluster_says(shown: Surfaces) -> None:
    profiles = shown.table("merged/profiles").query("track == 'internal'")
    quoted: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in shown.table("merged/store_reasons").itertuples():
        for said in f"{row.reasons or ''}; {row.against or ''}".split("; "):
            pattern = (
                r"(.*) -?[\d.,]+ % of sales \(its cluster (-?[\d.,]+) %, (\S+) (-?[\d.,]+) %\)"
            )
            match = re.fullmatch(pattern, said)
            if match:
                feature, own, following, theirs = match.groups()
                quoted.setdefault((row.category, feature), []).append((row.final_cluster, own))
                quoted[row.category, feature].append((following, theirs))
    assert len(quoted) > 30
    values = profiles.set_index(["category", "feature", "final_cluster"])["value"]
    for (category, feature), said in quoted.items():
        for code, percentage in set(said):
            assert percentage == two_digits(100 * values[category, feature, code])


def two_digits(value: float) -> str:
    """Write a number below 100 with two significant digits, as a reader would round it."""
    return f"{float(f'{value:.2g}'):.10g}"


def numbers_in(said: str) -> tuple[float, float, float]:
    """Return what a reason says of the store, of its cluster and of the next best one."""
    number = r"(-?[\d.,]+)(?: %)?"
    compared = re.fullmatch(
        rf".* {number}(?: of sales)? \(its cluster {number}, \S+ {number}\)", said
    )
    if compared:
        one, own, other = (float(x.replace(",", "")) for x in compared.groups())
        return one, own, other
    level = re.fullmatch(rf".* \({number} of its cluster, {number} of \S+\)", said)
    assert level, said
    return 100.0, float(level[1]), float(level[2])


@pytest.mark.parametrize(("column", "of_own"), [("reasons", True), ("against", False)])
def test_a_store_is_clearly_nearer_in_what_is_given_as_a_reason(
    column: str, of_own: bool, shown: Surfaces
) -> None:
    said = [
        x for text in shown.table("merged/store_reasons")[column].dropna() for x in text.split("; ")
    ]
    assert len(said) > 500
    for text in said:
        value, own, other = numbers_in(text)
        near, far = abs(value - own), abs(value - other)
        assert near <= 0.9 * far + 1e-9 if of_own else far <= 0.9 * near + 1e-9, text


def test_a_tip_is_a_change_and_is_missing_only_where_the_page_says_so(shown: Surfaces) -> None:
    reasons = shown.table("merged/store_reasons")
    for text in reasons["tip"].dropna():
        if text.endswith("next to nothing"):
            continue
        ends = re.fullmatch(r".* (rose|fell) from (\S+)(?: %)? to (\S+)(?: % of sales)?", text)
        assert ends, text
        start, end = (float(x.replace(",", "")) for x in ends.groups()[1:])
        assert (end > start) if ends[1] == "rose" else (end < start), text
    assert (reasons["nearer"].notna() == reasons["next_cluster"].notna()).all()
    tipped = reasons[reasons["tip"].notna()]
    assert tipped["nearer"].astype(bool).all()


def test_sales_and_what_separates_clusters_are_the_same_everywhere(shown: Surfaces) -> None:
    sales, (index, _) = shown.account()["sales"], shown.explorer()
    names = shown.table("merged/names")
    clustered = float(sales["clustered"])
    assert index["sales"] == clustered
    assert float(names["sales"].sum()) == pytest.approx(clustered, abs=1e-4)
    by_category = {k: float(v) for k, v in sales["clustered_by_category"].items()}
    close(names.groupby("category")["sales"].sum(), by_category.values())
    (row,) = [cells for _, cells in shown.page().rows if cells[0] == "in final clusters"]
    assert row[1] == f"{clustered:,.2f}"
    assert f"{clustered:,.2f} in clusters" in shown.sheet("How to read")["means"][0]
    drivers, rules = shown.table("merged/drivers"), shown.table("merged/rules")
    text = " ".join(shown.page().text)
    for category in index["categories"]:
        own = drivers[drivers["category"] == category["name"]].dropna(subset="explained")
        own = own.sort_values("rank")
        close([d["explained"] for d in category["drivers"]], own["explained"][:12])
        for driver, explained in zip(category["drivers"][:5], own["explained"], strict=False):
            assert f"{driver['words']} ({explained:.0%})" in text
        rule = rules[rules["category"] == category["name"]].iloc[0]
        close([category["accuracy"]], [rule["accuracy"]])
        said = f"Simple rules place {rule['accuracy']:.0%} of held-out stores right"
        assert f"{said}{': they are only a sketch' if rule['sketch'] else ''}." in text
        assert category["sketch"] == rule["sketch"] == (round(rule["accuracy"], 2) < 0.9)


TABLES: dict[str, Callable[[Surfaces], pd.DataFrame]] = {
    name: lambda shown, name=name: shown.table(f"merged/{name}")
    for name in ("clusters", "names", "stability", "profiles", "drivers", "rules", "folds")
} | {
    "internal_profiles": lambda shown: shown.table("internal/profiles"),
    "external_profiles": lambda shown: shown.table("external/profiles"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_for_the_spreadsheet_is_the_table(name: str, shown: Surfaces) -> None:
    table, found = TABLES[name](shown), shown.csv(name)
    assert list(found.columns) == list(table.columns)
    assert len(found) == len(table)
    for column in table:
        if column != "store_id" and pd.api.types.is_float_dtype(table[column]):
            close(found[column], table[column])
