"""Read the files of an external source: what they say of stores, and where the stores are."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from store_clusters.inputs.columns import raw_rows
from store_clusters.inputs.conversion import Where, convert, feature_values
from store_clusters.inputs.options import External
from store_clusters.inputs.rows import Rows, Tally
from store_clusters.inputs.sources import header, place, shown
from store_clusters.run.errors import InputError, did_you_mean, examples

DEGREES = {"latitude": 90, "longitude": 180}
PLACES = ("store_name", "region", *DEGREES)
ROW_NUMBER = re.compile(r"__index_level_\d+__")  # what pandas calls the number of a row


@dataclass(frozen=True)
class StoreFile:
    """What one file says of stores."""

    path: str
    keys: pa.Table  # store_id and date of every row; dates are null where the source has none
    features: dict[str, pa.Array]  # by the file's names, in the types that it gives them
    dropped: dict[str, int]  # rows left out, by what they are


def read_file(path: str, source: External) -> StoreFile:
    """Read the stores, days and features of one file.

    Raises:
        InputError: The file cannot be read, has no rows or not the columns that the source names,
            or a store or a day cannot be used.
    """
    present = [name for name in header(path, source) if name]
    for option in ("features", "exclude", "categorical"):
        for name in getattr(source, option) or []:
            if name not in present:
                raise InputError(
                    f"{path}: {option} of the source {source.name!r} names {name!r}, which is "
                    f"not a column.{did_you_mean(name, present)} "
                    f"The file has {examples(present, 40)}."
                )
    store, day = source.columns.store_id, source.columns.date
    unwanted = {store, day, source.columns.store_name, *source.exclude}
    named = [name for name in present if not ROW_NUMBER.fullmatch(name)]
    features = [name for name in source.features or named if name not in unwanted]
    keys = [name for name in (store, day) if name is not None]
    tally = Tally()
    raw, numbers = _whole(raw_rows(path, source, keys + features, [store], tally))
    if raw.num_rows == 0:
        raise InputError(f"{shown(path, source)}: the file has no rows. Expected stores.")

    def key(name: str, kind: str) -> pa.Array:
        values = raw[name].combine_chunks()
        return convert(values, kind, source, place(path, source, name, numbers), nullable=False)

    dates = key(day, "date") if day else pa.nulls(raw.num_rows, pa.date32())
    stores = pa.table([key(store, "identifier"), dates], ["store_id", "date"])
    values = {name: raw[name].combine_chunks() for name in features}
    return StoreFile(path, stores, values, tally.dropped)


def read_places(files: Sequence[str], source: External) -> pd.DataFrame:
    """Return what the source says of where stores are, any number of rows per store.

    The columns are ``store_id`` and, as far as the source has them, those of ``PLACES``.
    """
    theirs = {name: getattr(source.columns, name) for name in PLACES}
    theirs = {name: column for name, column in theirs.items() if column is not None}
    tables = [pd.DataFrame(columns=["store_id", *PLACES], dtype=object)]
    for path in files if theirs else []:
        wanted = [source.columns.store_id, *theirs.values()]
        store = source.columns.store_id
        raw, numbers = _whole(raw_rows(path, source, list(dict.fromkeys(wanted)), [store]))
        if raw.num_rows == 0:
            continue
        wheres = {name: place(path, source, name, numbers) for name in wanted}

        def read(
            column: str, kind: str, raw: pa.Table = raw, wheres: dict[str, Where] = wheres
        ) -> np.ndarray:
            where = wheres[column]
            values = raw[column].combine_chunks()
            return convert(values, kind, source, where, kind == "text").to_numpy(False)

        found = {"store_id": read(store, "identifier")}
        for name, column in theirs.items():
            if name in DEGREES:
                found[name] = _degrees(raw[column].combine_chunks(), source, path, name)
            else:
                found[name] = read(column, "text")
        tables.append(pd.DataFrame(found))
    return pd.concat(tables)


def _whole(rows: Iterable[Rows]) -> tuple[pa.Table, np.ndarray]:
    """Return all rows as one table, and their numbers."""
    rows = list(rows)
    if not rows:
        return pa.table({}), np.array([], dtype=int)
    table = pa.Table.from_batches([some.values for some in rows]).combine_chunks()
    return table, np.concatenate([some.numbers for some in rows])


def _degrees(values: pa.Array, source: External, path: str, name: str) -> np.ndarray:
    """Return latitudes or longitudes, float64."""
    limit, theirs = DEGREES[name], getattr(source.columns, name)
    numbers = feature_values({path: values}, source, theirs, source.categorical)
    wrong = numbers[pd.notna(numbers)]
    if numbers.dtype == float:
        wrong = wrong[np.abs(wrong) > limit]
    if len(wrong):
        raise InputError(
            f"{path}: column {theirs!r} of the source {source.name!r} holds {len(wrong):,} "
            f"values that are no {name}: {examples(wrong.tolist())}. Expected degrees from "
            f"-{limit} to {limit}, or nothing."
        )
    return numbers.astype(float)
