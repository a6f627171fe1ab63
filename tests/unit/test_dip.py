"""The dip test against its definition, and how often it is wrong."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog

from store_clusters.clusters.dip import dip_p_value, dip_statistic


def dip_by_definition(values: np.ndarray) -> float:
    """The least largest distance to a unimodal distribution, as a linear programme per mode.

    Between the values the nearest distribution is taken linear; on either side of each value the
    empirical distribution has another height, and both bound the distance.
    """
    x = np.sort(values)
    n = len(x)
    below, above = np.arange(n) / n, np.arange(1, n + 1) / n
    best = np.inf
    for mode in range(n):
        # unknown: heights G(x_i) left and right of a jump at the mode, and the distance D
        cost = np.zeros(n + 2)
        cost[-1] = 1.0
        rows: list[np.ndarray] = []
        bounds: list[float] = []

        def at(i: int, right: bool = True, mode: int = mode) -> int:
            return n if (i == mode and right) else i

        def add(
            terms: dict[int, float],
            bound: float,
            rows: list[np.ndarray] = rows,
            bounds: list[float] = bounds,
        ) -> None:
            row = np.zeros(n + 2)
            for position, weight in terms.items():
                row[position] += weight
            rows.append(row)
            bounds.append(bound)

        for i in range(n):
            add({at(i, right=False): -1.0, n + 1: -1.0}, -below[i])
            add({at(i, right=False): 1.0, n + 1: -1.0}, below[i])
            add({at(i): -1.0, n + 1: -1.0}, -above[i])
            add({at(i): 1.0, n + 1: -1.0}, above[i])
        for i in range(n - 1):
            add({at(i): 1.0, at(i + 1, right=False): -1.0}, 0.0)
        add({mode: 1.0, n: -1.0}, 0.0)
        for i in range(1, n - 1):
            first, second = x[i] - x[i - 1], x[i + 1] - x[i]
            slope = {
                at(i, right=False): 1 / first,
                at(i - 1): -1 / first,
            }
            for position, weight in ((at(i + 1, right=False), -1 / second), (at(i), 1 / second)):
                slope[position] = slope.get(position, 0.0) + weight
            if i < mode:
                add(slope, 0.0)  # slopes rise before the mode
            elif i > mode:
                add({p: -w for p, w in slope.items()}, 0.0)
        found = linprog(cost, rows, bounds, bounds=[(0, 1)] * (n + 1) + [(0, None)])
        best = min(best, found.fun)
    return float(best)


@pytest.mark.parametrize("seed", range(6))
def test_the_dip_is_the_distance_to_the_nearest_unimodal_distribution(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.concatenate([random.normal(size=8), random.normal(4, 1, size=7)])
    assert dip_statistic(values) == pytest.approx(dip_by_definition(values), abs=1e-3)


def test_the_dip_of_two_far_points_is_a_quarter_and_of_even_steps_the_least() -> None:
    assert dip_statistic(np.array([0.0] * 50 + [1.0] * 50)) == pytest.approx(0.25, abs=0.01)
    assert dip_statistic(np.arange(100.0)) == pytest.approx(1 / 200)


def test_uniform_values_are_seldom_called_bimodal_and_two_humps_nearly_always() -> None:
    random = np.random.default_rng(0)
    uniform = [dip_p_value(random.uniform(size=200)) for _ in range(300)]
    assert np.mean(np.array(uniform) < 0.05) < 0.08
    assert np.mean(np.array(uniform) < 0.5) < 0.58
    humps = [
        dip_p_value(np.concatenate([random.normal(size=100), random.normal(5, 1, size=100)]))
        for _ in range(20)
    ]
    assert max(humps) < 0.01


def test_p_values_fall_with_the_dip_without_a_step() -> None:
    random = np.random.default_rng(1)
    apart = [
        np.concatenate([np.arange(60) / 60, np.arange(60) / 60 + d]) for d in (1, 1.2, 1.5, 2, 3)
    ]
    p_values = [dip_p_value(values + random.normal(0, 1e-6, 120)) for values in apart]
    assert all(a >= b for a, b in pairwise(p_values))
