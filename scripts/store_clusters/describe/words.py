"""Plain words for values."""

import math


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
