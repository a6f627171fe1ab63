"""Clusters get names that say what sets them apart, no two alike."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.describe.cluster_names import Driver, correlations, listed, name_clusters

APART = np.eye(6)
CODES = ["1_1", "1_2"]


def need(words: str, effect: float, column: int = 0) -> Driver:
    return Driver(words, internal=True, level=False, effect=effect, column=column)


def around(words: str, effect: float, column: int = 3, *, level: bool = False) -> Driver:
    return Driver(words, internal=False, level=level, effect=effect, column=column)


def test_a_name_holds_the_strongest_drivers_of_both_tracks() -> None:
    own = [need("Newborn", 2, 0), around("income", -1.5, 3), need("Gifts", -1, 1)]
    other = [need("Night", 1, 2), around("area type suburban", 1, 4, level=True), need("Gifts", 1)]
    names = name_clusters([own, other], APART, CODES)
    assert names == [
        "Newborn up, Gifts down · low income",
        "Night up, Gifts up · area type suburban",
    ]


def test_a_driver_that_says_the_same_as_a_stronger_one_is_left_out() -> None:
    same = np.eye(6)
    same[0, 1] = same[1, 0] = -0.9  # where one sells more, the other sells less
    own = [need("Newborn", 2, 0), need("Adult", -1.9, 1), need("Gifts", 1, 2)]
    assert name_clusters([own, []], same, CODES)[0] == "Newborn up, Gifts up"


def test_surroundings_that_go_with_sales_never_take_the_place_of_what_is_sold() -> None:
    same = np.eye(6)
    same[0, 3] = same[3, 0] = 0.95  # only stores in the city sell Capsules
    own = [around("city", 4, 3, level=True), need("Capsules", 3, 0), need("Beans", -1, 1)]
    assert name_clusters([own, []], same, CODES)[0] == "Capsules up, Beans down · city"


def test_what_stores_have_says_more_than_what_they_lack() -> None:
    own = [
        around("area type rural", -3, 3, level=True),
        around("area type city", 1, 4, level=True),
        need("Newborn", 1, 0),
    ]
    assert name_clusters([own, []], APART, CODES)[0] == "Newborn up · area type city"


def test_what_stores_lack_is_said_where_there_is_nothing_else() -> None:
    own = [around("mall yes", -3, 3, level=True), need("Night", 2, 0), need("Gifts", 1, 1)]
    assert name_clusters([own, []], APART, CODES)[0] == "Night up, Gifts up · not mall yes"


def test_a_cluster_with_fewer_than_three_drivers_says_so() -> None:
    own = [need("Newborn", 2, 0), need("Gifts", -1, 1)]
    assert name_clusters([own, []], APART, CODES) == [
        "near the average: Newborn up, Gifts down",
        "near the average",
    ]


def test_what_is_never_named_makes_no_name_and_no_list_but_counts() -> None:
    told = [need("Newborn", 2, 0), need("Gifts", -1, 1)]
    kept_out = replace(around("white", 9, 3), named=False)
    own = [kept_out, *told]
    assert name_clusters([own, [kept_out] * 3], APART, CODES) == [
        "Newborn up, Gifts down",
        "differs in features that are not named",
    ]
    assert listed(own, internal=False) == ""


def test_what_is_never_named_takes_no_place_of_what_says_the_same() -> None:
    same = np.eye(6)
    same[3, 4] = same[4, 3] = -0.9
    own = [replace(around("white", 9, 3), named=False), around("rent", 2, 4), need("Newborn", 2)]
    assert name_clusters([own, []], same, CODES)[0] == "Newborn up · high rent"


def test_equal_names_get_more_drivers_and_at_last_the_code() -> None:
    one = [need("a", 3, 0), need("b", 2, 1), need("c", 1, 2)]
    two = [need("a", 3, 0), need("b", 2, 1), need("c", -1, 2)]
    assert name_clusters([one, two], APART, CODES) == ["a up, b up, c up", "a up, b up, c down"]
    assert name_clusters([one, one], APART, CODES) == [
        "a up, b up, c up (1_1)",
        "a up, b up, c up (1_2)",
    ]


def test_the_only_cluster_is_all_stores() -> None:
    assert name_clusters([[need("Newborn", 2)]], APART, CODES[:1]) == ["all stores"]


drivers = st.builds(
    Driver,
    words=st.sampled_from(["a", "b", "c"]),
    internal=st.booleans(),
    level=st.booleans(),
    effect=st.sampled_from([-1.0, 1.0]),
    column=st.integers(0, 5),
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.lists(drivers, max_size=6), min_size=2, max_size=6), st.integers(0, 99))
def test_no_two_clusters_have_the_same_name(lists: list[list[Driver]], seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(8, 6))
    codes = [f"1_{number}" for number in range(len(lists))]
    names = name_clusters(lists, correlations(values), codes)
    assert len(set(names)) == len(names)
    assert names == name_clusters(lists, correlations(values), codes)


def test_drivers_are_listed_by_track_strongest_first_at_most_five() -> None:
    own = [need(name, effect) for name, effect in zip("abcdef", [1, -1, 1, 1, 1, 1], strict=True)]
    assert listed([*own, around("x", 1)], internal=True) == "more a, less b, more c, more d, more e"
    assert listed([*own, around("x", 1)], internal=False) == "more x"
    assert listed([], internal=True) == ""


def test_correlations_are_those_of_numpy_and_none_with_a_constant() -> None:
    values = np.random.default_rng(0).normal(size=(20, 3))
    np.testing.assert_allclose(correlations(values), np.corrcoef(values, rowvar=False))
    values[:, 1] = 7
    assert correlations(values)[0, 1] == 0
