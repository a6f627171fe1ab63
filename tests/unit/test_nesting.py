"""Final clusters nest in internal ones, and each has its evidence."""

from dataclasses import replace

import numpy as np
import pytest
from chains import chain, known_as, nothing_outside, roots, segments, sold, track
from sklearn.metrics import adjusted_rand_score

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.limits import ImpossibleLimits, Limits, usable_size
from store_clusters.clusters.nesting import Nest
from store_clusters.clusters.steps import Stores
from store_clusters.merge.merging import Merged, merge_tracks
from store_clusters.merge.tracks import Track
from store_clusters.merge.wanted import Wanted

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def groups_outside(n: int, seed: int = 0) -> Track:
    """Three groups of surroundings that have nothing to do with sales."""
    random = np.random.default_rng(seed)
    return track(random.normal(size=(n, 2)) + 9 * random.integers(0, 3, n)[:, None], 3)


def explained(found: Merged) -> float:
    return next(number.explained for number in found.numbers if number.chosen)


def of_internal(found: Merged) -> float:
    """What the internal clusters explain."""
    return next(number.explained for number in found.numbers if number.done == "start")


@pytest.mark.parametrize(
    ("n", "k", "seed", "aim"),
    [(120, 4, 0, "sales"), (240, 5, 1, "balanced"), (83, 8, 0, "balanced"), (45, 3, 2, "sales")],
)
def test_final_clusters_explain_what_internal_ones_do_are_at_most_8_and_have_evidence(
    n: int, k: int, seed: int, aim: str
) -> None:
    _, odd, even = segments(n, k, seed)
    found = chain(odd, even, k, groups_outside(n), aim=aim)
    assert 2 <= len(found.names) <= 8
    assert explained(found) >= 0.97 * of_internal(found) > 0.3
    assert {evidence.kind for evidence in found.evidence} <= {"group", "slice"}
    for evidence in found.evidence:
        gain = evidence.gain
        assert gain is not None
        assert evidence.kind == ("group" if evidence.jaccard >= 0.75 else "slice")
        assert evidence.kind == "group" or gain.low > 0
        assert gain.low <= gain.mean


def test_whole_internal_clusters_are_joined_and_splits_lie_inside_one() -> None:
    _, odd, even = segments(200, 4, 3)
    found = chain(odd, even, 4, groups_outside(200))
    assert found.split > 0
    internal = np.array([name.split("_")[0] for name in found.merged])
    for name in found.names:
        assert set(internal[found.final == name]) == {name.split("_")[0]}


@pytest.mark.parametrize("min_size", [20, "auto"])
def test_a_chain_of_small_pairs_does_not_collapse_to_one_cluster(min_size: int | str) -> None:
    _, odd, even = segments(83, 8, 0)
    least = usable_size(min_size, 83)
    found = chain(odd, even, 8, groups_outside(83), min_size=least)
    sizes = np.unique(found.final.astype(str), return_counts=True)[1]
    assert sizes.min() >= least
    assert len(found.names) >= 3
    assert explained(found) > 0.5


def test_real_groups_outside_take_the_slots_that_are_left() -> None:
    _, odd, even = segments(240, 3, 0)
    assert chain(odd, even, 3, nothing_outside(240)).split == 0
    found = chain(odd, even, 3, groups_outside(240))
    assert found.split > 0
    assert all(evidence.kind == "group" for evidence in found.evidence)
    assert abs(found.surroundings) < 0.02  # they only describe


@pytest.mark.parametrize("seed", range(2))
def test_noise_outside_changes_nothing(seed: int) -> None:
    segment, odd, even = segments(120, 4, seed)
    binary = np.random.default_rng(seed).integers(0, 2, (120, 2)).astype(float)
    noise = chain(odd, even, 4, track(binary, 4), grouped=False)
    alone = chain(odd, even, 4, nothing_outside(120), grouped=False)
    finals = [adjusted_rand_score(segment, found.final.astype(str)) for found in (noise, alone)]
    assert finals[0] >= finals[1] - 0.02


def test_surroundings_that_change_what_is_sold_part_clusters_whatever_groups_they_are() -> None:
    random = np.random.default_rng(0)
    segment, place = np.arange(200) % 2, random.integers(1, 3, 200)
    mixes = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])[segment]
    mixes = np.where(place[:, None] == 2, 0.7 * mixes + [0, 0.3, 0], mixes)
    odd, even = sold(mixes, 300, 1)
    found = chain(odd, even, 2, known_as(place, place * 5.0), grouped=False)
    assert len(found.names) == 4
    assert found.surroundings > 0.02
    assert adjusted_rand_score(2 * segment + place, found.final.astype(str)) > 0.9


def test_sales_explain_no_less_with_the_aim_of_sales() -> None:
    _, odd, even = segments(160, 4, 0, spread=20)
    found = {
        aim: chain(odd, even, 4, groups_outside(160), aim=aim) for aim in ("balanced", "sales")
    }
    assert explained(found["sales"]) >= explained(found["balanced"])
    assert len(found["sales"].names) <= 8


@pytest.mark.parametrize("target", [1, 2, 3, 5, 7])
def test_a_category_gets_the_number_of_clusters_asked_for(target: int) -> None:
    _, odd, even = segments(160, 4, 0)
    found = chain(odd, even, 4, groups_outside(160), target=target)
    assert len(found.names) == len(set(found.final)) == target
    assert [number.clusters for number in found.numbers if number.chosen] == [target]


def test_a_number_that_the_stores_cannot_make_is_refused() -> None:
    _, odd, even = segments(40, 2, 0)
    with pytest.raises(ImpossibleLimits, match="40 stores make at most") as error:
        chain(odd, even, 2, nothing_outside(40), target=9, min_size=10)
    assert error.value.limit == "target or min_size"


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_noise_makes_one_cluster(seed: int, dated: bool) -> None:
    odd, even = sold(np.full((120, 5), 0.2), 200, seed)
    found = chain(odd, even, 5, nothing_outside(120), dated=dated)
    assert len(found.names) == 1
    assert [evidence.kind for evidence in found.evidence] == ["whole"]


def test_without_dates_stability_alone_decides() -> None:
    _, odd, even = segments(200, 4, 0)
    found = chain(odd, even, 4, nothing_outside(200), dated=False)
    assert len(found.names) > 1
    assert all(e.kind == "group" and e.gain is None for e in found.evidence)
    assert np.isnan([number.explained for number in found.numbers]).all()
    assert np.isnan(found.surroundings)


def test_numbers_run_from_one_cluster_up_and_one_of_them_is_chosen() -> None:
    _, odd, even = segments(160, 4, 0)
    found = chain(odd, even, 4, groups_outside(160))
    assert [number.clusters for number in found.numbers] == list(range(1, len(found.numbers) + 1))
    assert sum(number.chosen for number in found.numbers) == 1
    assert found.numbers[0].explained == pytest.approx(0, abs=0.01)


def test_slices_that_are_too_large_are_parted_once_more() -> None:
    _, odd, even = segments(60, 2, 0, spread=10)
    found = chain(odd, even, 2, nothing_outside(60), aim="sales", max_size=12, max_clusters=None)
    sizes = np.unique(found.final.astype(str), return_counts=True)[1]
    assert sizes.max() <= 12
    assert len(found.evidence) == len(found.names)
    sliced = chain(odd, even, 2, nothing_outside(60), aim="sales", max_clusters=4)
    assert any(name[-1].isalpha() for name in sliced.names)


def test_a_cluster_that_cannot_be_parted_takes_another_with_it() -> None:
    internal = known_as(
        np.repeat([1, 2], [10, 12]), np.repeat([0.0, 9.0], [10, 12]) + np.arange(22) / 9
    )
    found = merge_tracks(internal, nothing_outside(22), Wanted(7, max_size=11), weights=np.ones(22))
    assert np.unique(found.final.astype(str), return_counts=True)[1].tolist() == [11, 11]
    assert len(found.evidence) == len(found.names) == 2


def test_an_external_cluster_without_sales_in_the_category_is_no_problem() -> None:
    random = np.random.default_rng(0)
    _, odd, even = segments(60, 2, 0)
    inside = track(roots(odd + even), 2)
    gone = np.full(20, np.nan)
    internal = Track(
        np.append(inside.labels, np.zeros(20, dtype=int)),
        np.vstack([inside.values, np.tile(gone[:, None], inside.values.shape[1])]),
        np.hstack([inside.refits, np.zeros((len(inside.refits), 20), dtype=int)]),
        np.vstack([inside.chances, np.full((20, 2), np.nan)]),
        np.zeros(80, dtype=bool),
    )
    place = np.repeat([1, 2, 3], [30, 30, 20])  # the third sells nothing here
    external = known_as(place, place * 3.0)
    external.refits[:, random.integers(0, 60, 9)] = 3  # but resamples place stores with it
    for aim in ("balanced", "joint"):
        found = merge_tracks(
            internal,
            external,
            Wanted(5, aim=aim),
            weights=np.ones(80),
            held_out=HeldOut(odd, even, "hellinger"),
        )
        assert set(found.final) == set(found.names)


def test_stores_without_external_data_go_with_most_stores_of_their_internal_cluster() -> None:
    random = np.random.default_rng(0)
    segment = np.arange(240) % 2
    place = random.choice([1, 2, 0], 240, p=[0.3, 0.5, 0.2])
    mixes = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])[segment]
    odd, even = sold(mixes, 300, 1)
    found = chain(odd, even, 2, known_as(place, place * 5.0), max_clusters=4)
    assert len(found.names) >= 3
    for one in range(2):
        known = found.final[(segment == one) & (place > 0)].astype(str)
        names, sizes = np.unique(known, return_counts=True)
        if len(names) == 1:
            continue
        unknown = found.final[(segment == one) & (place == 0)]
        assert sizes.max() > sizes.min()
        assert np.mean(unknown == names[sizes.argmax()]) > 0.9
        internal = names[0].split("_")[0]
        assert [
            final
            for pair, part, final in found.places
            if (pair, part) == (f"{internal}_0", internal)
        ] == [names[sizes.argmax()]]


def placed(found: Merged, internal: np.ndarray) -> list[str]:
    """The final cluster of every store by the rules of parts alone, of one external cluster."""
    values = found.layout.values
    final_of = dict(zip(found.parts, found.final, strict=True))

    def follow(whole: str, store: int) -> str:
        while whole in found.rules:
            parts, rule = found.rules[whole]
            whole = parts[rule.place(values[[store], : rule.coefficients.shape[1]])[0]]
        return whole

    parts = [follow(str(own), store) for store, own in enumerate(internal)]
    wholes = {part: whole for whole, (parts, _) in found.rules.items() for part in parts}
    finals = [str(final_of[part]) for part in parts]
    return [follow(wholes.get(name, name), i) for i, name in enumerate(finals)]


@pytest.mark.parametrize("limits", [{}, {"max_size": 20, "max_clusters": None}])
def test_slices_and_parts_of_large_clusters_follow_from_their_rules(limits: dict) -> None:
    _, odd, even = segments(80, 2, 0, spread=10)
    found = chain(odd, even, 2, nothing_outside(80), aim="sales", **limits)
    inside = track(roots(odd + even), 2, (odd + even).sum(axis=1))
    assert found.rules
    assert placed(found, inside.labels) == found.final.tolist()


def test_a_cluster_joined_of_several_internal_ones_is_cut_where_that_pays() -> None:
    _, odd, even = segments(160, 2, 0, spread=10)
    inside = track(roots(odd + even), 2)
    internal = inside.labels.copy()
    internal[np.flatnonzero(internal == 1)[:6]] = 3  # too few for a cluster of their own
    found = merge_tracks(
        replace(inside, labels=internal),
        nothing_outside(160),
        Wanted(8, aim="sales", max_clusters=6),
        weights=np.ones(160),
        held_out=HeldOut(odd, even, "hellinger"),
    )
    of = {name: set(internal[found.final == name]) for name in found.names}
    assert {1, 3} in of.values()
    assert sum(len(name) > 3 and bool(own & {1, 3}) for name, own in of.items()) >= 2
    assert placed(found, internal) == found.final.tolist()
    assert found.reassigned[internal == 3].all()


def test_both_tracks_alike_make_as_many_clusters_as_are_asked_for() -> None:
    _, odd, even = segments(240, 3, 0)
    outside = groups_outside(240)
    assert len(chain(odd, even, 3, outside, aim="joint", target=4).names) == 4
    with pytest.raises(ImpossibleLimits, match=r"not 40 \(target\)") as raised:
        chain(odd, even, 3, outside, aim="joint", target=40)
    assert raised.value.limit == "target or min_size or join_above"


# The evidence of one division, by hand


def nest_of(
    internal: list[int],
    refits: list[list[int]],
    limits: Limits | None = None,
    held_out: HeldOut | None = None,
    mix: np.ndarray | None = None,
) -> Nest:
    """Internal clusters (from 0) and how they come back; nothing outside."""
    own = np.array(internal) + 1
    n = len(own)
    again = np.array(refits, dtype=np.int64).reshape(-1, n) + 1
    outside = np.zeros(n, dtype=np.int64)
    mix = 9.0 * own[:, None] if mix is None else mix
    stores = Stores(
        own, outside, mix, np.zeros((n, 1)), np.ones(n), again, 0 * again, held_out, False
    )
    return Nest(stores, limits or Limits(1), 0)


def kinds(nest: Nest) -> list[str]:
    return [found.kind for found in nest.evidence(nest.start()).values()]


def test_a_cluster_is_a_group_from_a_jaccard_similarity_of_075() -> None:
    whole = [0] * 4 + [1] * 3
    nest = nest_of(whole, [[0, 0, 0, 1, 1, 1, 1]])  # 3 of 4 come back, and 3 with one more
    assert list(nest.jaccards(nest.start()).values()) == [0.75, 0.75]
    assert kinds(nest) == ["group", "group"]
    assert nest.sound(nest.start())
    weaker = nest_of(whole, [[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1, 1]])
    assert kinds(weaker) == ["none", "none"]
    assert not weaker.sound(weaker.start())


def test_without_refits_only_sales_held_out_are_evidence() -> None:
    segment = np.arange(60) % 2
    mixes = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    real = HeldOut(*sold(mixes[segment], 300, 0), "hellinger")
    assert kinds(nest_of(segment, [])) == ["none", "none"]
    found = nest_of(segment, [], held_out=real)
    assert kinds(found) == ["slice", "slice"]
    assert set(found.jaccards(found.start()).values()) == {0}
    noise = HeldOut(*sold(mixes[0 * segment], 300, 0), "hellinger")
    assert kinds(nest_of(segment, [], held_out=noise)) == ["none", "none"]


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("aim", ["balanced", "sales", "joint"])
def test_clusters_are_merged_without_a_single_refit(aim: str, dated: bool) -> None:
    segment = np.arange(80) % 2
    odd, even = sold(np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])[segment], 300, 0)
    inside, outside = known_as(segment + 1, segment * 9.0), nothing_outside(80)
    inside, outside = (replace(one, refits=one.refits[:0]) for one in (inside, outside))
    found = merge_tracks(
        inside,
        outside,
        Wanted(5, aim=aim, max_clusters=2),
        weights=np.ones(80),
        held_out=HeldOut(odd, even, "hellinger") if dated else None,
    )
    assert len(found.names) == (2 if dated else 1)
    assert {one.kind for one in found.evidence} == ({"slice"} if dated else {"whole"})
    assert [one.jaccard for one in found.evidence] == [0] * len(found.names)
    assert not dated or np.isfinite(found.confidence).all()


def test_a_division_is_sound_at_exactly_its_limits() -> None:
    internal = [0] * 3 + [1] * 4
    for limits, sound in (
        (Limits(3, None, 2), True),
        (Limits(4), False),
        (Limits(1, None, 1), False),
        (Limits(1), True),
    ):
        nest = nest_of(internal, [internal], limits)
        assert nest.sound(nest.start()) == sound
    alone = nest_of([0] * 3, [[0] * 3], Limits(4))
    assert alone.sound(alone.start())  # the only one may be small


def test_what_is_too_small_is_joined_first_then_what_has_no_evidence_then_the_most_alike() -> None:
    internal = [0] * 2 + [1] * 5 + [2] * 5 + [3] * 5
    at = np.repeat([0.0, 1.0, 10.0, 30.0], [2, 5, 5, 5])[:, None]
    loose = [0] * 2 + [1] * 5 + [2, 2, 3, 3, 3] + [3] * 5
    for least, refits, reason, clusters in (
        (3, [internal], "too_small", (2, 1)),  # from 1, the larger first
        (2, [loose], "no_evidence", (2, 3)),
        (2, [internal], "fewer", (2, 1)),
    ):
        nest = nest_of(internal, refits, Limits(least), mix=at)
        step = nest.fewer(nest.start())
        assert step is not None
        assert (step.reason, step.clusters) == (reason, clusters)
    crowded = nest_of(internal, [internal], Limits(2, None, 3), mix=at)
    step = crowded.fewer(crowded.start())
    assert step is not None
    assert step.reason == "too_many"
    one = nest_of([0] * 3, [[0] * 3])
    assert one.fewer(one.start()) is None


def test_a_whole_category_has_no_neighbour_and_others_have_the_one_that_sells_most_alike() -> None:
    alone = nest_of([0] * 3, [[0] * 3])
    (whole,) = alone.evidence(alone.start()).values()
    assert (whole.kind, whole.neighbour, whole.gain) == ("whole", -1, None)
    internal = [0] * 3 + [1] * 3 + [2] * 3
    nest = nest_of(internal, [internal], mix=np.repeat([0.0, 3.0, 5.0], 3)[:, None])
    assert nest.neighbours(nest.start()) == {1: 2, 2: 3, 3: 2}


def test_mean_surroundings_are_those_of_the_stores_that_have_any() -> None:
    nest = nest_of([0] * 4, [[0] * 4])
    known = np.array([[1.0, 2.0], [3.0, 4.0], [np.nan, np.nan], [9.0, 9.0]])
    nest = Nest(replace(nest.stores, surroundings=known), nest.limits, 0)
    assert nest.mean_surroundings(np.array([True, True, True, False])).tolist() == [2, 3]
    assert nest.mean_surroundings(np.array([False, False, True, False])).tolist() == [0, 0]
