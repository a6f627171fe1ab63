"""How sure a store's cluster is: by what its own place had no part in."""

import numpy as np
import pytest
from chains import REFITS, known_as, nothing_outside, roots, segments, track
from sklearn.metrics import adjusted_rand_score, roc_auc_score

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.refits import refit
from store_clusters.merge.merging import Merged, merge_tracks
from store_clusters.merge.tracks import Track
from store_clusters.merge.wanted import Wanted

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def merged(internal: Track, external: Track, min_size: int = 3, **options: object) -> Merged:
    n = len(internal.labels)
    return merge_tracks(internal, external, Wanted(min_size, **options), weights=np.ones(n))


def line(seed: int = 0) -> Track:
    """Three groups on a line at 40, 0 and 20; the numbers are not in the order of places."""
    at = np.random.default_rng(seed).normal(size=60) + np.repeat([40.0, 0.0, 20.0], [30, 20, 10])
    return track(at[:, None], 3)


def test_beside_the_likeliest_cluster_comes_the_nearest_of_equally_likely_ones() -> None:
    inside = known_as(np.repeat([1, 2, 3], 10), np.repeat([40.0, 0.0, 20.0], 10))
    found = merged(inside, nothing_outside(30))
    assert (found.confidence == 1).all()
    middle = known_as(np.repeat([1, 2, 3], 10), np.repeat([40.0, 0.0, 15.0], 10))
    found = merged(middle, nothing_outside(30))
    assert set(found.next_best[10:20]) == {"3_1"}  # not 1_1, which is far and comes first
    assert set(found.next_best[20:]) == {"2_1"}
    assert set(found.next_best[:10]) == {"3_1"}


def test_the_next_best_is_the_likeliest_even_where_another_is_nearer() -> None:
    inside = known_as(np.repeat([1, 2, 3], 10), np.repeat([40.0, 0.0, 15.0], 10))
    inside.chances[10] = [0.3, 0.6, 0.1]
    found = merged(inside, nothing_outside(30))
    assert found.next_best[10] == "1_1"
    assert found.confidence[10] == pytest.approx(0.6)


def test_chances_leave_the_store_out() -> None:
    values = np.append(np.zeros(20), 10 * np.ones(20))[:, None] + np.random.default_rng(0).normal(
        size=(40, 1)
    )
    values = np.vstack([values, [[30.0]]])  # a store like no other, in a cluster of its own
    labels = np.append(np.repeat([0, 1], 20), 2)
    found = refit(values, labels, np.ones(41, dtype=bool), 40, 0)
    assert found.chances[40, 2] < 0.5  # refits that did not draw it know no such cluster
    assert found.chances[:40].max(axis=1).mean() > 0.9
    np.testing.assert_allclose(found.chances.sum(axis=1), 1)


def test_a_misfit_that_was_folded_by_size_is_not_sure() -> None:
    inside = track(
        np.append(np.zeros(30), 10 * np.ones(30))[:, None]
        + np.random.default_rng(0).normal(size=(60, 1)),
        2,
    )
    place = np.append(np.where(np.arange(59) % 2, 2, 1), 3)  # the last is alone in its pair
    found = merged(inside, known_as(place, place * 9.0), 5, aim="joint")
    assert found.reassigned.tolist() == [False] * 59 + [True]
    assert found.confidence[59] < 0.65 < np.quantile(found.confidence[:59], 0.02)


@pytest.mark.parametrize("why", ["outlier", "one_track"])
def test_a_store_that_was_moved_is_less_sure_than_one_that_was_not(why: str) -> None:
    place = np.where(np.arange(40) % 2, 2, 1)
    inside, outside = known_as(np.repeat([1, 2], 20), np.repeat([0, 9], 20)), known_as(place, place)
    if why == "outlier":
        inside.outlier[0] = True
    else:
        outside.labels[0], outside.refits[:, 0] = 0, 0
        outside.values[0], outside.chances[0] = np.nan, np.nan
    found = merged(inside, outside)
    assert found.confidence[0] < found.confidence[2]


@pytest.mark.parametrize("seed", range(3))
def test_confidence_tells_misplaced_stores_and_is_calibrated(seed: int) -> None:
    random = np.random.default_rng(seed)
    segment = np.arange(300) % 3
    values = random.normal(size=(300, 2)) + 2.6 * np.array([[0, 0], [1, 0], [0.5, 0.9]])[segment]
    found = merged(track(values, 3), nothing_outside(300), 15, target=3)
    final = found.final.astype(str)
    assert adjusted_rand_score(segment, final) > 0.4
    of = {name: np.bincount(segment[final == name]).argmax() for name in found.names}
    right = np.array([of[name] == s for name, s in zip(final, segment, strict=True)])
    assert 0.03 < 1 - right.mean() < 0.3
    assert roc_auc_score(right, found.confidence) > 0.75
    assert abs(found.confidence.mean() - right.mean()) < 0.07
    sure = found.confidence > 0.9
    assert abs(found.confidence[sure].mean() - right[sure].mean()) < 0.07


def test_refits_make_clusters_as_the_algorithm_does_and_under_their_numbers() -> None:
    truth = np.repeat([0, 1], 100)
    values = np.random.default_rng(0).normal(size=(200, 2)) * [3, 1]
    values += truth[:, None] * [3, 6]  # two long bands side by side
    everyone = np.ones(200, dtype=bool)
    right = {
        algorithm: (
            refit(values, truth, everyone, 10, 1, algorithm=algorithm).labels == truth
        ).mean()
        for algorithm in ("kmeans", "gaussian_mixture")
    }
    assert right["gaussian_mixture"] > 0.97 > right["kmeans"]


def test_stores_outside_the_fit_are_placed_but_never_drawn() -> None:
    values = np.vstack([line().values, [[1e6]]])
    in_fit = np.arange(61) < 60
    found = refit(values, np.append(line().labels - 1, 0), in_fit, REFITS, 1)
    assert all(np.sum(labels == labels[-1]) > 5 for labels in found.labels)
    assert found.chances[60].max() < 0.9  # so far from all that little is known


@pytest.mark.parametrize("values", [np.zeros((6, 2)), np.arange(6.0)[:, None], np.zeros((1, 2))])
def test_stores_that_are_alike_or_few_can_be_refitted(values: np.ndarray) -> None:
    labels = np.arange(len(values)) % 2
    found = refit(values, labels, np.ones(len(values), dtype=bool), 5, 0)
    assert np.isfinite(found.chances).all()
    np.testing.assert_allclose(found.chances.sum(axis=1), 1)
    assert found.labels.shape == (5, len(values))


def test_chances_of_a_whole_chain_add_up_to_one_at_most() -> None:
    _, odd, even = segments(90, 3, 0)
    sales = (odd + even).sum(axis=1)
    found = merge_tracks(
        track(roots(odd + even), 3, sales),
        nothing_outside(90),
        Wanted(5, aim="sales"),
        weights=np.sqrt(sales),
        held_out=HeldOut(odd, even, "hellinger"),
    )
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
    assert found.confidence.mean() > 0.6
