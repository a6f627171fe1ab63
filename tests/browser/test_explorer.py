"""What people do with the explorer works, in a real browser, on the demo."""

import csv
import re
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from browser import choose, count, needs_browser, opened, picture, rows, serious_findings
from conftest import Project
from playwright.sync_api import expect

pytestmark = needs_browser


@pytest.fixture(scope="module")
def explorer(demo: Project) -> Path:
    """The page."""
    return demo.folder / "results" / "report" / "explorer.html"


def table(demo: Project, name: str) -> pd.DataFrame:
    return pd.read_parquet(demo.folder / "results" / "merged" / f"{name}.parquet")


def test_every_category_shows_its_clusters_with_names_and_sizes(
    demo: Project, explorer: Path, tmp_path: Path
) -> None:
    names = table(demo, "names")
    with opened(explorer) as page:
        picture(page, "explorer", tmp_path)
        for category, expected in names.groupby("category"):
            choose(page, category)
            cards = page.locator("#clusters .card").all_inner_texts()
            assert len(cards) == len(expected)
            for card, (_, cluster) in zip(cards, expected.iterrows(), strict=True):
                assert cluster["name"] in card
                assert f"Show its {cluster['stores']:,} stores" in card


def test_cards_and_stores_show_the_numbers_of_the_tables(demo: Project, explorer: Path) -> None:
    keys = ["category", "final_cluster"]
    known = table(demo, "names").merge(
        table(demo, "stability").drop(columns=["stores", "sales"]), on=keys
    )
    profiles = table(demo, "profiles")
    reasons = table(demo, "store_reasons").set_index(["category", "store_id"])
    with opened(explorer) as page:
        for category, expected in known.groupby("category"):
            choose(page, category)
            cards = page.locator("#clusters .card").all_inner_texts()
            for card, (_, cluster) in zip(cards, expected.iterrows(), strict=True):
                text = " ".join(card.split())
                sold = f"{int(float(cluster['sales']) + 0.5):,}"
                share = f"{100 * cluster['share_of_sales']:.1f} % of the category"
                assert f"sales {sold} ({share})" in text
                assert f"mean confidence {cluster['confidence']:.2f}" in text
                assert f"stability {cluster['jaccard']:.2f}" in text
                own = profiles[(profiles[keys] == cluster[keys]).all(axis=1)]
                first = own[(own["driver"] == 1) & (own["track"] == "internal")]
                for _, row in first.iterrows():
                    value = f"{row['feature']} {100 * row['value']:.1f} %"
                    assert f"{value} {row['index']:.0f}" in text
            for row in rows(page):
                confidence = reasons.loc[(category, row[0]), "confidence"]
                assert row[5] == ("" if pd.isna(confidence) else f"{confidence:.2f}")


def test_stores_are_found_by_number_and_by_name(explorer: Path) -> None:
    with opened(explorer) as page:
        everyone = count(page)
        page.fill("#stores input[type=search]", '"Carlow 12"')
        found = rows(page)
        assert [row[1] for row in found] == ["Carlow 12"]
        page.fill("#stores input[type=search]", found[0][0])
        assert found[0] in rows(page)
        page.fill("#stores input[type=search]", "")
        assert count(page) == everyone == 206


def test_stores_are_sorted_by_sales_as_numbers(explorer: Path) -> None:
    with opened(explorer) as page:
        place = page.locator("#stores thead th").all_inner_texts().index("Sales")
        for order in ("ascending", "descending"):
            page.locator("#stores thead th", has_text="Sales").click()
            page.wait_for_selector(f'#stores th[aria-sort="{order}"]:has-text("Sales")')
            sales = [int(row[place].replace(",", "")) for row in rows(page)]
            assert sales == sorted(sales, reverse=order == "descending")
            assert len(set(sales)) > 1


def test_a_store_says_why_it_is_here_and_leads_to_its_neighbours(
    demo: Project, explorer: Path, tmp_path: Path
) -> None:
    reasons = table(demo, "store_reasons").set_index(["category", "store_id"])
    with opened(explorer) as page:
        choose(page, "Pet Food")
        store = rows(page)[2][0]
        page.locator("#stores button.link", has_text=store).first.click()
        dialog = page.locator("dialog[open]")
        picture(page, "store", tmp_path)
        expected = reasons.loc[("Pet Food", store)]
        assert all(reason in dialog.inner_text() for reason in expected["reasons"].split("; "))
        assert expected["name"] in dialog.inner_text()
        dialog.locator("button.link").first.click()
        assert expected["similar_1"] in page.locator("#store-title").inner_text()
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)


def test_stores_are_filtered_by_cluster_and_by_region(demo: Project, explorer: Path) -> None:
    final = table(demo, "clusters").query("category == 'Baby Care'")
    places = pd.read_parquet(demo.folder / "results" / "external" / "places.parquet")
    final = final.merge(places, on="store_id", how="left")
    with opened(explorer) as page:
        page.select_option("#cluster-filter", value="2_2")
        assert count(page) == (final["final_cluster"] == "2_2").sum()
        page.select_option("#region-filter", value="north")
        both = (final["final_cluster"] == "2_2") & (final["region"] == "north")
        assert count(page) == both.sum()
        assert {row[2] for row in rows(page)} == {"north"}
        page.select_option("#cluster-filter", value="")
        assert count(page) == (final["region"] == "north").sum()


def test_a_cluster_shows_its_stores(explorer: Path) -> None:
    with opened(explorer) as page:
        card = page.locator("#clusters .card").nth(1)
        stores = card.locator("dd").first.inner_text()
        card.get_by_role("button", name="Show its").click()
        assert count(page) == int(stores)


def test_what_is_shown_can_be_downloaded(demo: Project, explorer: Path, tmp_path: Path) -> None:
    final = table(demo, "clusters").query("category == 'Household' and final_cluster == '1_3'")
    with opened(explorer) as page:
        choose(page, "Household")
        page.select_option("#cluster-filter", value="1_3")
        with page.expect_download() as started:
            page.click("#download")
        path = tmp_path / "stores.csv"
        started.value.save_as(path)
        assert started.value.suggested_filename == "stores Household.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["Store"] for row in found] == list(final["store_id"])
    assert {row["Cluster"] for row in found} == {"1_3"}
    for row, sales in zip(found, final["sales"], strict=True):
        assert float(row["Sales"]) == pytest.approx(float(sales), abs=0.005)
    assert all(row["Reasons"] for row in found)


def test_an_address_leads_to_a_category_and_a_store(explorer: Path) -> None:
    category = quote("Kids' Café")
    with opened(explorer, f"#category={category}&store=1004") as page:
        assert page.locator("#category option:checked").inner_text() == "Kids' Café"
        assert "(1004)" in page.locator("#store-title").inner_text()
        page.keyboard.press("Escape")
        expect(page).not_to_have_url(re.compile("store="))
        choose(page, "Household")
        expect(page).to_have_url(re.compile("category=Household"))


def test_everything_is_reached_with_the_keyboard(explorer: Path) -> None:
    with opened(explorer) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the stores"
        page.keyboard.press("Enter")
        reached = []
        for _ in range(25):  # columns can be sorted with the keyboard too
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
            if 'class="link"' in reached[-1]:
                break
        assert 'class="link"' in reached[-1], reached
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open]")
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(page.locator(":focus")).to_have_class("link")


def test_the_map_shows_every_placed_store_with_coordinates(
    demo: Project, explorer: Path, tmp_path: Path
) -> None:
    places = pd.read_parquet(demo.folder / "results" / "external" / "places.parquet")
    final = table(demo, "clusters").query("category == 'Baby Care' and final_cluster.notna()")
    known = set(places["store_id"][places["latitude"].notna()]) & set(final["store_id"])
    with opened(explorer) as page:
        marks = page.locator("#map path.mark")
        assert marks.count() == len(known)
        page.locator("#map").scroll_into_view_if_needed()
        picture(page, "map", tmp_path)
        marks.first.dispatch_event("click")
        expect(page.locator("dialog[open]")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_in_the_way_of_people(
    explorer: Path, scheme: str, tmp_path: Path
) -> None:
    with opened(explorer, color_scheme=scheme) as page:
        assert serious_findings(page) == []
        page.locator("#stores button.link").first.click()
        page.wait_for_selector("dialog[open]")
        picture(page, f"store-{scheme}", tmp_path)
        assert serious_findings(page) == []


def test_a_phone_shows_it_without_scrolling_sideways(explorer: Path, tmp_path: Path) -> None:
    with opened(explorer, viewport={"width": 360, "height": 740}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.locator("#stores button.link").first.click()
        picture(page, "phone", tmp_path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_every_cluster_shows_its_evidence_and_every_category_what_surroundings_add(
    demo: Project, explorer: Path
) -> None:
    stability = table(demo, "stability")
    added = table(demo, "categories").set_index("category")["split_by_surroundings"]
    with opened(explorer) as page:
        for category, expected in stability.groupby("category"):
            choose(page, category)
            why = page.locator("#why").inner_text()
            assert ("Surroundings add nothing" in why) == (added[category] == 0)
            cards = page.locator("#clusters .card").all_inner_texts()
            for card, (_, cluster) in zip(cards, expected.iterrows(), strict=True):
                assert f"A {cluster['evidence']}: " in card
                assert f"(Jaccard {cluster['jaccard']:.2f})" in card
                assert "trust" not in card
