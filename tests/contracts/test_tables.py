"""Every table that crosses a rule keeps its contract, and the same rows give the same bytes."""

import random
import runpy
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.run.errors import InputError
from store_clusters.tables import contracts as tables
from store_clusters.tables.contracts import (
    TYPES,
    contract,
    read_table,
    sum_of_sales,
    write_stream,
    write_table,
)
from store_clusters.tables.matrices import as_columns, column, groups, matrices, stack

CONTRACTS = sorted((ROOT / "workflow" / "schemas" / "tables").glob("*.yaml"))
VISITS = {
    "version": 3,
    "file": "external/visits.parquet",
    "row": "store x day",
    "key": ["store_id", "day"],
    "columns": [
        {"name": "store_id", "type": "string"},
        {"name": "day", "type": "int32"},
        {"name": "kind", "type": "string", "values": ["paid", "free"], "nullable": True},
        {"name": "sales", "type": "money"},
        {"name": "share", "type": "float64", "nullable": True},
        {"name": "weight", "type": "float64"},
        {"name": "open", "type": "bool"},
        {"name": "seen", "type": "date", "nullable": True},
        {"name": "rows", "type": "int64"},
    ],
}
NAN = float("nan")


@pytest.fixture(autouse=True)
def visits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The project's contracts and one more, with a column of every type."""
    folder = tmp_path / "contracts"
    folder.mkdir()
    for path in CONTRACTS:
        (folder / path.name).write_bytes(path.read_bytes())
    write_contract(folder, VISITS)
    monkeypatch.setattr(tables, "CONTRACTS", folder)
    contract.cache_clear()
    yield folder
    contract.cache_clear()


def write_contract(folder: Path, content: dict) -> None:
    (folder / "visits.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    contract.cache_clear()


def rows(**other: object) -> dict[str, list]:
    """Three rows that keep the contract, columns replaced by ``other``."""
    return {
        "store_id": ["10", "007", "10"],
        "day": [2, 1, 1],
        "kind": ["paid", None, "free"],
        "sales": [Decimal("1.0001"), Decimal("-3"), Decimal("0")],
        "share": [0.5, None, 0.25],
        "weight": [1.0, 2.0, 3.0],
        "open": [True, False, True],
        "seen": [date(2024, 1, 1), None, None],
        "rows": [1, 2, 3],
        **other,
    }


def refused(path: Path, data: object) -> str:
    """Write, expect refusal, and return the message; nothing may have been written."""
    with pytest.raises((ValueError, TypeError)) as error:
        write_table(path, "visits", data)
    assert list(path.parent.glob("*.parquet*")) == []
    assert list(path.parent.glob(".*")) == []
    return str(error.value)


# Writing and reading back


def test_what_is_written_is_read_back_sorted_by_the_key(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "visits.parquet"
    assert write_table(path, "visits", rows()) == 3
    found = read_table(path, "visits").to_pydict()
    assert found == {name: [values[i] for i in (1, 2, 0)] for name, values in rows().items()}


def test_columns_and_types_are_those_of_the_contract_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    write_table(path, "visits", dict(reversed(rows().items())))
    schema = read_table(path, "visits").schema
    assert schema.names == [column["name"] for column in VISITS["columns"]]
    assert schema.types == [TYPES[column["type"]] for column in VISITS["columns"]]


def test_a_file_carries_the_name_and_version_of_its_contract(tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    write_table(path, "visits", rows())
    metadata = pq.read_schema(path).metadata
    assert metadata[b"contract"] == b"visits"
    assert metadata[b"version"] == b"3"


def test_text_is_dictionary_encoded_and_all_columns_are_compressed(tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    write_table(path, "visits", rows())
    group = pq.read_metadata(path).row_group(0)
    for number, promised in enumerate(VISITS["columns"]):
        found = group.column(number)
        assert found.compression == "ZSTD"
        assert found.has_dictionary_page or promised["type"] != "string"


def test_an_empty_table_keeps_its_contract(tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    assert write_table(path, "visits", {name: [] for name in rows()}) == 0
    assert read_table(path, "visits").schema.equals(contract("visits").schema)


def test_columns_and_filters_can_be_chosen_when_reading(tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    write_table(path, "visits", rows())
    found = read_table(path, "visits", columns=["day"], filters=[("store_id", "=", "10")])
    assert found.to_pydict() == {"day": [1, 2]}


def test_nan_becomes_null_where_the_contract_allows_it(tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    write_table(path, "visits", rows(share=np.array([NAN, 1.0, NAN])))
    assert read_table(path, "visits")["share"].to_pylist() == [1.0, None, None]


def test_identifiers_keep_their_leading_zeros(tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    write_table(path, "visits", rows(store_id=["7", "007", "07"]))
    assert read_table(path, "visits")["store_id"].to_pylist() == ["007", "07", "7"]


# Broken contracts


@pytest.mark.parametrize("name", ["store_id", "day", "sales", "weight", "open", "rows"])
def test_a_null_is_refused_where_none_was_promised(tmp_path: Path, name: str) -> None:
    values = rows()[name]
    assert f"visits.{name}: 1 null" in refused(
        tmp_path / "v.parquet", rows(**{name: [values[0], None, values[2]]})
    )


def test_nan_is_refused_where_no_null_was_promised(tmp_path: Path) -> None:
    data = rows(weight=np.array([1.0, NAN, 2.0]))
    assert "visits.weight: 1 null" in refused(tmp_path / "v.parquet", data)


@pytest.mark.parametrize("value", [float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["weight", "share"])
def test_an_infinite_number_is_refused(tmp_path: Path, name: str, value: float) -> None:
    data = rows(**{name: [1.0, value, 2.0]})
    assert f"visits.{name}: not finite" in refused(tmp_path / "v.parquet", data)


def test_nan_in_an_arrow_table_is_refused(tmp_path: Path) -> None:
    data = rows(share=pa.array([1.0, NAN, 2.0]))
    assert "visits.share: not finite" in refused(tmp_path / "v.parquet", data)


def test_two_rows_with_one_key_are_refused_and_named(tmp_path: Path) -> None:
    data = rows(store_id=["10", "007", "10"], day=[2, 1, 2])
    assert "two rows with ['10', 2]" in refused(tmp_path / "v.parquet", data)


def test_equal_rows_far_apart_are_found(tmp_path: Path) -> None:
    n = 1000
    days = [*range(n), 500]
    data = {name: [values[0]] * (n + 1) for name, values in rows().items()} | {"day": days}
    assert "two rows with ['10', 500]" in refused(tmp_path / "v.parquet", data)


def test_a_value_that_is_not_listed_is_refused_and_shown(tmp_path: Path) -> None:
    data = rows(kind=["paid", "stolen", None])
    assert "visits.kind: 'stolen'" in refused(tmp_path / "v.parquet", data)


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_a_missing_or_extra_column_is_refused(tmp_path: Path, change: str) -> None:
    data = rows()
    if change == "missing":
        del data["share"]
    else:
        data["share of sales"] = [1, 2, 3]
    assert "has columns" in refused(tmp_path / "v.parquet", data)


@pytest.mark.parametrize(
    "column",
    [
        {"day": [1.5, 2.0, 3.0]},
        {"day": np.array([1.5, 2.0, 3.0])},
        {"day": pa.array([1.5, 2.0, 3.0])},
        {"day": [1, 2, 2**40]},
        {"day": pa.array([1, 2, 2**40])},
        {"sales": [Decimal("0.00001")] * 3},
        {"sales": pa.array([Decimal("0.00001")] * 3)},
        {"weight": ["much", "more", "most"]},
    ],
    ids=lambda column: f"{next(iter(column))}-{type(next(iter(column.values()))).__name__}",
)
def test_a_value_that_does_not_fit_its_type_is_refused_not_rounded(
    tmp_path: Path, column: dict
) -> None:
    refused(tmp_path / "v.parquet", rows(**column))


# Same rows, same bytes


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False), st.integers(1, 60), st.integers(1, 7))
def test_the_bytes_do_not_depend_on_the_order_of_rows_or_on_chunks(
    tmp_path_factory: pytest.TempPathFactory, order: random.Random, n: int, size: int
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    table = pa.table(
        {
            "group": [f"c{i % 3}" for i in range(n)],
            "store_id": [f"s{i:03}" for i in range(n)],
            "feature": [f"f{i % 5}" for i in range(n)],
            "value": [None if i % 4 == 0 else i / 7 for i in range(n)],
        }
    )
    places = list(range(n))
    order.shuffle(places)
    shuffled = table.take(places)
    chunked = pa.concat_tables(shuffled.slice(start, size) for start in range(0, n, size))
    versions = {
        "plain": table,
        "shuffled": shuffled,
        "chunked": chunked,
        "lists": chunked.to_pydict(),
        "encoded": chunked.set_column(0, "group", chunked["group"].dictionary_encode()),
        "other order of columns": chunked.select(table.column_names[::-1]),
    }
    for name, data in versions.items():
        write_table(folder / name, "normalized", data)
    assert len({(folder / name).read_bytes() for name in versions}) == 1


def test_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("a.parquet", "b.parquet", "b.parquet"):
        write_table(tmp_path / name, "visits", rows())
        written.append((tmp_path / name).read_bytes())
    assert len(set(written)) == 1


# A stream of batches


def in_order(count: int) -> pa.Table:
    """Rows of the contract in the order of its key."""
    many = {name: [values[0]] * count for name, values in rows().items()}
    many |= {"store_id": [f"{n // 3:02d}" for n in range(count)], "day": list(range(count))}
    return pa.table(many, schema=contract("visits").schema)


@pytest.mark.parametrize("size", [1, 3, 4, 10])
@pytest.mark.parametrize("count", [0, 1, 8, 9])
def test_a_stream_gives_the_bytes_of_a_table_however_it_is_divided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, size: int
) -> None:
    monkeypatch.setattr(tables, "ROW_GROUP", 4)
    table = in_order(count)
    assert write_stream(tmp_path / "a.parquet", "visits", table.to_batches(size)) == count
    assert write_table(tmp_path / "b.parquet", "visits", table) == count
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize("order", [[1, 0, 2, 3, 4, 5], [0, 1, 2, 4, 3, 5], [0, 1, 2, 3, 3, 4]])
def test_a_stream_out_of_order_or_with_a_row_twice_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: list[int]
) -> None:
    monkeypatch.setattr(tables, "ROW_GROUP", 4)
    table = in_order(6).take(order)
    with pytest.raises(ValueError, match=r"not in the order|two rows"):
        write_stream(tmp_path / "a.parquet", "visits", table.to_batches(2))
    assert not (tmp_path / "a.parquet").exists()


# Complete or not there


def full_disk(*arguments: object, **options: object) -> None:
    raise OSError("no space left")


def test_a_write_that_fails_leaves_no_file_under_the_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pq.ParquetWriter, "write_table", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_table(tmp_path / "visits.parquet", "visits", rows())
    assert not (tmp_path / "visits.parquet").exists()
    assert list(tmp_path.glob("*.parquet")) == []


def test_a_write_that_fails_leaves_the_file_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "visits.parquet"
    write_table(path, "visits", rows())
    before = path.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(pq.ParquetWriter, "write_table", full_disk)
        with pytest.raises(OSError, match="no space left"):
            write_table(path, "visits", rows(day=[7, 8, 9]))
    assert path.read_bytes() == before
    write_table(path, "visits", rows(day=[7, 8, 9]))  # what was left over is not in the way
    assert sorted(read_table(path, "visits")["day"].to_pylist()) == [7, 8, 9]
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["visits.parquet"]


# Files of another contract


def test_a_table_of_another_contract_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    write_table(path, "visits", rows())
    with pytest.raises(InputError) as error:
        read_table(path, "normalized")
    message = str(error.value)
    for part in (str(path), "'normalized'", "'visits'", "version 3", "Delete the file"):
        assert part in message


def test_a_table_of_another_version_is_refused(tmp_path: Path, visits: Path) -> None:
    path = tmp_path / "visits.parquet"
    write_table(path, "visits", rows())
    write_contract(visits, {**VISITS, "version": 4})
    with pytest.raises(InputError, match="'visits' table of version 4"):
        read_table(path, "visits")


def test_a_file_without_a_contract_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    pq.write_table(pa.table({"store_id": ["1"]}), path)
    with pytest.raises(InputError, match="it says 'nothing', version none"):
        read_table(path, "visits")


# The contracts


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_contract_says_all_that_a_reader_needs(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(content) == {"version", "file", "row", "key", "columns"}
    names = [column["name"] for column in content["columns"]]
    assert len(names) == len(set(names))
    nullable = {column["name"] for column in content["columns"] if column.get("nullable")}
    assert content["key"]
    assert set(content["key"]) <= set(names) - nullable
    for promised in content["columns"]:
        assert set(promised) <= {"name", "type", "meaning", "nullable", "values"}
        assert promised["type"] in TYPES
        assert promised["meaning"].strip()


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_an_empty_table_can_be_written_under_every_contract(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "empty.parquet"
    assert write_table(file, path.stem, stack([], path.stem)) == 0
    assert write_table(file, path.stem, as_columns([], path.stem)) == 0
    assert read_table(file, path.stem).num_rows == 0
    assert list(groups(read_table(file, path.stem), contract(path.stem).key[0])) == []


def test_the_dictionary_says_what_the_contracts_say() -> None:
    written = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert written == runpy.run_path(str(ROOT / "docs" / "make_tables.py"))["dictionary"](), (
        "docs/tables.md is out of date: make dictionary"
    )
    for path in CONTRACTS:
        for promised in yaml.safe_load(path.read_text(encoding="utf-8"))["columns"]:
            assert f"| {promised['name']} |" in written


# Matrices


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_matrices_come_back_from_a_file_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, seed: int, sizes: list[int]
) -> None:
    path = tmp_path_factory.mktemp("matrices") / "normalized.parquet"
    rng = np.random.default_rng(seed)
    expected, columns = {}, []
    for number, size in enumerate(sizes):
        values = rng.normal(size=(size, 5 - size))
        values[rng.random(values.shape) < 0.2] = NAN
        expected[f"group {number}"] = values
        for store, feature in np.ndindex(values.shape):
            cell = (f"group {number}", f"s{store}", f"f{feature}", values[store, feature])
            columns.append(cell)
    rng.shuffle(columns)
    write_table(path, "normalized", as_columns([tuple(c) for c in columns], "normalized"))
    found = list(matrices(read_table(path, "normalized")))
    assert [matrix.group for matrix in found] == list(expected)
    for matrix in found:
        values = expected[matrix.group]
        np.testing.assert_array_equal(matrix.values, values.astype(float))
        assert matrix.stores.tolist() == [f"s{i}" for i in range(len(values))]
        assert matrix.features.tolist() == [f"f{i}" for i in range(values.shape[1])]
    again = stack([matrix.long() for matrix in found], "normalized")
    assert write_table(path.with_name("again"), "normalized", again) == len(columns)
    assert path.with_name("again").read_bytes() == path.read_bytes()


def test_columns_come_as_arrays_with_gaps_marked() -> None:
    table = pa.table(
        {
            "text": ["a", None],
            "money": pa.array([Decimal("1.5"), None], tables.MONEY),
            "number": [0.5, None],
            "flag": [True, False],
        }
    )
    assert column(table, "text").tolist() == ["a", None]
    np.testing.assert_array_equal(column(table, "money"), [1.5, NAN])
    np.testing.assert_array_equal(column(table, "number"), [0.5, NAN])
    assert column(table, "flag").dtype == bool


def test_sales_are_summed_exactly() -> None:
    cents = [Decimal("0.1"), Decimal("0.2"), Decimal("99999999999999.9999"), Decimal("5")] * 50
    table = pa.table({"sales": pa.array(cents, tables.MONEY)})
    assert sum_of_sales(table) == sum(cents)
    assert sum_of_sales(table.slice(0, 0)) == 0
