"""Identifiers that a spreadsheet or a table of floats has spoilt: mended, or seen to be lost."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ODD = (b"#", b"'", b"+", b".", b"=")  # without these and in plain ASCII it is as it stands
ERROR = r"^#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)$"
LOST = {  # pattern: what it is, and what to do
    r"^\d(\.\d+)?[eE]\+\d+$|^\d\.\d+[eE]-\d+$": "Excel has cut the digits of such identifiers: "
    "format the column as text there and save again, or export from the source again.",
    ERROR: "This is an error of a "
    "spreadsheet: mend it there, or name it in `missing` where it means nothing.",
    r"^=": "This is a formula: save the file with values.",
    r"^#+$": "The column was too narrow to show it: widen it and save again.",
    r"[\x{00}-\x{1f}\x{7f}\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]": "An "
    "invisible character makes it another identifier than it looks: remove it from the file.",
}
WHOLE, BROKEN = r"^(0|[1-9]\d*)\.0+$", r"^\d+\.\d*[1-9]\d*$"
MIXED = (
    "Some have .0 behind, as whole numbers have in a table of floats, and others have not: write "
)
MIXED += "all in one way."


def mended(values: pa.Array, seen: set[str]) -> pa.Array:
    """Return identifiers as they were meant, null where that cannot be known.

    ``'0012`` and ``="0012"``, with which spreadsheets keep zeros, are 0012. Where all are like
    ``12.0``, as a table of floats has them, they are 12; ``seen`` is what is known of the column
    so far, and is added to.
    """
    if not is_odd(values):
        return _one_form(values, seen, odd=False)
    values = pc.replace_substring_regex(values, r'^="([^"=]+)"$', r"\1")
    values = pc.replace_substring_regex(values, r"^'([0-9=+@-])", r"\1")
    for pattern in LOST:
        values = pc.if_else(pc.match_substring_regex(values, pattern), None, values)
    return _one_form(values, seen, odd=True)


def without_errors(values: pa.Array) -> pa.Array:
    """Return texts, null where a spreadsheet has written an error."""
    if b"#" not in text_bytes(values):
        return values
    return pc.if_else(pc.match_substring_regex(values, ERROR), None, values)


def cure(texts: list[str]) -> str:
    """Return what to do about texts that :func:`mended` does not take."""
    for pattern, words in LOST.items():
        python = pattern.replace("x{", "u{")
        python = re.sub(r"\\u\{(\w+)\}", lambda match: f"\\u{int(match[1], 16):04x}", python)
        if re.search(python, texts[0], re.ASCII):
            return words
    return MIXED


def is_odd(values: pa.Array) -> bool:
    """Say, quickly, whether any text may need a closer look."""
    data = text_bytes(values)
    if any(byte in data for byte in ODD):
        return True
    codes = np.frombuffer(data, np.uint8)
    return bool(len(codes) and (codes.min() < 32 or codes.max() > 126))


def text_bytes(values: pa.Array) -> bytes:
    """Return the UTF-8 of all texts, one after the other."""
    _, offsets, data = values.buffers()
    if data is None:
        return b""
    ends = np.frombuffer(offsets, np.int32)[values.offset :][: len(values) + 1]
    return data.slice(int(ends[0]), int(ends[-1] - ends[0])).to_pybytes() if len(ends) else b""


def _one_form(values: pa.Array, seen: set[str], odd: bool) -> pa.Array:
    """Take ``.0`` off where all have it; null where it is on some."""
    known = len(values) - values.null_count
    whole, wholes = None, 0
    if odd:
        whole = pc.match_substring_regex(values, WHOLE)
        wholes = pc.sum(whole).as_py() or 0
        if pc.any(pc.match_substring_regex(values, BROKEN)).as_py():
            seen.add("broken")  # such as 1.0, 1.1, 1.2: sections, not whole numbers
    if "broken" in seen and "whole" not in seen:
        return values
    seen.update(["whole"] * bool(wholes) + ["other"] * (known > wholes))
    if {"whole", "other"} <= seen:
        return pc.if_else(whole if wholes else pc.is_valid(values), None, values)
    return pc.replace_substring_regex(values, r"\.0+$", "") if wholes else values
