"""Plain words for features and their values."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence


def plain_names(features: Sequence[str]) -> list[str]:
    """Return external features called ``source.column`` or ``source.column=level`` in words.

    The source is left out where its column's name is clear without it.
    """
    columns = [feature.partition("=")[0] for feature in features]
    bare = Counter(column.partition(".")[2] for column in set(columns))
    return [_plain(feature, bare) for feature in features]


def feature_words(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return features, (track, feature), in words: need states as they are, external ones plain."""
    words = {(track, feature): feature for track, feature in keys}
    outside = [key for key in words if key[0] == "external"]
    return words | dict(zip(outside, plain_names([name for _, name in outside]), strict=True))


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


def _plain(feature: str, bare: Counter[str]) -> str:
    column, _, level = feature.partition("=")
    source, _, name = column.partition(".")
    words = name if bare[name] == 1 else f"{source} {name}"
    words = words.replace("_", " ").strip()
    words = words.lower() if words.isupper() else words
    return f"{words} {level}" if level else words
