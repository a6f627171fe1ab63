"""Compare the workflow's sums of sales with one query that does nothing but the sums.

    python tests/benchmarks/speed/aggregate.py --rows 100000000 --folder /tmp/sales

Makes monthly Parquet files of random sales (5,000 stores, 20,000 products) in the folder, where
they are kept; runs `aggregate_sales` for all of them through Snakemake, and a DuckDB query over the
same files, in turn; prints wall and processor seconds, the ratio and the memory of the largest job.
"""

import argparse
import shutil
import sys
from pathlib import Path
from statistics import median

import duckdb
import yaml
from startup import Times, copy_project, timed

STORES, PRODUCTS, ASSORTMENT, MONTHS = 5_000, 20_000, 2_000, 24
PRODUCT_MAP = """
    COPY (SELECT 'P' || i AS PRODUCT_ID, 'category ' || i % 10 AS CATEGORY,
                 'need state ' || i // 10 % 12 AS NEED_STATE FROM range({products}) t(i))
    TO '{path}' (HEADER)
"""
MONTH = """
    COPY (SELECT 'S' || store AS STORE_NBR,
                 'P' || (store * 7919 + place) % {products} AS SKU_NBR,
                 round(random() * 100, 2) AS TOTAL_SALES,
                 DATE '{day}' + floor(random() * 28)::INT AS MONTH
          FROM (SELECT floor(random() * {stores})::INT AS store,
                       floor(random() ^ 2 * {assortment})::INT AS place FROM range({rows})))
    TO '{path}' (FORMAT parquet)
"""
# The least that answers the question: no checks, no receipts, no window of dates.
QUERY = '''
import duckdb, sys
duckdb.execute("SET threads = 2; SET memory_limit = '2GB'")
folder = sys.argv[1]
duckdb.execute(f"""COPY (SELECT STORE_NBR, SKU_NBR, sum(TOTAL_SALES::DECIMAL(18, 4)) AS sales
                   FROM '{folder}/sales/*.parquet' GROUP BY ALL) TO '{folder}/sums.parquet'""")
'''


def main(arguments: list[str] | None = None) -> None:
    """Make the sales, time both ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, required=True, help="for sales and results")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    make_sales(options.folder, options.rows)
    print(report(options.rows, *compare(options.folder, options.runs)))


def make_sales(folder: Path, rows: int) -> None:
    """Write the files of sales and the product map; keep those that are there."""
    (folder / "sales").mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as database:
        database.execute("SET threads = 1; SELECT setseed(0.5)")
        path = folder / "products.csv"
        if not path.exists():
            database.execute(PRODUCT_MAP.format(products=PRODUCTS, path=path))
        for month in range(MONTHS):
            day = f"{2024 + month // 12}-{month % 12 + 1:02d}-01"
            path = folder / "sales" / f"{day[:7]}.parquet"
            if not path.exists():
                chain = {"stores": STORES, "products": PRODUCTS, "assortment": ASSORTMENT}
                query = MONTH.format(rows=rows // MONTHS, day=day, path=path, **chain)
                database.execute(query)


def compare(folder: Path, runs: int) -> tuple[list[Times], list[Times], float]:
    """Return the times of the workflow's rule and of the query, and the largest job's MB."""
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    copy_project(project)
    sources = {
        "sales": {"path": str(folder / "sales" / "*.parquet")},
        "products": {"path": str(folder / "products.csv")},
    }
    (project / "big.yaml").write_text(yaml.safe_dump({"inputs": sources}), encoding="utf-8")
    workflow = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "big.yaml"]
    workflow += ["--until", "aggregate_sales"]
    query = [sys.executable, "-c", QUERY, str(folder)]
    found: tuple[list[Times], list[Times]] = ([], [])
    for _ in range(runs):
        shutil.rmtree(project / "results", ignore_errors=True)
        found[0].append(timed(workflow, project))
        found[1].append(timed(query, project))
    memory = max(
        float(path.read_text(encoding="utf-8").splitlines()[1].split("\t")[2])
        for path in (project / "results" / "benchmarks" / "aggregate_sales").iterdir()
    )
    return *found, memory


def report(rows: int, workflow: list[Times], query: list[Times], memory: float) -> str:
    """Return a table of medians and the ratio."""
    lines = [f"{rows:,} rows", "", "| | wall s | processor s |", "|---|---|---|"]
    middle = [
        (median(t.wall for t in times), median(t.processor for t in times))
        for times in (workflow, query)
    ]
    for name, (wall, used) in zip(("aggregate_sales", "query"), middle, strict=True):
        lines.append(f"| {name} | {wall:.1f} | {used:.1f} |")
    ratios = [a / b for a, b in zip(*middle, strict=True)]
    lines += [f"| ratio | {ratios[0]:.2f} | {ratios[1]:.2f} |", "", f"largest job: {memory:.0f} MB"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
