"""How well planted segments are recovered: the defaults beside the oldest way, on the same data.

    python tests/benchmarks/recovery.py --seeds 24 --stores 120 400

prints a Markdown table. The simulated categories have one to six segments, sales counts of widely
varying size, and 5 % of stores with unrelated mixes; a smooth gradient has none. "Recovery" is the
adjusted Rand index against the planted segments among the stores that are not planted outliers.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts"))

from methods.choose_k import choose_k  # noqa: E402
from methods.cluster import cluster_stores  # noqa: E402
from methods.detect_outliers import flag_beyond, flag_share, outlier_scores  # noqa: E402
from methods.normalize import comparable_mix, scale_columns  # noqa: E402
from methods.reduce import reduce_features  # noqa: E402

DEFAULTS = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))["internal"]
OLD_WAY = {
    **DEFAULTS,
    "normalize": {"transform": "share", "scale": "robust", "clip": None},
    "outliers": {"method": "isolation_forest", "neighbours": 5, "share": 0.05},
    "choose_k": {"min": 2, "max": 10, "criterion": "silhouette", "no_groups": "one"},
}
WAYS = {"defaults": DEFAULTS, "oldest way": OLD_WAY}


@dataclass(frozen=True)
class Category:
    """A simulated category and its truth."""

    sales: np.ndarray  # (n_stores, n_need_states) counts
    segment: np.ndarray  # (n_stores,)
    outlier: np.ndarray  # (n_stores,) bool
    segments: int


def simulate(seed: int, stores: int, segments: int, gradient: bool = False) -> Category:
    """Draw a category: base mix, segments that shift half of it, stores around their segment.

    Mixes of stores are Dirichlet with concentration 60 around their segment's; segments shift
    half of 8 need states by a normal with standard deviation 1 on the log scale and hold at least
    8 % of the stores; totals are Poisson around 300 times a lognormal (1.1). With ``gradient``
    all need states move along one direction, evenly, instead.
    """
    random = np.random.default_rng([seed, stores, segments, gradient])
    states = 8
    base = random.dirichlet(np.full(states, 0.8)) + 1e-3
    mixes = []
    for _ in range(segments):
        shift = np.zeros(states)
        shift[random.choice(states, states // 2, replace=False)] = random.normal(0, 1, states // 2)
        mixes.append(base * np.exp(shift))
    sizes = np.maximum(random.dirichlet(np.full(segments, 3.0)), 0.08)
    segment = random.choice(segments, stores, p=sizes / sizes.sum())
    mean = np.array(mixes)[segment]
    if gradient:
        mean = base * np.exp(random.uniform(-1, 1, (stores, 1)) * random.normal(0, 1, states))
    mean /= mean.sum(axis=1, keepdims=True)
    mix = np.array([random.dirichlet(60 * row + 1e-9) for row in mean])
    outlier = random.random(stores) < 0.05
    mix[outlier] = random.dirichlet(np.full(states, 0.8), int(outlier.sum()))
    total = random.poisson(300 * np.exp(random.normal(0, 1.1, stores))) + 5
    sales = np.array([random.multinomial(n, row) for n, row in zip(total, mix, strict=True)], float)
    return Category(sales, segment, outlier, 1 if gradient else segments)


def run_way(options: dict[str, Any], category: Category, seed: int) -> dict[str, float]:
    """Send a category through the steps of the internal track and measure what comes out."""
    normalize, outliers = options["normalize"], options["outliers"]
    values, _, _ = comparable_mix(category.sales, normalize["transform"])
    values = scale_columns(values, normalize["scale"], normalize["clip"]).values
    scores = outlier_scores(values, outliers["method"], outliers["neighbours"], seed)
    if outliers["method"] == "nearest_neighbours":
        flags = flag_beyond(scores, outliers["threshold"])
    else:
        flags = flag_share(scores, outliers["share"])
    reduced = reduce_features(values, ~flags, **options["reduce"]).scores
    chosen, cluster = options["choose_k"], options["cluster"]
    choice = choose_k(
        reduced[~flags],
        smallest=chosen["min"],
        largest=chosen["max"],
        criterion=chosen["criterion"],
        no_groups=chosen["no_groups"],
        algorithm=cluster["algorithm"],
        starts=cluster["starts"],
        seed=seed,
    )

    def recovery(k: int) -> float:
        weights = np.ones(len(flags))
        found = cluster_stores(reduced, ~flags, weights=weights, k=k, seed=seed, **cluster)
        ordinary = ~category.outlier
        return adjusted_rand_score(category.segment[ordinary], found.labels[ordinary])

    return {
        "recovery": recovery(choice.k),
        "recovery, true number": recovery(category.segments),
        "exact number": choice.k == category.segments,
        "within one": abs(choice.k - category.segments) <= 1,
        "called groups": choice.verdict == "groups" or choice.criterion != "gap",
        "outliers found": flags[category.outlier].mean() if category.outlier.any() else np.nan,
        "false flags": flags[~category.outlier].mean(),
    }


def measure(seeds: int, stores: int) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Yield kind of data, way and its measures for every simulated category."""
    for seed in range(seeds):
        segmented = simulate(seed, stores, 2 + seed % 5)
        for way, options in WAYS.items():
            yield "segments", way, run_way(options, segmented, seed)
            cloud = simulate(seed, stores, 1)
            yield "one cloud", way, run_way(options, cloud, seed)
            yield "gradient", way, run_way(options, simulate(seed, stores, 1, True), seed)


def table(seeds: int, stores: list[int]) -> str:
    """Return the means over the seeds as a Markdown table."""
    shown = {
        "segments": [
            "recovery",
            "recovery, true number",
            "exact number",
            "within one",
            "called groups",
            "outliers found",
            "false flags",
        ],
        "one cloud": ["called groups"],
        "gradient": ["called groups"],
    }
    lines = [
        f"| stores | data | measure (mean of {seeds}) | {' | '.join(WAYS)} |",
        f"|---|---|---|{'---|' * len(WAYS)}",
    ]
    for count in stores:
        rows = list(measure(seeds, count))
        for kind, names in shown.items():
            for name in names:
                means = [
                    np.nanmean([r[name] for k, w, r in rows if (k, w) == (kind, way)])
                    for way in WAYS
                ]
                cells = " | ".join(f"{mean:.2f}" for mean in means)
                lines.append(f"| {count} | {kind} | {name} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--stores", type=int, nargs="+", default=[120, 400])
    arguments = parser.parse_args()
    with threadpool_limits(1):
        print(table(arguments.seeds, arguments.stores))


if __name__ == "__main__":
    main()
