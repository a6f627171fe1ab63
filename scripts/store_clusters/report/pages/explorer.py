"""The explorer: look into clusters and stores in a browser, without a server."""

import json
from collections.abc import Sequence
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa

from store_clusters.describe.evidence import why_words
from store_clusters.merge.options import Merge
from store_clusters.report.colours import COLOURS
from store_clusters.report.explorer_data import (
    category_index,
    category_stores,
    packed,
    profile_of,
    regions_of,
)
from store_clusters.report.results import Results
from store_clusters.report.sources import TEMPLATES
from store_clusters.run.files import write_text
from store_clusters.run.options import options_of

FILE = "explorer.html"
REPORT = {"category": "1 Pages", "labels": {"page": "explorer: clusters and stores"}}
READS = [
    "run",
    "final_clusters",
    "names",
    "stability",
    "final_profiles",
    "drivers",
    "rules",
    "store_reasons",
    "categories",
    "internal_k",
    "external_k",
    "places",
    "labels",
]
OF_A_CATEGORY = (
    "final_clusters",
    "names",
    "stability",
    "final_profiles",
    "drivers",
    "rules",
    "store_reasons",
    "categories",
)


def write(results: Results, path: str | Path) -> str:
    """Fill the template with an index of all categories and a block of data for each."""
    tables = {name: results.by_category(name) for name in OF_A_CATEGORY}
    places = results.table("places")
    (external,) = results.rows("external_k")
    internal = {row["group"]: row for row in results.rows("internal_k")}
    merge = options_of(Merge, results.run["configuration"]["merge"])
    categories, blocks = [], []
    for category in tables["final_clusters"]:
        rows = {name: of.get(category) for name, of in tables.items()}
        index = category_index(category, rows, results.labels)
        evidence = [] if rows["stability"] is None else rows["stability"].to_pylist()
        (row,) = tables["categories"][category].to_pylist()
        index["why"] = why_words(row, evidence, internal.get(category), external, merge)
        categories.append(index)
        codes = [cluster["code"] for cluster in index["clusters"]]
        stores = category_stores(rows["final_clusters"], rows["store_reasons"], codes)
        profile = profile_of(rows["final_profiles"], codes, category, results.labels)
        blocks.append(packed({"stores": stores, "profile": profile}))
    blocks.append(packed(as_lists(places)))
    index = {
        "stores": results.run["stores"]["seen"],
        "sales": float(results.run["sales"]["clustered"]),
        "colours": COLOURS,
        "categories": categories,
        "regions": regions_of(places),
        "names": places["store_name"].null_count < places.num_rows,
    }
    page = fill(index, blocks)
    write_text(path, page)
    return f"{path}, {Path(path).stat().st_size / 1e6:.1f} MB"


def fill(index: dict[str, Any], blocks: Sequence[str]) -> str:
    """Return the page with its data, script and style."""
    table = package_files("itables") / "html"
    template = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined).from_string(
        (TEMPLATES / "explorer.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        index=inside_a_script(index),
        blocks=blocks,
        css=(TEMPLATES / "explorer.css").read_text(encoding="utf-8"),
        js=(TEMPLATES / "explorer.js").read_text(encoding="utf-8"),
        table_css=(table / "dt_bundle.css").read_text(encoding="utf-8"),
        table_js=as_script((table / "dt_bundle.js").read_text(encoding="utf-8")),
    )


def as_lists(places: pa.Table) -> dict[str, Any]:
    """Return what is known of every store, column by column."""
    names = {"store_id": "id", "store_name": "name"}
    return {names.get(name, name): places[name].to_pylist() for name in places.column_names}


def inside_a_script(data: Any) -> str:
    """Return JSON that cannot end the script element that it stands in."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def as_script(module: str) -> str:
    """Turn the module of DataTables into a script that leaves ``DataTable`` to the next one.

    It is exported as the default.
    """
    before, found, after = module.rpartition("export{")
    exported, _, licences = after.partition("};")
    if not found:
        raise ValueError("itables: dt_bundle.js exports nothing. Expected a module.")
    local = next(x.split(" as ")[0] for x in exported.split(",") if x.endswith(" as default"))
    return f"{before}window.DataTable={local};{licences}"
