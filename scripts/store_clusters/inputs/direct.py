"""Let the database read Parquet files itself where nothing has to be converted on the way.

Several times as fast as :func:`stream_columns`, which says what a file got wrong;
here such a file is only recognised.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from store_clusters.inputs.sources import UNREADABLE, Source, file_format, missing_numbers


def expressions(path: str | Path, source: Source, kinds: dict[str, str]) -> dict[str, str] | None:
    """Return an SQL expression for each column of ``kinds`` (our name: kind).

    Identifiers are as the file has them; money is rounded to four places, half to even. Money or a
    date that is missing or not usable ends the query with an error. None where the file is not
    Parquet or a column is missing, is there twice, is a constant or has a type that needs more
    than that.
    """
    if file_format(path, source) != "parquet" or source.get("constants"):
        return None
    try:
        schema = pq.read_schema(path)
    except UNREADABLE:
        return None
    found = {}
    missing = ", ".join(repr(float(number)) for number in missing_numbers(source))
    for name, kind in kinds.items():
        theirs = source["columns"].get(name)
        if theirs is None and kind == "date":
            found[name] = "NULL::DATE"
            continue
        if theirs is None or schema.names.count(theirs) != 1:
            return None
        column, type_ = '"' + theirs.replace('"', '""') + '"', schema.field(theirs).type
        if not _is_plain(type_, kind):
            return None
        known = f" AND {column}::DOUBLE NOT IN ({missing})" if missing else ""
        found[name] = {
            "identifier": column,
            "date": f"coalesce({column}::DATE, error('no date'))",
            "money": f"CASE WHEN isfinite({column}::DOUBLE) AND abs({column}::DOUBLE) < 1e14"
            f"{known} THEN round_even({column}::DOUBLE, 4)::DECIMAL(18, 4) "
            "ELSE error('no money') END",
        }[kind]
    return found


def _is_plain(type_: pa.DataType, kind: str) -> bool:
    number = pa.types.is_integer(type_) or pa.types.is_float64(type_)
    return {
        "identifier": pa.types.is_string(type_) or pa.types.is_integer(type_),
        "money": number,
        "date": pa.types.is_date32(type_) or (pa.types.is_timestamp(type_) and type_.tz is None),
    }[kind]
