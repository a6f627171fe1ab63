"""Bad inputs, a file each: what is read is what was meant, else one message says what to do.

``corpus/cases.yaml`` says of every file what it is about, how it is read (``as``), with which
``keys`` of the source, and what comes of it: ``gives`` the values, ``says`` the message.
"""

from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from store_clusters.inputs.columns import read_columns
from store_clusters.inputs.conversion import feature_values
from store_clusters.inputs.external import read_file, read_places
from store_clusters.inputs.options import External, Products, Sales
from store_clusters.run.errors import InputError
from store_clusters.run.options import options_of
from store_clusters.sales.aggregation import KINDS, sum_sales
from store_clusters.sales.product_map import read_products

CORPUS = Path(__file__).parent / "corpus"
CASES = yaml.safe_load((CORPUS / "cases.yaml").read_text(encoding="utf-8"))
SALES = {"store_id": "store", "product_id": "product", "sales": "amount", "date": "day"}
PRODUCTS = {"product_id": "sku", "category": "category", "need_state": "need"}


def source_of(case: dict[str, Any]) -> Any:
    section: Any = {"products": Products, "external": External, "places": External}
    columns = {"products": PRODUCTS, "external": {"store_id": "store"}}
    columns["places"] = {"store_id": "store", "latitude": "lat"}
    described = {"path": case["file"], "columns": columns.get(case["as"], SALES)}
    if case["as"] in {"external", "places"}:
        described["name"] = "stores"
    return options_of(section.get(case["as"], Sales), described | case.get("keys", {}))


def read(case: dict[str, Any]) -> list[str]:
    """Read a file as a run does; return its values, in a line per row."""
    path, source = str(CORPUS / case["file"]), source_of(case)
    rows: list[Any]
    if case["as"] == "sales":
        rows = read_columns(path, source, KINDS).to_pylist()
    elif case["as"] == "sums":
        with duckdb.connect() as database:
            sum_sales(database, path, source, lambda rows: None)
            sums = database.sql("SELECT store_id, product_id, sales, rows FROM sums ORDER BY ALL")
            rows = sums.to_arrow_table().to_pylist()
    elif case["as"] == "products":
        rows = read_products([path], source, "category").sort_by("product_id").to_pylist()
    elif case["as"] == "places":
        rows = read_places([path], source)[["store_id", "latitude"]].to_dict("records")
    else:
        found = read_file(path, source)
        columns = {
            name: feature_values({path: values}, source, name, source.categorical).tolist()
            for name, values in found.features.items()
        }
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [" ".join(str(value) for value in row.values())[:100] for row in rows]


def outcome(case: dict[str, Any]) -> dict[str, Any]:
    """Return what comes of a file; any other exception than InputError is a fault."""
    try:
        return {"gives": read(case)}
    except InputError as error:
        return {"says": str(error).replace(f"{CORPUS}/", "")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["file"])
def test_a_bad_input_is_understood_or_told(case: dict[str, Any]) -> None:
    expected = {key: case[key] for key in ("gives", "says") if key in case}
    assert outcome(case) == expected
    assert all(message.startswith(case["file"]) for message in [expected.get("says", case["file"])])


def test_every_file_of_the_corpus_is_read() -> None:
    files = {path.name for path in CORPUS.iterdir()} - {"cases.yaml"}
    assert {case["file"] for case in CASES} == files
    assert len(files) >= 80
