"""From the files of external sources to one table of stores by features."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.features.joining import (
    DuplicateStores,
    nearly_one_per_store,
    one_row_per_store,
)
from store_clusters.inputs.conversion import feature_values
from store_clusters.inputs.external import StoreFile, read_file
from store_clusters.inputs.options import External
from store_clusters.inputs.rows import left_out
from store_clusters.inputs.sources import several_rows
from store_clusters.run.errors import InputError, examples

IDENTIFYING = "nearly_one_value_per_store"
NO_VALUE = "no_value"
LARGEST = 1e100  # sums of squares of larger numbers may be infinite


class Aside(NamedTuple):
    """A column set aside: a row of ``set_aside_columns``."""

    source: str
    column: str
    reason: str
    stores: int  # with a value
    values: int  # different ones
    example: str | None


@dataclass(frozen=True)
class SourceFeatures:
    """The features of one source."""

    source: External
    files: Sequence[str]
    rows: int  # of the files
    table: pd.DataFrame  # stores x features called `source.column`, one row per store
    aside: list[Aside]
    dropped: Mapping[str, int]  # rows left out, by what they are

    @property
    def warnings(self) -> list[str]:
        """What to say of rows left out, and of columns that tell stores apart."""
        return [left_out(self.files, self.dropped)] * bool(self.dropped) + [
            f"{', '.join(self.files)}: column {row.column!r} is set aside: {row.stores:,} stores "
            f"have {row.values:,} different values, such as {row.example!r}, which say nothing of "
            "which stores are alike. Expected numbers, or a category that stores share. Name it in "
            f"exclude of the source {row.source!r}, or in columns.store_name, and this is said no "
            "more."
            for row in self.aside
            if row.reason == IDENTIFYING
        ]

    @property
    def facts(self) -> dict[str, Any]:
        """What the log tells of the source."""
        without = sorted(row.column for row in self.aside if row.reason == NO_VALUE)
        return {
            "source": self.source.name,
            "rows_in": self.rows,
            "stores": len(self.table),
            "features": self.table.shape[1],
            "columns_without_a_value": without,
        }


def read_source(files: Sequence[str], source: External, max_levels: int) -> SourceFeatures:
    """Read one source, one row per store.

    ``max_levels`` is the number of different values up to which text is a category in any case.

    Raises:
        InputError: A file cannot be read or a value not be used, or several rows of a store are
            none that ``source.rows`` allows.
    """
    raw = [read_file(path, source) for path in files]
    readings = pa.concat_tables([file.keys for file in raw]).to_pandas()
    for name in _columns(raw):
        parts = {file.path: file.features.get(name, pa.nulls(file.keys.num_rows)) for file in raw}
        values = feature_values(parts, source, name, source.categorical)
        check_finite(values, readings["store_id"], ", ".join(files), name)
        if pd.notna(values).any():
            readings[f"{source.name}.{name}"] = values
    try:
        table = one_row_per_store(readings, source.rows)
    except DuplicateStores as error:
        raise InputError(several_rows(files, source, error.stores)) from error
    table, aside = set_aside(table, raw, source.name, max_levels)
    dropped = sum((Counter(file.dropped) for file in raw), Counter())
    return SourceFeatures(source, files, len(readings), table, aside, dropped)


def join(sources: Sequence[SourceFeatures]) -> pd.DataFrame:
    """Return stores x features of all sources, with the stores of any source.

    Raises:
        InputError: No feature is left.
    """
    joined = pd.concat([source.table for source in sources], axis=1)
    if joined.shape[1] == 0:
        aside = [row.column for source in sources for row in source.aside]
        raise InputError(
            "inputs.external: no feature with a known value is left in any source"
            + (f"; set aside: {examples(aside)}." if aside else ".")
        )
    return joined


def set_aside(
    table: pd.DataFrame, raw: Sequence[StoreFile], source: str, max_levels: int
) -> tuple[pd.DataFrame, list[Aside]]:
    """Return the stores x features without the columns that tell stores apart, and these columns.

    Numbers with leading zeros in ``raw`` are identifiers, and are looked at as the text that they
    are. Columns without any value, which ``table`` does not have, are set aside too.
    """
    aside: list[Aside] = []
    for name in _columns(raw):
        feature = f"{source}.{name}"
        if feature not in table:
            aside.append(Aside(source, name, NO_VALUE, 0, 0, None))
            continue
        values = table[feature]
        given = [(file.keys, file.features[name]) for file in raw if name in file.features]
        if values.dtype == float and any(starts_with_zero(part) for _, part in given):
            text = pd.concat(
                pd.Series(part.to_pylist(), keys["store_id"].to_pylist(), dtype=object)
                for keys, part in given
            )
            values = text.groupby(level=0).first().reindex(values.index).where(values.notna())
        if values.dtype != float and nearly_one_per_store(values, max_levels):
            table = table.drop(columns=feature)
            known, different = int(values.notna().sum()), int(values.nunique())
            example = min(values.dropna())
            aside.append(Aside(source, name, IDENTIFYING, known, different, example))
    return table, aside


def starts_with_zero(values: pa.Array) -> bool:
    """Say whether text holds whole numbers with leading zeros."""
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    if not any(is_kind(values.type) for is_kind in kinds):
        return False
    text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    return bool(pc.any(pc.match_substring_regex(text, "^0[0-9]+$")).as_py())


def check_finite(values: np.ndarray, stores: pd.Series, files: str, name: str) -> None:
    """Refuse a feature with infinite numbers, or such as make infinite variances."""
    infinite = stores[np.isinf(values)] if values.dtype == float else []
    if len(infinite):
        raise InputError(
            f"{files}: column {name!r} holds {len(infinite):,} infinite numbers, of the stores "
            f"{examples(infinite)}. Expected finite numbers or nothing."
        )
    huge = stores[np.abs(values) > LARGEST] if values.dtype == float else []
    if len(huge):
        raise InputError(
            f"{files}: column {name!r} holds {len(huge):,} numbers beyond {LARGEST:g}, of the "
            f"stores {examples(huge)}. Expected numbers that can be squared and summed, or nothing."
        )


def _columns(raw: Sequence[StoreFile]) -> list[str]:
    """Return the features of all files, in the order in which they are first met."""
    return list(dict.fromkeys(name for file in raw for name in file.features))
