"""Join the external sources on the store.

Reads: the files of every external source.
Writes: one value per store x feature, features called ``source.column``; null where unknown. Per
store its name, region and coordinates, where a source has them. And the columns that are set aside,
as they tell nothing, or have nearly one value per store: a name, an address, an identifier.
"""

import difflib
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.features.joining import (
    DuplicateStores,
    first_known,
    nearly_one_per_store,
    one_row_per_store,
    to_long,
)
from store_clusters.inputs.sources import convert, feature_values, first_row, header, raw_batches
from store_clusters.run.errors import InputError, examples
from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import as_columns

Row = tuple[Any, ...]
IDENTIFYING = "nearly_one_value_per_store"
DEGREES = {"latitude": 90, "longitude": 180}
ROW_NUMBER = re.compile(r"__index_level_\d+__")  # what pandas calls the number of a row
LARGEST = 1e100  # sums of squares of larger numbers may be infinite
PLACES = ("store_name", "region", *DEGREES)


def main(snakemake: Any, log: JobLog) -> None:
    """Join all ``params.sources``, in the order in which they are configured."""
    tables, aside = [], []
    for source in snakemake.params.sources:
        table, columns = read_source(source, snakemake.params.max_levels, log)
        tables.append(table)
        aside += columns
    joined = pd.concat(tables, axis=1)
    if joined.shape[1] == 0:
        raise InputError(
            "inputs.external: no feature with a known value is left in any source"
            + (f"; set aside: {examples([row[1] for row in aside])}." if aside else ".")
        )
    rows = write_table(snakemake.output.raw_features, "raw_features", to_long(joined))
    places = first_known([read_places(source) for source in snakemake.params.sources], joined.index)
    write_table(snakemake.output.places, "places", dict(places.reset_index().items()))
    write_table(
        snakemake.output.set_aside, "set_aside_columns", as_columns(aside, "set_aside_columns")
    )
    known = float(joined.notna().to_numpy().mean())
    log.done(
        f"{joined.shape[0]:,} stores x {joined.shape[1]} features, {known:.1%} known",
        stores=joined.shape[0],
        features=joined.shape[1],
        rows_out=rows,
        share_known=round(known, 4),
    )


def read_source(
    source: dict[str, Any], max_levels: int, log: JobLog
) -> tuple[pd.DataFrame, list[Row]]:
    """Read one source and return stores x features, one row per store, and columns set aside."""
    files = ", ".join(source["files"])
    raw = {path: read_file(path, source) for path in source["files"]}
    readings = pa.concat_tables([keys for keys, _ in raw.values()]).to_pandas()
    without = []
    for name in dict.fromkeys(name for _, features in raw.values() for name in features):
        unknown = {path: pa.nulls(keys.num_rows) for path, (keys, _) in raw.items()}
        parts = {path: features.get(name, unknown[path]) for path, (_, features) in raw.items()}
        values = feature_values(parts, source, name)
        check_finite(values, readings["store_id"], files, name)
        if pd.isna(values).all():
            without.append(name)
        else:
            readings[f"{source['name']}.{name}"] = values
    try:
        table = one_row_per_store(readings, source["rows"])
    except DuplicateStores as error:
        on_a_day = " on one day" if source["rows"] in {"first", "last"} else ""
        raise InputError(
            f"{files}: {len(error.stores):,} stores have several rows{on_a_day} in column "
            f"{source['columns']['store_id']!r}: {examples(error.stores)}. Expected one; set rows "
            f"of the source {source['name']!r} to distinct (identical rows), mean, median, min, "
            "max, sum, first or last."
        ) from error
    table, aside = set_aside(table, raw, source, max_levels)
    for _, name, reason, stores, different, example in aside:
        if reason == IDENTIFYING:
            log.warn(
                f"{files}: column {name!r} is set aside: {stores:,} stores have {different:,} "
                f"different values, such as {example!r}, which say nothing of which stores are "
                "alike. Expected numbers, or a category that stores share. Name it in exclude of "
                f"the source {source['name']!r}, or in columns.store_name, and this is said no "
                "more."
            )
    log.event(
        "source",
        source=source["name"],
        rows_in=len(readings),
        stores=len(table),
        features=table.shape[1],
        columns_without_a_value=sorted(without),
    )
    return table, aside


def set_aside(
    table: pd.DataFrame,
    raw: dict[str, tuple[pa.Table, dict[str, pa.Array]]],
    source: dict[str, Any],
    max_levels: int,
) -> tuple[pd.DataFrame, list[Row]]:
    """Return the stores x features without the columns that tell stores apart, and these columns.

    ``raw`` holds, by file, the stores and the features as the files have them. Numbers with leading
    zeros are identifiers, and are looked at as the text that they are. Columns set aside are rows
    of ``set_aside_columns``.
    """
    aside: list[Row] = []
    for name in dict.fromkeys(name for _, features in raw.values() for name in features):
        feature = f"{source['name']}.{name}"
        if feature not in table:
            aside.append((source["name"], name, "no_value", 0, 0, None))
            continue
        values = table[feature]
        given = [(keys, features[name]) for keys, features in raw.values() if name in features]
        if values.dtype == float and any(starts_with_zero(part) for _, part in given):
            text = pd.concat(
                pd.Series(part.to_pylist(), keys["store_id"].to_pylist(), dtype=object)
                for keys, part in given
            )
            values = text.groupby(level=0).first().reindex(values.index).where(values.notna())
        if values.dtype != float and nearly_one_per_store(values, max_levels):
            table = table.drop(columns=feature)
            known, different = int(values.notna().sum()), int(values.nunique())
            row = (source["name"], name, IDENTIFYING, known, different, min(values.dropna()))
            aside.append(row)
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


def read_file(path: str, source: dict[str, Any]) -> tuple[pa.Table, dict[str, pa.Array]]:
    """Return the stores and dates of one file, and its features by name as the file has them."""
    present = [name for name in header(path, source) if name]
    for option in ("features", "exclude", "categorical"):
        for name in source[option] or []:
            if name not in present:
                near = difflib.get_close_matches(name, present, 1, 0.5)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise InputError(
                    f"{path}: {option} of the source {source['name']!r} names {name!r}, which is "
                    f"not a column.{hint} The file has {examples(present, 40)}."
                )
    store, day = source["columns"]["store_id"], source["columns"]["date"]
    unwanted = {store, day, source["columns"].get("store_name"), *source["exclude"]}
    named = [name for name in present if not ROW_NUMBER.fullmatch(name)]
    features = [name for name in source["features"] or named if name not in unwanted]
    wanted = [name for name in (store, day) if name is not None] + features
    batches = list(raw_batches(path, source, wanted))
    if not batches:
        raise InputError(f"{path}: the file has no rows. Expected stores.")
    raw = pa.Table.from_batches(batches).combine_chunks()

    def key(name: str, kind: str) -> pa.Array:
        where = (path, name, first_row(path, source))
        return convert(raw[name].combine_chunks(), kind, source, where, nullable=False)

    dates = key(day, "date") if day else pa.nulls(raw.num_rows, pa.date32())
    keys = pa.table([key(store, "identifier"), dates], ["store_id", "date"])
    return keys, {name: raw[name].combine_chunks() for name in features}


def read_places(source: dict[str, Any]) -> pd.DataFrame:
    """Return what the source says of where stores are, any number of rows per store."""
    theirs = {name: source["columns"].get(name) for name in PLACES}
    theirs = {name: column for name, column in theirs.items() if column is not None}
    tables = [pd.DataFrame(columns=["store_id", *PLACES], dtype=object)]
    for path in source["files"] if theirs else []:
        wanted = [source["columns"]["store_id"], *theirs.values()]
        raw = pa.Table.from_batches(raw_batches(path, source, list(dict.fromkeys(wanted))))

        def read(column: str, kind: str, raw: pa.Table = raw, path: str = path) -> pa.Array:
            where = (path, column, first_row(path, source))
            return convert(raw[column].combine_chunks(), kind, source, where, kind == "text")

        found = {"store_id": read(source["columns"]["store_id"], "identifier").to_numpy(False)}
        for name, column in theirs.items():
            if name in DEGREES:
                found[name] = degrees(raw[column].combine_chunks(), source, path, name)
            else:
                found[name] = read(column, "text").to_numpy(zero_copy_only=False)
        tables.append(pd.DataFrame(found))
    return pd.concat(tables)


def degrees(values: pa.Array, source: dict[str, Any], path: str, name: str) -> np.ndarray:
    """Return latitudes or longitudes."""
    limit, theirs = DEGREES[name], source["columns"][name]
    numbers = feature_values({path: values}, source, theirs)
    wrong = numbers[pd.notna(numbers)]
    if numbers.dtype == float:
        wrong = wrong[np.abs(wrong) > limit]
    if len(wrong):
        raise InputError(
            f"{path}: column {theirs!r} of the source {source['name']!r} holds {len(wrong):,} "
            f"values that are no {name}: {examples(wrong.tolist())}. Expected degrees from "
            f"-{limit} to {limit}, or nothing."
        )
    return numbers.astype(float)


if __name__ == "__main__":
    run(main, snakemake)
