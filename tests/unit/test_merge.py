"""Two labelings become clusters of a usable size, and no store is lost on the way."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.fold import Fold, Limits, Space, fold_cells
from methods.merge import Merged, Track, merge_tracks

FEW = settings(max_examples=60, deadline=None, derandomize=True)
cases = st.tuples(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 15))


def track(rng: np.random.Generator, n: int, unknown: float) -> Track:
    labels = rng.integers(1, 5, n)
    labels[rng.random(n) < unknown] = 0
    values = rng.normal(size=(n, rng.integers(1, 4))) + labels[:, None]
    values[labels == 0] = np.nan
    return Track(labels, values)


def random_tracks(seed: int, n: int) -> tuple[Track, Track]:
    rng = np.random.default_rng(seed)
    unknown = rng.choice([0.0, 0.2])
    return track(rng, n, unknown), track(rng, n, unknown)


def line(labels: list[int], values: list[float]) -> Track:
    """A track with one component."""
    return Track(np.array(labels), np.array(values, dtype=float)[:, None])


def fold_small(
    clusters: np.ndarray, values: np.ndarray, min_size: int
) -> tuple[dict[str, str], list[Fold]]:
    """Fold stores that both tracks know, without refits."""
    n = len(clusters)
    space = Space(values, np.zeros((n, 1)), np.full(n, 3), np.zeros(n, dtype=int))
    folded = fold_cells(clusters, space, Limits(min_size))
    return folded.final_of, folded.folds


def names(values: np.ndarray) -> list[str | None]:
    return values.tolist()


# Any two tracks


@FEW
@given(cases)
def test_every_store_known_to_a_track_has_a_final_cluster(case: tuple[int, int, int]) -> None:
    seed, n, min_size = case
    internal, external = random_tracks(seed, n)
    found = merge_tracks(internal, external, min_size)
    known = internal.known | external.known
    if (internal.known & external.known).any():
        assert all(name in found.names for name in found.final[known])
    assert all(name is None for name in found.final[~known])
    assert len(found.merged) == len(found.final) == len(found.confidence) == n


@FEW
@given(cases)
def test_every_final_cluster_is_large_enough_unless_it_is_the_only_one(
    case: tuple[int, int, int],
) -> None:
    seed, n, min_size = case
    internal, external = random_tracks(seed, n)
    found = merge_tracks(internal, external, min_size)
    both = internal.known & external.known
    if not both.any():
        return  # each track makes clusters of its own
    sizes = Counter(found.final[both])
    assert sorted(sizes) == sorted(found.names)
    assert len(sizes) <= 1 or min(sizes.values()) >= min_size


@FEW
@given(cases)
def test_merged_clusters_name_both_clusters_and_are_there_when_both_are_known(
    case: tuple[int, int, int],
) -> None:
    internal, external = random_tracks(*case[:2])
    found = merge_tracks(internal, external, case[2])
    for name, i, e in zip(found.merged, internal.labels, external.labels, strict=True):
        assert name == (f"{i}_{e}" if i and e else None)


@FEW
@given(cases)
def test_the_map_leads_every_merged_cluster_to_an_existing_final_one(
    case: tuple[int, int, int],
) -> None:
    internal, external = random_tracks(*case[:2])
    found = merge_tracks(internal, external, case[2])
    assert set(found.final_of) == {name for name in found.merged if name is not None}
    assert set(found.final_of.values()) == set(found.names)
    assert all(found.final_of[name] == name for name in found.names)
    for merged, final in zip(found.merged, found.final, strict=True):
        assert merged is None or found.final_of[merged] == final


@FEW
@given(cases)
def test_confidence_lies_between_0_and_1_and_the_next_best_is_another_cluster(
    case: tuple[int, int, int],
) -> None:
    internal, external = random_tracks(*case[:2])
    found = merge_tracks(internal, external, case[2])
    placed = np.array([name is not None for name in found.final])
    if len(found.names) < 2:
        assert np.isnan(found.confidence).all()
        assert not any(found.next_best)
        return
    assert ((found.confidence[placed] >= 0) & (found.confidence[placed] <= 1)).all()
    assert np.isnan(found.confidence[~placed]).all()
    for final, following in zip(found.final[placed], found.next_best[placed], strict=True):
        assert following in found.names
        assert following != final


@FEW
@given(cases)
def test_centres_are_means_of_the_stores_that_both_tracks_know(case: tuple[int, int, int]) -> None:
    internal, external = random_tracks(*case[:2])
    found = merge_tracks(internal, external, case[2])
    both = internal.known & external.known
    for one, centres in zip((internal, external), found.centres, strict=True):
        assert centres.shape == (len(found.names), one.values.shape[1])
        for name, centre in zip(found.names, centres, strict=True):
            np.testing.assert_allclose(
                centre, one.values[both & (found.final == name)].mean(axis=0)
            )


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


@FEW
@given(cases)
def test_the_order_of_stores_does_not_matter(case: tuple[int, int, int]) -> None:
    seed, n, min_size = case
    internal, external = random_tracks(seed, n)
    order = np.random.default_rng(seed).permutation(n)
    first = merge_tracks(internal, external, min_size)
    second = merge_tracks(
        Track(internal.labels[order], internal.values[order]),
        Track(external.labels[order], external.values[order]),
        min_size,
    )
    assert second.final.tolist() == first.final[order].tolist()
    assert second.next_best.tolist() == first.next_best[order].tolist()
    np.testing.assert_allclose(second.confidence, first.confidence[order], atol=1e-9)


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


def test_nothing_is_folded_when_one_store_is_enough() -> None:
    internal, external = random_tracks(1, 40)
    found = merge_tracks(internal, external, 1)
    assert found.folds == []
    assert found.final_of == {name: name for name in found.names}


def test_final_clusters_are_listed_by_number_not_by_letter() -> None:
    labels = [1, 2, 10]
    found = merge_tracks(line(labels, [0, 1, 2]), line([1] * 3, [0, 0, 0]), 1)
    assert found.names == ["1_1", "2_1", "10_1"]


# Stores known to one track


def two_clusters(extra_internal: tuple[int, float], extra_external: tuple[int, float]) -> Merged:
    """Three stores in 1_1, three in 2_2 and one more; centres 0 and 10, and 0 and 100."""
    return merge_tracks(
        line([1, 1, 1, 2, 2, 2, extra_internal[0]], [0, 0, 0, 10, 10, 10, extra_internal[1]]),
        line([1, 1, 1, 2, 2, 2, extra_external[0]], [0, 0, 0, 100, 100, 100, extra_external[1]]),
        2,
    )


@pytest.mark.parametrize(("position", "expected"), [(1, "1_1"), (8, "2_2")])
def test_a_store_that_only_the_internal_track_knows_is_placed_by_it(
    position: float, expected: str
) -> None:
    found = two_clusters((1, position), (0, np.nan))
    assert found.final[6] == expected
    assert found.merged[6] is None
    near, far = min(position, 10 - position), max(position, 10 - position)
    assert found.confidence[6] == pytest.approx((far - near) / far)


@pytest.mark.parametrize(("position", "expected"), [(10, "1_1"), (80, "2_2")])
def test_a_store_that_only_the_external_track_knows_is_placed_by_it(
    position: float, expected: str
) -> None:
    assert two_clusters((0, np.nan), (2, position)).final[6] == expected


def test_stores_known_to_one_track_do_not_shape_the_clusters() -> None:
    near, far = two_clusters((1, 1), (0, np.nan)), two_clusters((1, 1e6), (0, np.nan))
    assert near.names == far.names
    assert near.scales == far.scales
    for a, b in zip(near.centres, far.centres, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(near.confidence[:6], far.confidence[:6])


def test_a_store_that_no_track_knows_has_no_cluster() -> None:
    found = two_clusters((0, np.nan), (0, np.nan))
    assert found.final[6] is None
    assert found.next_best[6] is None
    assert np.isnan(found.confidence[6])


def test_tracks_without_a_common_store_make_clusters_of_their_own() -> None:
    found = merge_tracks(line([1, 0], [1, np.nan]), line([0, 1], [np.nan, 1]), 1)
    assert names(found.final) == ["1_0", "0_1"]
    assert (found.names, found.folds) == (["0_1", "1_0"], [])
    assert found.final_of == {"0_1": "0_1", "1_0": "1_0"}


def test_no_store_at_all_is_no_problem() -> None:
    found = merge_tracks(line([], []), line([], []), 5)
    assert len(found.final) == 0
    assert found.names == []


# Distances


def test_confidence_of_a_hand_example() -> None:
    internal = line([1, 1, 2, 2], [-1, 1, 9, 11])
    external = line([1, 1, 1, 1], [0, 0, 0, 0])
    found = merge_tracks(internal, external, 1)
    np.testing.assert_allclose(found.confidence, [10 / 11, 8 / 9, 8 / 9, 10 / 11])
    assert names(found.next_best) == ["2_1", "2_1", "1_1", "1_1"]
    spread = np.std([-1, 1, 9, 11])
    assert found.scales == (pytest.approx(spread), 1.0)


@pytest.mark.parametrize("factor", [1e-6, 0.01, 1000.0])
def test_both_tracks_weigh_the_same_whatever_their_units(factor: float) -> None:
    internal, external = random_tracks(3, 50)
    plain = merge_tracks(internal, external, 8)
    scaled = merge_tracks(internal, Track(external.labels, external.values * factor), 8)
    assert scaled.final.tolist() == plain.final.tolist()
    np.testing.assert_allclose(scaled.confidence, plain.confidence)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.3])
def test_a_track_in_which_all_stores_are_alike_does_not_decide(value: float) -> None:
    positions = np.array([0.0, 0, 0, 1, 10, 10, 11])
    internal = line([1, 1, 1, 2, 3, 3, 3], positions.tolist())
    found = merge_tracks(internal, line([1] * 7, [value] * 7), 2)
    assert found.final_of == {"1_1": "1_1", "2_1": "1_1", "3_1": "3_1"}
    low, high = abs(positions - 0.25), abs(positions - 31 / 3)
    near, far = np.minimum(low, high), np.maximum(low, high)
    np.testing.assert_allclose(found.confidence, (far - near) / far)
