"""Show how the time and the memory of a whole run grow with stores, categories and cores.

    python tests/benchmarks/speed/growth.py --output results/growth

Runs the workflow on simulated chains: 12 products in six need states per category, two months, and
twelve external features with gaps. Writes growth.csv, a line per run and rule, and growth.png.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from startup import copy_project, timed

CHAINS = ((500, 10, 2), (5_000, 10, 2), (20_000, 10, 2), (500, 100, 2), (5_000, 10, 1))
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"]
SALES = """
    COPY (SELECT 'S' || s AS store, 'P' || p AS sku, DATE '{day}' AS day,
                 round(10 * exp(((s % 4) - 1.5) * ((p % 6) - 2.5) * 0.3 + random()), 2) AS amount
          FROM range({stores}) a(s), range({products}) b(p))
    TO '{path}' (FORMAT parquet)
"""


def main(arguments: list[str] | None = None) -> None:
    """Run all chains, write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    table = measure(CHAINS)
    table.to_csv(options.output / "growth.csv", index=False, float_format="%.4g")
    draw(table, options.output / "growth.png")


def measure(chains: Iterable[tuple[int, int, int]]) -> pd.DataFrame:
    """Return the seconds and the memory of every rule, and of the run, on every chain."""
    rows = []
    for stores, categories, cores in chains:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            copy_project(folder)
            config = make_chain(folder, stores, categories) | {"shards": cores}
            (folder / "chain.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
            command = [sys.executable, "-m", "snakemake", "--cores", str(cores)]
            whole = timed([*command, "--configfile", "chain.yaml"], folder)
            chain = {"stores": stores, "categories": categories, "cores": cores}
            rules = list(per_rule(folder))
            memory = max(rule["megabytes"] for rule in rules)
            rows += [chain | rule for rule in rules]
            rows.append(chain | {"rule": "run", "seconds": whole.wall, "megabytes": memory})
            print(f"{chain}: {whole.wall:.0f} s, largest job {memory:.0f} MB", flush=True)
            shutil.rmtree(folder / ".snakemake")
    return pd.DataFrame(rows)


def make_chain(folder: Path, stores: int, categories: int) -> dict:
    """Write a simulated chain below the folder and return its configuration."""
    data = folder / "data"
    data.mkdir()
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
    features.to_parquet(data / "stores.parquet")
    names = {"store_id": "store", "product_id": "sku", "sales": "amount", "date": "day"}
    mapped = {"product_id": "sku", "category": "category", "need_state": "need"}
    source = {"name": "area", "path": "data/stores.parquet", "columns": {"store_id": "store"}}
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
        names = path.relative_to(folder / "results" / "benchmarks").with_suffix("").parts
        rule = next(name for name in names if name not in {"internal", "external"})
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
    """Draw seconds and memory by stores, for the run and its longest steps."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    seconds, memory = figure.subplots(1, 2)
    stores = table[(table["categories"] == 10) & (table["cores"] == 2)]
    largest = stores[(stores["stores"] == stores["stores"].max()) & (stores["rule"] != "run")]
    steps = ["run", *largest.nlargest(4, "seconds")["rule"]]
    for axis, what, unit in ((seconds, "seconds", "s"), (memory, "megabytes", "MB")):
        for colour, rule in zip(COLOURS, steps, strict=False):
            line = stores[stores["rule"] == rule].sort_values("stores")
            label = {"run": "whole run" if unit == "s" else "largest job"}.get(rule, rule)
            axis.plot(line["stores"], line[what], "o-", color=colour, label=label)
        _dress(axis, unit, sorted(stores["stores"].unique()))
    seconds.set_title("Time, two cores")
    memory.set_title("Memory of the largest job")
    figure.legend(*seconds.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    figure.suptitle("Growth with the number of stores, ten categories", fontweight="bold")
    figure.savefig(path, dpi=110)


def _dress(axis: Axes, unit: str, stores: list[int]) -> None:
    axis.set_xscale("log")
    axis.set_xticks(stores, [f"{number:,}" for number in stores], minor=False)
    axis.set_xticks([], minor=True)
    axis.set_ylim(bottom=0)
    axis.set_xlabel("stores")
    axis.set_ylabel(unit)
    axis.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
