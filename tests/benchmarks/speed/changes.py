"""Compare a full run with what a change of the input re-runs.

    python tests/benchmarks/speed/changes.py
    python tests/benchmarks/speed/changes.py --data ../shared/data/iowa

Runs the demo, or `iowa`, in a copy of the project; then changes one input at a time and runs
again. Prints the jobs and the wall seconds of each run and its share of the full one.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from subprocess import run

import pyarrow.parquet as pq
from startup import copy_project

DEMO = {
    "sales": "resources/demo/internal/sales/2025-Q4.parquet",
    "new sales": "resources/demo/internal/sales/2026-Q1.parquet",
    "product map": "resources/demo/internal/products.csv",
    "external source": "resources/demo/external/competitors.parquet",
}
IOWA = {
    "sales": "data/iowa/sales/2022-10.parquet",
    "new sales": "data/iowa/sales/2022-11.parquet",
    "product map": "data/iowa/products.parquet",
    "external source": "data/iowa/stores.parquet",
}


def main(arguments: list[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the data set iowa")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        copy_project(project)
        if options.data:
            shutil.copytree(options.data, project / "data" / "iowa")
        files, config = (
            (IOWA, ["--configfile", "tests/real/iowa.yaml"]) if options.data else (DEMO, [])
        )
        found = measure(project, files, config)
    full = found["a full run"][1]
    print("| | jobs | wall s | of a full run |\n|---|---|---|---|")
    for change, (jobs, wall) in found.items():
        print(f"| {change} | {jobs} | {wall:.1f} | {wall / full:.0%} |")


def measure(
    project: Path, files: dict[str, str], config: list[str]
) -> dict[str, tuple[int, float]]:
    """Return the jobs and the wall seconds of a full run and of runs after changes."""
    path = {name: project / file for name, file in files.items()}
    found = {"a full run": timed_run(project, config)}
    found["nothing has changed"] = timed_run(project, config)
    path["sales"].write_bytes(path["sales"].read_bytes())
    found["a file of sales is written again, the same"] = timed_run(project, config)
    shutil.copy(path["sales"], path["new sales"])
    found["a new file of sales"] = timed_run(project, config)
    shorten(path["sales"])
    found["a corrected file of sales"] = timed_run(project, config)
    shorten(path["product map"])
    found["a corrected product map"] = timed_run(project, config)
    shorten(path["external source"])
    found["a corrected external source"] = timed_run(project, config)
    return found


def timed_run(project: Path, config: list[str]) -> tuple[int, float]:
    """Run the workflow and return how many jobs ran and how long it took."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *config]
    environment = os.environ | {"REAL_DATA_DIR": "data"}
    start = time.perf_counter()
    done = run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr)
    total = re.findall(r"^total\s+(\d+)", done.stdout + done.stderr, re.MULTILINE)
    return int(total[0]) if total else 0, wall


def shorten(path: Path) -> None:
    """Leave out the last row of a file."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        pq.write_table(table.slice(0, table.num_rows - 1), path)
    else:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[:-1]), encoding="utf-8")


if __name__ == "__main__":
    main()
