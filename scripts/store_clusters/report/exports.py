"""Tables as CSV files beside the pages, for spreadsheets and for other programs."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.run.files import complete

ROWS = 1 << 16  # that are written at a time
# With these a spreadsheet takes a text for a formula, which could call programs.
# Source: OWASP, CSV Injection.
FORMULA = r"^[=+\-@\t\r]"


@dataclass(frozen=True)
class Export:
    """A table, as :func:`store_clusters.report.sources.source` finds it, and what it says."""

    source: str
    title: str


# A file's name, without `.csv`; its caption is `workflow/report/tables/<name>.rst`.
EXPORTS = {
    "clusters": Export("final_clusters", "final cluster of every store"),
    "names": Export("names", "final clusters: names and sizes"),
    "profiles": Export("final_profiles", "what final clusters sell and are like"),
    "drivers": Export("drivers", "what separates final clusters"),
    "rules": Export("rules", "final clusters as rules"),
    "store_reasons": Export("store_reasons", "why every store is where it is"),
    "stability": Export("stability", "evidence for final clusters"),
    "numbers": Export("numbers", "what fewer or more final clusters would be"),
    "categories": Export("categories", "what final clusters and surroundings explain"),
    "folds": Export("folds", "clusters that were joined or split"),
    "internal_profiles": Export("internal_profiles", "what internal clusters sell"),
    "external_profiles": Export("external_profiles", "what external clusters are like"),
}


def write_csv(path: str | Path, table: pa.Table) -> None:
    """Write a table with a header: numbers with six significant digits, sums of money exactly.

    An unknown value is an empty cell. A text that a spreadsheet would take for a formula has an
    apostrophe in front; numbers stay numbers.
    """
    with complete(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(_Lines(file))  # quotes "\r", too, as that is in its end of line
        writer.writerow(table.column_names)
        for batch in table.to_batches(max_chunksize=ROWS):
            writer.writerows(zip(*map(_cells, batch.columns), strict=True))


class _Lines:
    """Writes lines that end in ``\\r\\n`` with ``\\n``."""

    def __init__(self, file: TextIO):
        self.file = file

    def write(self, line: str) -> int:
        """Write one line."""
        return self.file.write(line.removesuffix("\r\n") + "\n")


def _cells(values: pa.Array) -> Iterable[Any]:
    if pa.types.is_floating(values.type):
        return (None if x is None else f"{x:.6g}" for x in values.to_pylist())
    if pa.types.is_decimal(values.type):
        return values.cast(pa.string()).to_pylist()
    if pa.types.is_string(values.type):
        return pc.replace_substring_regex(values, FORMULA, r"'\0").to_pylist()
    return values.to_pylist()
