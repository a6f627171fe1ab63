"""Cells that resampling does not tell apart are one where both tracks count alike."""

import numpy as np
import pytest
from chains import known_as, nothing_outside, track

from store_clusters.merge.merging import Merged, merge_tracks
from store_clusters.merge.overlap import count_by_refit, overlap, together
from store_clusters.merge.tracks import Track
from store_clusters.merge.wanted import Wanted


def halves(n: int = 120, apart: float = 8.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat([1, 2], n // 2)
    random = np.random.default_rng(seed)
    return random.normal(size=(n, 2)) + apart * (labels[:, None] == 2), labels


def joined(internal: Track, external: Track, join_above: float) -> Merged:
    return merge_tracks(
        internal,
        external,
        Wanted(5, aim="joint", join_above=join_above),
        weights=np.ones(len(internal.labels)),
    )


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


def test_a_cluster_split_without_reason_is_joined_again() -> None:
    values, _ = halves()
    inside = track(values, 3)
    merged = joined(inside, nothing_outside(120), 0.2)
    assert len(merged.names) == 2
    assert {fold.reason for fold in merged.folds} == {"inseparable"}
    assert not merged.reassigned.any()  # joined, not dissolved


def test_cells_that_one_track_parts_stay_apart() -> None:
    values, _ = halves()
    other = np.random.default_rng(2).normal(size=(120, 2)) + 8.0 * (np.arange(120) % 2)[:, None]
    merged = joined(track(values, 2), track(other, 2), 0.2)
    assert merged.names == ["1_1", "1_2", "2_1", "2_2"]
    assert merged.folds == []


def test_tracks_without_a_common_store_join_only_what_their_own_refits_do_not_tell_apart() -> None:
    internal = known_as([1, 1, 2, 0, 0, 0], range(6))
    external = known_as([0, 0, 0, 1, 1, 2], range(6))
    for one in (internal, external):
        one.refits[one.refits > 0] = 1
    merged = merge_tracks(
        internal, external, Wanted(2, aim="joint", join_above=0.2), weights=np.ones(6)
    )
    assert merged.final.tolist() == ["1_0"] * 3 + ["0_1"] * 3
    assert [fold.reason for fold in merged.folds] == ["inseparable"] * 2
