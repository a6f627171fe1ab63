"""Write a guess down as a configuration, with what each line was guessed from."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import yaml

from store_clusters.inputs.guessing.external import ExternalGuess, guess_external
from store_clusters.inputs.guessing.facts import Column
from store_clusters.inputs.guessing.found import Table, find_tables
from store_clusters.inputs.guessing.products import ProductsGuess, guess_products
from store_clusters.inputs.guessing.sales import SalesGuess, guess_sales, pattern_of
from store_clusters.inputs.rows import is_total

HEAD = """\
# A first configuration, guessed from the files in {folder}. What follows a # says what from: read
# it, and change what is wrong. docs/data.md and config/README.md explain the keys. Then:
#   snakemake check --configfile {name}
"""
NO_SALES = """\
  # No file looks like sales: a row per store, product and day, with money.
  # sales:
  #   path: {folder}/sales/*.csv
  #   columns: {{store_id: STORE, product_id: SKU, sales: AMOUNT, date: DAY}}
"""
NO_PRODUCTS = """\
  # No file says which category and need state the products are of.
  # products:
  #   path: {folder}/products.csv
  #   columns: {{product_id: SKU, category: CATEGORY, need_state: NEED_STATE}}
"""
NO_EXTERNAL = """\
  # No file says something of the stores.
  # external:
  #   - name: stores
  #     path: {folder}/stores.csv
  #     columns: {{store_id: STORE}}
"""
NAMED = 8  # columns in a comment
Lines = list[str]


def draft(folder: Path, name: str) -> tuple[str, dict[str, int]]:
    """Return the text of a configuration of what is in a folder, and how many of what it names.

    Raises:
        InputError: There is no such folder, or nothing in it is a table.
    """
    tables, unused = find_tables(folder)
    sales = guess_sales(tables)
    products = guess_products(sales, tables) if sales else None
    external = guess_external(sales, tables, products.table if products else None) if sales else []
    links = [one.link for one in external] + ([products.link] if products else [])
    unpadded = any(one.unpadded for one in links if one)
    text = [HEAD.format(folder=folder, name=name), "inputs:\n"]
    text.append(_text(_sales(sales, unpadded), 2) if sales else NO_SALES.format(folder=folder))
    text.append(
        _text(_products(products, unpadded), 2) if products else NO_PRODUCTS.format(folder=folder)
    )
    text.append(
        _text(_external(external, unpadded), 2) if external else NO_EXTERNAL.format(folder=folder)
    )
    used = [one.table for one in (sales, products, *external) if one]
    left = {table.name: _about(table) for table in tables if table not in used} | unused
    if left:
        text.append("\n# Not used:\n")
        text += [f"#   {_line(path)}: {_line(why)}\n" for path, why in sorted(left.items())]
    found = {"sales": bool(sales), "products": bool(products), "external": len(external)}
    return "".join(text), {key: int(value) for key, value in found.items()}


def _sales(guess: SalesGuess, unpadded: bool) -> Lines:
    table, wide = guess.table, guess.wide
    link = guess.store_link
    lines = ["sales:", *_path(table)]
    columns = {"store_id": (guess.store, link.shown() if link else _seen(guess.store))}
    if guess.product:
        columns["product_id"] = (guess.product, _seen(guess.product))
    if guess.money:
        also = "".join(f"; or {_value(one.name)}?" for one in guess.others)
        columns["sales"] = (guess.money, f"{guess.money.shown()}{also}")
    if guess.day:
        columns["date"] = (guess.day, guess.day.shown())
    lines += _columns(columns)
    if wide:
        pattern, wrong = pattern_of(guess)
        what = "periods" if wide.to == "date" else "products"
        seen = f"{len(wide.columns)} columns are {what}: {', '.join(wide.columns[:3])}"
        seen += f"; takes too many: {', '.join(wrong)}, remove them" if wrong else ""
        lines += ["  layout:", _key("    wide", _flow({"columns": pattern, "to": wide.to}), seen)]
    if wide and wide.format:
        lines.append(_key("  date_format", _value(wide.format), f"as in {wide.columns[0]}"))
    lines += _how(table, guess.day, unpadded, "decimal" in table.how)
    keys = [one for one in (guess.store, guess.product) if one]
    if any(one.known < len(one.texts) for one in keys) and not any(map(_has_total, keys)):
        lines.append(_key("  incomplete", "set_aside", "rows without a store or a product"))
    return lines + _totals(keys) + _missing([guess.money] if guess.money else [])


def _products(guess: ProductsGuess, unpadded: bool) -> Lines:
    lines = ["products:", *_path(guess.table)]
    product = _of(guess.link.shown() if guess.link else "", _seen(guess.product))
    columns = {"product_id": (guess.product, product)}
    if guess.category:
        columns["category"] = (guess.category, _seen(guess.category))
    seen = _seen(guess.need)
    if guess.category and guess.nested:
        seen += f", each in one {guess.category.name}"
    also = [one.name for one in guess.others][:4]
    columns["need_state"] = (guess.need, seen + (f"; or {', '.join(also)}?" if also else ""))
    lines += _columns(columns)
    if guess.need is guess.product:
        lines.append("  # No file groups the products: each is a need state of its own.")
    if not guess.category:
        lines.append(_key("  constants", "{category: all}", "no column is a category above these"))
    if guess.repeated:
        lines.append(_key("  rows", "distinct", "rows are repeated"))
    return lines + _how(guess.table, None, unpadded, False) + _totals([guess.product])


def _external(guesses: Sequence[ExternalGuess], unpadded: bool) -> Lines:
    lines, names = ["external:"], set[str]()
    for guess in guesses:
        of_file = re.split(r"[.*?]", Path(guess.table.path).name)[0]
        name = re.sub(r"[^A-Za-z0-9_]+", "_", str(guess.table.how.get("sheet", of_file)))
        name = name.strip("_") if re.match("_*[A-Za-z]", name) else f"source_{name}".strip("_")
        while name in names:
            name += "_2"
        names.add(name)
        lines += ["  - name: " + name, *_indented(_source(guess, unpadded), 2)]
    return lines


def _source(guess: ExternalGuess, unpadded: bool) -> Lines:
    lines = _path(guess.table)
    columns = {"store_id": (guess.link.column, guess.link.shown())}
    columns |= {role: (column, column.shown()) for role, column in guess.shown.items()}
    if guess.day:
        columns["date"] = (guess.day, guess.day.shown())
    lines += _columns(columns)
    if guess.rows != "unique":
        stores = len(guess.link.column.values)
        seen = f"{guess.rows_seen:,} rows of {stores:,} stores"
        seen += ", the same each time" if guess.rows == "distinct" else "; or median, last, sum..."
        lines.append(_key("  rows", guess.rows, seen))
    names = [column.name for column in guess.features]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    lines.append(f"  # features: {_line(', '.join(names[:NAMED]))}{more}")
    if guess.exclude:
        lines.append("  exclude:")
        lines += [_key("    -", _value(name), why) for name, why in guess.exclude.items()]
    if guess.categorical:
        lines.append(_key("  categorical", _flow(guess.categorical), "numbers that are codes"))
    numbers = any(one.kind == "number" and not one.typed for one in guess.features)
    lines += _how(guess.table, guess.day, unpadded, numbers)
    return lines + _totals([guess.link.column]) + _missing(guess.features)


def _path(table: Table) -> Lines:
    files = f"{len(table.files)} files, " if len(table.files) > 1 else ""
    rows = f"{table.rows:,} rows" if table.complete else f"about {table.rows:,} rows"
    lines = [_key("  path", _value(table.path), f"{files}{rows}, {len(table.names)} columns")]
    if "sheet" in table.how:
        lines.append(_key("  sheet", _value(table.how["sheet"]), "not the first one"))
    return lines


def _how(table: Table, day: Column | None, unpadded: bool, numbers: bool) -> Lines:
    """Return the keys that say how the table is written, of numbers where there are some."""
    seen = {
        "delimiter": "between the columns of the header and most rows",
        "encoding": "the bytes are no UTF-8",
        "skip_rows": "fewer columns than below: titles",
        "decimal": "numbers like 1,5 or 1.234,5",
        "thousands": "numbers like 1,234",
    }
    wanted = [key for key in seen if key in table.how and (numbers or key in list(seen)[:3])]
    lines = [_key(f"  {key}", _value(table.how[key]), seen[key]) for key in wanted]
    if day and day.format:
        doubt = f"; {day.doubt} fits as well" if day.doubt else ""
        lines.append(_key("  date_format", _value(day.format), f"as in {day.shown()}{doubt}"))
    if unpadded:
        seen_zeros = "identifiers agree without zeros in front"
        lines.append(_key("  strip_leading_zeros", "true", seen_zeros))
    return lines


def _totals(keys: Iterable[Column]) -> Lines:
    labels = [f"{key.name}" for key in keys if _has_total(key)]
    seen = f"rows of totals, by their label in {', '.join(labels)}"
    return [_key("  total_rows", "drop", seen)] if labels else []


def _has_total(column: Column) -> bool:
    found = is_total(column.texts)
    return found is not None and bool(pc.any(found).as_py())


def _missing(columns: Iterable[Column]) -> Lines:
    markers = sorted({marker for column in columns for marker in column.markers})
    seen = "in columns of numbers"
    return [_key("  missing", _flow(markers), seen)] if markers else []


def _columns(columns: Mapping[str, tuple[Column, str]]) -> Lines:
    mapped = [_key(f"    {o}", _value(c.name), seen) for o, (c, seen) in columns.items()]
    return ["  columns:", *mapped]


def _seen(column: Column) -> str:
    return f"{len(column.values):,} values: {column.shown()}"


def _of(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _about(table: Table) -> str:
    return f"{table.rows:,} rows of {', '.join(table.names[:NAMED])}"


def _key(key: str, value: str, seen: str) -> str:
    between = " " if key.endswith("-") else ": "
    return f"{key}{between}{value}  # {_line(seen)}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _value(value: Any) -> str:
    return _flow(value).removesuffix("...").strip()


def _flow(value: Any) -> str:
    return yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False
    ).strip()


def _indented(lines: Iterable[str], by: int) -> Lines:
    return [" " * by + line for line in lines]


def _text(lines: Iterable[str], by: int) -> str:
    return "\n".join(_indented(lines, by)) + "\n"
