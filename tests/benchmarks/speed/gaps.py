"""Show what it costs to look for the nearest stores among 5,000 only when gaps are filled.

    python tests/benchmarks/speed/gaps.py --stores 5000 20000

Simulated stores with 12 features on three factors, a tenth of the values unknown, at random.
Prints seconds and the error of filled values (root mean square, in standard deviations) with all
stores as donors, with the default and with medians.
"""

import argparse
import sys
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3] / "scripts"))

from store_clusters.features.imputation import impute
from store_clusters.features.imputers import knn

FEATURES, FACTORS, UNKNOWN = 12, 3, 0.1
WAYS = {"all stores": 10**9, "default": knn.MOST_DONORS, "median": 0}


def main(arguments: list[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stores", type=int, nargs="+", default=[5_000, 20_000])
    options = parser.parse_args(arguments)
    print("| stores | filled from | seconds | error |\n|---|---|---|---|")
    for stores in options.stores:
        for way, (seconds, error) in compare(stores).items():
            print(f"| {stores:,} | {way} | {seconds:.1f} | {error:.3f} |")


def compare(stores: int) -> dict[str, tuple[float, float]]:
    """Return seconds and error of every way on the same stores."""
    random = np.random.default_rng(1)
    loadings = random.normal(size=(FACTORS, FEATURES)) / np.sqrt(FACTORS)
    values = random.normal(size=(stores, FACTORS)) @ loadings
    values += random.normal(0, 0.5, values.shape)
    values /= values.std(axis=0)
    gaps = random.random(values.shape) < UNKNOWN
    found = {}
    for way, donors in WAYS.items():
        with patch.object(knn, "MOST_DONORS", donors):
            start = time.perf_counter()
            filled, _ = impute(
                np.where(gaps, np.nan, values),
                np.zeros(FEATURES, dtype=bool),
                np.array([f"x{i}" for i in range(FEATURES)], dtype=object),
                numeric_method="knn" if donors else "median",
                categorical_method="mode",
                neighbours=10,
            )
            seconds = time.perf_counter() - start
        found[way] = (seconds, float(np.sqrt(np.mean((filled - values)[gaps] ** 2))))
    return found


if __name__ == "__main__":
    main()
