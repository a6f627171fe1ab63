"""How much of next year's need-state mixes do clusters explain that were made this year?

    python tests/benchmarks/truth/real_sales.py ../shared/data --output results/real_sales
    python tests/benchmarks/truth/real_sales.py --configuration chain.yaml --middle 2014-06-30 \\
        --output results/real_sales --set merge.min_size=10 internal.choose_k.criterion=prediction

The first argument is the folder of the real data sets of ``tests/real``; any other chain whose
sales have dates is judged by its configuration file and the last day of the first half. The
workflow clusters the stores on the first half of the time; the clusters are judged on the second.
What a store will sell is foretold by what its cluster sold together in the first half. Explained is
the share of the squared distances of the stores' mixes from the chain's, weighted by sales, that
this foretells; beside it what each store's own mix of the first half foretells, the most that can
be hoped for of clusters of many stores. The share of own history is given twice: of the means over
categories, and of the sums of squares over categories, in which large categories count more.

k-means that knows as many clusters as the final ones and their minimum size is the better of two:
clusters below it are folded into the nearest centres, or so many more are asked for that enough
are left. Writes real_sales.csv, a line per category and method, and real_sales.md.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from competitors import LOST, kmeans_silhouette, old_method
from held_out import explained, foretold, mixes, squares
from scipy.spatial.distance import cdist
from settings import assign
from simulate import Scenario
from sklearn.cluster import KMeans

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))

from conftest import Project  # noqa: E402

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Row = dict[str, Any]
MIDDLE = {  # last day of the first half
    "breakfast": date(2010, 7, 14),
    "walmart": date(2011, 6, 17),
    "iowa": date(2021, 10, 31),
}
MOST = 8  # clusters of one who knows the second half, and of plain k-means
SIX = 6
STARTS = 20
SEED = 42
INTERNAL, FINAL = "internal clusters", "final clusters"
AS_MANY = "k-means, as many as final"
AS_LARGE = "k-means, as many and as large as final"
TRUST = ("highly_stable", "stable", "doubtful", "do_not_trust")


@dataclass(frozen=True)
class Chain:
    """A chain to be judged."""

    name: str
    config: dict[str, Any]
    middle: date  # last day of the first half
    data: Path  # folder of the real data sets


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    options = _options(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    if options.configuration:
        chains = [(options.configuration, options.middle)]
    else:
        folder = ROOT / "tests" / "real"
        chains = [(folder / f"{name}.yaml", MIDDLE[name]) for name in options.only]
    rows, trusts = [], []
    for path, middle in chains:
        config = absolute(yaml.safe_load(path.read_text("utf-8")))
        for assignment in options.set:
            assign(config, assignment)
        chain = Chain(path.stem, config, middle, (options.data or Path()).resolve())
        project = cluster(chain, options.output / chain.name, options.cores)
        rows += judge(chain, project)
        trusts.append(trust(chain, project))
        table, trusted = pd.DataFrame(rows), pd.concat(trusts)
        table.to_csv(options.output / "real_sales.csv", index=False, float_format="%.6g")
        (options.output / "real_sales.md").write_text(report(table, trusted), encoding="utf-8")
    print(options.output / "real_sales.md")
    return 0


def absolute(config: dict[str, Any]) -> dict[str, Any]:
    """Let relative paths of sources start here, as the workflow runs in a folder of its own."""
    inputs = config["inputs"]
    for source in (inputs["sales"], inputs.get("products", {}), *inputs.get("external", [])):
        if not source.get("path", "${").startswith("${"):
            source["path"] = str(Path(source["path"]).absolute())
    return config


def cluster(chain: Chain, folder: Path, cores: int) -> Project:
    """Run the workflow on the first half of the time, and sum the sales of the second."""
    shutil.rmtree(folder, ignore_errors=True)
    project = Project(folder)
    config, sales = chain.config, chain.config["inputs"]["sales"]
    for half, window, targets in (
        ("first", {"to": chain.middle}, ("merged/clusters", "internal/clusters")),
        ("second", {"from": chain.middle + timedelta(days=1)}, ("internal/need_states",)),
    ):
        dated = sales | {key: day.isoformat() for key, day in window.items()}
        inputs = config["inputs"] | {"sales": dated}
        overlay = project.write_config(config | {"inputs": inputs, "output": {"results": half}})
        files = [f"{half}/{table}.parquet" for table in targets]
        arguments = ["--cores", str(cores), "--configfile", overlay]
        project.run(*files, *arguments, REAL_DATA_DIR=str(chain.data))
    return project


def judge(chain: Chain, project: Project) -> Iterator[Row]:
    """Yield a row per category and method."""
    first, second = (need_states(project, half) for half in ("first", "second"))
    found = {
        INTERNAL: ("internal", "group", "cluster"),
        FINAL: ("merged", "category", "final_cluster"),
    }
    for category in sorted(first.keys() & second.keys()):
        sold = first[category]
        later = second[category].reindex(index=sold.index, columns=sold.columns).fillna(0.0)
        both = (sold.sum(axis=1) > 0) & (later.sum(axis=1) > 0)
        known, coming = sold[both].to_numpy(), later[both].to_numpy()
        if known.shape[1] < 2:
            continue
        labelings = {
            method: labels(project, category, *of).reindex(sold.index[both]).to_numpy()
            for method, of in found.items()
        }
        final = labels(project, category, *found[FINAL]).value_counts()
        k, smallest = max(1, len(final)), int(final.min()) if len(final) else 0
        least = min(smallest, minimum(chain.config, int(final.sum())) or smallest)
        labelings |= {
            "six k-means": plain_kmeans(known, SIX)[0],
            AS_MANY: plain_kmeans(known, k)[0],
            AS_LARGE: max(
                (folded_kmeans(known, k, least), until_enough(known, k, least)),
                key=lambda codes: explained(foretold(known, codes), coming),
            ),
        }
        labelings |= competitors(known)
        labelings["eight clusters of the second half itself"] = plain_kmeans(coming, MOST)[0]
        total = squares(np.tile(mixes(coming.sum(axis=0)[None]), (len(coming), 1)), coming)
        own = total - squares(mixes(known), coming)
        for method, labeling in labelings.items():
            codes = pd.factorize(labeling)[0]
            clusters, sizes = np.unique(codes[codes >= 0], return_counts=True)
            yield {
                "data": chain.name,
                "category": category,
                "method": method,
                "clusters": len(clusters),
                "smallest": smallest if method == FINAL else sizes.min(initial=len(codes)),
                "without_cluster": known[codes < 0].sum() / known.sum(),
                "explained": explained(foretold(known, codes), coming),
                "history": own / total,
                "explained_squares": total - squares(foretold(known, codes), coming),
                "history_squares": own,
            }


def trust(chain: Chain, project: Project) -> pd.DataFrame:
    """Return the final clusters with what speaks for them."""
    table = pd.read_parquet(project.folder / "first" / "merged" / "stability.parquet")
    if "evidence" not in table:
        table["evidence"] = "not said"
    evidence = table["evidence"].fillna("none")
    return pd.DataFrame({"data": chain.name, "evidence": evidence, "trust": table["trust"]})


def minimum(config: dict[str, Any], stores: int) -> int | None:
    """Return the minimum size in the configuration: a number or a share of so many stores.

    None where it has another form; then the smallest final cluster tells.
    """
    defaults = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    size = (defaults["merge"] | config.get("merge", {}))["min_size"]
    if isinstance(size, str) and size.rstrip().endswith("%"):
        size = float(size.rstrip(" %")) / 100
    if not isinstance(size, int | float):
        return None
    return int(size) if size >= 1 else int(np.ceil(size * stores))


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


def plain_kmeans(sales: Floats, k: int) -> tuple[Labels, Floats]:
    """Return labels and centres of k-means on shares, stores weighted by sales."""
    fit = KMeans(min(k, len(sales)), n_init=STARTS, random_state=SEED)
    fit.fit(mixes(sales), sample_weight=sales.sum(axis=1))
    return fit.labels_.astype(np.int64), fit.cluster_centers_


def folded_kmeans(sales: Floats, k: int, least: int) -> Labels:
    """Return k-means whose clusters of fewer than ``least`` stores are folded, smallest first.

    Each store of such a cluster goes to the nearest centre that is left.
    """
    labels, centres = plain_kmeans(sales, k)
    distances = cdist(mixes(sales), centres)
    left = np.ones(len(centres), dtype=bool)
    while left.sum() > 1:
        sizes = np.where(left, np.bincount(labels, minlength=len(left)), len(labels) + 1)
        gone = sizes.argmin()
        if sizes[gone] >= least:
            break
        left[gone] = False
        distances[:, gone] = np.inf
        labels = np.where(labels == gone, distances.argmin(axis=1), labels)
    return np.asarray(labels)


def until_enough(sales: Floats, k: int, least: int) -> Labels:
    """Ask k-means for more clusters until ``k`` are left after folding, or the most there are."""
    best = np.zeros(len(sales), dtype=np.int64)
    for asked in range(k, min(3 * k, len(sales)) + 1):
        labels = folded_kmeans(sales, asked, least)
        if len(np.unique(best)) < len(np.unique(labels)) <= k:
            best = labels
        if len(np.unique(labels)) >= k:
            break
    return best


def report(table: pd.DataFrame, trusted: pd.DataFrame) -> str:
    """Return what clusters explain over all categories, and what the final ones are like."""
    lines = [
        "| data | clusters of | per category | at most | smallest | explained | own history "
        "| share, means | share, sums |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    shares = {}
    for (data, method), rows in table.groupby(["data", "method"], sort=False):
        mean, own = rows["explained"].mean(), rows["history"].mean()
        share = rows["explained_squares"].sum() / rows["history_squares"].sum()
        shares[data, method] = share
        lines.append(
            f"| {data} | {method} | {rows['clusters'].mean():.1f} | {rows['clusters'].max()} "
            f"| {rows['smallest'].min()} | {mean:.3f} | {own:.3f} | {mean / own:.3f} "
            f"| {share:.3f} |"
        )
    lines += [
        "",
        "Final clusters: what they explain as a ratio of what others do (sums over categories), "
        "and how many there are by what speaks for them.",
        "",
        f"| data | final / internal | final / as many | final / as many and as large "
        f"| evidence | clusters | share | {' | '.join(TRUST)} |",
        "|---" * (7 + len(TRUST)) + "|",
    ]
    for data, own in trusted.groupby("data", sort=False):
        ratios = [shares[data, FINAL] / shares[data, m] for m in (INTERNAL, AS_MANY, AS_LARGE)]
        parts = [*own.groupby("evidence")]
        for evidence, some in [*parts, ("all", own)] if len(parts) > 1 else parts:
            cells = [data, *(f"{ratio:.3f}" for ratio in ratios), evidence, len(some)]
            cells.append(f"{len(some) / len(own):.2f}")
            cells += [f"{(some['trust'] == trust).sum() / len(own):.2f}" for trust in TRUST]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", help="folder of the data sets")
    parser.add_argument("--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--only", nargs="+", default=list(MIDDLE), choices=list(MIDDLE))
    parser.add_argument("--configuration", type=Path, help="of another chain")
    parser.add_argument("--middle", type=date.fromisoformat, help="last day of its first half")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="configuration"
    )
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args(arguments)
    if not options.data and not options.configuration:
        parser.error("name the folder of the data sets, or a --configuration")
    if options.configuration and not options.middle:
        parser.error("--configuration needs --middle, the last day of the first half")
    if wrong := [text for text in options.set if "=" not in text]:
        parser.error(f"--set: expected KEY=VALUE, found {' '.join(wrong)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
