"""Run every method on every scenario, on the same data and seeds, and compare with the truth.

    python tests/benchmarks/truth/run.py --seeds 20 --stores 120 400 1500 --output results/truth

Writes runs.csv (a line per method, track and data set), confidence.csv (how often stores of a
given confidence are placed as the truth says), summary.md and summary.png. An interrupted run goes
on where it ended.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from competitors import (
    LOST,
    Flags,
    Labels,
    Result,
    TrackResult,
    kmeans_silhouette,
    old_method,
    oracle,
    r_fpc,
    smallest_cluster,
    why_no_r,
)
from ours import project_defaults
from simulate import SCENARIOS, Scenario
from sklearn.metrics import adjusted_rand_score
from summary import draw, write_summary
from threadpoolctl import threadpool_limits

Row = dict[str, Any]
Job = tuple[str, int, int, tuple[str, ...]]  # scenario, seed, stores, methods

METHODS: dict[str, Callable[[Scenario, int], Result]] = {
    "project": project_defaults,
    "old_method": old_method,
    "kmeans_silhouette": kmeans_silhouette,
    "r_fpc": r_fpc,
}
SMALL = (
    "three_segments",
    "four_skewed",
    "many_outliers",
    "external_missing",
    "cloud",
    "gradient",
    "external_gradient",
    "joint_independent",
    "joint_dependent",
    "joint_identical",
    "joint_internal_absent",
    "joint_external_absent",
)
BINS = 10  # of confidence


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    options = _options(arguments)
    unknown = set(options.only) - set(SCENARIOS)
    if unknown:
        known = ", ".join(SCENARIOS)
        print(f"Unknown scenario: {', '.join(sorted(unknown))}. Known: {known}", file=sys.stderr)
        return 2
    methods, notes = tuple(options.methods), []
    if "r_fpc" in methods and (reason := why_no_r()):
        methods = tuple(name for name in methods if name != "r_fpc")
        notes.append(f"Without r_fpc: {reason}.")
        print(notes[-1], file=sys.stderr)
    jobs = list(plan(options.only, options.seeds, options.stores, methods))
    options.output.mkdir(parents=True, exist_ok=True)
    runs, confidence = run(jobs, options.processes, options.output / "done.jsonl")
    runs.to_csv(options.output / "runs.csv", index=False, float_format="%.6g")
    confidence.to_csv(options.output / "confidence.csv", index=False)
    write_summary(runs, confidence, notes, options.output / "summary.md")
    draw(runs, confidence, options.output / "summary.png")
    print(options.output / "summary.md")
    return 0


def plan(
    names: Iterable[str], seeds: int, sizes: Iterable[int], methods: tuple[str, ...]
) -> Iterator[Job]:
    """Yield the data sets; a scenario of one size comes in that size only."""
    sizes = list(sizes)
    for name in names:
        fixed = SCENARIOS[name].stores
        for stores in sizes if fixed is None else [fixed]:
            for seed in range(seeds):
                yield name, seed, stores, methods


def run(
    jobs: list[Job], processes: int = 2, done: Path | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the measures of every run, and the counts of stores by confidence.

    Every data set that is finished becomes a line of ``done``; those that are there already are
    not run again. Remove the file when the methods have changed.
    """
    results = {}
    if done is not None and done.exists():
        for line in done.read_text(encoding="utf-8").splitlines():
            job, runs, confidence = json.loads(line)
            results[(*job[:3], tuple(job[3]))] = runs, confidence
    left = [job for job in jobs if job not in results]
    start = time.perf_counter()
    # Not forked: threads of numerical libraries do not survive a fork.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for number, (job, result) in enumerate(
            zip(left, pool.map(run_job, left), strict=True), start=1
        ):
            results[job] = result
            if done is not None:
                with done.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([job, *result], default=float) + "\n")
            if number % 50 == 0 or number == len(left):
                minutes = (time.perf_counter() - start) / number * (len(left) - number) / 60
                message = f"{number} of {len(left)} data sets, about {minutes:.0f} minutes left"
                print(message, file=sys.stderr, flush=True)
    return pd.DataFrame([row for job in jobs for row in results[job][0]]), pd.DataFrame(
        [row for job in jobs for row in results[job][1]],
        columns=["scenario", "seed", "stores", "method", "confidence", "placed", "right"],
    )


def run_job(job: Job) -> tuple[list[Row], list[Row]]:
    """Run the methods on one data set, each with one thread."""
    name, seed, stores, methods = job
    runs, confidence = [], []
    with threadpool_limits(1):
        scenario = SCENARIOS[name].make(seed, stores)
        for method in methods:
            start = time.perf_counter()
            result = METHODS[method](scenario, seed)
            seconds = time.perf_counter() - start
            of = {"scenario": name, "seed": seed, "stores": stores, "method": method}
            of_run = {**of, "family": SCENARIOS[name].family, "seconds": seconds}
            for track, found in result.tracks.items():
                runs.append({**of_run, "track": track, **judge_track(scenario, track, found)})
            if result.final is not None:
                runs.append({**of_run, "track": "final", **judge_final(scenario, result.final)})
            if result.final is not None and result.confidence is not None:
                rows = judge_confidence(scenario, result.final, result.confidence)
                confidence += [{**of, **row} for row in rows]
    return runs, confidence


def judge_track(scenario: Scenario, track: str, found: TrackResult) -> Row:
    """Compare the clusters of a track with its segments.

    The adjusted Rand index is that of the stores which are neither outliers nor lost. Outliers
    are unusual in what they sell where there are sales, else in their external features.
    """
    outlier = scenario.outlier
    if track == "external" and scenario.sales:
        outlier = np.zeros_like(outlier)
    truth = scenario.truth(track)
    true_k = len(np.unique(truth))
    judged = ~outlier & (found.labels != LOST)
    row = {
        "structure": scenario.structure[track],
        "true_k": true_k,
        "k": found.k,
        "groups": found.groups,
        "recall": found.outlier[outlier].mean() if outlier.any() else np.nan,
        "false_flags": found.outlier[~outlier].mean(),
        "lost": np.mean(found.labels == LOST),
    }
    if true_k > 1:
        best = oracle(found.matrix, found.in_fit, true_k, scenario.seed)
        row["ari"] = adjusted_rand_score(truth[judged], found.labels[judged])
        row["oracle_ari"] = adjusted_rand_score(truth[judged], best[judged])
    return row


def judge_final(scenario: Scenario, final: Labels) -> Row:
    """Compare the final clusters with the segments of both tracks together."""
    judged = ~scenario.outlier & (final != LOST)
    _, sizes = np.unique(final[final != LOST], return_counts=True)
    return {
        "true_k": len(np.unique(scenario.truth_joint)),
        "k": len(sizes),
        "ari": adjusted_rand_score(scenario.truth_joint[judged], final[judged]),
        "lost": np.mean(final == LOST),
        "under_size": int(np.sum(sizes < smallest_cluster(scenario.stores))),
    }


def judge_confidence(
    scenario: Scenario, final: Labels, confidence: npt.NDArray[np.float64]
) -> Iterator[Row]:
    """Count, by confidence, the stores that share the segment of most of their final cluster."""
    judged = ~scenario.outlier & (final != LOST) & ~np.isnan(confidence)
    right = placed_right(scenario.truth_joint, final, judged)
    bins = np.minimum((confidence[judged] * BINS).astype(int), BINS - 1)
    for number in np.unique(bins):
        stores = bins == number
        yield {
            "confidence": confidence[judged][stores].mean(),
            "placed": int(stores.sum()),
            "right": int(right[judged][stores].sum()),
        }


def placed_right(truth: Labels, final: Labels, judged: Flags) -> Flags:
    """Return which stores are of the segment that most judged stores of their cluster are of."""
    right = np.zeros(len(truth), dtype=bool)
    for cluster in np.unique(final[judged]):
        members = judged & (final == cluster)
        right[members] = truth[members] == np.bincount(truth[members]).argmax()
    return right


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20, help="data sets per scenario and size")
    parser.add_argument("--stores", type=int, nargs="+", default=[120, 400, 1500])
    parser.add_argument("--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--small", action="store_true", help="2 seeds, 120 stores, few scenarios")
    parser.add_argument("--only", nargs="+", default=None, metavar="SCENARIO")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    if options.small:
        options.seeds, options.stores = 2, [120]
    if options.only is None:
        options.only = list(SMALL if options.small else SCENARIOS)
    return options


if __name__ == "__main__":
    sys.exit(main())
