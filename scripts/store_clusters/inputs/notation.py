"""Numbers as people write them: marks between thousands, currencies, signs behind, percent.

A number is read only where it can mean nothing else; ``decimal`` and ``thousands`` of the source
say which mark is which. Digits are never dropped and never guessed.
"""

from dataclasses import dataclass, replace
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.options import Source

CODES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR JPY KES KRW "
    "MXN MYR NGN NOK NZD PEN PHP PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR"
)
CURRENCY = rf"[A-Z]{{0,2}}\p{{Sc}}|{CODES.replace(' ', '|')}|kr\.?|Fr\.?|Rs\.?|zł|Kč|Ft"
BEFORE = rf"^(?P<left>[-+(]?) ?(?P<currency>{CURRENCY}) ?(?P<right>[-+(]? ?[\d.,].*)$"
BEHIND = rf"^(?P<left>.*[\d.,)-]) ?(?P<currency>{CURRENCY})(?P<right>[-)]?)$"
INVISIBLE = r"[\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]"
SAME = {  # what is written in several ways, as RE2 understands it
    INVISIBLE: "",
    r"[\x{a0}\x{2000}-\x{200a}\x{202f}\x{205f}]": " ",
    "[’ʼ＇]": "'",  # noqa: RUF001
    "[−–﹣－]": "-",  # noqa: RUF001
    r"^ *'|^ +| +$": "",
}
UNGROUPED = r"(?:\d+{mark}?\d*|{mark}\d+)(?:[eE][+-]?\d+)?"
GROUPED = r"[1-9]\d{{0,2}}(?:{between}\d{{3}})+(?:{mark}\d*)?"
# "1,234" alone may be 1.234: it takes a second comma or a decimal point to be sure.
SURELY_GROUPED = r"[1-9]\d{{0,2}}(?:{between}\d{{3}}){{2,}}|[1-9]\d{{0,2}}{between}\d{{3}}{mark}\d*"
SURELY_GROUPED += r"|[1-9]\d{{0,2}}(?:{between}\d{{3}}){{2,}}{mark}\d*"
UNSURE = r"^[-+]?[1-9]\d{0,2},\d{3}$"


@dataclass(frozen=True)
class Written:
    """Numbers found in text."""

    plain: pa.Array  # text with a decimal point, null where it is no number
    places: pa.Array  # where a number has a unit
    units: pa.Array  # the units there: currencies, and "%"

    def first(self) -> dict[str, int]:
        """Return the first place of each unit."""
        different = self.units.unique().to_pylist()
        return {unit: self.places[self.units.index(unit).as_py()].as_py() for unit in different}


def read_numbers(values: pa.Array, source: Source, percent: bool = False) -> Written:
    """Find the numbers among texts; ``12 %`` is 0.12 where a ``percent`` is expected."""
    simple = simple_numbers(values, source.decimal, source.thousands)
    odd = pc.and_(pc.is_null(simple), pc.is_valid(values))
    places = pc.indices_nonzero(odd)
    if not len(places):
        return Written(simple, places, pa.array([], pa.string()))
    different = values.take(places).dictionary_encode()  # words of a feature repeat
    texts, units = _undressed(different.dictionary)
    marks = (source.decimal, source.thousands)
    texts = pc.if_else(pc.match_substring_regex(texts, _pattern(*marks)), texts, None)
    texts = pc.replace_substring_regex(texts, f"[ '{_other(source.decimal)}]", "")
    texts = pc.replace_substring(texts, ",", ".")
    scaled = pc.binary_join_element_wise(texts, "e-2", "") if percent else None
    texts = pc.if_else(pc.equal(units, "%"), scaled, texts)
    texts, units = texts.take(different.indices), units.take(different.indices)
    has_unit = pc.and_(pc.is_valid(texts), pc.not_equal(units, ""))
    plain = pc.replace_with_mask(simple, odd, texts)
    return Written(plain, places.filter(has_unit), units.filter(has_unit))


def simple_numbers(values: pa.Array, mark: str, thousands: str | None = None) -> pa.Array:
    """Return texts that are bare numbers with a decimal point, null where they are not.

    Where the decimal mark is a comma, points between thousands are as common as none.
    """
    grouped = mark == "," and thousands in {None, "."}
    values = pc.if_else(pc.match_substring_regex(values, _simple(mark, grouped)), values, None)
    if mark == ",":
        values = pc.replace_substring(pc.replace_substring(values, ".", ""), ",", ".")
    return values


def are_unsure(values: pa.Array, source: Source) -> pa.Array:
    """Say which texts are like ``1,234``, which can be read in two ways."""
    if source.decimal == "," or source.thousands:
        return pa.repeat(False, len(values))
    return pc.fill_null(pc.match_substring_regex(_undressed(values)[0], UNSURE), False)


def with_other_mark(source: Source) -> Source:
    """Return the source as it would be with the other decimal mark."""
    return replace(source, decimal="," if source.decimal == "." else ".", thousands=None)


@cache
def _simple(mark: str, grouped: bool) -> str:
    points = "|" + GROUPED.format(mark=",", between=r"\.") if grouped else ""
    return f"^[+-]?(?:{UNGROUPED.format(mark=_literal(mark))}{points})$"


@cache
def _pattern(mark: str, thousands: str | None) -> str:
    """Return the pattern of numbers without units, with any mark between thousands."""
    forms = [UNGROUPED.format(mark=_literal(mark))]
    for between in thousands or f" '{_other(mark)}":
        unsure = between == "," and not thousands
        form = SURELY_GROUPED if unsure else GROUPED
        forms.append(form.format(mark=_literal(mark), between=_literal(between)))
    return f"^[+-]?(?:{'|'.join(forms)})$"


def _other(mark: str) -> str:
    return "," if mark == "." else "."


def _literal(mark: str) -> str:
    return r"\." if mark == "." else mark


def _undressed(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return texts without currency and percent sign, with the sign in front; and these units."""
    for written, ours in SAME.items():
        texts = _replaced(texts, written, ours)
    texts, units = _without_currency(texts)
    texts = _replaced(texts, r"^\(([^-+()]*)\)$", r"-\1")
    texts = _replaced(texts, r"^([^-+()]*[^-+() ]) ?-$", r"-\1")
    shares = pc.ends_with(texts, "%")
    texts = pc.if_else(pc.and_(shares, pc.not_equal(units, "")), "", texts)  # $5 % is nothing
    texts = _replaced(texts, r" ?%$", "")
    texts = _replaced(texts, r"^([-+]) ", r"\1")
    return texts, pc.if_else(shares, pa.scalar("%"), units)


def _without_currency(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return texts without one currency, before or behind; and these currencies."""
    units = pa.array([""] * len(texts), pa.string())
    for pattern in (BEFORE, BEHIND):
        has = pc.and_(pc.match_substring_regex(texts, pattern), pc.equal(units, ""))
        if pc.any(has).as_py():
            parts = pc.extract_regex(texts.filter(has), pattern)
            sides = [pc.struct_field(parts, name) for name in ("left", "right")]
            texts = pc.replace_with_mask(texts, has, pc.binary_join_element_wise(*sides, ""))
            units = pc.replace_with_mask(units, has, pc.struct_field(parts, "currency"))
    return texts, units


def _replaced(texts: pa.Array, pattern: str, new: str) -> pa.Array:
    """Return texts with a pattern replaced: to look first is quicker, as few have it."""
    has = pc.match_substring_regex(texts, pattern)
    if not pc.any(has).as_py():
        return texts
    new_texts = pc.replace_substring_regex(texts.filter(has), pattern, new)
    return pc.replace_with_mask(texts, has, new_texts)
