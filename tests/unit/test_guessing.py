"""A first configuration is guessed rightly from folders that are laid out differently."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from retailers import RETAILERS

from store_clusters.inputs.find import find_inputs
from store_clusters.inputs.guessing.draft import draft
from store_clusters.run.errors import InputError
from store_clusters.sales.before import look_before, problems_of
from store_clusters.settings.resolve import resolve_config

pytest.importorskip("odf")
EXPECTED: dict[str, list[dict[str, str]]] = {  # columns of sales, products and the stores
    "english": [
        {"store_id": "Store", "product_id": "SKU", "sales": "Net Sales", "date": "Date"},
        {"product_id": "SKU", "category": "Category", "need_state": "Need State"},
        {"store_id": "Store", "store_name": "Store Name", "region": "Region"},
    ],
    "german": [
        {"store_id": "Filiale", "product_id": "Artikel", "sales": "Umsatz", "date": "Datum"},
        {"product_id": "Artikelnr", "category": "Warengruppe", "need_state": "Bedürfnis"},
        {"store_id": "Filialnr", "store_name": "Filialname", "region": "Bundesland"},
    ],
    "warehouse": [
        {"store_id": "loc_key", "product_id": "itm_key", "sales": "net_amt", "date": "cal_dt"},
        {"product_id": "itm_key", "category": "grp_lvl1", "need_state": "grp_lvl2"},
        {"store_id": "loc_key"},
    ],
    "wide": [
        {"store_id": "Outlet", "product_id": "Article"},
        {"product_id": "Article", "category": "Family", "need_state": "Occasion"},
        {"store_id": "Outlet", "store_name": "Name", "region": "County"},
    ],
    "export": [
        {"store_id": "Numéro magasin", "product_id": "Code article", "sales": "Montant",
         "date": "Jour"},
        {"product_id": "Code article", "category": "Catégorie", "need_state": "Besoin"},
        {"store_id": "Magasin", "store_name": "Nom", "region": "Région"},
    ],
}  # fmt: skip


@pytest.fixture
def guessed(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The configuration that is guessed for a retailer, as a run would take it."""
    RETAILERS[request.param](tmp_path)
    text, _ = draft(tmp_path, "my-chain.yaml")
    return resolve_config(yaml.safe_load(text))["inputs"]


@pytest.mark.parametrize(("guessed", "columns"), EXPECTED.items(), indirect=["guessed"])
def test_the_right_columns_are_mapped(guessed: dict[str, Any], columns: list[Any]) -> None:
    sources = [guessed["sales"], guessed["products"], *guessed["external"]]
    mapped = [{k: v for k, v in source["columns"].items() if v} for source in sources]
    assert mapped == columns


@pytest.mark.parametrize("guessed", EXPECTED, indirect=True)
def test_a_run_reads_all_and_finds_every_store_and_product(guessed: dict[str, Any]) -> None:
    looks, measured = look_before(guessed, find_inputs(guessed).by_source)
    assert problems_of(looks) == []
    assert {one.name: one.value for one in measured} == {"set_aside": 0, "without_external": 0}
    assert looks[0].facts["stores"] == 30
    assert looks[0].facts["days"].startswith("2024-01-0")


@pytest.mark.parametrize("guessed", ["german"], indirect=True)
def test_marks_days_and_totals_are_told(guessed: dict[str, Any]) -> None:
    sales = guessed["sales"]
    assert (sales["delimiter"], sales["decimal"]) == (";", ",")
    assert (sales["date_format"], sales["total_rows"]) == ("%d.%m.%Y", "drop")


def test_each_line_says_what_it_was_guessed_from(tmp_path: Path) -> None:
    RETAILERS["export"](tmp_path)
    text, found = draft(tmp_path, "my-chain.yaml")
    assert found == {"sales": 1, "products": 1, "external": 1}
    assert "store_id: Numéro magasin  # 30 of 30 are without leading zeros in 'Magasin'" in text
    assert "sales: Montant  # 57.89, 37.45, 56.75; or Quantité?" in text
    assert f"#   {tmp_path}/staff.csv: 3 rows of badge, role" in text


def test_small_numbers_of_other_things_are_no_stores(tmp_path: Path) -> None:
    """Weeks are no stores, though all their numbers are numbers of stores."""
    RETAILERS["warehouse"](tmp_path)
    weeks = "\n".join(f"{week},{week % 7}" for week in range(101, 131))
    (tmp_path / "weeks.csv").write_text(f"week,holidays\n{weeks}\n")
    text, _ = draft(tmp_path, "my-chain.yaml")
    guessed = yaml.safe_load(text)["inputs"]
    assert guessed["products"]["path"].endswith("items.xlsx")
    assert [source["name"] for source in guessed["external"]] == ["dim_location"]
    assert guessed["sales"]["columns"]["store_id"] == "loc_key"


def test_what_cannot_be_guessed_is_a_comment_with_what_to_write(tmp_path: Path) -> None:
    RETAILERS["english"](tmp_path)
    (tmp_path / "stores.csv").unlink()
    text, found = draft(tmp_path, "my-chain.yaml")
    assert found["external"] == 0
    assert "# No file says something of the stores." in text
    uncommented = text.replace("  # external:", "  external:").replace("  #   ", "    ")
    assert resolve_config(yaml.safe_load(uncommented))["inputs"]["external"][0]["name"] == "stores"


@pytest.mark.parametrize("content", [b"", b"one\n1\n", b"\xff\xfe", b"a,b\n"])
def test_a_folder_without_tables_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"no file in it is a table.*x\.csv"):
        draft(tmp_path, "my-chain.yaml")


@pytest.mark.parametrize("name", ["breakfast", "iowa", "walmart"])
def test_real_data_is_mapped_as_people_did(name: str) -> None:
    data = Path(os.environ.get("REAL_DATA_DIR", ROOT.parent / "shared" / "data")) / name
    if not data.is_dir():
        pytest.skip(f"there is no {data}")
    text, _ = draft(data, "my-chain.yaml")
    guessed = resolve_config(yaml.safe_load(text))["inputs"]
    written = yaml.safe_load((ROOT / "tests" / "real" / f"{name}.yaml").read_text("utf-8"))
    for source in ("sales", "products"):
        mapped = {k: v for k, v in guessed[source]["columns"].items() if v}
        wanted = written["inputs"][source]["columns"]
        assert mapped == {k: v for k, v in wanted.items() if v}
    stores = {Path(of["path"]).name: of["columns"]["store_id"] for of in guessed["external"]}
    assert stores == {
        Path(of["path"]).name: of["columns"]["store_id"] for of in written["inputs"]["external"]
    }
