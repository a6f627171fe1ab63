"""The product map is read from all its files, each row once."""

from pathlib import Path

import pytest
from descriptions import products

from store_clusters.inputs.rows import Tally, left_out
from store_clusters.run.errors import InputError
from store_clusters.sales.product_map import read_need_states, read_products

COLUMNS = {"product_id": "p", "category": "c", "need_state": "n"}


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Two files, of which the second repeats a row of the first."""
    rows = (
        "p,c,n\n1,tea,calm\n2,tea,wake\n2,coffee,wake\n3,,calm\n",
        "p,c,n\n2,tea,wake\n4,tea,\n",
    )
    for number, text in enumerate(rows):
        (tmp_path / f"{number}.csv").write_text(text, encoding="utf-8")
    return [str(tmp_path / "0.csv"), str(tmp_path / "1.csv")]


def test_a_row_given_twice_is_refused_or_used_once(paths: list[str]) -> None:
    with pytest.raises(InputError) as error:
        read_products(paths, products(COLUMNS), "category")
    assert f"{paths[0]}, {paths[1]}: 1 rows of (product, category, need state)" in str(error.value)
    assert "('2', 'tea', 'wake')" in str(error.value)
    found = read_products(paths, products(COLUMNS, rows="distinct"), "category").to_pylist()
    assert sorted(row["product_id"] for row in found) == ["1", "2", "2", "3", "4"]
    assert len(read_products(paths[:1], products(COLUMNS), "category")) == 4


def test_need_states_are_those_of_products_with_a_category_too(paths: list[str]) -> None:
    found = read_need_states(paths, products(COLUMNS))
    assert found == [("coffee", "wake"), ("tea", "calm"), ("tea", "wake")]


def test_one_category_for_all_products_may_be_a_constant(paths: list[str]) -> None:
    source = products(COLUMNS | {"category": None}, constants={"category": "all"})
    assert read_need_states(paths, source) == [("all", "calm"), ("all", "wake")]


def test_rows_that_are_left_out_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("p,c,n\n1,tea,calm\np,c,n\n2,tea,wake\nTotal,,\n", encoding="utf-8")
    tally = Tally()
    source = products(COLUMNS, total_rows="drop")
    assert len(read_products([str(path)], source, "category", tally)) == 2
    said = left_out(["map.csv"], tally.dropped)
    assert said == "map.csv: rows are left out: 1 (repeated header), 1 (row of totals)"


def test_a_map_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("p,c,n\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"none.csv: the product map has no rows\."):
        read_products([str(tmp_path / "none.csv")], products(COLUMNS), "category")


@pytest.mark.parametrize("groups", ["store", "both"])
def test_a_category_called_like_whole_stores_is_refused_where_there_are_some(
    tmp_path: Path, groups: str
) -> None:
    path = tmp_path / "map.csv"
    path.write_text("p,c,n\n1,<all categories>,calm\n", encoding="utf-8")
    with pytest.raises(InputError, match="a category is called '<all categories>'"):
        read_products([str(path)], products(COLUMNS), groups)
    assert len(read_products([str(path)], products(COLUMNS), "category")) == 1
