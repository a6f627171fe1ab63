"""External sources come down to one row per store, whatever the order of the rows they came in."""

import statistics
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from descriptions import external
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.features.joining import (
    DuplicateStores,
    first_known,
    nearly_one_per_store,
    one_row_per_store,
    to_long,
)
from store_clusters.features.joining_tables import SourceFeatures, join, read_source
from store_clusters.inputs.options import Source
from store_clusters.inputs.sources import header
from store_clusters.run.errors import InputError

FEW = settings(max_examples=12, deadline=None, derandomize=True)
REDUCTIONS = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "min": min,
    "max": max,
    "sum": sum,
}
NAN = float("nan")
DAYS = pd.date_range("2024-01-01", periods=30)


def readings(rows: list[tuple], names: tuple[str, ...] = ("size", "banner")) -> pd.DataFrame:
    """Rows of (store, day, feature...); numbers are float64, text is object."""
    columns = list(zip(*rows, strict=True))
    table = pd.DataFrame({"store_id": columns[0], "date": [DAYS[day] for day in columns[1]]})
    for name, values in zip(names, columns[2:], strict=True):
        text = name == "banner"
        table[name] = pd.Series(values, dtype=object if text else float)
    return table


def as_dict(table: pd.DataFrame, name: str) -> dict[str, object]:
    return {k: None if pd.isna(v) else v for k, v in table[name].items()}


numbers = st.one_of(st.just(NAN), st.integers(-10_000, 10_000).map(lambda cents: cents / 100))
levels = st.sampled_from(["Super", "Express", "Metro", None])
many_rows = st.lists(
    st.tuples(st.sampled_from(["1", "10", "007", "7"]), st.integers(0, 29), numbers, levels),
    min_size=1,
    max_size=20,
)
one_a_day = many_rows.map(lambda rows: list({row[:2]: row for row in rows}.values()))
one_a_store = many_rows.map(lambda rows: list({row[0]: row for row in rows}.values()))
repeated = one_a_store.map(lambda rows: rows * 2)
ROWS_BY_RULE = {
    "unique": one_a_store,
    "distinct": repeated,
    "first": one_a_day,
    "last": one_a_day,
    **dict.fromkeys(REDUCTIONS, many_rows),
}


@pytest.mark.parametrize("rule", ROWS_BY_RULE)
@FEW
@given(st.data())
def test_the_order_of_rows_never_matters(rule: str, data: st.DataObject) -> None:
    rows = data.draw(ROWS_BY_RULE[rule])
    shuffled = data.draw(st.permutations(rows))
    first = one_row_per_store(readings(rows), rule)
    second = one_row_per_store(readings(shuffled), rule)
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert first.index.tolist() == sorted({row[0] for row in rows})  # no store is lost


@pytest.mark.parametrize("rule", REDUCTIONS)
@FEW
@given(many_rows)
def test_numbers_are_reduced_over_the_known_readings(rule: str, rows: list[tuple]) -> None:
    found = one_row_per_store(readings(rows), rule)
    for store in {row[0] for row in rows}:
        known = [row[2] for row in rows if row[0] == store and not np.isnan(row[2])]
        expected = REDUCTIONS[rule](known) if known else NAN
        assert found.loc[store, "size"] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("rule", REDUCTIONS)
@FEW
@given(many_rows)
def test_text_takes_its_most_frequent_value_the_first_by_letter_among_equals(
    rule: str, rows: list[tuple]
) -> None:
    found = as_dict(one_row_per_store(readings(rows), rule), "banner")
    for store, banner in found.items():
        counts = Counter(row[3] for row in rows if row[0] == store and row[3] is not None)
        expected = min(counts, key=lambda name: (-counts[name], name)) if counts else None
        assert banner == expected


@pytest.mark.parametrize(("rule", "best"), [("first", min), ("last", max)])
@FEW
@given(one_a_day)
def test_first_and_last_take_the_known_value_by_date(
    rule: str, best: object, rows: list[tuple]
) -> None:
    table = one_row_per_store(readings(rows), rule)
    for number, name in ((2, "size"), (3, "banner")):
        for store, value in as_dict(table, name).items():
            known = {r[1]: r[number] for r in rows if r[0] == store and not pd.isna(r[number])}
            assert value == (known[best(known)] if known else None)  # type: ignore[operator]


def test_last_skips_an_unknown_value() -> None:
    rows = [("a", 0, 1.0, "X"), ("a", 1, 2.0, None), ("a", 2, NAN, None)]
    found = one_row_per_store(readings(rows), "last")
    assert found.loc["a"].tolist() == [2.0, "X"]


def test_unique_refuses_several_rows_and_names_the_stores() -> None:
    rows = [("b", 0, 1.0, "X"), ("a", 0, 1.0, "X"), ("b", 0, 1.0, "X"), ("c", 0, 1.0, "X")] * 2
    with pytest.raises(DuplicateStores) as error:
        one_row_per_store(readings([*rows[:4], ("a", 1, 5.0, None)]), "unique")
    assert error.value.stores == ["a", "b"]


def test_distinct_drops_rows_that_are_the_same_also_where_unknown() -> None:
    rows = [("a", 0, NAN, None), ("a", 9, NAN, None), ("b", 0, 1.0, "X"), ("b", 0, 1.0, "X")]
    assert one_row_per_store(readings(rows), "distinct").index.tolist() == ["a", "b"]


@pytest.mark.parametrize("other", [("a", 0, 2.0, "X"), ("a", 0, 1.0, "Y"), ("a", 0, NAN, "X")])
def test_distinct_refuses_rows_that_differ(other: tuple) -> None:
    with pytest.raises(DuplicateStores) as error:
        one_row_per_store(readings([("a", 0, 1.0, "X"), other]), "distinct")
    assert error.value.stores == ["a"]


@pytest.mark.parametrize("rule", ["first", "last"])
def test_first_and_last_refuse_two_rows_on_one_day(rule: str) -> None:
    with pytest.raises(DuplicateStores) as error:
        one_row_per_store(readings([("a", 3, 1.0, "X"), ("a", 3, 1.0, "X")]), rule)
    assert error.value.stores == ["a"]


@pytest.mark.parametrize("rule", ROWS_BY_RULE)
def test_a_source_without_any_feature_keeps_its_stores(rule: str) -> None:
    table = one_row_per_store(readings([("b", 0), ("a", 0)], ()), rule)
    assert table.index.tolist() == ["a", "b"]
    assert table.shape == (2, 0)


# The long table


def test_the_long_table_has_every_store_with_every_feature_in_order() -> None:
    table = pd.DataFrame(
        {"z.size": [1.5, NAN], "a.banner": pd.Series(["Metro", None], dtype=object).to_numpy()},
        index=["s2", "s1"],
    )
    found = {name: values.tolist() for name, values in to_long(table).items()}
    assert found["store_id"] == ["s1", "s1", "s2", "s2"]
    assert found["feature"] == ["a.banner", "z.size"] * 2
    assert found["kind"] == ["categorical", "numeric"] * 2
    assert found["level"] == [None, None, "Metro", None]
    np.testing.assert_array_equal(found["value"], [NAN, NAN, NAN, 1.5])


def test_a_store_in_one_of_two_sources_is_kept_with_the_other_unknown() -> None:
    one = one_row_per_store(readings([("a", 0, 1.0, "X"), ("b", 0, 2.0, "Y")]), "unique")
    two = one_row_per_store(readings([("b", 0, 5.0), ("c", 0, 6.0)], ("people",)), "unique")
    found = pd.DataFrame(to_long(pd.concat([one, two], axis=1)))
    assert len(found) == 3 * 3
    unknown = found[found["value"].isna() & found["level"].isna()]
    assert sorted(zip(unknown["store_id"], unknown["feature"], strict=True)) == [
        ("a", "people"),
        ("c", "banner"),
        ("c", "size"),
    ]
    assert all(level is None or isinstance(level, str) for level in to_long(one)["level"])


@FEW
@given(one_a_store)
def test_the_long_table_says_what_the_wide_one_says(rows: list[tuple]) -> None:
    found = to_long(one_row_per_store(readings(rows), "unique"))
    cells = dict(
        zip(
            zip(found["store_id"], found["feature"], strict=True),
            zip(found["value"], found["level"], strict=True),
            strict=True,
        )
    )
    assert len(cells) == 2 * len(rows)
    for store, _, size, banner in rows:
        assert cells[store, "size"] == pytest.approx((size, None), nan_ok=True)
        assert cells[store, "banner"] == pytest.approx((NAN, banner), nan_ok=True)


def test_minus_zero_is_zero_so_that_the_same_input_gives_the_same_bytes() -> None:
    rows = [("a", 0, 0.0), ("a", 0, -0.0), ("b", 0, -0.0)]
    for order in (rows, rows[::-1]):
        for rule in ("min", "max", "median", "mean"):
            values = to_long(one_row_per_store(readings(order, ("size",)), rule))["value"]
            assert not np.signbit(values).any()


def test_what_is_known_of_a_place_comes_from_the_first_source_that_knows_it() -> None:
    one = pd.DataFrame(
        [["1", None, "north", 50.0], ["2", "Ashby", None, NAN], ["1", "Carlow", "north", NAN]],
        columns=["store_id", "store_name", "region", "latitude"],
    )
    other = pd.DataFrame(
        [["2", "Other name", "south", 45.0], ["9", "Nowhere", "east", 1.0]],
        columns=["store_id", "store_name", "region", "latitude"],
    )
    stores = pd.Index(["1", "2", "3"], name="store_id")
    expected = {
        "store_name": {"1": "Carlow", "2": "Ashby", "3": None},
        "region": {"1": "north", "2": "south", "3": None},
        "latitude": {"1": 50.0, "2": 45.0, "3": None},
    }
    for sources in ([one, other], [one.iloc[::-1], other.iloc[::-1]]):
        found = first_known(sources, stores)
        assert list(found.index) == list(stores)
        assert {name: as_dict(found, name) for name in expected} == expected


def column(different: int, stores: int, unknown: int = 0) -> pd.Series:
    """A column of text with so many different values in so many stores."""
    known = [f"value {number % different}" for number in range(stores)]
    return pd.Series([*known, *[None] * unknown], dtype=object)


@pytest.mark.parametrize(
    ("different", "stores", "unknown", "found"),
    [
        (200, 200, 0, True),  # a name
        (100, 200, 0, True),  # half of the stores have a namesake
        (99, 200, 0, False),  # a city
        (13, 13, 187, True),  # of the stores that have one
        (12, 12, 0, False),  # few stores: `max_levels` holds them all
        (13, 2_000, 0, False),  # a banner
    ],
)
def test_text_with_nearly_one_value_per_store_is_no_category(
    different: int, stores: int, unknown: int, found: bool
) -> None:
    assert nearly_one_per_store(column(different, stores, unknown), max_levels=12) is found


# A source, from its files


def read_all(folder: Path, files: dict[str, pd.DataFrame], **keys: object) -> SourceFeatures:
    """Write the files of a source, CSV or Parquet by their names, and read them."""
    for name, rows in files.items():
        write = rows.to_csv if name.endswith("csv") else rows.to_parquet
        write(folder / name, index=False)
    columns: dict = {"store_id": "shop"} | keys.pop("columns", {})  # type: ignore[operator]
    paths = [str(folder / name) for name in files]
    return read_source(paths, external("census", columns, **keys), 12)


def read(folder: Path, files: dict[str, pd.DataFrame], **keys: object) -> pd.DataFrame:
    """The features of a source, from files that are written first."""
    return read_all(folder, files, **keys).table


@pytest.mark.parametrize("rows", ["unique", "distinct", "mean", "last"])
@pytest.mark.parametrize("name", ["f.csv", "f.parquet"])
def test_a_column_may_be_called_as_we_call_the_store_or_the_day(
    tmp_path: Path, name: str, rows: str
) -> None:
    table = pd.DataFrame(
        {
            "shop": ["b", "a"],
            "store_id": [70, 80],
            "date": ["2020-05-01", "2021-06-01"],
            "day": ["2024-01-31", "2024-01-31"],
            "group": [1.5, 2],
        }
    )
    columns = {"date": "day"} if rows == "last" else {}
    found = read(tmp_path, {name: table}, columns=columns, rows=rows, exclude=["day"])
    expected = table.set_index("shop").drop(columns="day").sort_index().add_prefix("census.")
    pd.testing.assert_frame_equal(
        found, expected, check_dtype=False, check_names=False, check_column_type=False
    )


def test_the_row_number_that_pandas_writes_is_no_feature(tmp_path: Path) -> None:
    rows = pd.DataFrame({"shop": ["a", "b"], "size": [1, 2]}, index=[7, 3])
    rows.to_parquet(tmp_path / "rows.parquet")
    assert header(tmp_path / "rows.parquet", Source("file"))[-1] == "__index_level_0__"
    again = {"again.parquet": rows.reset_index(names="__index_level_0__")}
    assert list(read(tmp_path, again)) == ["census.size"]
    found = read(tmp_path, again, features=["__index_level_0__"])
    assert list(found) == ["census.__index_level_0__"]


def test_files_of_one_source_are_one_table_whatever_their_types(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "a.parquet": pd.DataFrame({"shop": [1, 2], "size": [10, 20], "code": ["x", "7"]}),
            "b.csv": pd.DataFrame({"shop": ["3"], "size": ["30.5"], "code": [7]}),
            "c.parquet": pd.DataFrame({"shop": ["4"], "size": [-999.0], "income": [1]}),
        },
        missing=["-999"],
    )
    assert as_dict(found, "census.size") == {"1": 10, "2": 20, "3": 30.5, "4": None}
    assert as_dict(found, "census.code") == {"1": "x", "2": "7", "3": "7", "4": None}
    assert as_dict(found, "census.income") == {"1": None, "2": None, "3": None, "4": 1}


@pytest.mark.parametrize("text", ["b.csv", "b.parquet"])
@pytest.mark.parametrize("numbers", ["a.csv", "a.parquet"])
def test_text_in_one_file_and_numbers_in_another_are_told(
    tmp_path: Path, numbers: str, text: str
) -> None:
    files = {
        numbers: pd.DataFrame({"shop": ["1", "2"], "size": [10, 20]}),
        text: pd.DataFrame({"shop": ["3", "4"], "size": ["small", "large"]}),
    }
    with pytest.raises(InputError) as error:
        read(tmp_path, files)
    assert f"{text}: column 'size' holds text: 'large', 'small'; in " in str(error.value)
    assert f"{numbers} it holds numbers: " in str(error.value)
    assert "or the column in `categorical`" in str(error.value)
    found = read(tmp_path, files, categorical=["size"])
    assert found["census.size"].tolist() == ["10", "20", "small", "large"]


def test_numbers_too_large_to_be_squared_are_told(tmp_path: Path) -> None:
    rows = pd.DataFrame({"shop": ["a", "b"], "size": ["-1e308", "2"]})
    with pytest.raises(
        InputError, match=r"'size' holds 1 numbers beyond 1e\+100, of the stores 'a'"
    ):
        read(tmp_path, {"a.csv": rows})


# What is set aside


def stores(number: int, **columns: object) -> dict[str, pd.DataFrame]:
    """A file of so many stores."""
    return {"a.csv": pd.DataFrame({"shop": range(number), **columns})}


def test_a_column_that_tells_stores_apart_is_set_aside_and_said(tmp_path: Path) -> None:
    names = [f"Store {number:02}" for number in range(13)]
    found = read_all(tmp_path, stores(13, manager=names, size=range(13)))
    assert list(found.table) == ["census.size"]
    assert [tuple(row) for row in found.aside] == [
        ("census", "manager", "nearly_one_value_per_store", 13, 13, "Store 00")
    ]
    (said,) = found.warnings
    assert said.startswith(
        f"{tmp_path / 'a.csv'}: column 'manager' is set aside: 13 stores have 13 different values, "
        "such as 'Store 00', which say nothing of which stores are alike."
    )
    assert "Name it in exclude of the source 'census', or in columns.store_name" in said


def test_rows_that_are_left_out_are_said(tmp_path: Path) -> None:
    rows = pd.DataFrame({"shop": ["a", "b", "shop"], "size": ["1", "2", "size"]})
    assert read_all(tmp_path, {"a.csv": rows}).warnings == [
        f"{tmp_path / 'a.csv'}: rows are left out: 1 (repeated header)"
    ]


def test_numbers_with_leading_zeros_are_identifiers(tmp_path: Path) -> None:
    codes = [f"{number:05}" for number in range(13)]
    found = read_all(tmp_path, stores(13, code=codes, size=1))
    assert list(found.table) == ["census.size"]
    assert found.aside[0].example == "00000"
    shared = [f"{number % 3:05}" for number in range(13)]
    assert list(read(tmp_path, stores(13, code=shared))) == ["census.code"]
    plain = [f"{number}" for number in range(13)]
    assert list(read(tmp_path, stores(13, code=plain))) == ["census.code"]


def test_a_column_without_a_value_is_set_aside_in_silence(tmp_path: Path) -> None:
    found = read_all(tmp_path, stores(3, nothing=None, size=[1, 2, 3]))
    assert [tuple(row) for row in found.aside] == [("census", "nothing", "no_value", 0, 0, None)]
    assert found.warnings == []
    assert found.facts == {
        "source": "census",
        "rows_in": 3,
        "stores": 3,
        "features": 1,
        "columns_without_a_value": ["nothing"],
    }


def test_sources_of_which_no_feature_is_left_are_refused(tmp_path: Path) -> None:
    empty = read_all(tmp_path, stores(3, nothing=None))
    with pytest.raises(InputError, match=r"left in any source; set aside: 'nothing'\.$"):
        join([empty])
    bare = read_all(tmp_path, stores(3))
    with pytest.raises(InputError, match=r"left in any source\.$"):
        join([bare])


@pytest.mark.parametrize(("rows", "on_a_day"), [("unique", ""), ("last", " on one day")])
def test_several_rows_of_a_store_are_told_with_the_ways_to_use_them(
    tmp_path: Path, rows: str, on_a_day: str
) -> None:
    table = pd.DataFrame({"shop": ["7", "7", "8"], "size": 1, "day": "2024-01-31"})
    columns = {"date": "day"}
    with pytest.raises(InputError) as error:
        read(tmp_path, {"a.csv": table}, rows=rows, columns=columns)
    assert str(error.value) == (
        f"{tmp_path / 'a.csv'}: 1 stores have several rows{on_a_day} in column 'shop': '7'. "
        "Expected one; set rows of the source 'census' to distinct (identical rows), mean, median, "
        "min, max, sum, first or last."
    )


def test_infinite_numbers_are_told_with_their_stores(tmp_path: Path) -> None:
    table = pd.DataFrame({"shop": ["a", "b"], "size": [1.0, np.inf]})
    with pytest.raises(InputError, match="'size' holds 1 infinite numbers, of the stores 'b'"):
        read(tmp_path, {"a.parquet": table})
