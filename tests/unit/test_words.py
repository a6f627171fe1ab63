"""Numbers read like words."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.describe.words import (
    magnitudes,
    number,
    numbers,
    percent,
    percents,
    significant,
)

MANY = settings(max_examples=300, deadline=None, derandomize=True)
usual = st.floats(-1e7, 1e7).filter(lambda x: x == 0 or abs(x) > 1e-200) | st.integers(
    -2000, 2000
).map(lambda x: x / 1000)
values = st.lists(
    usual | st.floats(width=32) | st.integers(-400, 400).map(lambda x: 10.0 ** (x / 4))
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (52_345.6, "52,300"),
        (4.126, "4.13"),
        (4.1, "4.1"),
        (-0.0512, "-0.0512"),
        (0.99999, "1"),
        (1e6, "1,000,000"),
        (0, "0"),
        (100, "100"),
    ],
)
def test_numbers_have_three_digits(value: float, expected: str) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(0.3149, "31 %"), (0.0417, "4.2 %"), (1, "100 %"), (0, "0 %")]
)
def test_shares_are_percentages(share: float, expected: str) -> None:
    assert percent(share) == expected


def test_rounding_keeps_what_cannot_be_rounded() -> None:
    assert significant(123_456, 2) == 120_000
    assert significant(0, 3) == 0
    assert math.isnan(significant(math.nan, 3))


SCALARS = pytest.mark.parametrize("scalar", [float, np.float64])


@SCALARS
@MANY
@given(values, st.integers(1, 9))
def test_many_numbers_read_as_each_does(
    scalar: type[float], some: list[float], digits: int
) -> None:
    found = numbers(np.array(some, dtype=float), digits, scalar)
    assert found.tolist() == [number(scalar(x), digits) for x in some]


@SCALARS
@MANY
@given(st.lists(usual))
def test_many_shares_read_as_each_does(scalar: type[float], some: list[float]) -> None:
    found = percents(np.array(some, dtype=float), scalar)
    assert found.tolist() == [percent(scalar(x)) for x in some]


@SCALARS
def test_values_halfway_between_two_roundings_read_as_each_does(scalar: type[float]) -> None:
    some = [x / 8 for x in range(1, 4000)] + [x / 1000 + 0.0005 for x in range(4000)]
    assert numbers(np.array(some), scalar=scalar).tolist() == [number(scalar(x)) for x in some]


def test_the_first_digit_of_a_power_of_ten_is_at_its_power() -> None:
    powers = list(range(-20, 21))
    assert magnitudes(np.array([10.0**power for power in powers])).tolist() == powers
