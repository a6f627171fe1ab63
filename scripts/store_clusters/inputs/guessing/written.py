"""How a text is written: its encoding, the character between columns, lines above the header."""

import codecs
import csv
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from statistics import median
from typing import Any

from store_clusters.inputs.options import Source
from store_clusters.inputs.readers.csv import DELIMITERS, header, opened, sample_lines

START = 1 << 20  # bytes that are decoded to try an encoding
FALLBACK = "cp1252"  # of Western Europe; takes nearly every byte
FEW = 0.6  # of the usual number of fields: lines with fewer are titles


def how_written(path: Path, encoding: str | None = None) -> dict[str, Any]:
    """Return the keys of a source that say how a text is written, as far as they are needed.

    A file of one column has none but the encoding.
    """
    encoding = encoding or _encoding(path)
    keys: dict[str, Any] = {} if encoding == "utf-8" else {"encoding": encoding}
    lines = sample_lines(path, Source(path=str(path), **keys))
    rows = {mark: list(csv.reader(iter(lines), delimiter=mark)) for mark in DELIMITERS}
    mark = max(DELIMITERS, key=lambda mark: _regularity(rows[mark]))
    if _regularity(rows[mark]) == (0, 0):
        return keys
    if mark != ",":
        keys["delimiter"] = mark
    skipped = _titles(rows[mark])
    wanted = rows[mark][skipped]
    while skipped and header(path, Source(path=str(path), skip_rows=skipped, **keys)) != wanted:
        skipped += 1  # empty lines at the top
    return keys | ({"skip_rows": skipped} if skipped else {})


def _regularity(rows: list[list[str]]) -> tuple[float, int]:
    """Return the share of rows that have as many fields as most, and how many these are."""
    sizes = Counter(len(row) for row in rows if row)
    usual = Counter({size: count for size, count in sizes.items() if size > 1})
    if not usual:
        return 0, 0
    size, count = max(usual.items(), key=lambda item: (item[1], item[0]))
    return round(count / sum(sizes.values()), 1), size


def _titles(rows: list[list[str]]) -> int:
    """Return how many lines are above the first one with nearly as many fields as most."""
    filled = [sum(bool(field.strip()) for field in row) for row in rows]
    least = max(2, FEW * median(filter(None, filled)))
    return next((number for number, count in enumerate(filled) if count >= least), 0)


def _encoding(path: Path) -> str:
    """Return the first encoding that the beginning of a file is valid in."""
    with opened(path) as file:
        start = file.read(START)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-8"  # a byte-order mark outweighs it
    if start and start.count(0) >= len(start) // 3:
        return "utf-16-be" if start[0] == 0 else "utf-16-le"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return FALLBACK
    return "utf-8"


def start_of(texts: Sequence[Sequence[str]]) -> Any:
    """Return what all texts, or lists of texts, begin with."""
    first = texts[0]
    same = (len(set(each)) == 1 for each in zip(*texts, strict=False))
    return first[: sum(1 for _ in takewhile(bool, same))]
