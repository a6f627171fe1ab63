"""Final clusters of real groups come back when all is done again, slices of a cloud do not."""

import numpy as np
import pytest

from methods.cluster import cluster_stores
from methods.fold import Limits
from methods.merge import Track, merge_tracks
from methods.separation import refit_labels
from methods.trust import final_stability, trust_of

REFITS = 20


def track(values: np.ndarray, k: int) -> Track:
    everyone = np.ones(len(values), dtype=bool)
    clusters = cluster_stores(
        values, everyone, weights=everyone, k=k, algorithm="kmeans", starts=5, seed=0
    )
    return Track(clusters.labels, values, refit_labels(values, everyone, k, REFITS, 0))


def stability(
    values: np.ndarray, join_above: float = np.inf, k: int = 4, **options: int
) -> np.ndarray:
    """Stability of the final clusters when the external track has one cluster."""
    limits = Limits(5, **options)
    internal, external = track(values, k), track(np.zeros((len(values), 1)), 1)
    merged = merge_tracks(
        internal,
        external,
        limits.min_size,
        join_above,
        max_size=limits.max_size,
        max_clusters=limits.max_clusters,
    )
    return final_stability(merged, internal, external, limits)


def cloud(seed: int, apart: float = 0.0, n: int = 160) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(n, 4))
    return values + apart * np.eye(4)[np.arange(n) % 4]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_slices_of_one_cloud_are_not_to_be_trusted_and_real_groups_are(seed: int) -> None:
    slices, groups = stability(cloud(seed)), stability(cloud(seed, apart=6))
    assert len(slices) == len(groups) == 4
    assert slices.mean() < 0.65
    assert groups.min() > 0.95


def test_one_cluster_of_slices_joined_again_comes_back() -> None:
    assert stability(cloud(0), join_above=0.2) == pytest.approx([1.0], abs=0.1)


def test_parts_of_a_cluster_that_was_too_large_are_compared_as_parts() -> None:
    groups = cloud(3, apart=8, n=120)
    found = stability(groups, max_size=20)
    assert len(found) == 8
    assert found.mean() < stability(groups).mean() - 0.1


def test_tracks_that_know_nothing_have_no_clusters_to_trust() -> None:
    nothing = Track(np.zeros(3, dtype=int), np.full((3, 1), np.nan), np.zeros((2, 3), dtype=int))
    merged = merge_tracks(nothing, nothing, 1, 0.2)
    assert len(final_stability(merged, nothing, nothing, Limits(1))) == 0


@pytest.mark.parametrize(
    ("jaccard", "words"),
    [
        (0.0, "do_not_trust"),
        (0.594, "do_not_trust"),
        (0.596, "doubtful"),  # shown as 0.60
        (0.6, "doubtful"),
        (0.75, "stable"),
        (0.85, "highly_stable"),
        (1.0, "highly_stable"),
    ],
)
def test_words_begin_at_the_bounds_of_the_literature(jaccard: float, words: str) -> None:
    assert trust_of(jaccard) == words
