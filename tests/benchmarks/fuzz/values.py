"""Values: what is read is what was written, or it is refused."""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st
from target import target

from store_clusters.inputs.conversion import Where, convert, feature_values
from store_clusters.inputs.options import Source
from store_clusters.run.errors import InputError

WHERE = ("f.csv", "c", 2, "line")
MARKS = st.sampled_from([".", ","])
BETWEEN = st.sampled_from([None, ",", ".", " ", "'"])
AMOUNTS = st.decimals(-(10**14) + 1, 10**14 - 1, places=4) | st.decimals(-(10**5), 10**5, places=2)
NUMERIC = st.text("0123456789.,' -+()$€%eE\u00a0\u202f\u2212\u200eRUSDkrnaif", max_size=14)
NEAR_NUMBER = st.tuples(
    st.sampled_from(["", "-", "+", "(", "$", "-$", "€ ", "\u2212", "'", "=", "\u200f"]),
    st.text("0123456789", max_size=7),
    st.sampled_from(["", ".", ",", " ", "'", "\u00a0", "..", ".,", "٫"]),  # noqa: RUF001
    st.text("0123456789", max_size=4),
    st.sampled_from(["", ".", ",", " "]),
    st.text("0123456789", max_size=4),
    st.sampled_from(["", "-", ")", "%", " €", "e5", "E+05", " USD", "kr-", "%%"]),
).map("".join)
ANY = st.text(max_size=12) | NUMERIC | NEAR_NUMBER


def read(text: Any, kind: str, **keys: Any) -> Any:
    """Return a value as it is read; None where it is refused."""
    try:
        source = Source("f.csv", **keys)
        values = pa.array(text if isinstance(text, list) else [text])
        return convert(values, kind, source, Where(*WHERE), True).to_pylist()[0]
    except InputError:
        return None


def amount(text: str, mark: str) -> Decimal | None:
    """Return the number that a text has by its digits and its decimal mark, all else ignored."""
    exponent = re.search(r"(?<=[\d.,])[eE]([+-]?\d+)(?=\D*$)", text)  # before a currency, too
    body = text[: exponent.start()] + text[exponent.end() :] if exponent else text
    digits = "".join(c if c in "0123456789" else "." if c == mark else "" for c in body)
    negative = any(c in "-(−–﹣－" for c in body)  # noqa: RUF001
    try:
        number = Decimal(digits or "x") * (-1 if negative else 1)
        number = number.scaleb(int(exponent[1])) if exponent else number
    except ArithmeticError:
        return None
    return number / 100 if "%" in text else number


def near(found: Decimal | float, meant: Decimal, unit: str) -> bool:
    return abs(Decimal(found) - meant) <= Decimal(unit) / 2 + abs(meant) / 10**15


@target(ANY, MARKS, BETWEEN)
def money(text: str, mark: str, between: str | None) -> None:
    """Whatever text is taken for money is the number of its digits."""
    if between == mark:
        return
    found = read(text, "money", decimal=mark, thousands=between)
    if found is not None:
        meant = amount(text, mark)
        assert meant is not None, (text, found)
        assert near(found, meant, "0.0001"), (text, found, meant)
        if between != "," and mark == ".":
            assert not re.fullmatch(r"\W*\d{1,3},\d{3}\W*", text), "can be read in two ways"


def written(number: Decimal, mark: str, between: str, style: str, currency: str) -> str:
    """Write a number as people do."""
    plain = f"{abs(number):,f}".translate({ord(","): "\0", ord("."): mark})
    plain = plain.replace("\0", between)
    plain = {"": plain, "$": f"${plain}", "EUR": f"EUR {plain}"}.get(currency, f"{plain}{currency}")
    if number >= 0:
        return plain
    return {"(": f"({plain})", "-": f"-{plain}", "b": f"{plain}-", "−": f"−{plain}"}[style]  # noqa: RUF001


@target(
    AMOUNTS,
    MARKS,
    st.sampled_from(["", " ", "\u00a0", "\u202f", "\u2009", "'", "’", "other"]),  # noqa: RUF001
    st.sampled_from("(-b−"),  # noqa: RUF001
    st.sampled_from(["", "$", "EUR", " €", " kr"]),
)
def round_trip(number: Decimal, mark: str, between: str, style: str, currency: str) -> None:
    """What is written in a supported notation comes back the same, with the mark told or not."""
    other = {".": ",", ",": "."}[mark]
    between = other if between == "other" else between
    text = written(number, mark, between, style, currency)
    told = between if between in {",", ".", "'"} else " " if between else None
    told = "'" if between == "’" else told  # noqa: RUF001
    assert read(text, "money", decimal=mark, thousands=told) == number, text
    found = read(text, "money", decimal=mark)
    assert found in {number, None}, text
    assert found == number or (between == "," and mark == ".")


@target(st.lists(NEAR_NUMBER | ANY, min_size=1, max_size=4), MARKS, st.integers(1, 3))
def features(texts: list[str], mark: str, parts: int) -> None:
    """Numbers of a feature are those of their digits; else it is text, as it was written."""
    source = Source("f.csv", decimal=mark)
    several = {str(i): pa.array(texts[i::parts], pa.string()) for i in range(parts)}
    try:
        found = feature_values(several, source, "c")
    except InputError:
        return
    ordered = [text for i in range(parts) for text in texts[i::parts]]
    for text, value in zip(ordered, found.tolist(), strict=True):
        if found.dtype != float:
            assert value == (text.strip() or None) or value is None or text.strip() == value
            continue
        meant = amount(text, mark)
        if np.isnan(value):
            assert not text.strip(), text
        elif np.isfinite(value):
            assert meant is not None, text
            assert value == float(meant) or near(value, meant, "1e-300"), (text, value, meant)


@target(
    st.text(max_size=8)
    | st.from_regex(r"\A'?[0-9]{1,5}(\.0{1,2})?\Z")
    | st.from_regex(r"\A[0-9](\.[0-9]{1,3})?[eE][+-][0-9]{2}\Z")
    | st.from_regex(r'\A="?[0-9A-Z]{0,4}"?\Z'),
    st.text("0123456789.", min_size=1, max_size=5),
)
def identifiers(text: str, beside: str) -> None:
    """An identifier loses no digit and no letter, in any company."""
    for column in ([text], [text, beside], [beside, text]):
        source = Source("f.csv")
        try:
            found = convert(pa.array(column), "identifier", source, Where(*WHERE), True)
        except InputError:
            continue
        value = found[column.index(text)].as_py()
        if value is None:
            assert not text.strip()
            continue
        bare = re.sub(r"^'(?=[0-9=+@-])|^=\"|\"$", "", text.strip())
        bare = bare if text.strip()[0] in "'=" else text.strip()
        assert value in {bare, text.strip(), re.sub(r"\.0+$", "", bare)}, (column, value)
        assert not re.search(r"^\d(\.\d+)?[eE]\+\d+$|^=", value, re.ASCII)
        assert not any(
            unicodedata.category(c) in {"Cc", "Cf"} and c in "\0\u200b\u200f" for c in value
        )


DAYS = st.dates(date(1900, 3, 1), date(2199, 12, 31))
FORMATS: list[tuple[str | None, Callable[[date], str], Callable[[date], date]]] = [
    (None, lambda d: d.isoformat(), lambda d: d),
    (None, lambda d: f"{d}T23:59:59+14:00", lambda d: d),
    (None, lambda d: f"{d} 00:00:00Z", lambda d: d),
    (None, lambda d: f"{d:%Y-%m}", lambda d: d.replace(day=1)),
    (None, lambda d: f"{d:%Y%m}", lambda d: d.replace(day=1)),
    (None, lambda d: f"{d:%b %Y}", lambda d: d.replace(day=1)),
    (None, lambda d: f"{d:%B %Y}", lambda d: d.replace(day=1)),
    (None, lambda d: f"{d:%d-%b-%Y}", lambda d: d),
    (None, lambda d: f"{d:%G}-W{d:%V}", lambda d: d - timedelta(d.weekday())),
    ("%d/%m/%Y", lambda d: f"{d:%d/%m/%Y}", lambda d: d),
    ("excel", lambda d: str((d - date(1899, 12, 30)).days), lambda d: d),
    (None, lambda d: f"{d:%d/%m/%Y}", lambda d: d),
    (None, lambda d: f"{d:%y%m%d}", lambda d: d),
    (None, lambda d: f"{d:%d%m%y}", lambda d: d),
    (None, lambda d: f"{d:%m/%d/%y}", lambda d: d),
    (None, lambda d: str((d - date(1899, 12, 30)).days), lambda d: d),
]


@target(DAYS, st.sampled_from(FORMATS), st.text("0123456789-/.TWZ: JanFebr", max_size=11))
def days(day: date, form: tuple, text: str) -> None:
    """A day is the day that was written, the first of its month or its Monday, or refused."""
    pattern, write, meant = form
    found = read(write(day), "date", date_format=pattern)
    assert found in {meant(day), None}, write(day)
    for odd in (text, write(day) + text[:2], write(day)[1:]):
        found = read(odd, "date")
        assert found is None or isinstance(found, date)
        if found is not None and (year := re.search(r"\d{4}", odd)) and "W" not in odd:
            assert found.year == int(year[0]), (odd, found)


TYPED = st.one_of(
    st.lists(st.floats(width=64) | st.none(), min_size=1, max_size=4).map(
        lambda x: pa.array(x, pa.float64())
    ),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4).map(pa.array),
    st.lists(st.decimals(-(10**20), 10**20, places=3), min_size=1, max_size=3).map(
        lambda x: pa.array(x, pa.decimal128(38, 3))
    ),
    st.lists(st.booleans(), min_size=1, max_size=3).map(pa.array),
    st.lists(st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)), min_size=1, max_size=3).map(
        lambda x: pa.array(x, pa.timestamp("us", "UTC"))
    ),
    st.lists(st.times(), min_size=1, max_size=3).map(pa.array),
    st.lists(st.timedeltas(timedelta(-9), timedelta(9)), min_size=1, max_size=3).map(pa.array),
    st.lists(st.none(), min_size=1, max_size=3).map(pa.array),
    st.lists(ANY, min_size=1, max_size=3).map(lambda x: pa.array(x).dictionary_encode()),
    st.lists(ANY, min_size=1, max_size=3).map(lambda x: pa.array(x, pa.large_string())),
)
KINDS = st.sampled_from(["identifier", "text", "money", "number", "date"])
MISSING = st.lists(st.sampled_from(["-999", "NA", "0", "1.5", "#N/A"]), max_size=2)


KEYS = st.fixed_dictionaries(
    {
        "decimal": MARKS,
        "missing": MISSING,
        "date_format": st.sampled_from([None, "%Y%m%d", "excel"]),
        "strip_leading_zeros": st.booleans(),
    }
)


@target(TYPED, KINDS, KEYS)
def typed(values: pa.Array, kind: str, keys: dict) -> None:
    """Columns of any type become what their kind says, or are refused."""
    source = Source("f.parquet", **keys)
    try:
        found = convert(values, kind, source, Where(*WHERE), True)
    except InputError:
        found = None
    if found is not None and kind == "money" and pa.types.is_decimal(values.type):
        for ours, theirs in zip(found.to_pylist(), values.to_pylist(), strict=True):
            assert ours == theirs or ours is None
    if found is not None and kind == "identifier" and pa.types.is_integer(values.type):
        pairs = zip(found.to_pylist(), values.to_pylist(), strict=True)
        assert all(ours is None or int(ours) == theirs for ours, theirs in pairs)
    with suppress(InputError):
        feature_values({"a": values, "b": values[:1]}, source, "c")
