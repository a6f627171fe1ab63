"""The number of clusters is the one that the stores show, and small groups get a plain answer."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import make_blobs

from store_clusters.clusters import criteria
from store_clusters.clusters.number_of_clusters import TooFewStores, choose_k
from store_clusters.clusters.trials import Choice

CRITERIA = ["silhouette", "calinski_harabasz", "davies_bouldin"]
ALGORITHMS = ["kmeans", "ward", "gaussian_mixture"]
CORNERS = np.array([[0, 0], [20, 0], [0, 20], [20, 20], [10, 40]], dtype=float)


def choose(values: np.ndarray, **options: object) -> Choice:
    defaults = {
        "smallest": 2,
        "largest": 8,
        "criterion": "silhouette",
        "algorithm": "kmeans",
        "seed": 0,
    }
    return choose_k(np.asarray(values, dtype=float), **{**defaults, **options})


def blobs(k: int, seed: int = 0) -> np.ndarray:
    return make_blobs(20 * k, centers=CORNERS[:k], cluster_std=0.7, random_state=seed)[0]


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_planted_clusters_are_counted_right(algorithm: str, criterion: str, k: int) -> None:
    found = choose(blobs(k), algorithm=algorithm, criterion=criterion, largest=k + 1)
    assert (found.k, found.status, found.criterion) == (k, "chosen", criterion)


def test_every_criterion_is_told_for_every_number_tried() -> None:
    found = choose(blobs(3), smallest=3, largest=5)
    others = ["gap", "gap_error", "smallest_jaccard", "smallest_cluster"]
    expected = {(k, name) for k in (3, 4, 5) for name in CRITERIA}
    expected |= {(k, name) for k in (1, 2, 3, 4, 5) for name in others}
    assert {(k, name) for k, name, _ in found.scores} == expected
    assert len(found.scores) == len(expected)
    assert np.isfinite([score for *_, score in found.scores]).all()


@pytest.mark.parametrize(("criterion", "best"), list(zip(CRITERIA, (max, max, min), strict=True)))
def test_the_number_chosen_has_the_best_score_of_the_criterion(
    criterion: str, best: object
) -> None:
    values = np.random.default_rng(3).normal(size=(60, 3))
    found = choose(values, criterion=criterion)
    scores = {k: score for k, name, score in found.scores if name == criterion}
    assert scores[found.k] == best(scores.values())  # type: ignore[operator]


def test_silhouette_is_that_of_a_hand_computation() -> None:
    values = np.array([[0.0], [1.0], [10.0], [12.0], [13.0]])
    clusters = [[0, 1], [2, 3, 4]]
    apart = cdist(values, values)
    widths = []
    for own, other in (clusters, clusters[::-1]):
        for store in own:
            within = apart[store, own].sum() / (len(own) - 1)
            between = apart[store, other].mean()
            widths.append((between - within) / max(within, between))
    found = choose(values, smallest=2, largest=2)
    assert {name: s for _, name, s in found.scores}["silhouette"] == pytest.approx(np.mean(widths))


def test_among_equal_scores_the_smaller_number_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.metrics.silhouette_score", lambda *arguments, **options: 0.5)
    assert choose(blobs(5), smallest=3).k == 3


def test_the_number_is_fixed_when_smallest_is_largest() -> None:
    found = choose(blobs(2), smallest=4, largest=4)
    assert (found.k, found.status) == (4, "fixed")


def test_nobody_fixed_a_number_where_stores_leave_only_one_to_try() -> None:
    values = np.repeat([[0.0], [1.0], [5.0]], 6, axis=0)
    assert choose(values, smallest=2, largest=8).status == "only_choice"
    assert choose(values, smallest=2, largest=8, fixed=2).status == "fixed"
    assert choose(values, smallest=2, largest=2).status == "fixed"


def test_numbers_outside_the_range_are_not_tried() -> None:
    found = choose(blobs(2), smallest=4, largest=6)
    assert {k for k, name, _ in found.scores if name in CRITERIA} == {4, 5, 6}
    assert found.k in {4, 5, 6}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.empty((0, 2)), (0, "no_data")),
        ([[1.0, 2.0]], (1, "one_store")),
        ([[0.1, 2.0]] * 30, (1, "identical_stores")),
        ([[0.3]] * 5 + [[0.1 + 0.2]] * 5, (1, "identical_stores")),  # not equal in binary
        ([[0.0], [1.0]], (2, "only_choice")),
        ([[0.0]] * 9 + [[1.0]] * 9, (2, "only_choice")),
    ],
)
def test_groups_in_which_there_is_nothing_to_choose(
    values: np.ndarray, expected: tuple[int, str]
) -> None:
    found = choose(values)
    assert (found.k, found.status) == expected
    assert found.criterion == "none"
    assert found.scores == []


def test_one_store_needs_no_minimum() -> None:
    assert choose([[1.0]], smallest=5).k == 1


def test_too_few_stores_are_refused_with_both_numbers() -> None:
    with pytest.raises(TooFewStores, match="3 stores, fewer than 5"):
        choose([[0.0], [1.0], [2.0]], smallest=5)


def test_never_more_clusters_than_different_stores() -> None:
    values = np.repeat([[0.0], [5.0], [9.0]], 10, axis=0)
    assert choose(values, smallest=5).k == 3
    assert {k for k, name, _ in choose(values).scores if name in CRITERIA} == {2}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_three_stores_can_be_clustered(algorithm: str) -> None:
    assert choose([[0.0], [0.1], [7.0]], algorithm=algorithm).k == 2


def test_the_same_seed_gives_the_same_scores() -> None:
    values = np.random.default_rng(5).normal(size=(50, 4))
    assert choose(values, seed=9) == choose(values, seed=9)


FEWEST = """
from store_clusters.clusters.trials import best


def scores(trial):
    return [(k, "fewest", k) for k in trial.numbers]


def choose(trial, scores):
    return best("fewest", scores, highest=False)
"""


def test_one_file_adds_a_criterion_that_is_told_and_can_decide(tmp_path: Path) -> None:
    (tmp_path / "fewest.py").write_text(FEWEST, encoding="utf-8")
    criteria.__path__.append(str(tmp_path))
    try:
        told, decides = choose(blobs(5)), choose(blobs(5), criterion="fewest")
    finally:
        criteria.__path__.remove(str(tmp_path))
        sys.modules.pop(f"{criteria.__name__}.fewest", None)
    assert {k for k, name, _ in told.scores if name == "fewest"} == set(range(2, 9))
    assert (told.k, decides.k, decides.criterion) == (5, 2, "fewest")
