"""What parting stores explains of months held out: real differences do, noise does not."""

import numpy as np
import pytest
from chains import segments, sold
from scipy import stats

from store_clusters.clusters.held_out import Gain, HeldOut

MIXES = np.array([[0.6, 0.3, 0.1], [0.1, 0.3, 0.6]])
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def gain_of(held_out: HeldOut, labels: np.ndarray, tests: int = 1):
    coarse = held_out.errors(np.zeros((2, len(labels)), dtype=np.int64))
    return held_out.gain(coarse, held_out.errors(np.tile(labels, (2, 1))), tests)


@pytest.mark.parametrize("seed", range(5))
def test_a_real_difference_explains_surely(seed: int) -> None:
    segment = np.arange(60) % 2
    gain = gain_of(HeldOut(*sold(MIXES[segment], 300, seed), "share"), segment)
    assert 0.5 < gain.low < gain.mean <= 1


def test_noise_passes_for_a_difference_no_more_often_than_said() -> None:
    random = np.random.default_rng(0)
    passed = []
    for seed in range(300):
        mixes = random.dirichlet([8, 8, 8], 60)  # stores differ, their labels tell nothing
        held_out = HeldOut(*sold(mixes, 300, seed), "share")
        passed.append(gain_of(held_out, random.integers(0, 2, 60)).low > 0)
    assert np.mean(passed) < 0.15  # nominally 0.1


def test_what_is_sure_of_many_is_less_than_what_is_sure_of_one() -> None:
    segment = np.arange(40) % 2
    held_out = HeldOut(*sold(MIXES[segment], 30, 0), "share")
    one, many = gain_of(held_out, segment), gain_of(held_out, segment, tests=50)
    assert many.mean == one.mean
    assert many.low < one.low


def test_a_store_is_placed_by_the_others_of_its_cluster() -> None:
    sales = np.array([[9.0, 1], [9, 1], [9, 1], [1, 9], [1, 9], [1, 9], [2, 8]])
    labels = np.array([0, 0, 0, 1, 1, 1, 0])  # the last does not belong where it was put
    held_out = HeldOut(sales, sales, "share")
    assert held_out.place(labels).tolist() == [[0, 0, 0, 1, 1, 1, 1]] * 2
    with_itself = HeldOut(sales[[0, 3, 6]], sales[[0, 3, 6]], "share")
    # alone in its cluster, it has nobody but itself to be placed by
    assert with_itself.place(np.array([0, 1, 2])).tolist() == [[0, 1, 2]] * 2


def test_placing_leaves_the_store_out_as_refitting_without_it_does() -> None:
    _, odd, even = segments(40, 3, 0, spread=5)
    labels = np.random.default_rng(1).integers(0, 3, 40)
    held_out = HeldOut(odd, even, "share")
    for half, sales in enumerate((odd, even)):
        values = held_out._values[half]
        weights = np.sqrt(sales.sum(axis=1))
        expected = []
        for store in range(40):
            others = np.arange(40) != store
            centres = [
                np.average(
                    values[others & (labels == k)], axis=0, weights=weights[others & (labels == k)]
                )
                for k in range(3)
            ]
            expected.append(np.sum((values[store] - centres) ** 2, axis=1).argmin())
        assert held_out.place(labels)[half].tolist() == expected


def test_the_halves_judge_each_other() -> None:
    odd = np.array([[9.0, 1], [9, 1], [1, 9], [1, 9]])
    held_out = HeldOut(odd, odd[::-1], "share")  # all is turned round in the other half
    assert held_out.history < 0
    assert gain_of(held_out, np.array([0, 0, 1, 1])).mean < 0


@pytest.mark.parametrize("sales", [np.zeros((4, 3)), np.ones((4, 3)), np.ones((1, 3))])
def test_nothing_to_explain_is_explained_by_nothing(sales: np.ndarray) -> None:
    held_out = HeldOut(sales, sales, "hellinger")
    labels = np.arange(len(sales)) % 2
    assert gain_of(held_out, labels) == gain_of(held_out, labels)
    assert gain_of(held_out, labels).mean == held_out.history == 0
    assert held_out.place(labels).shape == (2, len(sales))


def test_a_half_of_the_months_without_sales_is_no_problem() -> None:
    _, odd, _ = segments(20, 2, 0)
    held_out = HeldOut(odd, np.zeros_like(odd), "hellinger")
    gain = gain_of(held_out, np.arange(20) % 2)
    assert np.isfinite([gain.mean, gain.low, held_out.history]).all()
    assert held_out.place(np.arange(20) % 2).min() >= 0


def test_some_of_the_stores_are_judged_as_if_there_were_no_others() -> None:
    _, odd, even = segments(30, 2, 0)
    some = np.arange(30) < 20
    part, alone = HeldOut(odd, even, "share").of(some), HeldOut(odd[some], even[some], "share")
    assert part.history == alone.history


def test_the_bound_of_a_gain_is_the_one_sided_90_percent_bound_of_a_sum() -> None:
    segment = np.arange(40) % 2
    held_out = HeldOut(*sold(MIXES[segment], 60, 0), "share")
    coarse = held_out.errors(np.zeros((2, 40), dtype=np.int64))
    fine = held_out.errors(np.tile(segment, (2, 1)))
    less, total = coarse - fine, coarse.sum()
    for tests in (1, 5):
        gain = held_out.gain(coarse, fine, tests)
        errors = stats.norm.isf(0.1 / tests)
        assert gain.mean == pytest.approx(less.sum() / total)
        assert gain.low == pytest.approx((less.sum() - errors * less.std() * np.sqrt(40)) / total)
    assert held_out.explained(fine) == pytest.approx(1 - fine.sum() / total)
    assert held_out.gain(coarse, coarse) == Gain(0.0, 0.0)


def test_only_stores_that_take_part_are_placed() -> None:
    segment = np.arange(20) % 2
    held_out = HeldOut(*sold(MIXES[segment], 300, 0), "share")
    among = np.where(np.arange(20) < 5, -1, 0)
    placed = held_out.place(segment, np.array([among, 0 * among]))
    assert placed[0].tolist() == [-1] * 5 + segment[5:].tolist()
    assert placed[1].tolist() == segment.tolist()
