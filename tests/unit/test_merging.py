"""Two labelings become clusters of a usable size, and no store is lost on the way."""

from collections import Counter

import numpy as np
import pytest
from chains import REFITS, known_as
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.limits import ImpossibleLimits
from store_clusters.merge.merging import Merged, merge_tracks
from store_clusters.merge.names import by_number
from store_clusters.merge.tracks import Track
from store_clusters.merge.wanted import Wanted

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
FEW = settings(max_examples=40, deadline=None, derandomize=True)
AIMS = ["balanced", "sales", "joint"]
cases = st.tuples(
    st.integers(0, 10_000),
    st.integers(1, 60),
    st.integers(1, 15),
    st.sampled_from(AIMS),
    st.booleans(),
)
Case = tuple[int, int, int, str, bool]


def track(random: np.random.Generator, n: int, unknown: float) -> Track:
    """Clusters that differ more or less, found again more or less often."""
    k = int(random.integers(1, 5))
    labels = random.integers(1, k + 1, n)
    values = (
        random.normal(size=(n, random.integers(1, 4))) + random.choice([0, 3]) * labels[:, None]
    )
    refits = np.where(random.random((REFITS, n)) < 0.7, labels, random.integers(1, k + 1, n))
    chances = random.dirichlet(np.ones(k), n)
    gone = random.random(n) < unknown
    labels[gone], values[gone], chances[gone], refits[:, gone] = 0, np.nan, np.nan, 0
    chances = chances[:, : labels.max(initial=0)]
    return Track(labels, values, refits, chances, random.random(n) < 0.1)


def random_tracks(seed: int, n: int) -> tuple[Track, Track]:
    random = np.random.default_rng(seed)
    return track(random, n, random.choice([0, 0.2, 0.7])), track(random, n, random.choice([0, 0.5]))


def halves(internal: Track, seed: int) -> HeldOut:
    """Sales of both halves of the months; some stores sell in one only."""
    random = np.random.default_rng(seed)
    known = internal.labels[internal.known]
    mixes = random.dirichlet(np.ones(3), 6)[known]
    odd, even = (random.poisson(50 * mixes).astype(float) for _ in range(2))
    odd[random.random(len(known)) < 0.1] = 0
    return HeldOut(odd, even, "hellinger")


def merge(case: Case, **options: object) -> tuple[Track, Track, Merged]:
    seed, n, min_size, aim, dated = case
    internal, external = random_tracks(seed, n)
    return (
        internal,
        external,
        merged(
            internal, external, Wanted(min_size, aim=aim, join_above=0.2, **options), seed, dated
        ),
    )


def merged(internal: Track, external: Track, options: Wanted, seed: int, dated: bool) -> Merged:
    return merge_tracks(
        internal,
        external,
        options,
        weights=np.random.default_rng(seed).uniform(1, 9, len(internal.labels)),
        held_out=halves(internal, seed) if dated and internal.known.any() else None,
    )


# Any two tracks


@FEW
@given(cases)
def test_every_store_known_to_a_track_has_a_final_cluster_and_no_other_has(case: Case) -> None:
    internal, external, found = merge(case)
    known = internal.known | external.known
    assert set(found.final[known]) == set(found.names)
    assert all(name is None for name in found.final[~known])
    assert len(found.merged) == len(found.final) == len(found.confidence) == case[1]


@FEW
@given(cases)
def test_every_final_cluster_is_large_enough_unless_it_is_the_only_one(case: Case) -> None:
    internal, external, found = merge(case)
    if not (internal.known & external.known).any():
        return  # each track makes clusters of its own
    sizes = Counter(found.final[found.final != None])  # noqa: E711, of every element
    assert len(sizes) == 1 or min(sizes.values()) >= case[2]
    assert case[3] == "joint" or len(sizes) <= 8


@FEW
@given(cases)
def test_names_are_one_per_cluster_and_sorted_by_number(case: Case) -> None:
    _, _, found = merge(case)
    assert found.names == sorted(set(found.names), key=by_number)
    assert len(found.evidence) == len(found.names)


@FEW
@given(cases)
def test_merged_clusters_name_both_clusters_and_are_there_when_both_are_known(case: Case) -> None:
    internal, external, found = merge(case)
    if not (internal.known & external.known).any():
        return
    for name, i, e in zip(found.merged, internal.labels, external.labels, strict=True):
        assert name == (f"{i}_{e}" if i and e else None)


@FEW
@given(cases)
def test_stores_of_one_pair_share_a_final_cluster_unless_it_was_parted_by_sales(case: Case) -> None:
    _, _, found = merge(case)
    for pair in {name for name in found.merged if name is not None}:
        finals = set(found.final[found.merged == pair])
        assert len(finals) == 1 or any(name[-1].isalpha() for name in finals)


@FEW
@given(cases)
def test_confidence_lies_between_0_and_1_and_the_next_best_is_another_cluster(case: Case) -> None:
    _, _, found = merge(case)
    placed = np.array([name is not None for name in found.final])
    assert np.isnan(found.confidence[~placed]).all()
    if len(found.names) < 2:
        assert np.isnan(found.confidence).all()
        assert not any(found.next_best)
        return
    assert ((found.confidence[placed] >= 0) & (found.confidence[placed] <= 1)).all()
    for final, following in zip(found.final[placed], found.next_best[placed], strict=True):
        assert following in found.names
        assert following != final


@FEW
@given(cases)
def test_the_order_of_stores_does_not_matter(case: Case) -> None:
    seed, n, min_size, aim, _ = case
    if aim == "sales":
        return  # slices start k-means from stores drawn by their place
    internal, external = random_tracks(seed, n)
    order = np.random.default_rng(seed).permutation(n)

    def turned(one: Track) -> Track:
        return Track(
            one.labels[order],
            one.values[order],
            one.refits[:, order],
            one.chances[order],
            one.outlier[order],
        )

    weights = np.ones(n)
    options = Wanted(min_size, aim=aim, join_above=0.2)
    first = merge_tracks(internal, external, options, weights=weights)
    second = merge_tracks(turned(internal), turned(external), options, weights=weights)
    assert second.final.tolist() == first.final[order].tolist()
    np.testing.assert_allclose(second.confidence, first.confidence[order], atol=1e-9)


@FEW
@given(cases, st.integers(0, 30), st.one_of(st.none(), st.integers(1, 8)))
def test_limits_hold_in_the_final_table_or_no_division_keeps_them(
    case: Case, more: int, number: int | None
) -> None:
    largest = case[2] + more
    try:
        internal, external, found = merge(case, max_size=largest, max_clusters=number)
    except ImpossibleLimits:
        return
    sizes = Counter(found.final[found.final != None])  # noqa: E711, of every element
    assert set(sizes) == set(found.names)
    assert max(sizes.values(), default=0) <= largest
    both = internal.known & external.known
    if both.any():
        assert number is None or len(sizes) <= number
    assert found.names == sorted(set(found.names), key=by_number)
    assert len(found.evidence) == len(found.names)


# Degenerate tracks


@pytest.mark.parametrize("aim", AIMS)
@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ([], []),
        ([1], [1]),
        ([1], [0]),
        ([0], [1]),
        ([0], [0]),
        ([1, 1, 1, 1], [1, 1, 1, 1]),
        ([1, 1, 2, 2], [1, 2, 2, 2]),
        ([1, 2, 0, 0], [0, 0, 1, 1]),
        ([1, 1, 0, 0], [1, 0, 0, 2]),
    ],
)
def test_few_stores_are_no_problem(
    inside: list[int], outside: list[int], aim: str, dated: bool
) -> None:
    internal, external = (known_as(own, np.zeros(len(own))) for own in (inside, outside))
    found = merged(internal, external, Wanted(3, aim=aim, join_above=0.2), 0, dated)
    known = internal.known | external.known
    assert [name is not None for name in found.final] == known.tolist()
    assert bool(found.names) == known.any()


def test_tracks_without_a_common_store_make_clusters_of_their_own() -> None:
    internal, external = (
        known_as([1, 1, 2, 2, 0, 0], range(6)),
        known_as([0] * 4 + [3] * 2, range(6)),
    )
    found = merged(internal, external, Wanted(2), 0, False)
    assert found.final.tolist() == ["1_0"] * 2 + ["2_0"] * 2 + ["0_3"] * 2
    assert found.merged.tolist() == found.final.tolist()
    assert set(found.next_best[:2]) == {"2_0"}


# Stores known to one track, units


@pytest.mark.parametrize("aim", AIMS)
def test_a_store_known_to_one_track_goes_with_the_most_of_its_cluster_there(aim: str) -> None:
    place = np.repeat([1, 2], 10)
    for inside, outside, expected in ((1, 0, "1_1"), (2, 0, "2_2"), (0, 1, "1_1"), (0, 2, "2_2")):
        internal = known_as(np.append(place, inside), np.append(place * 9.0, 50))
        external = known_as(np.append(place, outside), np.append(place * 9.0, 50))
        found = merged(internal, external, Wanted(3, aim=aim), 0, False)
        assert (found.final[20], found.merged[20]) == (expected, None)
        assert 0 < found.confidence[20] < found.confidence[:20].min()


@pytest.mark.parametrize("aim", ["balanced", "joint"])
@pytest.mark.parametrize("factor", [1e-6, 1000.0])
def test_both_tracks_weigh_the_same_whatever_their_units(factor: float, aim: str) -> None:
    internal, external = random_tracks(3, 50)
    scaled = Track(
        external.labels,
        external.values * factor,
        external.refits,
        external.chances,
        external.outlier,
    )
    first, second = (
        merged(internal, one, Wanted(8, aim=aim), 0, False) for one in (external, scaled)
    )
    assert second.final.tolist() == first.final.tolist()
    np.testing.assert_allclose(second.confidence, first.confidence)
