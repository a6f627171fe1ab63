"""How much of next year's need-state mixes do clusters explain that were made this year?

    python tests/benchmarks/truth/real_sales.py ../shared/data --output results/real_sales

The first argument is the folder of the real data sets of ``tests/real``. The workflow clusters the
stores on the first half of the time; the clusters are judged on the second. What a store will sell
is foretold by what its cluster sold together in the first half. Explained is the share of the
squared distances of the stores' mixes from the chain's, weighted by sales, that this foretells;
beside it what each store's own mix of the first half foretells, the most that can be hoped for of
clusters of many stores. Writes real_sales.csv, a line per category, and real_sales.md.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from competitors import LOST, kmeans_silhouette, old_method
from simulate import Scenario
from sklearn.cluster import KMeans

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))

from conftest import Project  # noqa: E402

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]
MIDDLE = {  # last day of the first half, first of the second
    "breakfast": ("2010-07-14", "2010-07-15"),
    "walmart": ("2011-06-17", "2011-06-18"),
    "iowa": ("2021-10-31", "2021-11-01"),
}
MOST = 8  # clusters of one who knows the second half, and of plain k-means
SEED = 42


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--only", nargs="+", default=list(MIDDLE), choices=list(MIDDLE))
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    rows = [row for name in options.only for row in judge(name, options.data, options.output)]
    table = pd.DataFrame(rows)
    table.to_csv(options.output / "real_sales.csv", index=False, float_format="%.4g")
    (options.output / "real_sales.md").write_text(report(table), encoding="utf-8")
    print(options.output / "real_sales.md")
    return 0


def judge(name: str, data: Path, folder: Path) -> Iterator[Row]:
    """Cluster a data set on the first half of its time; yield a row per category and method."""
    shutil.rmtree(folder / name, ignore_errors=True)
    project = Project(folder / name)
    config = yaml.safe_load((ROOT / "tests" / "real" / f"{name}.yaml").read_text("utf-8"))
    targets = {
        "first": ["merged/clusters", "internal/clusters"],
        "second": ["internal/need_states"],
    }
    for half, window in zip(
        targets, ({"to": MIDDLE[name][0]}, {"from": MIDDLE[name][1]}), strict=True
    ):
        config["inputs"]["sales"] |= {"from": None, "to": None} | window
        config["output"] = {"results": half}
        files = [f"{half}/{table}.parquet" for table in targets[half]]
        overlay = project.write_config(config)
        project.run(*files, "--configfile", overlay, REAL_DATA_DIR=str(data.resolve()))
    first, second = (need_states(project, half) for half in targets)
    found = {
        "internal clusters": ("internal", "group", "cluster"),
        "final clusters": ("merged", "category", "final_cluster"),
    }
    for category, sold in first.items():
        later = second[category].reindex(index=sold.index, columns=sold.columns).fillna(0.0)
        both = (sold.sum(axis=1) > 0) & (later.sum(axis=1) > 0)
        known, coming = sold[both].to_numpy(), later[both].to_numpy()
        if known.shape[1] < 2:
            continue
        labelings = {
            method: labels(project, category, *of).reindex(sold.index[both]).to_numpy()
            for method, of in found.items()
        }
        labelings |= competitors(known)
        best = KMeans(min(MOST, len(coming)), n_init=20, random_state=SEED)
        labelings["eight clusters of the second half itself"] = best.fit_predict(
            mixes(coming), sample_weight=coming.sum(axis=1)
        )
        own = explained(mixes(known), coming)
        for method, labeling in labelings.items():
            codes = pd.factorize(labeling)[0]
            yield {
                "data": name,
                "category": category,
                "method": method,
                "clusters": len(np.unique(codes[codes >= 0])),
                "explained": explained(foretold(known, codes), coming),
                "history": own,
            }


def need_states(project: Project, half: str) -> dict[str, pd.DataFrame]:
    """Return positive sales of stores (rows) by need state, per category."""
    table = pd.read_parquet(project.folder / half / "internal" / "need_states.parquet")
    table["sales"] = table["sales"].astype(float).clip(lower=0)
    return {
        str(category): rows.pivot_table(
            "sales", "store_id", "need_state", aggfunc="sum", observed=True
        )
        for category, rows in table.groupby("category", observed=True)
    }


def labels(project: Project, category: str, folder: str, group: str, label: str) -> pd.Series:
    """Return the clusters of a category's stores, missing where a store has none."""
    table = pd.read_parquet(project.folder / "first" / folder / "clusters.parquet")
    own = table[table[group] == category]
    return pd.Series(own[label].to_numpy(), index=own["store_id"].to_numpy())


def competitors(sales: Floats) -> dict[str, npt.NDArray[np.float64]]:
    """Return what other methods make of a category; stores that they lose have no cluster."""
    nobody = np.zeros(len(sales), dtype=np.int64)
    scenario = Scenario(
        "real", SEED, {"category": sales}, pd.DataFrame(index=range(len(sales))),
        {"category": nobody}, nobody, nobody, nobody.astype(bool), {"internal": "unknown"},
    )  # fmt: skip
    methods = {"old method": old_method, "k-means, silhouette": kmeans_silhouette}
    found = {name: m(scenario, SEED).tracks["internal"].labels for name, m in methods.items()}
    return {name: np.where(own == LOST, np.nan, own) for name, own in found.items()}


def mixes(sales: Floats) -> Floats:
    """Return shares of each store's sales, (n_stores, n_need_states)."""
    return np.asarray(sales / sales.sum(axis=1, keepdims=True))


def foretold(sales: Floats, codes: npt.NDArray[np.int64]) -> Floats:
    """Return the mix that each store's cluster sold together, the chain's for code -1."""
    result = np.empty_like(sales)
    for code in np.unique(codes):
        members = codes == code
        result[members] = mixes((sales[members] if code >= 0 else sales).sum(axis=0)[None])
    return result


def explained(expected: Floats, coming: Floats) -> float:
    """Return the share of the squared distances from the chain's mix that is foretold."""
    weight, found = coming.sum(axis=1, keepdims=True), mixes(coming)
    chain = mixes(coming.sum(axis=0)[None])
    return float(
        1 - np.sum(weight * (found - expected) ** 2) / np.sum(weight * (found - chain) ** 2)
    )


def report(table: pd.DataFrame) -> str:
    """Return a table of the means over categories."""
    lines = [
        "| data | clusters of | number | explained | own history | share |",
        "|---|---|---|---|---|---|",
    ]
    for (data, method), rows in table.groupby(["data", "method"], sort=False):
        mean, own = rows["explained"].mean(), rows["history"].mean()
        lines.append(
            f"| {data} | {method} | {rows['clusters'].mean():.1f} | {mean:.2f} | {own:.2f} "
            f"| {mean / own:.2f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
