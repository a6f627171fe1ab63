"""Who moved when clusters were merged, and why, is the same in every table and sentence."""

import numpy as np
import pyarrow as pa
import pytest

from store_clusters.describe.explanation_tables import folded
from store_clusters.describe.reason_words import WHY, fold_path
from store_clusters.merge.merging import Merged, merge_tracks
from store_clusters.merge.names import whole_name
from store_clusters.merge.tracks import Track
from store_clusters.merge.wanted import Wanted
from store_clusters.tables.contracts import contract

WANTED = Wanted(min_size=10)


def track(labels: list[int], apart: float) -> Track:
    """Clusters that come back on every resample, so far apart."""
    found = np.array(labels)
    values = np.random.default_rng(0).normal(0, 0.1, (len(found), 2))
    values[:, 0] += apart * found
    values[found == 0] = np.nan
    refits = np.tile(found, (5, 1))
    chances = np.where(found[:, None] > 0, np.eye(found.max() + 1)[found][:, 1:], np.nan)
    return Track(found, values, refits, chances, np.zeros(len(found), dtype=bool))


def merged(inside: list[int], outside: list[int], wanted: Wanted = WANTED) -> Merged:
    weights = np.ones(len(inside))
    return merge_tracks(track(inside, 5.0), track(outside, 3.0), wanted, weights=weights)


def sentences(found: Merged, inside: list[int]) -> list[str | None]:
    columns = ("from_cluster", "to_cluster", "stores", "reason")
    folds = pa.table({name: [getattr(fold, name) for fold in found.folds] for name in columns})
    rows = {"reassigned": found.reassigned, "internal_cluster": inside}
    rows |= {"merged_cluster": found.merged, "final_cluster": found.final}
    return folded(pa.table(rows), folds if folds.num_rows else None, nested=True).tolist()


def test_a_pair_that_surroundings_do_not_part_has_not_moved() -> None:
    inside, outside = [1] * 33 + [2] * 30, [1] * 25 + [2] * 8 + [1] * 30
    found = merged(inside, outside)
    assert [(fold.from_cluster, fold.reason) for fold in found.folds] == [("1_2", "not_parted")]
    assert not found.reassigned.any()
    assert sentences(found, inside) == [None] * 63


def test_a_pair_too_small_for_a_part_moved_and_says_so() -> None:
    inside, outside = [1] * 50 + [2] * 30, [1] * 25 + [2] * 22 + [3] * 3 + [1] * 30
    found = merged(inside, outside)
    (fold,) = found.folds
    assert (fold.from_cluster, fold.reason, fold.stores) == ("1_3", "too_small", 3)
    assert np.flatnonzero(found.reassigned).tolist() == [47, 48, 49]
    said = sentences(found, inside)[47]
    assert said == f"1_3 had too few stores, 3, and joined {fold.to_cluster}"


def test_a_small_pair_that_a_part_is_called_by_has_not_moved() -> None:
    inside, outside = [1] * 45 + [2] * 30, [1] * 30 + [2] * 8 + [3] * 7 + [1] * 30
    found = merged(inside, outside)
    assert set(found.final[30:45]) == {"1_2"}
    assert not found.reassigned[30:38].any()
    assert found.reassigned[38:45].all()
    moved = [said is not None for said in sentences(found, inside)]
    assert moved == found.reassigned.tolist()


def test_stores_of_an_internal_cluster_that_was_joined_say_so_with_or_without_a_pair() -> None:
    inside, outside = [1] * 30 + [2] * 30 + [3] * 6, [1] * 63 + [0] * 3
    found = merged(inside, outside)
    assert found.reassigned[60:].all()
    to = found.final[60]
    expected = f"internal cluster 3 had too few stores, and joined {to}"
    assert sentences(found, inside)[60:] == [expected] * 6


def test_clusters_joined_on_the_way_to_a_target_say_that_it_was_asked_for() -> None:
    inside = [1] * 30 + [2] * 30 + [3] * 30
    found = merged(inside, [1] * 90, Wanted(min_size=10, target=2))
    assert len(found.names) == 2
    assert {fold.reason for fold in found.folds} == {"fewer"}


def test_a_cluster_is_not_a_part_of_one_whose_name_it_begins_with() -> None:
    assert whole_name("2_10") == "2_10"
    assert whole_name("2_1ab") == "2_1"


@pytest.mark.parametrize(
    ("why", "cell", "whole"),
    [
        (
            "too_small",
            "3_2 had too few stores, 5, and joined 1_1",
            "internal cluster 3 had too few stores, and joined 1_1",
        ),
        (
            "no_evidence",
            "there was no evidence for 3_2 and 1_1 as clusters apart",
            "there was no evidence for internal cluster 3 and 1_1 as clusters apart",
        ),
        (
            "fewer",
            "fewer clusters were asked for, and 3_2 joined 1_1",
            "fewer clusters were asked for, and internal cluster 3 joined 1_1",
        ),
        (
            "too_many",
            "there were too many clusters, and 3_2 joined 1_1",
            "there were too many clusters, and internal cluster 3 joined 1_1",
        ),
    ],
)
def test_a_pair_moves_alone_or_with_its_internal_cluster(why: str, cell: str, whole: str) -> None:
    folds = [("3_2", "1_1", 5, why), ("1_2", "1_1", 3, "too_small")]
    assert fold_path(folds, "3_2", "1_1") == cell
    assert fold_path(folds, "3_2", "1_1", nested=True) == whole
    sibling = "1_2 had too few stores, 3, and joined 1_1"
    assert fold_path(folds, "1_2", "1_1", nested=True) == sibling


def test_every_reason_for_a_fold_has_words() -> None:
    (reasons,) = (of["values"] for of in contract("folds").columns if of["name"] == "reason")
    assert set(reasons) == set(WHY)
