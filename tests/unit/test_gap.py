"""Groups, a continuum or nothing: what the gap's verdict makes of the number of clusters."""

import numpy as np
from test_structure import blobs, gradient

from store_clusters.clusters.number_of_clusters import choose_k
from store_clusters.clusters.prediction import Prediction


def choose(
    values: np.ndarray, no_groups: str = "by_verdict", **options: object
) -> tuple[int, str, str]:
    found = choose_k(
        values,
        smallest=2,
        largest=8,
        criterion="gap",
        algorithm="kmeans",
        seed=0,
        no_groups=no_groups,
        **options,
    )
    return found.k, found.status, found.verdict


def test_groups_get_their_number() -> None:
    assert choose(blobs(1, 4)) == (4, "chosen", "groups")


def test_a_cloud_gets_one_cluster_unless_slices_are_asked_for() -> None:
    cloud = np.random.default_rng(0).normal(size=(200, 4))
    assert choose(cloud, "by_verdict") == (1, "no_groups", "none")
    assert choose(cloud, "one") == (1, "no_groups", "none")
    assert choose(cloud, "slices") == (1, "no_groups", "none")  # without months held out
    assert choose(cloud, "slices", **paying(4)) == (4, "slices", "none")
    assert choose(cloud, "slices", **paying(1)) == (1, "not_predictive", "none")


def test_a_gradient_gets_slices_or_one_cluster_as_configured() -> None:
    for no_groups in ("by_verdict", "slices"):
        k, status, verdict = choose(gradient(2), no_groups)
        assert (status, verdict) == ("slices", "continuum")
        assert 2 <= k <= 8
    assert choose(gradient(2), "one") == (1, "no_groups", "continuum")


def paying(pays: int, *explained: float) -> dict[str, object]:
    """What pays on months held out, and what 1, 2, ... clusters explain there."""
    explains = np.array(explained or np.linspace(0, 0.7, 8))
    prediction = Prediction(explains, np.full(len(explains), 0.01), history=1.0)
    return {"prediction": prediction, "at_price": lambda numbers: pays}


def test_slices_of_a_continuum_are_as_many_as_pay_unless_the_gap_explains_nearly_as_much() -> None:
    values = gradient(2, 300)
    gap = choose(values, "slices")[0]
    assert 2 <= gap < 6
    little = [0.0] * gap + [0.6] * (7 - gap) + [0.7]
    assert choose(values, "slices", **paying(8, *little)) == (8, "slices", "continuum")
    enough = [0.0] * (gap - 1) + [0.69] * (8 - gap) + [0.7]
    assert choose(values, "slices", **paying(8, *enough)) == (gap, "slices", "continuum")
    fewer_pay = choose(values, "slices", **paying(gap - 1, *enough))
    assert fewer_pay[0] == gap - 1
    assert choose(values, "slices", **paying(1, *enough)) == (1, "not_predictive", "continuum")


def test_groups_are_kept_whatever_pays() -> None:
    assert choose(blobs(1, 4), "slices", **paying(2)) == (4, "chosen", "groups")


def test_the_criterion_prediction_takes_what_pays() -> None:
    for pays, status in ((3, "chosen"), (1, "not_predictive")):
        found = choose_k(
            blobs(1, 4),
            smallest=2,
            largest=6,
            criterion="prediction",
            algorithm="kmeans",
            seed=0,
            **paying(pays),
        )
        assert (found.k, found.status) == (pays, status)


def test_a_number_can_be_decided_and_all_scores_are_told_all_the_same() -> None:
    values = blobs(1, 4)
    assert choose(values, fixed=3)[:2] == (3, "fixed")
    assert choose(values, fixed=1)[:2] == (1, "fixed")
    found = choose_k(
        values,
        smallest=2,
        largest=4,
        criterion="gap",
        algorithm="kmeans",
        seed=0,
        fixed=3,
    )
    assert {k for k, name, _ in found.scores if name == "gap"} == {1, 2, 3, 4}
    assert {k for k, name, _ in found.scores if name == "silhouette"} == {2, 3, 4}


def test_a_number_with_a_cluster_that_is_too_small_is_not_preferred() -> None:
    values = np.vstack([blobs(1, 3, n=120), [[60.0, 60.0], [60.5, 60.0], [60.0, 60.5]]])
    assert choose(values, min_stores=1)[0] == 4
    assert choose(values, min_stores=5)[0] < 4
