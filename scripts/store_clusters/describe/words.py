"""Plain words for values."""

import math
from decimal import Decimal
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
NEARLY = 1e-6  # how near to the middle of two rounded values arrays are not trusted
MANY_DIGITS = 7  # more significant digits than arrays are used for
LARGE = 1e15  # from where a float is no exact number of ones


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, thousands apart: 52,300, 4.13, -0.05."""
    if value == 0 or not math.isfinite(value):
        return f"{value:.0f}"
    rounded = significant(value, digits)
    places = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """Return a share as a percentage: 31 %, 4.2 %."""
    return f"{number(100 * share, 2 if abs(share) < 1 else 3)} %"


def significant(value: float, digits: int) -> float:
    """Round to so many significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def numbers(
    values: Floats, digits: npt.NDArray[np.int64] | int = 3, scalar: type[float] = float
) -> Texts:
    """Return :func:`number` of each value (n,), as quick as there are few different texts.

    Args:
        values: (n,)
        digits: For all, or for each (n,).
        scalar: Whose rounding decides next to a half: ``float`` takes a value exactly (24.95 lies a
            little below the half, and is 24.9), ``np.float64`` as it is written (25).
    """
    digits = np.broadcast_to(digits, values.shape)
    text = np.empty(len(values), dtype=object)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        size = np.log10(np.abs(values))
        last = np.floor(size) - digits + 1  # power of ten of the last digit
        scaled = values / 10.0**last
        rounded = np.rint(scaled)
        sure = (np.abs(np.abs(scaled - rounded) - 0.5) > NEARLY) & (np.abs(last) < 300)
        sure &= (np.abs(size - np.rint(size)) > NEARLY) & (np.abs(values) < LARGE)
        sure &= (digits > 0) & (digits <= MANY_DIGITS)
    for row in np.flatnonzero(~sure):
        text[row] = number(scalar(values[row]), int(digits[row]))
    _, first, same = np.unique(
        rounded[sure] * 1000 + last[sure], return_index=True, return_inverse=True
    )
    pairs = zip(rounded[sure][first].tolist(), last[sure][first].tolist(), strict=True)
    text[sure] = np.array([_spelled(*pair) for pair in pairs], dtype=object)[same]
    return text


@lru_cache(1 << 16)
def _spelled(digits: float, last: float) -> str:
    """Return ``digits`` times ten to the power of ``last`` as :func:`number` does."""
    text = f"{Decimal(int(digits)).scaleb(int(last)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percents(shares: Floats, scalar: type[float] = float) -> Texts:
    """Return :func:`percent` of each share (n,); ``scalar`` as for :func:`numbers`."""
    return numbers(100 * shares, np.where(np.abs(shares) < 1, 2, 3), scalar) + " %"


def magnitudes(values: Floats) -> npt.NDArray[np.int64]:
    """Return the power of ten of the first digit of positive values (n,): 2 of 523.4."""
    size = np.log10(values)
    near = np.flatnonzero(np.abs(size - np.rint(size)) < NEARLY)
    size[near] = [math.log10(value) for value in values[near]]
    return np.floor(size).astype(np.int64)
