"""The account of a run says what made it and where every store and every cent went."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT

from store_clusters.run import version
from store_clusters.run.version import made_by
from store_clusters.sales.account import (
    count_clusters,
    describe_files,
    reconcile_sales,
    reconcile_stores,
    stores_sold,
)

MONEY = pa.decimal128(18, 4)


def final(rows: list[tuple[str, str, str | None, str, str]]) -> pa.Table:
    """Rows of (category, store, final cluster, sales, status)."""
    category, store, cluster, sales, status = zip(*rows, strict=True)
    return pa.table(
        {
            "category": category,
            "store_id": store,
            "final_cluster": cluster,
            "sales": pa.array([Decimal(amount) for amount in sales], MONEY),
            "status": status,
        }
    )


FINAL = final(
    [
        ("drinks", "a", "1", "1.0001", "clustered"),
        ("drinks", "b", None, "-0.5", "too_little_sales"),
        ("snacks", "a", "2", "2", "clustered"),
        ("snacks", "b", "1", "3", "assigned"),
    ]
)
ASIDE = pa.table({"reason": ["outside_window"], "sales": pa.array([Decimal("0.25")], MONEY)})


def test_every_cent_is_clustered_or_set_aside_for_a_reason() -> None:
    found = reconcile_sales([Decimal("5"), Decimal("0.7501")], ASIDE, FINAL)
    assert found["read"] == "5.7501"
    assert found["clustered"] == "6.0001"
    assert found["set_aside"] == "-0.2500"
    assert found["set_aside_by_reason"] == {
        "outside_window": "0.2500",
        "too_little_sales": "-0.5000",
    }
    assert found["clustered_by_category"] == {"drinks": "1.0001", "snacks": "5.0000"}


def test_a_missing_ten_thousandth_stops_the_run() -> None:
    with pytest.raises(ArithmeticError, match=r"5\.7502 read, 6\.0001 clustered, -0\.2500 set"):
        reconcile_sales([Decimal("5.7502")], ASIDE, FINAL)


def test_every_store_of_any_input_is_in_every_category() -> None:
    found = reconcile_stores({"sales": {"a"}, "external": {"a", "b"}}, FINAL)
    assert found["seen"] == 2
    assert found["seen_in"] == {"sales": 1, "external": 2}
    assert found["rows_by_status"] == {"assigned": 1, "clustered": 2, "too_little_sales": 1}
    assert found["rows_without_final_cluster"] == 1


@pytest.mark.parametrize(
    ("seen", "rows"),
    [
        ({"a", "b", "c"}, FINAL),  # lost
        ({"a"}, FINAL),  # invented
        ({"a", "b"}, FINAL.slice(1)),  # not in every category
        ({"a", "b"}, pa.concat_tables([FINAL, FINAL.slice(3)])),  # twice
    ],
)
def test_a_store_that_is_not_accounted_for_stops_the_run(seen: set[str], rows: pa.Table) -> None:
    with pytest.raises(ArithmeticError, match="1 stores are not accounted for"):
        reconcile_stores({"sales": seen}, rows)


def test_clusters_are_counted_by_category() -> None:
    assert count_clusters(FINAL) == {"drinks": 1, "snacks": 2}


def test_stores_sold_are_those_of_all_parts(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("1.parquet", "2.parquet")]
    for path, stores in zip(paths, (["a", "a"], ["b", "a"]), strict=True):
        pq.write_table(pa.table({"store_id": stores}), path)
    assert stores_sold(paths) == {"a", "b"}


def test_an_input_file_is_described_by_its_receipt_or_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(b"abc")
    receipt = {"file": "sales.csv", "bytes": 7, "sha256": "x", "rows": 2, "sales": "1.0000"}
    found = describe_files(["sales.csv", str(path)], [receipt])
    assert found[0] == receipt
    assert found[1]["bytes"] == 3
    assert found[1]["sha256"].startswith("ba7816bf8f01cfea414140de5dae2223")


def test_a_result_says_the_version_and_the_revision_that_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = made_by()
    assert found["version"] == project["version"]
    assert list(found)[:3] == ["run", "version", "revision"]
    assert "snakemake" in found["packages"]
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "9.8.7"\n', encoding="utf-8")
    monkeypatch.setattr(version, "ROOT", tmp_path)
    assert made_by()["version"] == "9.8.7"
    assert made_by()["revision"] is None  # not in a clone
