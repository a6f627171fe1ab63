"""A table read group by group is the table, whatever its blocks."""

from pathlib import Path

import numpy as np
import pytest

from store_clusters.run.errors import InputError
from store_clusters.tables import contracts
from store_clusters.tables.contracts import read_table, write_stream, write_table
from store_clusters.tables.grouped import Grouped
from store_clusters.tables.matrices import by_group, read_matrices

SIZES = {"Bread": 1, "Coffee": 40, "Tea": 3, "Wine": 12}


def rows(group: str) -> dict[str, list]:
    n = SIZES[group]
    return {
        "group": [group] * 2 * n,
        "store_id": [f"S{i // 2:02}" for i in range(2 * n)],
        "feature": ["a", "b"] * n,
        "value": [float(i) if i % 7 else None for i in range(2 * n)],
    }


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of four groups, in blocks of 11 rows."""
    monkeypatch.setattr(contracts, "ROW_GROUP", 11)
    write_stream(tmp_path / "t.parquet", "normalized", (rows(group) for group in SIZES))
    return tmp_path / "t.parquet"


def test_groups_have_their_rows_however_they_are_asked_for(table: Path) -> None:
    expected = by_group(table, "normalized")
    grouped = Grouped(table, "normalized")
    assert grouped.groups() == list(SIZES)
    assert dict(grouped) == expected
    for group in ["Tea", "Bread", "Wine", "Coffee", "Tea"]:
        assert grouped.rows(group) == expected[group]
    assert grouped.rows("Milk") is None
    assert grouped.matrix("Milk") is None


def test_only_columns_that_are_wanted_are_read(table: Path) -> None:
    tea = Grouped(table, "normalized", columns=["value"]).rows("Tea")
    assert tea is not None
    assert tea.column_names == ["group", "value"]


def test_a_group_is_the_matrix_that_it_is_in_the_whole_table(table: Path) -> None:
    for matrix in read_matrices(table, "normalized"):
        found = Grouped(table, "normalized").matrix(matrix.group)
        assert found is not None
        assert found.stores.tolist() == matrix.stores.tolist()
        assert found.features.tolist() == matrix.features.tolist()
        np.testing.assert_array_equal(found.values, matrix.values)


def test_columns_written_part_by_part_are_the_bytes_of_the_whole(table: Path) -> None:
    whole = table.with_name("whole.parquet")
    write_table(whole, "normalized", read_table(table, "normalized"))
    assert whole.read_bytes() == table.read_bytes()


def test_a_table_of_another_contract_is_refused(table: Path) -> None:
    with pytest.raises(InputError, match="not a 'imputed' table"):
        Grouped(table, "imputed")


def test_a_table_without_rows_has_no_groups(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", "normalized", {name: [] for name in rows("Tea")})
    grouped = Grouped(tmp_path / "t.parquet", "normalized")
    assert grouped.groups() == []
    assert grouped.rows("Tea") is None
