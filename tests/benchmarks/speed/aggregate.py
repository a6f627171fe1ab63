"""Compare the workflow's sums of sales with queries that do nothing but the sums.

    python tests/benchmarks/speed/aggregate.py --rows 100000000 --folder results/sales

Makes monthly files of random sales (5,000 stores, 20,000 products of 100 categories x 20 need
states) in the folder, where they are kept. Each run takes, one after the other:

- aggregate_sales of all files through Snakemake, two at once,
- the same function on the same files without Snakemake, in two processes that stay,
- a DuckDB query of two threads for the same sums, by store and product,
- map_products through Snakemake,
- a DuckDB query for the sums by category, store and need state, from the files of sales.

Prints medians of wall and processor seconds, ratios and the memory of the largest process; it ends
with an error where the workflow and the queries differ by a ten-thousandth.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb
import yaml
from startup import ROOT, Times, copy_project, timed

STORES, PRODUCTS, ASSORTMENT, MONTHS = 5_000, 20_000, 2_000, 24
COLUMNS = {
    "store_id": "STORE_NBR",
    "product_id": "SKU_NBR",
    "sales": "TOTAL_SALES",
    "date": "MONTH",
}
PRODUCT_MAP = """
    COPY (SELECT 'P' || i AS PRODUCT_ID, 'category ' || i % 100 AS CATEGORY,
                 'need state ' || i // 100 % 20 AS NEED_STATE FROM range({products}) t(i))
    TO '{path}' (HEADER)
"""
MONTH = """
    COPY (SELECT 'S' || store AS STORE_NBR,
                 'P' || (store * 7919 + place) % {products} AS SKU_NBR,
                 round(random() * 100, 2) AS TOTAL_SALES,
                 DATE '{day}' + floor(random() * 28)::INT AS MONTH
          FROM (SELECT floor(random() * {stores})::INT AS store,
                       floor(random() ^ 2 * {assortment})::INT AS place FROM range({rows})))
    TO '{path}' (FORMAT {format})
"""
# The least that answers the question: no checks, no receipts, no window of dates.
QUERY = """
import duckdb, resource, sys
query, result = sys.argv[1:]
duckdb.execute("SET threads = 2; SET memory_limit = '2GB'; SET enable_progress_bar = false")
duckdb.execute(f"COPY ({query}) TO '{result}' (FORMAT parquet)")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
BY_PRODUCT = """
    SELECT STORE_NBR, SKU_NBR, sum(TOTAL_SALES::DECIMAL(18, 4)) AS sales
    FROM '{sales}' GROUP BY ALL
"""
BY_NEED_STATE = """
    SELECT CATEGORY, STORE_NBR, NEED_STATE, sum(TOTAL_SALES::DECIMAL(18, 4)) AS sales
    FROM '{sales}' JOIN '{products}' ON SKU_NBR = PRODUCT_ID GROUP BY ALL
"""
# The rule's own script on some files, as often as there are files, in one process.
ALONE = """
import json, sys
from types import SimpleNamespace
scripts, folder, options, *paths = sys.argv[1:]
sys.path.append(scripts)
import aggregate_sales
from store_clusters.run.job import JobLog
for number, path in enumerate(paths):
    part = f"{folder}/{path.rpartition('/')[2]}"
    aggregate_sales.main(
        SimpleNamespace(
            input=SimpleNamespace(sales=path),
            output=SimpleNamespace(part=part, receipt=part + ".json"),
            params=SimpleNamespace(source=json.loads(options)),
            resources=SimpleNamespace(mem_mb=2000),
            threads=1,
        ),
        JobLog(part + ".log", "alone", {}),
    )
"""
STEPS = ("aggregate_sales", "the same in two processes", "sums by product", "map_products")
STEPS += ("sums by need state",)


@dataclass(frozen=True)
class Compared:
    """What every step took, run by run, and the largest process of those that are measured."""

    times: dict[str, list[Times]]
    memory: dict[str, float]  # MB
    sums: int  # rows that aggregate_sales wrote

    def of(self, *steps: str) -> tuple[float, float]:
        """Return the medians of wall and processor seconds of steps done one after another."""
        runs = list(zip(*(self.times[step] for step in steps), strict=True))
        walls = [sum(times.wall for times in run) for run in runs]
        return median(walls), median(sum(times.processor for times in run) for run in runs)


TARGET = "results/internal/need_states.parquet"  # the chain has no external data


def main(arguments: list[str] | None = None) -> None:
    """Make the sales, time both ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--stores", type=int, default=STORES)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    parser.add_argument("--folder", type=Path, required=True, help="for sales and results")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    make_sales(options.folder, options.rows, options.stores, options.months, options.format)
    found = compare(options.folder, options.runs, options.format)
    text = report(options.rows, found)
    (options.folder / "aggregate.md").write_text(text + "\n", encoding="utf-8")
    print(text)


def make_sales(
    folder: Path,
    rows: int,
    stores: int = STORES,
    months: int = MONTHS,
    file_format: str = "parquet",
) -> None:
    """Write the files of sales and the product map; keep those that are there."""
    (folder / "sales").mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as database:
        database.execute("SET threads = 1; SELECT setseed(0.5)")
        path = folder / "products.csv"
        if not path.exists():
            database.execute(PRODUCT_MAP.format(products=PRODUCTS, path=path))
        for month in range(months):
            day = f"{2024 + month // 12}-{month % 12 + 1:02d}-01"
            path = folder / "sales" / f"{day[:7]}.{file_format}"
            if not path.exists():
                chain = {"stores": stores, "products": PRODUCTS, "assortment": ASSORTMENT}
                written = {"day": day, "path": path, "format": file_format}
                database.execute(MONTH.format(rows=rows // months, **chain, **written))


def products_of(folder: Path) -> dict:
    """Return how the product map that :func:`make_sales` wrote is described."""
    columns = {"product_id": "PRODUCT_ID", "category": "CATEGORY", "need_state": "NEED_STATE"}
    return {"path": str(folder / "products.csv"), "columns": columns}


def compare(folder: Path, runs: int, file_format: str = "parquet") -> Compared:
    """Time all steps ``runs`` times, in turn, and compare what they found."""
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    copy_project(project)
    sales = {"path": str(folder / "sales" / f"*.{file_format}"), "columns": COLUMNS}
    config = {
        "inputs": {"sales": sales, "products": products_of(folder)},
        "output": {"results": "results"},
    }
    (project / "big.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    snakemake = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "2",
        TARGET,
        "--configfile",
        "big.yaml",
    ]
    files = {"sales": sales["path"], "products": folder / "products.csv"}
    queries = {
        "sums by product": (BY_PRODUCT.format(**files), folder / "by_product.parquet"),
        "sums by need state": (BY_NEED_STATE.format(**files), folder / "by_need_state.parquet"),
    }
    memory: dict[str, float] = {}

    def through_snakemake(rule: str) -> Callable[[], Times]:
        return lambda: timed([*snakemake, "--until", rule], project)

    def query(name: str) -> Callable[[], Times]:
        text, result = queries[name]
        return lambda: timed([sys.executable, "-c", QUERY, text, str(result)], project)

    steps: dict[str, Callable[[], Times]] = {
        "aggregate_sales": through_snakemake("aggregate_sales"),
        "the same in two processes": lambda: alone(folder, file_format),
        "sums by product": query("sums by product"),
        "map_products": through_snakemake("map_products"),
        "sums by need state": query("sums by need state"),
    }
    times: dict[str, list[Times]] = {name: [] for name in STEPS}
    for _ in range(runs):
        shutil.rmtree(project / "results", ignore_errors=True)
        for name in STEPS:
            times[name].append(steps[name]())
    for rule in ("aggregate_sales", "map_products"):
        memory[rule] = largest_job(project / "results" / "benchmarks", rule)
    for name, (text, result) in queries.items():
        done = subprocess.run(
            [sys.executable, "-c", QUERY, text, str(result)],
            cwd=project,
            text=True,
            capture_output=True,
            check=True,
        )
        memory[name] = float(done.stdout)
    return Compared(times, memory, check_same(folder))


def alone(folder: Path, file_format: str) -> Times:
    """Run the rule's script on all files in two processes without Snakemake."""
    results = folder / "alone"
    results.mkdir(exist_ok=True)
    files = sorted(map(str, (folder / "sales").glob(f"*.{file_format}")))
    options = json.dumps({"path": "sales", "columns": COLUMNS})
    command = [sys.executable, "-c", ALONE, str(ROOT / "scripts"), str(results), options]
    two = "import subprocess, sys, json; commands = json.loads(sys.argv[1]); "
    two += "jobs = [subprocess.Popen(command) for command in commands]; "
    two += "sys.exit(any([job.wait() for job in jobs]))"
    commands = json.dumps([[*command, *files[::2]], [*command, *files[1::2]]])
    return timed([sys.executable, "-c", two, commands], folder)


def largest_job(benchmarks: Path, rule: str) -> float:
    """Return the memory of the largest job of a rule in MB, as Snakemake measured it."""
    paths = [path for path in benchmarks.rglob("*.tsv") if rule in str(path)]
    rows = [path.read_text(encoding="utf-8").splitlines()[1].split("\t") for path in paths]
    return max(float(row[2]) for row in rows if row[2] != "-")


def check_same(folder: Path) -> int:
    """Refuse sums that differ between workflow and queries; return the rows of all parts."""
    internal = folder / "project" / "results" / "internal"
    ours = {
        "by_product": f"""SELECT store_id, product_id, sum(sales) AS total
                          FROM '{internal}/sales/*.parquet' GROUP BY ALL HAVING total <> 0""",
        "by_need_state": f"""SELECT category, store_id, need_state, sales
                             FROM '{internal}/need_states.parquet' WHERE sales <> 0""",
    }
    with duckdb.connect() as database:
        database.execute("SET threads = 2; SET memory_limit = '4GB'")
        database.execute(f"SET temp_directory = '{folder / 'spill'}'")
        for name, query in ours.items():
            theirs = f"FROM '{folder}/{name}.parquet' WHERE sales <> 0"
            for a, b in ((query, theirs), (theirs, query)):
                (different,) = database.sql(f"SELECT count(*) FROM ({a} EXCEPT {b})").fetchall()[0]
                if different:
                    raise SystemExit(f"{name}: {different:,} sums differ from those of the query")
        parts = f"SELECT count(*) FROM '{internal}/sales/*.parquet'"
        return int(database.sql(parts).fetchall()[0][0])


def report(rows: int, found: Compared) -> str:
    """Return a table of medians and the ratios."""
    runs = len(found.times[STEPS[0]])
    lines = [f"{rows:,} rows, {found.sums:,} sums, median of {runs}", ""]
    lines += ["| | wall s | processor s | largest process, MB |", "|---|---|---|---|"]
    for name in STEPS:
        wall, used = found.of(name)
        memory = f"{found.memory[name]:,.0f}" if name in found.memory else ""
        lines.append(f"| {name} | {wall:.1f} | {used:.1f} | {memory} |")
    ratios = {
        "aggregate_sales : sums by product": (("aggregate_sales",), "sums by product"),
        "the same in two processes : sums by product": (
            ("the same in two processes",),
            "sums by product",
        ),
        "aggregate_sales + map_products : sums by need state": (
            ("aggregate_sales", "map_products"),
            "sums by need state",
        ),
    }
    lines.append("")
    for name, (steps, query) in ratios.items():
        wall, used = (a / b for a, b in zip(found.of(*steps), found.of(query), strict=True))
        lines.append(f"- {name}: wall {wall:.2f}, processor {used:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
