"""Sources as the configuration describes them, and files to read with them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from store_clusters.inputs.columns import read_columns
from store_clusters.inputs.options import External, Products, Sales
from store_clusters.run.options import options_of

Columns = dict[str, str | None]


def sales(columns: Columns, **keys: object) -> Sales:
    """Sales of which only some columns are mapped."""
    unmapped = dict.fromkeys(("store_id", "product_id", "sales"))
    return options_of(Sales, {"path": "sales", "columns": unmapped | columns, **keys})


def products(columns: Columns, **keys: object) -> Products:
    """A product map of which only some columns are mapped."""
    unmapped = dict.fromkeys(("product_id", "need_state"))
    return options_of(Products, {"path": "products", "columns": unmapped | columns, **keys})


def external(name: str, columns: Columns, **keys: object) -> External:
    """A source of facts about stores."""
    return options_of(External, {"path": "stores", "name": name, "columns": columns, **keys})


def read_content(
    folder: Path,
    content: str | bytes | pa.Table,
    name: str,
    columns: Columns,
    kinds: dict[str, str],
    **keys: object,
) -> dict[str, list]:
    """Write text, bytes or a table to a file and read ``columns`` of it as ``kinds``."""
    path = folder / name
    if isinstance(content, pa.Table):
        pq.write_table(content, path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    described = products if {"category", "need_state"} & set(columns) else sales
    return read_columns(path, described(columns, **keys), kinds).to_pydict()
