"""Final clusters keep the limits on their size and number, and the log says what was given up."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.fold import Folded, Limits, Space, fold_cells
from methods.limits import ImpossibleLimits
from methods.merge import BOTH, Merged, Track, merge_tracks
from methods.separation import refit_labels

FEW = settings(max_examples=25, deadline=None, derandomize=True)
REFITS = 6


def random_track(rng: np.random.Generator, n: int, unknown: float, refits: bool) -> Track:
    k = int(rng.integers(1, 6))
    labels = rng.integers(1, k + 1, n)
    values = rng.normal(size=(n, 2)) + rng.choice([0.5, 4]) * labels[:, None]
    labels[rng.random(n) < unknown] = 0
    known = labels > 0
    values[~known] = np.nan
    found = np.zeros((REFITS, n), dtype=np.int64)
    if known.any():
        found[:, known] = refit_labels(values[known], np.ones(known.sum(), bool), k, REFITS, 0)
    return Track(labels, values, found if refits else None)


def random_tracks(seed: int) -> tuple[Track, Track]:
    rng = np.random.default_rng(seed)
    n, unknown, refits = int(rng.integers(1, 120)), rng.choice([0, 0.2, 0.6]), rng.random() < 0.6
    return random_track(rng, n, unknown, refits), random_track(rng, n, unknown, refits)


limits = st.tuples(
    st.integers(1, 14),
    st.one_of(st.none(), st.integers(0, 30)),
    st.one_of(st.none(), st.integers(1, 8)),
)


def merge(seed: int, case: tuple[int, int | None, int | None]) -> tuple[Track, Track, Limits]:
    smallest, more, number = case
    largest = None if more is None else smallest + more
    return *random_tracks(seed), Limits(smallest, largest, number)


@FEW
@given(st.integers(0, 10_000), limits)
def test_limits_hold_in_the_final_table_or_no_division_keeps_them(
    seed: int, case: tuple[int, int | None, int | None]
) -> None:
    internal, external, allowed = merge(seed, case)
    both = internal.known & external.known
    placed = internal.known | external.known
    options = {"max_size": allowed.max_size, "max_clusters": allowed.max_clusters}
    fewest = -(-int(placed.sum()) // (allowed.max_size or 10_000)) or 1
    try:
        found = merge_tracks(internal, external, allowed.min_size, 0.2, **options)
    except ImpossibleLimits:
        assert (
            not both.any()
            or fewest > (allowed.max_clusters or 10_000)
            or (fewest > 1 and fewest * allowed.min_size > placed.sum())
            or fewest > both.sum()
        )
        return
    sizes = Counter(found.final[placed])
    assert None not in sizes
    assert set(sizes) == set(found.names)
    assert allowed.max_size is None or max(sizes.values(), default=0) <= allowed.max_size
    if both.any():
        assert len(sizes) <= (allowed.max_clusters or 10_000)
        assert len(sizes) == 1 or min(sizes.values()) >= allowed.min_size


@FEW
@given(st.integers(0, 10_000), st.integers(1, 14))
def test_limits_that_bind_nothing_change_nothing(seed: int, min_size: int) -> None:
    internal, external = random_tracks(seed)
    n = len(internal.labels)
    free = merge_tracks(internal, external, min_size, 0.2)
    wide = merge_tracks(internal, external, min_size, 0.2, max_size=n, max_clusters=n + 1)
    assert wide.final.tolist() == free.final.tolist()
    assert repr(wide.folds) == repr(free.folds)
    np.testing.assert_array_equal(wide.confidence, free.confidence)


# Hand examples


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


# Categories in which no store is known to both tracks


def one_track(refits: bool = True, **options: int) -> Merged:
    """Ten stores in two internal clusters and six in one external cluster, none in both."""
    found = np.zeros((REFITS, 16), dtype=np.int64)
    found[:, 5:10] = 1
    internal = np.array([1] * 5 + [2] * 5 + [0] * 6)
    external = np.array([0] * 10 + [3] * 6)
    at = np.arange(16.0)[:, None] + 20 * (internal == 2)[:, None]
    return merge_tracks(
        Track(internal, np.where(internal[:, None] > 0, at, np.nan), found if refits else None),
        Track(external, np.where(external[:, None] > 0, at, np.nan), found if refits else None),
        2,
        0.2,
        **options,
    )


@pytest.mark.parametrize("refits", [True, False])
def test_stores_of_either_track_make_clusters_of_their_own(refits: bool) -> None:
    found = one_track(refits)
    assert found.names == ["0_3", "1_0", "2_0"]
    assert found.final.tolist() == ["1_0"] * 5 + ["2_0"] * 5 + ["0_3"] * 6
    assert found.merged.tolist() == found.final.tolist()
    assert set(found.next_best[:5]) == {"2_0"}
    assert found.next_best[10:].tolist() == [None] * 6  # nothing to compare with
    assert np.isnan(found.confidence[10:]).all()
    assert (found.confidence[:10] > 0.5).all()
    assert np.isnan(found.centres[1][1:]).all()


def test_limits_hold_on_either_side() -> None:
    assert one_track(max_size=3).names == ["0_3a", "0_3b", "1_0a", "1_0b", "2_0a", "2_0b"]
    assert one_track(max_clusters=2).names == ["0_3", "2_0"]
    with pytest.raises(ImpossibleLimits, match="no track knows together"):
        one_track(max_clusters=1)
