"""Sales reach categories and need states to the last ten-thousandth, or say why not."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from descriptions import products as described
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.run.errors import InputError
from store_clusters.sales.mapping import check_inputs, check_positive, map_sales, totals
from store_clusters.tables.contracts import contract

FEW = settings(max_examples=12, deadline=None, derandomize=True)
UNIT = Decimal("0.0001")
PARTS = pa.schema(
    [
        ("store_id", pa.string()),
        ("product_id", pa.string()),
        ("in_window", pa.bool_()),
        ("sales", pa.decimal128(18, 4)),
        ("even_sales", pa.decimal128(18, 4)),
        ("rows", pa.int64()),
        ("first_day", pa.date32()),
        ("last_day", pa.date32()),
    ]
)
PRODUCTS = pa.schema([(name, pa.string()) for name in ("product_id", "category", "need_state")])
MONDAY, TUESDAY, FRIDAY = date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 5)

Row = dict[str, object]
Place = tuple[str, str | None, str | None]


def part(store: str, product: str, sales: object, **other: object) -> Row:
    """One row of a part, in the window unless said otherwise."""
    row: Row = {"store_id": store, "product_id": product, "sales": Decimal(str(sales))}
    undated = {"even_sales": None, "rows": 1, "first_day": None, "last_day": None}
    return row | {"in_window": True} | undated | other


def loaded(parts: list[Row], products: list[Place]) -> duckdb.DuckDBPyConnection:
    """A database with the views that are checked and mapped."""
    database = duckdb.connect()
    database.register("parts", pa.Table.from_pylist(parts, PARTS))
    rows = [dict(zip(PRODUCTS.names, place, strict=True)) for place in products]
    database.register("products", pa.Table.from_pylist(rows, PRODUCTS))
    return database


def map_rows(
    parts: list[Row], products: list[Place], most_groups: int = 1_000_000
) -> dict[str, list[Row]]:
    """Return the rows of the three tables, each sorted by its contract's key."""
    with loaded(parts, products) as database:
        tables = {
            name: [row for batch in batches for row in batch.to_pylist()]
            for name, batches in map_sales(database, most_groups).items()
        }
    return {
        name: sorted(rows, key=lambda row: [row[k] for k in contract(name).key])
        for name, rows in tables.items()
    }


def sales_of(rows: list[Row], *names: str) -> dict[tuple, Decimal]:
    return {tuple(row[name] for name in names): row["sales"] for row in rows}  # type: ignore[misc]


def total(rows: list[Row]) -> Decimal:
    return sum((row["sales"] for row in rows), Decimal(0))  # type: ignore[misc]


amounts = st.decimals(-(10**12), 10**12, places=4, allow_nan=False, allow_infinity=False)
parts_tables = st.lists(
    st.builds(
        part,
        st.sampled_from(["s1", "s2", "s3"]),
        st.sampled_from(["p0", "p1", "p2", "p3", "p4", "unknown"]),
        amounts,
        in_window=st.sampled_from([True, True, False]),
    ),
    min_size=1,
    max_size=12,
)
STATES = [("snacks", "party"), ("snacks", "lunch"), ("drinks", "party"), ("drinks", "thirst")]
# p0 has a category only, p1 is in one need state, p2 in two, ...
MAP: list[Place] = [("p0", "snacks", None)] + [
    (f"p{n}", *state) for n in range(1, 5) for state in STATES[:n]
]


@FEW
@given(parts_tables)
def test_no_ten_thousandth_of_sales_is_lost_or_invented(parts: list[Row]) -> None:
    found = map_rows(parts, MAP)
    assert total(found["need_states"]) + total(found["set_aside"]) == total(parts)
    assert total(found["stores"]) == total(found["need_states"])


@FEW
@given(parts_tables, st.integers(1, 5))
def test_the_memory_for_sums_changes_no_row(parts: list[Row], most_groups: int) -> None:
    assert map_rows(parts, MAP, most_groups) == map_rows(parts, MAP)


@FEW
@given(amounts, st.integers(1, 4))
def test_a_product_in_several_need_states_splits_its_sales_evenly(
    amount: Decimal, states: int
) -> None:
    found = map_rows([part("s1", f"p{states}", amount)], MAP)["need_states"]
    shares = [row["sales"] for row in found]
    assert len(shares) == states
    assert sum(shares) == amount
    assert max(shares) - min(shares) <= UNIT


@FEW
@given(parts_tables)
def test_sales_by_need_state_are_those_of_splitting_every_product_by_hand(
    parts: list[Row],
) -> None:
    sold: Counter[tuple[str, str]] = Counter()
    for row in parts:
        if row["in_window"]:
            units = int(row["sales"].scaleb(4))  # type: ignore[attr-defined]
            sold[str(row["store_id"]), str(row["product_id"])] += units
    expected: dict[tuple, int] = defaultdict(int)
    for (store, product), units in sold.items():
        states = sorted((c, n) for p, c, n in MAP if p == product and n is not None)
        for number, (category, state) in enumerate(states):
            whole, rest = divmod(abs(units), len(states))
            piece = whole + (number < rest)
            expected[category, store, state] += piece if units > 0 else -piece
    found = sales_of(map_rows(parts, MAP)["need_states"], "category", "store_id", "need_state")
    assert {key: value for key, value in found.items() if value or key in expected} == {
        key: Decimal(units) * UNIT for key, units in expected.items()
    }
    assert set(expected) <= set(found)


@FEW
@given(parts_tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(parts: list[Row], random: object) -> None:
    shuffled, places = parts.copy(), MAP.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    random.shuffle(places)  # type: ignore[attr-defined]
    assert map_rows(shuffled, places) == map_rows(parts, MAP)


@FEW
@given(parts_tables)
def test_every_store_seen_is_in_every_category_once(parts: list[Row]) -> None:
    found = map_rows(parts, MAP)
    categories = {row["category"] for row in found["need_states"]}
    seen = {row["store_id"] for row in parts}
    keys = [(row["category"], row["store_id"]) for row in found["stores"]]
    assert sorted(keys) == sorted((c, s) for c in categories for s in seen)
    sold_here = {(row["category"], row["store_id"]) for row in found["need_states"]}
    assert {
        (row["category"], row["store_id"]) for row in found["stores"] if row["in_category"]
    } == sold_here


@FEW
@given(parts_tables)
def test_a_store_with_sales_in_a_category_has_all_its_need_states(parts: list[Row]) -> None:
    rows = map_rows(parts, MAP)["need_states"]
    states: dict[object, set] = defaultdict(set)
    for row in rows:
        states[row["category"]].add(row["need_state"])
    counts = Counter((row["category"], row["store_id"]) for row in rows)
    assert all(count == len(states[category]) for (category, _), count in counts.items())


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("1.0000", ["0.3334", "0.3333", "0.3333"]),
        ("-1.0000", ["-0.3334", "-0.3333", "-0.3333"]),
        ("0.0002", ["0.0001", "0.0001", "0.0000"]),
        ("0.0000", ["0", "0", "0"]),
        ("99999999999999.9999", ["33333333333333.3333"] * 3),
    ],
)
def test_what_does_not_divide_goes_to_the_first_need_states(
    amount: str, expected: list[str]
) -> None:
    places: list[Place] = [("p", "c", state) for state in ("z", "a", "m")]
    rows = map_rows([part("s1", "p", amount)], places)["need_states"]
    assert [row["need_state"] for row in rows] == ["a", "m", "z"]
    assert [row["sales"] for row in rows] == [Decimal(share) for share in expected]


def test_a_product_is_summed_over_all_parts_before_it_is_split() -> None:
    places: list[Place] = [("p", "c", "a"), ("p", "c", "b")]
    rows = map_rows([part("s1", "p", "0.0001"), part("s1", "p", "0.0001")], places)["need_states"]
    assert [row["sales"] for row in rows] == [UNIT, UNIT]


def test_a_need_state_that_a_store_does_not_sell_has_zero() -> None:
    parts = [part("s1", "p", 5), part("s2", "q", 3)]
    rows = map_rows(parts, [("p", "c", "a"), ("q", "c", "b")])["need_states"]
    assert sales_of(rows, "store_id", "need_state") == {
        ("s1", "a"): 5,
        ("s1", "b"): 0,
        ("s2", "a"): 0,
        ("s2", "b"): 3,
    }


def test_every_reason_for_setting_sales_aside() -> None:
    parts = [
        part("s1", "good", 10),
        part("s1", "good", 1, in_window=False, rows=3),
        part("s1", "no state", 2, rows=4),
        part("s1", "no category", 4),
        part("s1", "new", -8, rows=2),
        part("s2", "new", 16, in_window=False),
    ]
    products: list[Place] = [
        ("good", "c", "a"),
        ("no state", "c", None),
        ("no category", None, "a"),
    ]
    rows = map_rows(parts, products)["set_aside"]
    assert [
        (*list(row.values())[:2], row["reason"], row["sales"], row["rows"]) for row in rows
    ] == [
        ("s1", "good", "outside_window", 1, 3),
        ("s1", "new", "product_not_in_map", -8, 2),
        ("s1", "no category", "no_category_or_need_state", 4, 1),
        ("s1", "no state", "no_category_or_need_state", 2, 4),
        ("s2", "new", "outside_window", 16, 1),
    ]


def test_a_product_with_one_complete_place_goes_there_with_all_its_sales() -> None:
    found = map_rows([part("s1", "p", 6)], [("p", "c", "a"), ("p", "c", None), ("p", None, "b")])
    assert sales_of(found["need_states"], "category", "need_state") == {("c", "a"): 6}
    assert found["set_aside"] == []


def test_a_store_that_sells_only_what_is_set_aside_is_not_lost() -> None:
    parts = [part("s1", "p", 5), part("s2", "new", 7), part("s3", "p", 9, in_window=False)]
    rows = map_rows(parts, [("p", "c", "a")])["stores"]
    assert [(row["store_id"], row["sales"], row["in_category"]) for row in rows] == [
        ("s1", 5, True),
        ("s2", 0, False),
        ("s3", 0, False),
    ]


def test_sales_that_cancel_out_still_place_the_store_in_the_category() -> None:
    rows = map_rows([part("s1", "p", 5), part("s1", "p", -5)], [("p", "c", "a")])["stores"]
    assert [(row["sales"], row["in_category"]) for row in rows] == [(0, True)]


def test_the_history_of_a_store_spans_all_its_products_in_the_window() -> None:
    parts = [
        part("s1", "p", 1, first_day=TUESDAY, last_day=TUESDAY),
        part("s1", "new", 1, first_day=TUESDAY, last_day=FRIDAY),
        part("s1", "p", 1, first_day=MONDAY, last_day=MONDAY, in_window=False),
        part("s2", "p", 1),
    ]
    rows = map_rows(parts, [("p", "c", "a")])["stores"]
    assert [(row["store_id"], row["first_day"], row["last_day"]) for row in rows] == [
        ("s1", TUESDAY, FRIDAY),
        ("s2", None, None),
    ]


def test_identifiers_stay_as_they_are() -> None:
    rows = map_rows([part("7", "01", 1), part("007", "1", 2)], [("01", "c", "a"), ("1", "c", "b")])
    assert {
        key: value
        for key, value in sales_of(rows["need_states"], "store_id", "need_state").items()
        if value
    } == {
        ("7", "a"): 1,
        ("007", "b"): 2,
    }


def test_sales_of_even_months_are_split_like_all_sales() -> None:
    parts = [
        part("s1", "p2", "0.0003", even_sales=Decimal("0.0001")),
        part("s1", "p1", "5", even_sales=Decimal("2")),
    ]
    rows = map_rows(parts, MAP)["need_states"]
    assert {row["need_state"]: row["even_sales"] for row in rows} == {
        "party": Decimal("2.0000"),
        "lunch": Decimal("0.0001"),  # the first by name takes what does not divide
    }
    assert {row["even_sales"] for row in map_rows([part("s1", "p1", 5)], MAP)["need_states"]} == {
        None
    }


# What is refused


SOURCE = described({"product_id": "SKU", "category": "CAT", "need_state": "NEED"})
WINDOW = ("2024-01-01", None)


def refused(parts: list[Row], products: list[Place]) -> str:
    with loaded(parts, products) as database, pytest.raises(InputError) as error:
        check_inputs(database, ["products.csv"], SOURCE, WINDOW)
    return str(error.value)


def test_a_window_without_sales_is_told_with_the_days_that_there_are() -> None:
    rows = [part("s1", "p", 1, in_window=False, first_day=MONDAY, last_day=FRIDAY)]
    assert refused(rows, [("p", "c", "a")]) == (
        "inputs.sales: no row is left with from (2024-01-01). The sales run from "
        "2024-01-01 to 2024-01-05."
    )


def test_a_map_of_other_products_is_told_with_examples_of_both() -> None:
    said = refused([part("s1", "007", 1)], [("7", "c", "a")])
    assert "products.csv: no product is both sold and in the product map. Sold: '007'." in said
    assert "In the map: '7'." in said
    assert "strip_leading_zeros" in said


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("p", None, "a"), "1 are not in the map, 1 have no category (column 'CAT'). Sold: 'new',"),
        (("p", "c", None), "1 are not in the map, 1 have no need state (column 'NEED'). Sold:"),
        (("p", None, None), "1 have no category (column 'CAT'), 1 have no need state (column"),
    ],
)
def test_a_map_that_places_no_product_sold_is_told_with_what_is_missing(
    place: Place, expected: str
) -> None:
    said = refused([part("s1", "p", 1), part("s1", "new", 1)], [place, ("unsold", "c", "a")])
    assert "products.csv: none of the 2 products sold has a category and a need state" in said
    assert expected in said


def test_one_product_that_is_sold_and_placed_is_enough() -> None:
    parts = [part("s1", "p", 1), part("s1", "new", 1), part("s1", "old", 1, in_window=False)]
    with loaded(parts, [("p", "c", "a"), ("q", None, None)]) as database:
        check_inputs(database, ["products.csv"], SOURCE, WINDOW)


@pytest.mark.parametrize(
    ("amounts", "fine"), [((-5, -1), False), ((-5, 0), False), ((-5, 1), True)]
)
def test_sales_that_are_positive_in_no_store_are_refused(amounts: tuple, fine: bool) -> None:
    parts = [part(f"s{number}", "p", amount) for number, amount in enumerate(amounts)]
    with loaded(parts, [("p", "c", "a")]) as database:
        map_sales(database, 1000)
        if fine:
            check_positive(database)
            return
        with pytest.raises(InputError, match=r"none of 2 stores has positive sales .* -5\.00 and"):
            check_positive(database)


def test_totals_say_what_was_mapped_and_what_was_set_aside() -> None:
    parts = [part("s1", "p", 5), part("s2", "p", "0.0001"), part("s3", "new", 2, rows=4)]
    parts.append(part("s1", "p", 7, in_window=False))
    with loaded(parts, [("p", "c", "a"), ("p", "d", "a")]) as database:
        map_sales(database, 1000)
        found = totals(database)
    assert (found.categories, found.stores) == (2, 3)
    assert (found.mapped, found.aside) == (Decimal("5.0001"), 9)
    assert [(row["reason"], row["sales_sum"], row["rows_sum"]) for row in found.set_aside] == [
        ("outside_window", 7, 1),
        ("product_not_in_map", 2, 4),
    ]
