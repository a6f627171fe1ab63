"""What can be known of a run before it: each source, and how they fit together."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs.columns import stream_columns
from store_clusters.inputs.looking import Look, look_at, note_first, read_some
from store_clusters.inputs.options import External, Products, Sales
from store_clusters.inputs.sources import several_rows
from store_clusters.run.errors import examples
from store_clusters.run.options import options_of
from store_clusters.sales.aggregation import KINDS, sum_directly
from store_clusters.sales.checks import Found, beyond, missing_months
from store_clusters.sales.database import connect
from store_clusters.sales.mapping import nothing_between
from store_clusters.sales.options import Checks
from store_clusters.sales.product_map import NO_PRODUCTS

WHOLE = 20_000_000  # rows of files that the database reads itself, and so whole
MEMORY = 1000  # MB
PRODUCT_KINDS = {"product_id": "identifier", "category": "text", "need_state": "text"}
STORE_KINDS = {"store_id": "identifier", "date": "date"}
SAMPLE = """
    SELECT store_id, product_id, sum(sales) AS sales, min(date) AS first_day, max(date) AS last_day
    FROM rows GROUP BY ALL
"""
MONTHS = "SELECT DISTINCT strftime({day}, '%Y-%m') FROM {table} WHERE {day} IS NOT NULL"


def look_before(
    sections: Mapping[str, Any], files: Mapping[str, Any]
) -> tuple[list[Look], list[Found]]:
    """Look at all sources; return what they are and what the limits of ``checks`` are about.

    Args:
        sections: ``inputs`` of the configuration.
        files: Of ``sales`` and ``products`` the files, of ``external`` those of each source.
    """
    sales, sums = look_at_sales(files["sales"], options_of(Sales, sections["sales"]))
    source = options_of(Products, sections["products"])
    products = look_at("products", files["products"], source, PRODUCT_KINDS)
    mapped = read_some(products, source, PRODUCT_KINDS)
    if not len(mapped) and not products.problems:
        products.problems.append(f"{', '.join(products.files)}: {NO_PRODUCTS}")
    found = list(_unmapped(sums, mapped, products))
    sold = set(sums["store_id"].to_pylist())
    known: set[str] = set()
    looks = [sales, products]
    for section in sections["external"]:
        external = options_of(External, section)
        look = look_at(section["name"], files["external"][section["name"]], external, STORE_KINDS)
        rows = read_some(look, external, STORE_KINDS, ("date",))
        _note_span(look, rows["date"])
        _note_repeated(look, external, rows)
        stores = set(rows["store_id"].to_pylist())
        known |= stores
        look.facts |= _in_common(sold, stores)
        looks.append(look)
    if sold and known:
        words = (
            f"{len(sold - known):,} of {len(sold):,} stores with sales are in no external source"
        )
        shown = f": {examples(sorted(sold - known))}." if sold - known else "."
        found.append(Found("without_external", len(sold - known) / len(sold), words + shown))
    return looks, found


def look_at_sales(files: Sequence[str], source: Sales) -> tuple[Look, pa.Table]:
    """Look at the sales; return also their sums by store and product, or of a sample of them."""
    look = look_at("sales", files, source, KINDS)
    nullable = () if source.columns.date else ("date",)
    tables: list[pa.Table] = []
    months: set[str] = set()
    if look.rows is not None and look.rows <= WHOLE and not look.problems:
        folder = Path(tempfile.gettempdir())
        for number, path in enumerate(files):
            with connect(2, MEMORY, f"{folder}/{number}.spill") as database:
                if not sum_directly(database, path, source):
                    tables = []
                    break
                names = "store_id::TEXT AS store_id, product_id::TEXT AS product_id"
                query = f"SELECT {names}, sales, first_day, last_day FROM sums"
                tables.append(database.sql(query).to_arrow_table())
                months |= _months(database, "days", "day")
    if tables:
        note_first(
            look, pa.Table.from_batches([next(stream_columns(files[0], source, KINDS, nullable))])
        )
        look.rows_seen = look.rows or 0
    else:
        rows = read_some(look, source, KINDS, nullable)
        with duckdb.connect() as database:
            database.register("rows", rows)
            tables = [database.sql(SAMPLE).to_arrow_table()]
            months = _months(database, "rows", "date")
    sums = pa.concat_tables(tables, promote_options="permissive")
    days = [sums[name].combine_chunks() for name in ("first_day", "last_day")]
    first, last = _note_span(look, pa.chunked_array(days))
    late = source.from_ and last and str(last) < source.from_
    early = source.to and first and str(first) > source.to
    if (late or early) and not look.sample:
        look.problems.append(nothing_between(source.from_, source.to, first, last))
    look.facts |= {
        "stores": len(set(sums["store_id"].to_pylist())),
        "products": len(set(sums["product_id"].to_pylist())),
        "missing_months": [] if look.sample else missing_months(months, source.from_, source.to),
    }
    return look, sums


def problems_of(looks: Sequence[Look]) -> list[str]:
    """Return what a run would stumble over."""
    return [problem for look in looks for problem in look.problems]


def beyond_limits(found: Sequence[Found], checks: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return warnings and errors about what is beyond the limits of the configuration."""
    options = options_of(Checks, checks)
    told: dict[str, list[str]] = {"warn": [], "error": []}
    for one in found:
        limit = getattr(options, one.name)
        if message := beyond(one, limit):
            told[limit.beyond].append(message)
    return told["warn"], told["error"]


def as_text(looks: Sequence[Look], found: Sequence[Found]) -> str:
    """Return what was found as a table for people."""
    lines = []
    for look in looks:
        some = (
            look.files[0]
            if len(look.files) == 1
            else f"{look.files[0]} and {len(look.files) - 1} more"
        )
        lines += [
            "",
            f"{look.name:16} {some} ({', '.join([*look.formats, f'{look.bytes / 1e6:,.1f} MB'])})",
        ]
        unknown = f"more than {look.rows_seen:,}" if look.rows_seen else "not counted"
        rows = f"{look.rows:,}" if look.rows is not None else unknown
        lines.append(f"  {'rows':15}{rows}{f'; looked at {look.sample}' if look.sample else ''}")
        for ours, theirs in look.columns.items():
            values = ", ".join(look.first.get(ours, []))
            lines.append(f"  {ours:15}{theirs!r}: {values or 'not read'}")
        if look.others:
            lines.append(f"  {'others':15}{', '.join(look.others)}")
        for name, value in look.facts.items():
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(f"  {name.replace('_', ' '):15}{shown if shown != '' else 'none'}")
        lines += [f"  PROBLEM        {problem}" for problem in look.problems]
    return "\n".join([*lines, "", *(one.words for one in found)])


def as_json(looks: Sequence[Look], found: Sequence[Found]) -> dict[str, Any]:
    """Return what was found as plain values."""
    measured = {one.name: {"value": round(one.value, 6), "words": one.words} for one in found}
    return {"sources": [asdict(look) for look in looks], "checks": measured}


def _unmapped(sums: pa.Table, products: pa.Table, look: Look) -> Iterator[Found]:
    """Yield the share of sales whose product has no need state."""
    complete = pc.and_(pc.is_valid(products["need_state"]), pc.is_valid(products["category"]))
    known = products.filter(complete)["product_id"]
    look.facts |= {
        "products": len(pc.unique(products["product_id"])),
        "categories": len(pc.unique(products["category"].drop_null())),
        "need_states": len(pc.unique(products["need_state"].drop_null())),
    }
    total = float(pc.sum(sums["sales"]).as_py() or 0)
    if total <= 0 or look.problems or look.sample:
        return
    unknown = sums.filter(pc.invert(pc.is_in(sums["product_id"], pc.unique(known))))
    share = float(pc.sum(unknown["sales"]).as_py() or 0) / total
    names = sorted(set(unknown["product_id"].to_pylist()))
    such = f", such as {examples(names, 3)}; the map has {examples(known.slice(0, 3).to_pylist())}"
    words = f"{share:.1%} of the sales are of products without a need state in the map"
    yield Found("set_aside", share, f"{words}{such if names else ''}.")


def _in_common(sold: set[str], stores: set[str]) -> dict[str, Any]:
    return {
        "stores": f"{len(stores):,}, {len(sold & stores):,} of them with sales",
        "only_in_sales": examples(sorted(sold - stores), 3) or "none",
        "only_here": examples(sorted(stores - sold), 3) or "none",
    }


def _note_repeated(look: Look, source: External, rows: pa.Table) -> None:
    """Note stores of which a run would refuse that there are several rows, as far as was read."""
    keys = {"unique": ["store_id"], "first": ["store_id", "date"], "last": ["store_id", "date"]}
    if source.rows in keys:
        counts = rows.group_by(keys[source.rows]).aggregate([([], "count_all")])
        several = counts.filter(pc.greater(counts["count_all"], 1))["store_id"].unique()
        if len(several):
            look.problems.append(several_rows(look.files, source, sorted(several.to_pylist())))


def _note_span(look: Look, days: pa.ChunkedArray) -> tuple[date | None, date | None]:
    """Note the first and the last day, and return them."""
    first, last = pc.min_max(days).as_py().values()
    if first is not None:
        look.facts["days"] = f"{first} to {last}"
    return first, last


def _months(database: duckdb.DuckDBPyConnection, table: str, day: str) -> set[str]:
    return {month for (month,) in database.sql(MONTHS.format(table=table, day=day)).fetchall()}
