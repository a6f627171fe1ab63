"""Measure what it takes to say what clusters are and why stores are there, and to look into it.

    python tests/benchmarks/speed/pages.py --stores 5000 --categories 20

Runs the whole workflow on a simulated chain (see growth.py) and prints the seconds and the memory
of the rules that describe it, the size of the explorer and the workbook, and how long the explorer
takes in Chromium from opening the file to showing the first category, and to show another one.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from growth import make_chain, run
from startup import ROOT, copy_project

sys.path.append(str(ROOT / "tests" / "browser"))

from browser import CHROMIUM, choose, opened

RULES = (
    "describe",
    "explain",
    "draw_final",
    "draw_internal",
    "draw_external",
    "export_tables",
    "write_page",
    "write_explorer",
    "write_workbook",
)


def main(arguments: list[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stores", type=int, default=5_000)
    parser.add_argument("--categories", type=int, default=20)
    parser.add_argument("--runs", type=int, default=5, help="times to open the explorer")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        print(report(Path(name), options.stores, options.categories, options.runs)[0])


def report(folder: Path, stores: int, categories: int, runs: int) -> tuple[str, list[dict]]:
    """Run the workflow in a folder; return the table and the lines of all rules."""
    copy_project(folder)
    config = make_chain(folder, stores, categories)
    chain = {"stores": stores, "categories": categories, "cores": 2}
    rules = list(run(config, folder, [], **chain))
    lines = ["| | seconds | MB |", "|---|---|---|"]
    for rule in rules:
        if rule["rule"] in {*RULES, "run"}:
            lines.append(f"| {rule['rule']} | {rule['seconds']:.1f} | {rule['megabytes']:.0f} |")
    pages = folder / "results" / "report"
    for file in ("explorer.html", "clusters.xlsx"):
        lines.append(f"| {file} | | {(pages / file).stat().st_size / 1e6:.1f} |")
    if CHROMIUM:
        times = [opening(pages / "explorer.html") for _ in range(runs)]
        for number, what in enumerate(("explorer opened", "another category")):
            lines.append(f"| {what} | {median(each[number] for each in times):.2f} | |")
    return "\n".join(lines), rules


def opening(page_file: Path) -> tuple[float, float]:
    """Return the seconds until the page is ready, and until another category is shown."""
    with opened(page_file) as page:
        last = page.locator("#category option").last.inner_text()
        start = time.perf_counter()
        page.reload()
        page.wait_for_selector("body[data-ready]")
        ready = time.perf_counter()
        choose(page, last)
        return ready - start, time.perf_counter() - ready


if __name__ == "__main__":
    main()
