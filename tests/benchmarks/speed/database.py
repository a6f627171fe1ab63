"""Sales from PostgreSQL beside COPY of the same rows to a file: seconds and memory.

python tests/benchmarks/speed/database.py [rows, default 1000000]

Starts a server of its own on loopback. The copy runs in a process of its own, so that its memory is
its own; both take turns, three times, and the least counts.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "workflow")]

import postgres  # noqa: E402

MAKE = """CREATE TABLE sales AS SELECT 'S' || (i % 2000) AS store, 'P' || (i % 9973) AS sku,
    ((i::bigint * 7919) % 100000 / 100.0)::numeric(12, 2) AS amount,
    date '2024-01-01' + (i % 31)::int AS day, i AS ticket FROM generate_series(1, {rows}) AS i"""
COPY = "COPY (SELECT store, sku, amount, day FROM sales) TO '{file}' CSV"
ASK = """
import json, resource, sys, time
from store_clusters.inputs.queries import Request, copy_rows
days = {"day": "day", "from_": "2024-01-01", "to": "2024-01-31"}
columns = ["store", "sku", "amount", "day"]
request = Request("inputs.sales", sys.argv[1], "sales", None, columns, **days)
begun = time.perf_counter()
rows = copy_rows(request, sys.argv[2])
seconds = time.perf_counter() - begun
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"rows": rows, "seconds": round(seconds, 2), "mb": round(memory)}))
"""


def main(rows: int) -> None:
    """Measure both, in turns."""
    with tempfile.TemporaryDirectory() as folder, postgres.running() as url:
        postgres.execute(url, MAKE.format(rows=rows), "VACUUM ANALYZE sales")
        data = postgres.rows(url, "SELECT current_setting('data_directory')")[0][0]
        copies, asked = [], []
        for _ in range(3):
            begun = time.perf_counter()
            postgres.execute(url, COPY.format(file=f"{data}/copy.csv"))
            copies.append(time.perf_counter() - begun)
            command = [sys.executable, "-c", ASK, url, f"{folder}/copy.parquet"]
            said = subprocess.run(
                command, check=True, capture_output=True, text=True, cwd=ROOT / "scripts"
            )
            asked.append(json.loads(said.stdout))
        best = min(asked, key=lambda one: one["seconds"])
        ratio = best["seconds"] / min(copies)
        print(f"COPY to a file   {min(copies):7.2f} s")
        print(f"query_database   {best['seconds']:7.2f} s, {best['rows']:,} rows, {best['mb']} MB")
        print(f"ratio            {ratio:7.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
