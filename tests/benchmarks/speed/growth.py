"""Show how the time and the memory of a run grow with rows, stores, categories and cores.

    python tests/benchmarks/speed/growth.py --output results/growth --rows 1000000 10000000

Runs the sums and the product map on random sales (see aggregate.py), and the whole workflow on
simulated chains: 12 products in six need states per category, two months, and twelve external
features with gaps. Writes growth.csv, a line per run and rule, and growth.png.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml
from aggregate import COLUMNS, MONTHS, make_sales, products_of
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from startup import copy_project, rule_of, timed

CHAINS = (
    (500, 10, 2),
    (5_000, 10, 2),
    (20_000, 10, 2),
    (500, 100, 2),
    (500, 10, 1),
    (5_000, 10, 1),
)
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"]
SALES = """
    COPY (SELECT 'S' || s AS store, 'P' || p AS sku, DATE '{day}' AS day,
                 round(10 * exp(((s % 4) - 1.5) * ((p % 6) - 2.5) * 0.3 + random()), 2) AS amount
          FROM range({stores}) a(s), range({products}) b(p))
    TO '{path}' (FORMAT parquet)
"""


def main(arguments: list[str] | None = None) -> None:
    """Run everything, write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 10_000_000])
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame([*measure_rows(options.rows), *measure_chains(CHAINS)])
    table.to_csv(options.output / "growth.csv", index=False, float_format="%.4g")
    draw(table, options.output / "growth.png")


def measure_rows(sizes: Iterable[int], months: int = MONTHS) -> Iterator[dict]:
    """Yield the seconds and the memory of the rules that read sales, and of both together."""
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_sales(folder, rows, months=months)
            project = folder / "project"
            copy_project(project)
            sales = {"path": str(folder / "sales" / "*.parquet"), "columns": COLUMNS}
            inputs = {"sales": sales, "products": products_of(folder)}
            target = ["results/internal/need_states.parquet"]  # there are no external data
            yield from run({"inputs": inputs}, project, target, rows=rows, cores=2)


def measure_chains(chains: Iterable[tuple[int, int, int]]) -> Iterator[dict]:
    """Yield the seconds and the memory of every rule, and of the run, on every chain."""
    for stores, categories, cores in chains:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            copy_project(folder)
            config = make_chain(folder, stores, categories) | {"shards": cores}
            chain = {"stores": stores, "categories": categories, "cores": cores}
            yield from run(config, folder, [], **chain)


def run(config: dict, project: Path, more: list[str], **what: int) -> Iterator[dict]:
    """Run the workflow in a folder and yield a line per rule, the last for the whole run."""
    config = config | {"output": {"results": "results"}}
    (project / "chain.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--cores", str(what["cores"])]
    whole = timed([*command, *more, "--configfile", "chain.yaml"], project)
    rules = list(per_rule(project))
    memory = max(rule["megabytes"] for rule in rules)
    print(f"{what}: {whole.wall:.0f} s, largest job {memory:.0f} MB", flush=True)
    yield from (what | rule for rule in rules)
    yield what | {"rule": "run", "seconds": whole.wall, "megabytes": memory}


def make_chain(folder: Path, stores: int, categories: int) -> dict:
    """Write a simulated chain below the folder and return its configuration."""
    data = folder / "data"
    data.mkdir(parents=True)
    products = 12 * categories
    for day in ("2024-01-15", "2024-02-15"):
        values = {"day": day, "stores": stores, "products": products}
        with duckdb.connect() as database:
            database.execute("SELECT setseed(0.5)")
            database.execute(SALES.format(path=data / f"{day}.parquet", **values))
    pd.DataFrame(
        {
            "sku": [f"P{p}" for p in range(products)],
            "category": [f"category {p // 12}" for p in range(products)],
            "need": [f"need {p % 6}" for p in range(products)],
        }
    ).to_csv(data / "products.csv", index=False)
    random = np.random.default_rng(0)
    means = random.normal(0, 2, (3, 12))[np.arange(stores) % 3]
    features = pd.DataFrame(means + random.normal(size=means.shape)).add_prefix("feature_")
    features = features.mask(random.random(features.shape) < 0.1)
    features.insert(0, "store", [f"S{s}" for s in range(stores)])
    features["name"] = [f"Store of town {s}" for s in range(stores)]
    features["region"] = [f"region {s % 12}" for s in range(stores)]
    features[["north", "east"]] = random.normal((50, 10), 2, (stores, 2)).round(4)
    features.to_parquet(data / "stores.parquet")
    names = {"store_id": "store", "product_id": "sku", "sales": "amount", "date": "day"}
    mapped = {"product_id": "sku", "category": "category", "need_state": "need"}
    places = {"store_name": "name", "region": "region", "latitude": "north", "longitude": "east"}
    source = {
        "name": "area",
        "path": "data/stores.parquet",
        "columns": {"store_id": "store"} | places,
        "exclude": ["region", "north", "east"],
    }
    return {
        "inputs": {
            "sales": {"path": "data/2024-*.parquet", "columns": names},
            "products": {"path": "data/products.csv", "columns": mapped},
            "external": [source],
        }
    }


def per_rule(folder: Path) -> Iterable[dict]:
    """Yield the seconds of all jobs of a rule and the memory of its largest."""
    parts = []
    for path in (folder / "results" / "benchmarks").rglob("*.tsv"):
        rule = rule_of(path)
        job = pd.read_csv(path, sep="\t").iloc[0]
        parts.append({"rule": rule, "seconds": job["s"], "megabytes": job["max_rss"]})
    table = pd.DataFrame(parts).groupby("rule")
    for rule, jobs in table:
        yield {
            "rule": rule,
            "seconds": jobs["seconds"].sum(),
            "megabytes": jobs["megabytes"].max(),
        }


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw seconds and memory by rows, stores and categories, with the longest steps."""
    figure = Figure(figsize=(12, 6.5), layout="constrained")
    axes = figure.subplots(2, 3)
    chains = table[table["stores"].notna()]
    two, one = chains[chains["cores"] == 2], chains[chains["cores"] == 1]
    panels = {
        "rows": (table[table["rows"].notna()], None),
        "stores": (two[two["categories"] == 10], one[one["categories"] == 10]),
        "categories": (two[two["stores"] == 500], None),
    }
    for (upper, lower), (by, (lines, slower)) in zip(axes.T, panels.items(), strict=True):
        largest = lines[(lines[by] == lines[by].max()) & (lines["rule"] != "run")]
        steps = ["run", *largest.nlargest(3, "seconds")["rule"]]
        for colour, rule in zip(COLOURS, steps, strict=False):
            line = lines[lines["rule"] == rule].sort_values(by)
            upper.plot(line[by], line["seconds"], "o-", color=colour, label=rule)
            lower.plot(line[by], line["megabytes"], "o-", color=colour, label=rule)
        if slower is not None:
            line = slower[slower["rule"] == "run"].sort_values(by)
            upper.plot(line[by], line["seconds"], "o:", color=COLOURS[0], label="run, one core")
        for axis, unit in ((upper, "s"), (lower, "MB")):
            _dress(axis, unit, sorted(lines[by].unique()), by)
        upper.legend(frameon=False, fontsize=8)
    axes[0][0].set_title("Sums and product map, by rows of sales")
    axes[0][1].set_title("Whole run, by stores (10 categories)")
    axes[0][2].set_title("Whole run, by categories (500 stores)")
    figure.suptitle("Growth of time and of the largest job's memory, two cores", fontweight="bold")
    figure.savefig(path, dpi=110)


def _dress(axis: Axes, unit: str, ticks: list[float], what: str) -> None:
    axis.set_xscale("log")
    axis.set_xticks(ticks, [f"{number:,.0f}" for number in ticks], minor=False)
    axis.set_xticks([], minor=True)
    axis.set_ylim(bottom=0)
    axis.set_xlabel(what)
    axis.set_ylabel(unit)
    axis.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
