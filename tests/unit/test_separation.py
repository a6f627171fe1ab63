"""Cells that resampling does not tell apart are one; confidence is how often refits agree."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from methods.merge import Track, merge_tracks
from methods.separation import (
    agreement,
    count_by_refit,
    cross_refits,
    overlap,
    refit_labels,
    together,
)

REFITS = 20


def track(values: np.ndarray, labels: np.ndarray, k: int, seed: int = 0) -> Track:
    known = labels > 0
    refits = np.zeros((REFITS, len(labels)), dtype=np.int64)
    refits[:, known] = refit_labels(values[known], np.ones(known.sum(), bool), k, REFITS, seed)
    return Track(labels, values, refits)


def halves(n: int = 120, apart: float = 8.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat([1, 2], n // 2)
    random = np.random.default_rng(seed)
    return random.normal(size=(n, 2)) + apart * (labels[:, None] == 2), labels


def test_overlap_is_one_where_no_view_parts_two_cells_and_zero_where_one_always_does() -> None:
    cells = np.array([0, 0, 1, 1])
    parted, whole = np.array([[0, 0, 1, 1]]), np.array([[0, 0, 0, 0]])
    pairs = [together(count_by_refit(cells, refits)) for refits in (parted, whole)]
    assert overlap([pairs[1]])[0, 1] == 1
    assert overlap(pairs)[0, 1] == 0


def test_overlap_of_a_hand_example() -> None:
    cells, refits = np.array([0, 0, 1, 1]), np.array([[0, 0, 0, 1]])
    pairs = together(count_by_refit(cells, refits))
    assert pairs.tolist() == [[4, 2], [2, 2]]
    shared = overlap([pairs])
    assert shared[0, 1] == pytest.approx(0.5 / np.sqrt(1 * 0.5))


def test_refits_of_clear_groups_find_them_every_time() -> None:
    values, labels = halves()
    for found in refit_labels(values, np.ones(len(values), bool), 2, REFITS, seed=1):
        assert len({(a, b) for a, b in zip(found, labels, strict=True)}) == 2


def test_refits_make_clusters_as_the_algorithm_does() -> None:
    truth = np.repeat([0, 1], 100)
    values = np.random.default_rng(0).normal(size=(200, 2)) * [3, 1]
    values += truth[:, None] * [3, 6]  # two long bands side by side
    everyone = np.ones(200, dtype=bool)
    agreement_of = {}
    for algorithm in ("kmeans", "gaussian_mixture"):
        found = refit_labels(values, everyone, 2, REFITS, seed=1, algorithm=algorithm)
        agreement_of[algorithm] = np.mean([adjusted_rand_score(truth, own) for own in found])
    assert agreement_of["gaussian_mixture"] > 0.95
    assert agreement_of["kmeans"] < 0.9


def test_stores_outside_the_fit_are_placed_but_never_drawn() -> None:
    values, _ = halves()
    values = np.vstack([values, [[1e6, 1e6]]])
    in_fit = np.arange(len(values)) < len(values) - 1
    found = refit_labels(values, in_fit, 2, REFITS, seed=1)
    assert all(np.sum(labels == labels[-1]) > 30 for labels in found)


def test_a_cluster_split_without_reason_is_joined_again() -> None:
    values, real = halves()
    random = np.random.default_rng(5)
    split = np.where(real == 1, 1, 2 + random.integers(0, 2, len(real)))
    one = Track(
        np.ones(len(real), int), np.zeros((len(real), 1)), np.zeros((REFITS, len(real)), int)
    )
    merged = merge_tracks(track(values, split, 3), one, 5, join_above=0.2)
    assert merged.names == ["1_1", merged.names[1]]
    assert {fold.reason for fold in merged.folds} == {"inseparable"}
    assert merge_tracks(track(values, split, 3), one, 5).names == ["1_1", "2_1", "3_1"]


def test_cells_that_one_track_parts_stay_apart() -> None:
    values, labels = halves()
    other_labels = np.tile([1, 2], len(labels) // 2)
    other = (
        np.random.default_rng(2).normal(size=(len(labels), 2)) + 8.0 * (other_labels == 2)[:, None]
    )
    merged = merge_tracks(track(values, labels, 2), track(other, other_labels, 2), 5, 0.2)
    assert merged.names == ["1_1", "1_2", "2_1", "2_2"]
    assert merged.folds == []


def test_confidence_is_high_inside_groups_and_lower_between_them() -> None:
    values, labels = halves(apart=3.0)
    one = Track(
        np.ones(len(labels), int), np.zeros((len(labels), 1)), np.zeros((REFITS, len(labels)), int)
    )
    merged = merge_tracks(track(values, labels, 2), one, 5, join_above=0.9)
    between = np.abs(values.sum(axis=1) - 3.0) < 0.7
    assert np.median(merged.confidence[~between]) > 0.95
    assert merged.confidence[between].mean() < merged.confidence[~between].mean() - 0.1


def test_votes_of_refits_sum_to_one() -> None:
    random = np.random.default_rng(0)
    cells, final = random.integers(0, 4, (REFITS, 60)), random.integers(0, 3, 60)
    assert agreement(cells, final, cells).sum(axis=1) == pytest.approx(1.0)


def test_crossed_refits_part_what_either_track_parts() -> None:
    a, b = np.array([[0, 0, 1, 1]]), np.array([[0, 1, 0, 1]])
    assert len(set(cross_refits([a, b])[0])) == 4
    assert cross_refits([a]) is a


def test_tracks_without_a_common_store_join_only_what_their_own_refits_do_not_tell_apart() -> None:
    values, refits = np.arange(6.0)[:, None], np.zeros((REFITS, 6), np.int64)
    tracks = [
        Track(np.array(own), np.where(np.array(own)[:, None] > 0, values, np.nan), refits)
        for own in ([1, 1, 2, 0, 0, 0], [0, 0, 0, 1, 1, 2])
    ]
    merged = merge_tracks(tracks[0], tracks[1], 2, join_above=0.2)
    assert merged.final.tolist() == ["1_0"] * 3 + ["0_1"] * 3
    assert [fold.reason for fold in merged.folds] == ["inseparable"] * 2


def test_tracks_that_know_no_store_make_no_cluster() -> None:
    nothing = Track(np.zeros(6, int), np.full((6, 1), np.nan), np.zeros((REFITS, 6), np.int64))
    merged = merge_tracks(nothing, nothing, 2, join_above=0.2)
    assert merged.names == []
    assert merged.final.tolist() == [None] * 6
    assert np.isnan(merged.confidence).all()
