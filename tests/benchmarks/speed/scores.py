"""Compare the choice of k and the clusters of large categories with a plain loop over scikit-learn.

    python tests/benchmarks/speed/scores.py --categories 4

Categories of 5,000 stores and 20 need states, two to eight planted segments, k from 2 to 12. The
loop computes the same scores with the same numbers of references and resamples, all on all stores,
and takes k by the same rule. Prints processor seconds of both, in turn on one core, and how often k
and the clusters agree; then the wall seconds of the project with all categories on one core and as
two shards side by side, which need a quiet machine.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "scripts"))

from store_clusters.clusters.clustering import cluster_stores  # noqa: E402
from store_clusters.clusters.criteria.gap import REFERENCES, RESAMPLES  # noqa: E402
from store_clusters.clusters.number_of_clusters import choose_k  # noqa: E402
from store_clusters.clusters.stability import jaccard  # noqa: E402
from store_clusters.clusters.structure import choose_by_gap  # noqa: E402
from store_clusters.features.normalization import comparable_mix  # noqa: E402
from store_clusters.features.reduction import reduce_features  # noqa: E402

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
SMALLEST, LARGEST, STARTS = 2, 12, 50


@dataclass(frozen=True)
class Found:
    """What a way found in a category and what it took."""

    k: int
    labels: Labels
    seconds: float  # of the processor


def main(arguments: list[str] | None = None) -> None:
    """Time both ways on every category and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--categories", type=int, default=4)
    parser.add_argument("--stores", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=3, help="of one and two cores")
    options = parser.parse_args(arguments)
    values = [components(category, options.stores) for category in range(options.categories)]
    print(report([both(matrix, seed) for seed, matrix in enumerate(values)]))
    one, two = two_cores(values, options.runs)
    print(f"\none core {one:.1f} s, two cores {two:.1f} s: {one / two:.2f} times as fast")


def both(values: Floats, seed: int) -> tuple[Found, Found]:
    """Return what both ways find on one core."""
    with threadpool_limits(1):
        return project(values, seed), plain_loop(values, seed)


def two_cores(values: list[Floats], runs: int) -> tuple[float, float]:
    """Return the median wall seconds of all categories on one core and on two, taken in turn."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    pools = {cores: ProcessPoolExecutor(cores, get_context("spawn")) for cores in walls}
    for pool in pools.values():  # the start of Python is not what is measured
        list(pool.map(shard, [[values[0]]] * 2))
    for _ in range(runs):
        for cores, pool in pools.items():
            start = time.perf_counter()
            list(pool.map(shard, [values[number::cores] for number in range(cores)]))
            walls[cores].append(time.perf_counter() - start)
    for pool in pools.values():
        pool.shutdown()
    return median(walls[1]), median(walls[2])


def shard(values: list[Floats]) -> list[int]:
    """Return the number of clusters of each category."""
    with threadpool_limits(1):
        return [project(matrix, seed).k for seed, matrix in enumerate(values)]


def components(seed: int, stores: int) -> Floats:
    """Return the principal components of a simulated category."""
    random = np.random.default_rng(seed)
    segments, needs = int(random.integers(2, 9)), 20
    base = random.dirichlet(np.full(needs, 0.8))
    mixes = base * np.exp(random.normal(0, 0.5, (segments, needs)))
    of = random.integers(segments, size=stores)
    shares = np.array([random.dirichlet(60 * mix / mix.sum() + 1e-3) for mix in mixes[of]])
    volume = 150 * random.lognormal(0, 1.1, stores)
    sales = random.poisson(volume[:, None] * shares).astype(float)
    sales[sales.sum(axis=1) == 0] += 1
    matrix, *_ = comparable_mix(sales, "shrunk_hellinger")
    return reduce_features(matrix, np.ones(stores, dtype=bool), "pca", 0.8).scores


def project(values: Floats, seed: int) -> Found:
    """Choose k and cluster as the workflow does; where there are no groups, the gap's k counts."""
    start = time.process_time()
    choice = choose_k(
        values,
        smallest=SMALLEST,
        largest=LARGEST,
        criterion="gap",
        algorithm="kmeans",
        seed=seed,
    )
    everyone = np.ones(len(values), dtype=bool)
    found = cluster_stores(
        values,
        everyone,
        weights=everyone,
        k=choice.k,
        algorithm="kmeans",
        starts=STARTS,
        seed=seed,
    )
    return Found(choice.k, found.labels, time.process_time() - start)


def plain_loop(values: Floats, seed: int) -> Found:
    """Compute the same scores one after another on all stores, and cluster with the best k."""
    start = time.process_time()
    random = np.random.default_rng(seed)
    numbers = range(1, LARGEST + 1)

    def once(k: int) -> KMeans:
        return KMeans(k, n_init=1, random_state=int(random.integers(2**31)))

    fitted = {k: KMeans(k, n_init=STARTS, random_state=seed).fit(values) for k in numbers}
    for k in numbers[1:]:
        for score in (silhouette_score, calinski_harabasz_score, davies_bouldin_score):
            score(values, fitted[k].labels_)
    lows, highs = values.min(axis=0), values.max(axis=0)
    spread = np.zeros((REFERENCES, LARGEST))
    for row in spread:
        reference = random.uniform(lows, highs, values.shape)
        row[:] = [np.log(once(k).fit(reference).inertia_) for k in numbers]
    gap = spread.mean(axis=0) - np.log([fitted[k].inertia_ for k in numbers])
    error = spread.std(axis=0) * np.sqrt(1 + 1 / REFERENCES)
    similar = {k: np.zeros(k) for k in numbers}
    for _ in range(RESAMPLES):
        drawn = np.unique(random.integers(len(values), size=len(values)))
        for k in numbers:
            again = once(k).fit_predict(values[drawn])
            similar[k] += jaccard(fitted[k].labels_[drawn], again, k).max(axis=1) / RESAMPLES
    k = max(SMALLEST, choose_by_gap(gap, error, np.array([similar[k].min() for k in numbers])))
    return Found(k, fitted[k].labels_, time.process_time() - start)


def report(pairs: list[tuple[Found, Found]]) -> str:
    """Return a table of medians, the ratio and the agreement."""
    ours, loop = (median(found.seconds for found in side) for side in zip(*pairs, strict=True))
    same = sum(a.k == b.k for a, b in pairs)
    chosen = ", ".join(f"{a.k}/{b.k}" for a, b in pairs)
    alike = [adjusted_rand_score(a.labels, b.labels) for a, b in pairs if a.k == b.k]
    return "\n".join(
        [
            "| | processor s per category |",
            "|---|---|",
            f"| project | {ours:.1f} |",
            f"| plain loop | {loop:.1f} |",
            f"| ratio | {loop / ours:.1f} |",
            "",
            f"same k in {same} of {len(pairs)} categories ({chosen}); adjusted Rand index of their "
            f"clusters {min(alike, default=1):.3f} or more",
        ]
    )


if __name__ == "__main__":
    main()
