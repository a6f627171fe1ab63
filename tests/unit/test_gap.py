"""Groups, a continuum or nothing: what the gap's verdict makes of the number of clusters."""

from collections.abc import Callable

import numpy as np
import pytest
from test_structure import blobs, gradient

from store_clusters.clusters.criteria import gap
from store_clusters.clusters.number_of_clusters import choose_k
from store_clusters.clusters.prediction import Prediction
from store_clusters.clusters.trials import Choice, Score, Trial, listed


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


# The rules alone, of scores and chances that are given


def told(k: int, smallest: int = 50) -> list[Score]:
    """Scores by which there are k clusters, all of them stable, the smallest of so many stores."""
    return [
        *listed("gap", [float(number == k) for number in range(1, 7)]),
        *listed("gap_error", [0.1] * 6),
        *listed("smallest_jaccard", [1.0] * 6),
        *listed("smallest_cluster", [smallest] * 6),
    ]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Choice]:
    """The choice among 2 to 6 clusters for a number by the gap and a chance without groups."""

    def choose_by(k: int, chance: float = 1.0, stores: int = 400, **options: object) -> Choice:
        smallest = int(options.pop("smallest", 50))
        monkeypatch.setattr(gap, "grouped_p_value", lambda *arguments: chance)
        numbers = options.pop("numbers", range(2, 7))
        trial = Trial(np.zeros((stores, 2)), numbers, "kmeans", 0, **options)
        return gap.choose(trial, told(k, smallest))

    return choose_by


def outcome(choice: Choice) -> tuple[int, str, str, str]:
    return choice.k, choice.status, choice.criterion, choice.verdict


def test_groups_are_what_chance_makes_less_than_a_quarter_of_the_times(
    judged: Callable[..., Choice],
) -> None:
    assert outcome(judged(4, 0.2499)) == (4, "chosen", "gap", "groups")
    assert outcome(judged(4, 0.25)) == (4, "slices", "gap", "continuum")
    scores = judged(4, 0.2499).scores
    assert (4, "chance_without_groups", 0.2499) in scores
    assert all(name != "chance_without_groups" for _, name, _ in judged(1).scores)


@pytest.mark.parametrize(
    ("no_groups", "pays", "expected"),
    [
        ("one", None, (1, "no_groups", "gap")),
        ("one", 3, (1, "no_groups", "gap")),
        ("by_verdict", None, (1, "no_groups", "gap")),
        ("by_verdict", 3, (1, "no_groups", "gap")),
        ("slices", None, (1, "no_groups", "gap")),
        ("slices", 3, (3, "slices", "prediction")),
        ("slices", 1, (1, "not_predictive", "prediction")),
    ],
)
def test_stores_that_do_not_differ_are_one_cluster_unless_slices_pay(
    judged: Callable[..., Choice], no_groups: str, pays: int | None, expected: tuple[int, str, str]
) -> None:
    options = {} if pays is None else paying(pays)
    found = judged(1, no_groups=no_groups, **options)
    assert outcome(found) == (*expected, "none")


@pytest.mark.parametrize(
    ("no_groups", "pays", "expected"),
    [
        ("one", None, (1, "no_groups", "gap")),
        ("one", 3, (1, "no_groups", "gap")),
        ("by_verdict", None, (4, "slices", "gap")),
        ("by_verdict", 3, (3, "slices", "prediction")),
        ("slices", None, (4, "slices", "gap")),
        ("slices", 3, (3, "slices", "prediction")),
        ("slices", 1, (1, "not_predictive", "prediction")),
    ],
)
def test_a_continuum_is_sliced_unless_one_cluster_is_asked_for(
    judged: Callable[..., Choice], no_groups: str, pays: int | None, expected: tuple[int, str, str]
) -> None:
    options = {} if pays is None else paying(pays)
    found = judged(4, no_groups=no_groups, **options)
    assert outcome(found) == (*expected, "continuum")


def test_few_stores_keep_their_number_from_80_percent_of_what_the_best_number_explains(
    judged: Callable[..., Choice],
) -> None:
    for explained, kept in ((0.8, True), (0.799, False)):
        found = judged(3, **paying(5, 0, 0.1, explained, 0.9, 1.0))
        expected = (3, "slices", "gap") if kept else (5, "slices", "prediction")
        assert outcome(found) == (*expected, "continuum")


def test_a_number_that_nothing_was_predicted_for_is_not_kept(judged: Callable[..., Choice]) -> None:
    assert outcome(judged(4, **paying(5, 0.0, 0.5, 0.5)))[:3] == (5, "slices", "prediction")
    assert outcome(judged(3, **paying(5, 0.0, 0.5, 0.5)))[:3] == (3, "slices", "gap")


def test_500_stores_are_not_few(judged: Callable[..., Choice]) -> None:
    assert [judged(3, stores=n, **paying(5, 0, 1, 1, 1, 1)).k for n in (499, 500)] == [3, 5]


def test_a_number_is_kept_where_at_least_as_many_slices_are_worth_it(
    judged: Callable[..., Choice],
) -> None:
    assert judged(3, **paying(3, 0, 1, 1, 1)).criterion == "gap"
    assert outcome(judged(3, **paying(2, 0, 1, 1, 1)))[:3] == (2, "slices", "prediction")


def test_a_cluster_is_too_small_to_be_stable_below_the_stores_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gap, "grouped_p_value", lambda *arguments: 0.0)
    scores = [
        *listed("gap", [0.0, 0.95, 0.98, 1.0]),
        *listed("gap_error", [0.1] * 4),
        *listed("smallest_jaccard", [1.0] * 4),
        *listed("smallest_cluster", [90, 20, 10, 9]),
    ]
    for min_stores, expected in ((9, 4), (10, 3), (11, 2)):
        trial = Trial(np.zeros((90, 2)), range(2, 5), "kmeans", 0, min_stores=min_stores)
        assert gap.choose(trial, scores).k == expected


def test_groups_are_never_fewer_than_the_smallest_number(judged: Callable[..., Choice]) -> None:
    assert judged(2, 0.0, numbers=range(4, 7)).k == 4


def test_gaussians_are_counted_where_the_gap_sees_one_cluster_and_components_tell_something(
    judged: Callable[..., Choice], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def count(values: np.ndarray, largest: int, *arguments: object) -> int:
        seen.append((values.shape[1], largest))
        return 3

    monkeypatch.setattr(gap, "choose_by_mixture", count)
    assert outcome(judged(1, 0.0)) == (1, "no_groups", "gap", "none")
    assert judged(4, 0.0, beyond_chance=1).k == 4
    assert seen == []
    assert outcome(judged(1, 0.0, beyond_chance=1)) == (3, "chosen", "gap", "groups")
    assert seen == [(1, 6)]
