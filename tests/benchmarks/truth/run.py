"""Run every method on every scenario, on the same data and seeds, and compare with the truth.

    python tests/benchmarks/truth/run.py --seeds 20 --stores 120 400 1500 --output results/truth
    python tests/benchmarks/truth/run.py --independent 30 --output results/independent

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
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from competitors import (
    LOST,
    STARTS,
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
from held_out import foretold, mixes, squares
from independent import INDEPENDENT, entries, size
from ours import project_defaults
from simulate import SCENARIOS, Scenario
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler
from summary import draw, write_summary
from threadpoolctl import threadpool_limits

Row = dict[str, Any]
# scenario, seed, stores, methods, with months, keys of the configuration
Job = tuple[str, int, int, tuple[str, ...], bool, tuple[str, ...]]

ENTRIES = SCENARIOS | entries()
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
DIGITS = 2  # of confidence
COUNTED = ["truth", "moved", "found", "confidence", "placed", "right"]


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    options = _options(arguments)
    unknown = set(options.only) - set(ENTRIES)
    if unknown:
        known = ", ".join(ENTRIES)
        print(f"Unknown scenario: {', '.join(sorted(unknown))}. Known: {known}", file=sys.stderr)
        return 2
    methods, notes = tuple(options.methods), []
    if "r_fpc" in methods and (reason := why_no_r()):
        methods = tuple(name for name in methods if name != "r_fpc")
        notes.append(f"Without r_fpc: {reason}.")
        print(notes[-1], file=sys.stderr)
    months, settings = options.months, tuple(options.set)
    planned = plan(
        options.only, options.seeds, options.stores, methods, months=months, settings=settings
    )
    seeds = range(options.first_seed, options.first_seed + options.independent)
    jobs = list(planned)
    jobs += [(INDEPENDENT, seed, size(seed), methods, months, settings) for seed in seeds]
    options.output.mkdir(parents=True, exist_ok=True)
    runs, confidence = run(jobs, options.processes, options.output / "done.jsonl")
    runs.to_csv(options.output / "runs.csv", index=False, float_format="%.6g")
    confidence.to_csv(options.output / "confidence.csv", index=False)
    write_summary(runs, confidence, notes, options.output / "summary.md")
    draw(runs, confidence, options.output / "summary.png")
    print(options.output / "summary.md")
    return 0


def plan(
    names: Iterable[str],
    seeds: int,
    sizes: Iterable[int],
    methods: tuple[str, ...],
    *,
    months: bool = True,
    settings: tuple[str, ...] = (),
) -> Iterator[Job]:
    """Yield the data sets; a scenario of one size comes in that size only."""
    sizes = list(sizes)
    for name in names:
        fixed = ENTRIES[name].stores
        for stores in sizes if fixed is None else [fixed]:
            for seed in range(seeds):
                yield name, seed, stores, methods, months, settings


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
            results[(*job[:3], tuple(job[3]), job[4], tuple(job[5]))] = runs, confidence
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
        columns=["scenario", "seed", "stores", "method", *COUNTED],
    )


def run_job(job: Job) -> tuple[list[Row], list[Row]]:
    """Run the methods on one data set, each with one thread."""
    name, seed, stores, methods, months, settings = job
    runs, confidence = [], []
    with threadpool_limits(1):
        scenario = ENTRIES[name].make(seed, stores)
        scenario = replace(scenario, months=months, settings=ENTRIES[name].settings + settings)
        for method in methods:
            start = time.perf_counter()
            result = METHODS[method](scenario, seed)
            seconds = time.perf_counter() - start
            of = {"scenario": name, "seed": seed, "stores": stores, "method": method}
            of_run = {**of, "family": ENTRIES[name].family, "seconds": seconds}
            for track, found in result.tracks.items():
                runs.append({**of_run, "track": track, **judge_track(scenario, track, found)})
            if result.final is not None:
                runs.append({**of_run, "track": "final", **judge_final(scenario, result)})
            if result.final is not None and result.confidence is not None:
                confidence += [{**of, **row} for row in judge_confidence(scenario, result)]
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
    if track == "external" and scenario.informative:
        columns = scenario.external[list(scenario.informative)]
        values = StandardScaler().fit_transform(columns.fillna(columns.median()))
        told = oracle(values, ~outlier, true_k, scenario.seed)
        row["informative_ari"] = adjusted_rand_score(truth[judged], told[judged])
    if track == "internal":
        row |= judge_coming(scenario, found.labels)
    return row


def judge_coming(scenario: Scenario, labels: Labels) -> Row:
    """Measure what clusters foretell of the mixes that the stores sell next year.

    Summed over categories, as a share of the squared distances from the chain's mix.
    """
    left, total, own = 0.0, 0.0, 0.0
    for category, later in scenario.coming.items():
        sold = scenario.sales[category]
        both = (sold.sum(axis=1) > 0) & (later.sum(axis=1) > 0)
        sales, coming = sold[both], later[both]
        total += squares(foretold(coming, np.full(len(coming), LOST)), coming)
        left += squares(foretold(sales, labels[both]), coming)
        own += squares(mixes(sales), coming)
    return {"explained": 1 - left / total, "history": 1 - own / total} if total else {}


def judge_final(scenario: Scenario, result: Result) -> Row:
    """Compare the final clusters with the segments of both tracks together, and of sales alone."""
    final = result.final
    assert final is not None
    judged = ~scenario.outlier & (final != LOST)
    _, sizes = np.unique(final[final != LOST], return_counts=True)
    return {
        "true_k": len(np.unique(scenario.truth_joint)),
        "k": len(sizes),
        "ari": adjusted_rand_score(scenario.truth_joint[judged], final[judged]),
        "lost": np.mean(final == LOST),
        "under_size": int(np.sum(sizes < smallest_cluster(scenario.stores))),
        **judge_sales(scenario, result),
        **judge_coming(scenario, final),
        "explained_kmeans": judge_coming(scenario, plain_kmeans(scenario, len(sizes))).get(
            "explained", np.nan
        ),
    }


def plain_kmeans(scenario: Scenario, k: int) -> Labels:
    """Return clusters by shares of sales, stores weighted by their sales; of any size."""
    shares = [
        sales / np.maximum(1, sales.sum(axis=1))[:, None] for sales in scenario.sales.values()
    ]
    weights = np.sum([sales.sum(axis=1) for sales in scenario.sales.values()], axis=0)
    fit = KMeans(k, n_init=STARTS, random_state=scenario.seed)
    return fit.fit_predict(np.hstack(shares), sample_weight=weights).astype(np.int64)


def judge_sales(scenario: Scenario, result: Result) -> Row:
    """Compare internal and final clusters with the sales segments, on the same stores."""
    if scenario.structure["internal"] != "groups" or result.final is None:
        return {}
    inside = result.tracks["internal"].labels
    judged = ~scenario.outlier & (result.final != LOST) & (inside != LOST)
    truth = scenario.truth("internal")[judged]
    return {
        "sales_ari": adjusted_rand_score(truth, result.final[judged]),
        "sales_ari_internal": adjusted_rand_score(truth, inside[judged]),
    }


def judge_confidence(scenario: Scenario, result: Result) -> Iterator[Row]:
    """Count, by confidence, the stores that share the segment of most of their final cluster.

    For joint and for sales segments; moved stores, and those of segments that no cluster has most
    of its stores from, apart.
    """
    assert result.final is not None
    assert result.confidence is not None
    judged = ~scenario.outlier & (result.final != LOST) & ~np.isnan(result.confidence)
    moved = np.zeros_like(judged) if result.moved is None else result.moved
    truths = {"joint": scenario.truth_joint}
    if scenario.structure["internal"] == "groups":
        truths["sales"] = scenario.truth("internal")
    for name, truth in truths.items():
        right = placed_right(truth, result.final, judged)
        table = pd.DataFrame(
            {
                "moved": moved,
                "found": np.isin(truth, truth[right]),
                "confidence": result.confidence.round(DIGITS),
                "right": right,
            }
        )[judged]
        by = table.groupby(["moved", "found", "confidence"])["right"].agg(["size", "sum"])
        for (was_moved, found, confidence), placed, correct in by.itertuples():
            yield {
                "truth": name,
                "moved": bool(was_moved),
                "found": bool(found),
                "confidence": float(confidence),
                "placed": int(placed),
                "right": int(correct),
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
    parser.add_argument(
        "--independent", type=int, default=0, help="chains of independent.py, of drawn sizes"
    )
    parser.add_argument("--first-seed", type=int, default=0, help="of the independent chains")
    parser.add_argument("--family", nargs="+", default=[], help="scenarios of these families only")
    parser.add_argument(
        "--without-months", dest="months", action="store_false", help="sales have no dates"
    )
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="configuration"
    )
    options = parser.parse_args(arguments)
    if options.small:
        options.seeds, options.stores = 2, [120]
    if options.family:
        options.only = [n for n, entry in ENTRIES.items() if entry.family in options.family]
    if options.only is None and options.independent:
        options.only = []
    if options.only is None:
        options.only = list(
            SMALL if options.small else [name for name in ENTRIES if name != INDEPENDENT]
        )
    return options


if __name__ == "__main__":
    sys.exit(main())
