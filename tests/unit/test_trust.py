"""Clusters of real groups come back when all is done again, slices of a cloud do not."""

import numpy as np
import pytest
from chains import nothing_outside, track

from store_clusters.clusters.stability import trust_of
from store_clusters.merge.merging import Merged, merge_tracks
from store_clusters.merge.wanted import Wanted


def merged(values: np.ndarray, aim: str = "joint", k: int = 4, **options: object) -> Merged:
    n = len(values)
    return merge_tracks(
        track(values, k), nothing_outside(n), Wanted(5, aim=aim, **options), weights=np.ones(n)
    )


def cloud(seed: int, apart: float = 0.0, n: int = 160) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(n, 4))
    return values + apart * np.eye(4)[np.arange(n) % 4]


@pytest.mark.parametrize("aim", ["joint", "balanced"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_slices_of_one_cloud_are_no_clusters_and_real_groups_are(seed: int, aim: str) -> None:
    slices, groups = merged(cloud(seed), aim), merged(cloud(seed, apart=6), aim)
    assert [evidence.kind for evidence in slices.evidence] == ["whole"]
    assert [evidence.kind for evidence in groups.evidence] == ["group"] * 4
    assert min(evidence.jaccard for evidence in groups.evidence) > 0.95


def test_slices_that_are_asked_for_all_the_same_are_said_to_be_without_evidence() -> None:
    found = merged(cloud(0), "balanced", target=4)
    assert len(found.names) == 4
    assert "none" in {evidence.kind for evidence in found.evidence}
    assert np.mean([evidence.jaccard for evidence in found.evidence]) < 0.7


def test_parts_of_a_cluster_that_was_too_large_are_compared_as_parts() -> None:
    groups = cloud(3, apart=8, n=120)
    found = merged(groups, max_size=20)
    assert len(found.names) == 8
    whole = merged(groups)
    stable = [np.mean([e.jaccard for e in one.evidence]) for one in (found, whole)]
    assert stable[0] < stable[1] - 0.1
    assert all(e.kind == "none" or e.jaccard >= 0.75 for e in found.evidence)


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
