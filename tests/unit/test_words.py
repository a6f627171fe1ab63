"""Numbers read like words."""

import math

import pytest

from store_clusters.describe.words import number, percent, significant


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
