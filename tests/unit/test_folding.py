"""Cells are folded and split until clusters keep the limits, and the log says what was given up."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.clusters.limits import ImpossibleLimits, Limits
from store_clusters.merge.folding import Fold, Folded, Space, fold_cells
from store_clusters.merge.layout import BOTH, EXTERNAL, INTERNAL

FEW = settings(max_examples=40, deadline=None, derandomize=True)
cases = st.tuples(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 15))


def fold_small(
    clusters: np.ndarray, values: np.ndarray, min_size: int
) -> tuple[dict[str, str], list[Fold]]:
    """Fold stores that both tracks know, without refits."""
    n = len(clusters)
    space = Space(values, np.zeros((n, 1)), np.full(n, 3), np.zeros(n, dtype=int))
    folded = fold_cells(clusters, space, Limits(min_size))
    return folded.final_of, folded.folds


@FEW
@given(cases)
def test_folds_go_smallest_first_to_the_nearest_cluster(case: tuple[int, int, int]) -> None:
    seed, n, min_size = case
    rng = np.random.default_rng(seed)
    clusters = np.array([f"{a}_{b}" for a, b in rng.integers(1, 5, (n, 2))], dtype=object)
    values = rng.normal(size=(n, 2))
    final_of, folds = fold_small(clusters, values, min_size)

    now = clusters.copy()
    for fold in folds:
        sizes = Counter(now)
        assert fold.stores == sizes[fold.from_cluster] == min(sizes.values()) < min_size
        assert sizes[fold.to_cluster] >= fold.stores
        centres = {name: values[now == name].mean(axis=0) for name in sizes}
        apart = {
            name: np.hypot(*(centre - centres[fold.from_cluster]))
            for name, centre in centres.items()
            if name != fold.from_cluster
        }
        assert fold.distance == pytest.approx(min(apart.values()))
        assert apart[fold.to_cluster] == pytest.approx(fold.distance)
        now[now == fold.from_cluster] = fold.to_cluster
    assert [final_of[name] for name in clusters] == now.tolist()


# Folding by hand


def test_a_hand_example_of_folding() -> None:
    clusters = np.array(["1_1"] * 4 + ["1_2"] * 2 + ["2_1"] + ["2_2"] * 3, dtype=object)
    values = np.array([[0.0]] * 4 + [[10.0]] * 2 + [[12.0]] + [[30.0]] * 3)
    final_of, folds = fold_small(clusters, values, 3)
    assert final_of == {"1_1": "1_1", "1_2": "1_2", "2_1": "1_2", "2_2": "2_2"}
    assert [(f.from_cluster, f.to_cluster, f.stores, f.distance) for f in folds] == [
        ("2_1", "1_2", 1, 2.0)
    ]


def test_stores_folded_twice_end_where_the_second_fold_leads() -> None:
    clusters = np.array(["1_1"] + ["1_2"] * 2 + ["2_1"] * 9, dtype=object)
    values = np.array([[0.0]] + [[1.0]] * 2 + [[50.0]] * 9)
    final_of, folds = fold_small(clusters, values, 5)
    assert set(final_of.values()) == {"2_1"}
    assert [(f.from_cluster, f.to_cluster, f.stores) for f in folds] == [
        ("1_1", "1_2", 1),
        ("1_2", "2_1", 3),
    ]


def test_among_clusters_equally_small_and_near_the_lower_number_goes_first_and_takes_first() -> (
    None
):
    clusters = np.array(["10_1", "2_1", "3_1", "3_1"], dtype=object)
    final_of, folds = fold_small(clusters, np.array([[4.0], [2.0], [3.0], [3.0]]), 2)
    assert folds[0].from_cluster == "2_1"
    assert set(final_of.values()) == {"3_1"}
    final_of, _ = fold_small(
        np.array(["10_1"] * 2 + ["2_1"] * 2 + ["3_1"], dtype=object),
        np.array([[0.0]] * 2 + [[2.0]] * 2 + [[1.0]]),
        2,
    )
    assert final_of["3_1"] == "2_1"


def test_too_few_stores_make_one_cluster() -> None:
    clusters = np.array(["1_1", "1_2", "2_1"], dtype=object)
    final_of, folds = fold_small(clusters, np.array([[0.0], [1.0], [5.0]]), 100)
    assert len(set(final_of.values())) == 1
    assert len(folds) == 2


def fold(cells: dict[str, tuple[int, float]], allowed: Limits, followers: int = 0) -> Folded:
    """Fold cells given as number of stores and position; ``followers`` follow the first store."""
    names = np.repeat(list(cells), [n for n, _ in cells.values()]).astype(object)
    at = np.concatenate([np.full(n, float(x)) for n, x in cells.values()])[:, None]
    at = at + 0.001 * np.arange(len(at))[:, None]
    following = np.zeros(len(names), dtype=np.int64)
    following[0] = followers
    space = Space(at, at, np.full(len(names), BOTH), following)
    return fold_cells(names, space, allowed)


def sizes(folded: Folded) -> dict[str, int]:
    return dict(Counter(folded.clusters.tolist()))


def test_a_small_cluster_goes_to_the_nearest_that_can_take_it() -> None:
    cells = {"1_1": (3, 0), "1_2": (8, 1), "2_1": (6, 5)}
    assert sizes(fold(cells, Limits(4))) == {"1_2": 11, "2_1": 6}
    folded = fold(cells, Limits(4, max_size=10))
    assert sizes(folded) == {"1_2": 8, "2_1": 9}
    (step,) = folded.folds
    assert (step.to_cluster, step.next_alternative) == ("2_1", "1_2")


def test_while_there_are_too_many_the_smallest_goes() -> None:
    cells = {"1_1": (5, 0), "1_2": (6, 10), "2_1": (7, 11), "2_2": (9, 30)}
    folded = fold(cells, Limits(2, max_clusters=2))
    assert [(f.from_cluster, f.to_cluster, f.reason) for f in folded.folds] == [
        ("1_1", "1_2", "too_many"),
        ("2_1", "1_2", "too_many"),
    ]
    assert sizes(folded) == {"1_2": 18, "2_2": 9}


def test_a_large_cluster_is_split_into_the_fewest_parts_and_the_log_names_them() -> None:
    folded = fold({"1_1": (25, 0), "2_1": (5, 9)}, Limits(5, max_size=10))
    assert sorted(sizes(folded)) == ["1_1a", "1_1b", "1_1c", "2_1"]
    assert max(sizes(folded).values()) <= 10
    assert folded.final_of == {"1_1": "1_1", "2_1": "2_1"}
    assert [(f.from_cluster, f.to_cluster, f.reason) for f in folded.folds] == [
        ("1_1", f"1_1{part}", "too_large") for part in "abc"
    ]
    assert all(f.next_alternative is None and f.explained_lost <= 0 for f in folded.folds)


def test_stores_that_are_all_alike_can_be_split() -> None:
    names, values = np.full(9, "1_1", dtype=object), np.zeros((9, 2))
    space = Space(values, values, np.full(9, BOTH), np.zeros(9, dtype=int))
    assert sorted(sizes(fold_cells(names, space, Limits(3, 4))).values()) == [3, 3, 3]


def test_a_cluster_that_cannot_be_split_takes_another_with_it() -> None:
    folded = fold({"1_1": (12, 0), "2_1": (10, 9)}, Limits(7, max_size=11))
    assert folded.folds[0].reason == "too_large"
    assert sorted(sizes(folded).values()) == [11, 11]


def test_followers_count_for_the_largest_size() -> None:
    assert sizes(fold({"1_1": (10, 0)}, Limits(2, max_size=10))) == {"1_1": 10}
    assert len(sizes(fold({"1_1": (10, 0)}, Limits(2, max_size=10), followers=3))) == 2


@pytest.mark.parametrize(
    ("allowed", "words", "limit"),
    [
        (
            Limits(1, 10, 2),
            "30 stores make at least 3 clusters of at most 10 .max_size., more than 2",
            "max_clusters or max_size",
        ),
        (
            Limits(14, 14),
            "30 stores cannot be divided into clusters of at least 14 .min_size. and at most 14",
            "min_size or max_size",
        ),
    ],
)
def test_limits_that_no_division_keeps_are_refused(allowed: Limits, words: str, limit: str) -> None:
    with pytest.raises(ImpossibleLimits, match=words) as error:
        fold({"1_1": (20, 0), "2_1": (10, 9)}, allowed)
    assert error.value.limit == limit


def test_more_clusters_than_stores_known_to_both_tracks_are_refused() -> None:
    with pytest.raises(ImpossibleLimits, match="only 2 of them are known to both"):
        fold({"1_1": (2, 0)}, Limits(1, 2), followers=5)


# What a fold gives up


def test_what_a_fold_costs_adds_up_to_what_the_clusters_no_longer_explain() -> None:
    rng = np.random.default_rng(0)
    names = np.array([f"{a}_1" for a in rng.integers(1, 9, 60)], dtype=object)
    values = (
        rng.normal(size=(60, 3)) + 3 * rng.normal(size=(9, 3))[[int(name[0]) for name in names]]
    )
    space = Space(values, values, np.full(60, BOTH), np.zeros(60, dtype=int))

    def explained(clusters: np.ndarray) -> float:
        within = sum(
            np.sum((values[clusters == c] - values[clusters == c].mean(axis=0)) ** 2)
            for c in set(clusters)
        )
        return 1 - within / np.sum((values - values.mean(axis=0)) ** 2)

    for allowed in (Limits(8), Limits(5, 10), Limits(1, None, 3)):
        folded = fold_cells(names, space, allowed)
        lost = sum(step.explained_lost for step in folded.folds)
        assert folded.folds
        assert lost == pytest.approx(explained(names) - explained(folded.clusters))


def test_the_next_alternative_is_the_second_nearest() -> None:
    (step,) = fold({"1_1": (1, 0), "1_2": (5, 2), "2_1": (5, -3)}, Limits(2)).folds
    assert (step.to_cluster, step.next_alternative) == ("1_2", "2_1")
    assert step.next_distance == pytest.approx(3, abs=0.02)
    (last,) = fold({"1_1": (1, 0), "1_2": (5, 2)}, Limits(2)).folds
    assert last.next_alternative is None
    assert np.isnan(last.next_distance)


# At the limits


def test_a_cluster_of_exactly_the_smallest_size_stays() -> None:
    cells = {"1_1": (3, 0), "1_2": (4, 1), "2_1": (5, 9)}
    assert fold(cells, Limits(3)).folds == []
    assert [step.from_cluster for step in fold(cells, Limits(4)).folds] == ["1_1"]


def test_a_cluster_of_exactly_the_largest_size_stays_whole() -> None:
    assert fold({"1_1": (10, 0), "2_1": (5, 9)}, Limits(2, max_size=10)).folds == []
    assert len(sizes(fold({"1_1": (11, 0), "2_1": (5, 9)}, Limits(2, max_size=10)))) == 3


def test_exactly_as_many_clusters_as_there_may_be_stay() -> None:
    cells = {"1_1": (5, 0), "1_2": (6, 10), "2_1": (7, 20)}
    assert fold(cells, Limits(2, max_clusters=3)).folds == []
    assert len(fold(cells, Limits(2, max_clusters=2)).folds) == 1


def test_a_division_into_clusters_of_exactly_the_limits_is_possible() -> None:
    whole = {"1_1": (30, 0)}
    assert sorted(sizes(fold(whole, Limits(10, 10, 3))).values()) == [10, 10, 10]
    with pytest.raises(ImpossibleLimits):
        fold(whole, Limits(11, 14, 3))
    assert len(sizes(fold({"1_1": (3, 0)}, Limits(1, 2), followers=3))) == 3
    with pytest.raises(ImpossibleLimits, match=r"7 stores .* only 3 of them"):
        fold({"1_1": (3, 0)}, Limits(1, 2), followers=4)


def test_where_two_fold_the_larger_keeps_its_name_and_among_equals_the_lower_number() -> None:
    small = {"1_1": (2, 0), "2_1": (3, 1)}
    assert set(fold(small, Limits(4)).final_of.values()) == {"2_1"}
    equal = {"2_1": (3, 0), "10_1": (3, 1)}
    assert fold(equal, Limits(4)).folds[0].from_cluster == "2_1"


def test_the_smallest_goes_first_even_where_a_larger_misfit_is_nearer_to_its_like() -> None:
    cells = {"1_1": (3, 0), "1_2": (2, 50), "2_1": (9, 1), "2_2": (9, 60)}
    steps = fold(cells, Limits(5)).folds
    assert [(step.from_cluster, step.to_cluster) for step in steps] == [
        ("1_2", "2_2"),
        ("1_1", "2_1"),
    ]
    assert {step.reason for step in steps} == {"too_small"}


def test_stores_that_no_track_knows_together_never_share_a_cluster() -> None:
    names = np.array(["0_1"] * 2 + ["1_0"] * 9 + ["0_2"] * 9, dtype=object)
    values = np.repeat([[0.0], [0.1], [50.0]], [2, 9, 9], axis=0)
    sides = np.repeat([EXTERNAL, INTERNAL, EXTERNAL], [2, 9, 9])
    folded = fold_cells(names, Space(values, values, sides, np.zeros(20, dtype=int)), Limits(5))
    assert sizes(folded) == {"1_0": 9, "0_2": 11}
    alone = fold_cells(
        names[:11], Space(values[:11], values[:11], sides[:11], sides[:11] * 0), Limits(5)
    )
    assert sizes(alone) == {"0_1": 2, "1_0": 9}  # nobody could take them


def seen(refits: list[list[int]], join_above: float, at: list[float]) -> Folded:
    """Fold three cells of four stores each; ``refits`` of one view, ``at`` their places."""
    names = np.repeat(["1_1", "1_2", "2_1"], 4).astype(object)
    values = np.repeat(at, 4)[:, None]
    views = [np.array(2 * refits)]  # an even power of two, of which roots are exact
    space = Space(values, values, np.full(12, BOTH), np.zeros(12, dtype=int), views, join_above)
    return fold_cells(names, space, Limits(1))


def test_cells_are_one_from_the_overlap_asked_for_whatever_their_size() -> None:
    # of the first two cells, a half shares a refitted cluster: overlap 0.5 / 1, see test_overlap
    refits = [[0] * 8 + [1] * 4, [0] * 4 + [1] * 4 + [2] * 4]
    joined = seen(refits, 0.5, [0.0, 50.0, 1.0])
    assert sizes(joined) == {"1_1": 8, "2_1": 4}
    assert [(f.from_cluster, f.to_cluster, f.reason) for f in joined.folds] == [
        ("1_2", "1_1", "inseparable")
    ]
    assert seen(refits, 0.51, [0.0, 50.0, 1.0]).folds == []


def test_with_refits_a_small_cell_goes_where_it_is_told_apart_least_not_to_the_nearest() -> None:
    names = np.repeat(["1_1", "1_2", "2_1"], [2, 5, 5]).astype(object)
    values = np.repeat([0.0, 1.0, 9.0], [2, 5, 5])[:, None]
    sides, nobody = np.full(12, BOTH), np.zeros(12, dtype=int)
    apart, like_the_far = np.repeat([0, 1, 2], [2, 5, 5]), np.repeat([0, 1, 0], [2, 5, 5])
    for refits, expected in ((apart, "1_2"), (like_the_far, "2_1")):
        space = Space(values, values, sides, nobody, [np.array([refits, apart])], 0.9)
        assert fold_cells(names, space, Limits(3)).final_of["1_1"] == expected


def test_followers_count_for_the_smallest_size_only_where_the_largest_asks_for_more_clusters() -> (
    None
):
    folded = fold({"1_1": (5, 0)}, Limits(4, max_size=8), followers=7)
    assert (len(sizes(folded)), folded.folds[0].reason) == (2, "too_large")
    folded = fold({"1_1": (3, 0), "2_1": (9, 5)}, Limits(4), followers=7)
    assert sizes(folded) == {"2_1": 12}
