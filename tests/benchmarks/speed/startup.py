"""Compare a run of the workflow with the same scripts in one Python process.

    python tests/benchmarks/speed/startup.py                              # the demo
    python tests/benchmarks/speed/startup.py --configfile tests/real/iowa.yaml

The baseline is the least that Python takes: every library imported once, one script after the
other, no scheduler. What the workflow takes more is the price of jobs that can be run again one by
one, side by side and on other machines. Prints wall and processor seconds of both and where the
workflow's go, per rule.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[3]
KEPT = ("workflow", "scripts", "config", "tests/real")
ONE_PROCESS = """
import runpy, sys
for script in sys.argv[1:]:
    runpy.run_path(script, run_name="__main__")
"""


@dataclass(frozen=True)
class Times:
    """What a command took."""

    wall: float  # seconds
    processor: float  # seconds of all its processes


def main() -> None:
    """Time both ways, alternating, and print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configfile", help="a configuration of tests/real; without, the demo")
    parser.add_argument("--cores", default="2")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        arguments = ["--cores", options.cores]
        if options.configfile:
            arguments += ["--configfile", options.configfile]
        else:
            run([sys.executable, "-m", "snakemake", *arguments, "--until", "make_demo"], folder)
        print(report(compare(Path(folder), arguments, options.runs)))


def compare(
    folder: Path, arguments: list[str], runs: int
) -> dict[str, list[Times] | dict[str, float]]:
    """Return the times of ``runs`` runs of the workflow and of its scripts in one process.

    ``folder`` holds a copy of the project, ``arguments`` are those of Snakemake.
    """
    snakemake = [sys.executable, "-m", "snakemake", "--skip-script-cleanup", *arguments]
    found: dict[str, list[Times] | dict[str, float]] = {"workflow": [], "one process": []}
    for _ in range(runs):
        shutil.rmtree(folder / "results", ignore_errors=True)
        shutil.rmtree(folder / ".snakemake" / "scripts", ignore_errors=True)
        found["workflow"].append(timed(snakemake, folder))
        kept = (folder / ".snakemake" / "scripts").glob("*.py")
        scripts = sorted(kept, key=lambda path: path.stat().st_mtime)
        alone = [sys.executable, "-c", ONE_PROCESS, *map(str, scripts)]
        found["one process"].append(timed(alone, folder))
    found["rules"] = per_rule(folder)
    return found


def copy_project(folder: Path) -> None:
    """Copy what a run needs, without results."""
    for name in KEPT:
        shutil.copytree(ROOT / name, folder / name)
    (folder / "resources").mkdir()
    shutil.copy(ROOT / "resources" / "make_demo.py", folder / "resources")
    for name in ("environment.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)


def run(command: list[str], folder: Path) -> None:
    """Run a command; its output is shown only when it fails."""
    environment = os.environ | {"REAL_DATA_DIR": str(ROOT.parent / "shared" / "data")}
    if "REAL_DATA_DIR" in os.environ:
        environment["REAL_DATA_DIR"] = os.environ["REAL_DATA_DIR"]
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:6])} ... failed:\n{done.stdout}\n{done.stderr}")


def timed(command: list[str], folder: Path) -> Times:
    """Run a command and return what it took."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run(command, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Times(time.perf_counter() - start, used)


def per_rule(folder: Path) -> dict[str, float]:
    """Return the seconds of the jobs of each rule, by Snakemake's own benchmarks."""
    seconds: dict[str, float] = {}
    for path in (folder / "results").rglob("benchmarks/**/*.tsv"):
        rule = rule_of(path)
        value = float(path.read_text(encoding="utf-8").splitlines()[1].split("\t")[0])
        seconds[rule] = seconds.get(rule, 0.0) + value
    return seconds


def rule_of(path: Path) -> str:
    """Return the rule of a benchmark: the first name that is no track and no shard."""
    parts = path.with_suffix("").parts
    below = parts[parts.index("benchmarks") + 1 :]
    places = {"internal", "external", "shards"}
    return next(part for part in below if part not in places and "-of-" not in part)


def report(found: dict[str, list[Times] | dict[str, float]]) -> str:
    """Return a table of medians and ratios."""
    lines = ["| | wall s | processor s |", "|---|---|---|"]
    middle = {}
    for name in ("workflow", "one process"):
        walls = median(times.wall for times in found[name])
        used = median(times.processor for times in found[name])
        middle[name] = (walls, used)
        lines.append(f"| {name} | {walls:.1f} | {used:.1f} |")
    ratios = [a / b for a, b in zip(middle["workflow"], middle["one process"], strict=True)]
    lines.append(f"| ratio | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    rules = sorted(found["rules"].items(), key=lambda item: -item[1])
    lines += ["", "Seconds of jobs: " + ", ".join(f"{rule} {s:.1f}" for rule, s in rules)]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
