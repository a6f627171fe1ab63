"""Compare the defaults with published clusterings of public data sets.

    python tests/benchmarks/truth/battery.py clustering-data-v1 --output results/battery

The first argument is a copy of https://github.com/gagolews/clustering-data-v1 (Gagolewski 2022),
which has folders of data sets NAME.data.gz and one or more labelings of each, NAME.labels0.gz, ...
Data sets of up to 5,000 points are used. Writes battery.csv, a line per data set, and battery.md.
Nothing is tuned to these data: most are shapes in the plane that k-means cannot follow.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from competitors import by_silhouette, oracle
from ours import config
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from store_clusters.clusters.clustering import cluster_stores
from store_clusters.clusters.number_of_clusters import choose_k
from store_clusters.run.seeds import seed_for

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
MOST_POINTS = 5000
NOISE = 0  # label of points that belong nowhere
SEED = 42


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("battery", type=Path, help="folder with the data")
    parser.add_argument("--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--only", nargs="+", default=None, metavar="FOLDER")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    paths = sorted(options.battery.glob("*/*.data.gz"))
    paths = [path for path in paths if not options.only or path.parent.name in options.only]
    if not paths:
        print(f"{options.battery}: no */*.data.gz found.", file=sys.stderr)
        return 2
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        results = [row for rows in pool.map(judge, paths) for row in rows]
    table = pd.DataFrame(results)
    options.output.mkdir(parents=True, exist_ok=True)
    table.to_csv(options.output / "battery.csv", index=False, float_format="%.4g")
    (options.output / "battery.md").write_text(summary(table), encoding="utf-8")
    print(options.output / "battery.md")
    return 0


def judge(path: Path) -> list[dict[str, Any]]:
    """Return a row for the reference labeling of a data set that the defaults match best."""
    data = np.loadtxt(path, ndmin=2)
    if len(data) > MOST_POINTS:
        return []
    references = list(labelings(path))
    if not references:
        return []
    values = StandardScaler().fit_transform(data)
    with threadpool_limits(1):
        start = time.perf_counter()
        k, verdict, ours = defaults(values)
        seconds = time.perf_counter() - start
        silhouette = by_silhouette(values, np.ones(len(values), dtype=bool), SEED).labels
        known = {
            k: oracle(values, np.ones(len(values), dtype=bool), k, SEED)
            for k in {len(np.unique(labels[labels != NOISE])) for labels in references}
        }
    best = max(references, key=partial(index, ours))
    true_k = len(np.unique(best[best != NOISE]))
    return [
        {
            "folder": path.parent.name,
            "data": path.name.removesuffix(".data.gz"),
            "points": len(data),
            "dimensions": data.shape[1],
            "true_k": true_k,
            "k": k,
            "verdict": verdict,
            "index": index(ours, best),
            "silhouette_k": len(np.unique(silhouette)),
            "silhouette_index": max(index(silhouette, labels) for labels in references),
            "true_k_index": max(
                index(known[len(np.unique(labels[labels != NOISE]))], labels)
                for labels in references
            ),
            "seconds": seconds,
        }
    ]


def labelings(path: Path) -> Iterator[Labels]:
    """Yield the reference labelings of a data set, 0 for noise, that have clusters."""
    name = path.name.removesuffix(".data.gz")
    for file in sorted(path.parent.glob(f"{name}.labels*.gz")):
        labels = np.loadtxt(file, dtype=np.int64)
        if (labels != NOISE).any():
            yield labels


def index(found: Labels, reference: Labels) -> float:
    """Return the adjusted Rand index of the points that are not noise in the reference."""
    real = reference != NOISE
    return float(adjusted_rand_score(reference[real], found[real]))


def defaults(values: Floats) -> tuple[int, str, Labels]:
    """Choose k and cluster (n_points, n_dimensions) as the external track does."""
    options = config()["external"]
    choosing, clustering = options["choose_k"], options["cluster"]
    choice = choose_k(
        values,
        smallest=choosing["min"],
        largest=choosing["max"],
        criterion=choosing["criterion"],
        no_groups=choosing["no_groups"],
        min_stores=choosing["min_stores"],
        algorithm=clustering["algorithm"],
        seed=seed_for(SEED, "all", "choose_k"),
    )
    found = cluster_stores(
        values,
        np.ones(len(values), dtype=bool),
        weights=np.ones(len(values)),
        k=choice.k,
        algorithm=clustering["algorithm"],
        starts=10,
        seed=seed_for(SEED, "all", "cluster"),
    )
    return choice.k, choice.verdict, found.labels


def summary(table: pd.DataFrame) -> str:
    """Write the means by folder, and of the data sets that k-means can recover."""
    table = table.assign(recoverable=table["true_k_index"] >= 0.75)
    rows = [
        "| data sets | n | index | k-means, true k | k-means, silhouette | exact k "
        "| silhouette, exact k | called groups |",
        "|---|---|---|---|---|---|---|---|",
    ]
    parts = [(name, some) for name, some in table.groupby("folder")]
    parts.append(("k-means recovers them (true k: 0.75 or more)", table[table["recoverable"]]))
    for name, some in [*parts, ("all", table)]:
        exact = (some["k"] == some["true_k"]).mean()
        by_silhouette = (some["silhouette_k"] == some["true_k"]).mean()
        rows.append(
            f"| {name} | {len(some)} | {some['index'].mean():.2f} "
            f"| {some['true_k_index'].mean():.2f} | {some['silhouette_index'].mean():.2f} "
            f"| {exact:.0%} | {by_silhouette:.0%} | {(some['verdict'] == 'groups').mean():.0%} |"
        )
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
