"""Write the explorer: one HTML file in which people look into the clusters, without a server.

Reads: the account of the run, everything that is known about final clusters and stores, and how
features read.
Writes: ``explorer.html``, which holds its data, script and style.
"""

import json
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa

from store_clusters.describe.evidence import why_words
from store_clusters.describe.label_tables import read_labels
from store_clusters.report.colours import COLOURS
from store_clusters.report.explorer import (
    category_index,
    category_stores,
    packed,
    profile_of,
    regions_of,
)
from store_clusters.run.files import read_json, write_text
from store_clusters.run.job import JobLog, run
from store_clusters.tables.contracts import read_table
from store_clusters.tables.matrices import by_group

REPORT = Path(__file__).resolve().parents[1] / "workflow" / "report"


def main(snakemake: Any, log: JobLog) -> None:
    """Fill the template."""
    tables = {
        name: by_group(snakemake.input[name], contract, "category")
        for name, contract in (
            ("clusters", "final_clusters"),
            ("names", "names"),
            ("stability", "stability"),
            ("profiles", "final_profiles"),
            ("drivers", "drivers"),
            ("rules", "rules"),
            ("reasons", "store_reasons"),
            ("categories", "categories"),
        )
    }
    places = read_table(snakemake.input.places, "places")
    labels = read_labels(snakemake.input.labels)
    account = read_json(snakemake.input.run)
    categories, blocks = [], []
    (external,) = read_table(snakemake.input.external_k, "k").to_pylist()
    internal = {
        row["group"]: row for row in read_table(snakemake.input.internal_k, "k").to_pylist()
    }
    for category in tables["clusters"]:
        rows = {name: of.get(category) for name, of in tables.items()}
        categories.append(category_index(category, rows, labels))
        categories[-1]["why"] = why_words(
            rows["categories"].to_pylist()[0],
            [] if rows["stability"] is None else rows["stability"].to_pylist(),
            internal.get(category),
            external,
            account["configuration"]["merge"],
        )
        codes = [cluster["code"] for cluster in categories[-1]["clusters"]]
        stores = category_stores(rows["clusters"], rows["reasons"], codes)
        profile = profile_of(rows["profiles"], codes, category, labels)
        blocks.append(packed({"stores": stores, "profile": profile}))
    blocks.append(packed(as_lists(places)))
    index = {
        "stores": account["stores"]["seen"],
        "sales": float(account["sales"]["clustered"]),
        "colours": COLOURS,
        "categories": categories,
        "regions": regions_of(places),
        "names": places["store_name"].null_count < places.num_rows,
    }
    page = fill(index, blocks)
    write_text(snakemake.output[0], page)
    megabytes = len(page.encode()) / 1e6
    log.done(f"{snakemake.output[0]}, {megabytes:.1f} MB", megabytes=round(megabytes, 3))


def fill(index: dict[str, Any], blocks: list[str]) -> str:
    """Return the page with its data, script and style."""
    table = package_files("itables") / "html"
    template = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined).from_string(
        (REPORT / "explorer.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        index=inside_a_script(index),
        blocks=blocks,
        css=(REPORT / "explorer.css").read_text(encoding="utf-8"),
        js=(REPORT / "explorer.js").read_text(encoding="utf-8"),
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


if __name__ == "__main__":
    run(main, snakemake)
