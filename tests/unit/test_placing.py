"""A raw store that no run has seen is placed by the tables alone, whatever the options."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cluster
import detect_outliers
import impute
import normalize
import numpy as np
import pandas as pd
import pytest
import reduce
from placing import (
    components,
    components_of,
    highest_score,
    imputed,
    normalized,
    place,
    read_tables,
)

from store_clusters.features.joining import to_long
from store_clusters.run.job import JobLog
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import as_columns

NEED_STATES = {"Soap": ("hands", "kids", "skin"), "Tea": ("calm", "green", "wake")}
FEATURES = [f"{c} · {n}" for c, need_states in NEED_STATES.items() for n in need_states]
NAMES = (
    *("normalized", "normalize_parameters", "store_status", "imputed", "impute_parameters"),
    *("outliers", "reduced", "loadings", "components", "redundant", "k", "clusters", "centres"),
)
OUTLIERS = {"method": "nearest_neighbours", "neighbours": 5, "threshold": 1.5}
TRANSFORMS = ["shrunk_hellinger", "hellinger", "share", "log", "log_ratio"]
ALGORITHMS = ["kmeans", "kmeans_limited", "ward", "gaussian_mixture"]
STORES, KINDS = 60, (0, 1, 0, 2)  # of every four stores two are of one kind
REGIONS = np.array(["centre", "mall", "village"], dtype=object)
Options = dict[str, Any]
Stores = dict[str, dict[str, Any]]


def selling(seed: int, prefix: str, number: int) -> Stores:
    """Return stores of three kinds by what they sell: a need state not at all, some returned."""
    random = np.random.default_rng(seed)
    stores = {}
    for i in range(number):
        weights = np.roll([8.0, 3.0, 0.5], KINDS[i % 4])
        sales = np.concatenate([weights, weights[::-1]]) * random.uniform(70, 130, 6)
        sales *= random.uniform(0.2, 5)
        if i % 5 == 0:  # is not sold, or comes back
            sales[[sales[:3].argmin(), 3 + sales[3:].argmin()]] = [0.0, -1.0][i % 2]
        if i % 7 == 5:  # does not sell soap
            sales[:3] = np.nan
        named = zip(FEATURES, sales.round(2).tolist(), strict=True)
        stores[f"{prefix}{i:02}"] = {name: value for name, value in named if not np.isnan(value)}
    return stores


def standing(seed: int, prefix: str, number: int) -> Stores:
    """Return stores of three kinds by where they stand, with gaps, and rare regions."""
    random = np.random.default_rng(seed)
    stores = {}
    for i in range(number):
        kind = KINDS[i % 4]
        row: dict[str, Any] = {
            "a.income": 20_000 + 15_000 * kind + random.normal(0, 1500),
            "a.area": float(np.exp(5 + kind + random.normal(0, 0.3))),
            "a.growth": 3.0 * kind**3 - 1 + random.normal(0, 0.5),
            "b.region": str(REGIONS[kind]) if i % 10 else f"odd {i}",
        }
        row["b.area again"] = row["a.area"]
        if i % 5 == 4:
            row[["a.income", "a.growth", "b.region"][i % 3]] = None
        stores[f"{prefix}{i:02}"] = row
    return stores


def write_sales(folder: Path, stores: Stores) -> None:
    rows, totals = [], []
    for category, need_states in NEED_STATES.items():
        for store, sold in sorted(stores.items()):
            own = [sold.get(f"{category} · {name}") for name in need_states]
            known = own[0] is not None
            money = [Decimal(f"{value:.2f}") for value in own] if known else []
            for name, value in zip(need_states, money, strict=False):
                rows.append((category, store, name, value, None))
            totals.append((category, store, sum(money, Decimal(0)), known, None, None))
    write_table(folder / "need_states.parquet", "need_states", as_columns(rows, "need_states"))
    write_table(folder / "stores.parquet", "stores", as_columns(totals, "stores"))


def write_features(folder: Path, stores: Stores) -> None:
    table = pd.DataFrame.from_dict(stores, orient="index").rename_axis("store_id")
    numeric = table.columns[table.columns != "b.region"]
    table = table.astype(dict.fromkeys(numeric, float))
    write_table(folder / "raw_features.parquet", "raw_features", to_long(table))


class Run:
    """The tables of one track, made by its scripts from raw stores."""

    def __init__(self, folder: Path, track: str, stores: Stores, options: Options):
        self.folder, self.track, self.stores = folder, track, stores
        self.file = {name: str(folder / track / f"{name}.parquet") for name in NAMES}
        (folder / track).mkdir(parents=True)
        if track == "internal":
            write_sales(folder, stores)
        else:
            write_features(folder, stores)
        file, made_of = self.file, self.file["normalize_parameters"]
        raw = {"internal": "need_states", "external": "raw_features"}[track]
        self.run(
            normalize,
            {"features": folder / f"{raw}.parquet", "stores": folder / "stores.parquet"},
            {**file, "parameters": made_of, "status": file["store_status"]},
            normalize=options["normalize"],
            eligible={"min_history_days": 28, "min_sales": 0},
            groups="both",
        )
        self.run(
            impute,
            {**file, "parameters": made_of},
            {**file, "parameters": file["impute_parameters"]},
            impute=options["impute"],
        )
        self.run(detect_outliers, [file["imputed"]], [file["outliers"]], outliers=OUTLIERS)
        self.run(reduce, {**file, "parameters": made_of}, file, reduce=options["reduce"])
        k = [(g, 3, 0, "gap", "fixed", "untested", None, None, None) for g in self.groups]
        write_table(file["k"], "k", as_columns(k, "k"))

    @property
    def groups(self) -> list[str]:
        return sorted(set(pd.read_parquet(self.file["reduced"], columns=["group"])["group"]))

    def run(self, script: Any, inputs: Any, outputs: Any, **params: Any) -> None:
        """Run a script as its rule does."""
        named = lambda files: SimpleNamespace(**files) if isinstance(files, dict) else files  # noqa: E731
        script.main(
            SimpleNamespace(
                input=named(inputs),
                output=named(outputs),
                params=SimpleNamespace(seed=42, **params),
                wildcards=SimpleNamespace(track=self.track, shard="1-of-1"),
            ),
            JobLog(self.folder / self.track / "log", script.__name__, {}),
        )

    def cluster(self, algorithm: str, max_size: int | None) -> pd.DataFrame:
        """Return the clusters by group and store, and write the table of centres."""
        limited = algorithm == "kmeans_limited"
        self.run(
            cluster,
            {**self.file, "status": self.file["store_status"]},
            self.file,
            cluster={
                "algorithm": algorithm,
                "starts": 3,
                "min_size": 5 if limited else None,
                "max_size": max_size if limited else None,
            },
        )
        return pd.read_parquet(self.file["clusters"]).set_index(["group", "store_id"])


def of_group(group: str, store: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a store sells in a group, or its features; None where it sells nothing there."""
    if group not in NEED_STATES:
        return store
    sold = {name.split(" · ")[1]: x for name, x in store.items() if name.startswith(group)}
    return sold or None


def check_steps(run: Run, method: str, sample: list[str]) -> None:
    """Check every step to the components on stores of the run."""
    tables, steps = read_tables(run.folder, run.track), {}
    for name in ("normalized", "imputed", "reduced"):
        rows = pd.read_parquet(run.file[name])
        steps[name] = rows.set_index([*rows.columns[:3]])["value"]
    gaps = steps["normalized"].isna().groupby(["group", "store_id"]).any()
    for group, store in gaps.index[gaps.index.isin(sample, level=1)]:
        own = {name: rows[rows["group"] == group] for name, rows in tables.items()}
        raw = of_group(group, run.stores[store])
        found = normalized(own["normalize_parameters"], group, raw)
        agree(found, steps["normalized"].loc[group, store])
        if not gaps[group, store] or method != "knn":  # the nearest would be the store itself
            agree(imputed(own, found), steps["imputed"].loc[group, store])
        found = components(own["loadings"], steps["imputed"].loc[group, store])
        agree(found, steps["reduced"].loc[group, store])


def agree(found: pd.Series, expected: pd.Series) -> None:
    np.testing.assert_allclose(found[expected.index], expected, atol=1e-7)


def reduced(run: Run, group: str, stores: Stores) -> dict[str, pd.Series]:
    """Return the components of the stores that have something in a group, from the tables."""
    tables = read_tables(run.folder, run.track)
    raw = {name: of_group(group, store) for name, store in stores.items()}
    return {n: components_of(tables, group, own) for n, own in raw.items() if own is not None}


def check(folder: Path, track: str, options: Options, algorithms: list[str]) -> None:
    """Check the way of stores of the run and of others."""
    make = {"internal": selling, "external": standing}[track]
    stores, new = make(1, "s", STORES), make(2, "n", 8)
    run = Run(folder / "run", track, stores, options)
    all_stores = Run(folder / "together", track, stores | new, options)
    outliers = pd.read_parquet(run.file["outliers"]).query("outlier")["store_id"]
    assert len(outliers)
    sample = {name: stores[name] for name in sorted({*outliers, *list(stores)[:8]})}
    run.cluster("kmeans", None)
    check_steps(run, options["impute"]["numeric"], list(sample))
    parts = {group: reduced(run, group, sample | new) for group in run.groups}
    for algorithm in algorithms:
        clusters = run.cluster(algorithm, max_size=24)["cluster"]
        together = all_stores.cluster(algorithm, max_size=None)["cluster"]
        centres = pd.read_parquet(run.file["centres"])
        for group in run.groups:
            seen = clusters.loc[group]
            numbers = pd.crosstab(together.loc[group].reindex(seen.index), seen).idxmax(axis=1)
            assert numbers.is_unique
            for name, own in parts[group].items():
                found = highest_score(centres, group, own)
                if name not in new:
                    assert found == seen[name], (algorithm, group, name)
                elif algorithm != "kmeans_limited":  # ten stores more move the limits' borders
                    assert found == numbers[together[group, name]], (algorithm, group, name)


def options_of(normalizing: Options, filling: tuple[str, str], reducing: str = "pca") -> Options:
    redundancy = 0.97 if reducing == "pca" else None
    return {
        "normalize": normalizing,
        "impute": {"numeric": filling[0], "categorical": filling[1], "neighbours": 5},
        "reduce": {
            "method": reducing,
            "variance": 0.9,
            "redundancy": redundancy,
            "shared": False,
            "alike": None,
        },
    }


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_store_is_placed_by_what_it_sells(tmp_path: Path, transform: str) -> None:
    scales = {"share": ("standard", 2.5), "log": ("robust", None)}
    scale, clip = scales.get(transform, ("none", None))
    normalizing = {"transform": transform, "scale": scale, "clip": clip}
    algorithms = ALGORITHMS if transform == TRANSFORMS[0] else ["kmeans"]
    check(tmp_path, "internal", options_of(normalizing, ("knn", "knn")), algorithms)


@pytest.mark.parametrize("scale", ["none", "standard", "robust"])
@pytest.mark.parametrize("transform", ["none", "log_where_skewed"])
def test_a_store_is_placed_by_where_it_stands(tmp_path: Path, transform: str, scale: str) -> None:
    clip = 3.5 if scale == "standard" else None
    normalizing = {"transform": transform, "scale": scale, "clip": clip, "max_levels": 5}
    algorithms = ALGORITHMS if scale == "robust" else ["gaussian_mixture"]
    check(tmp_path, "external", options_of(normalizing, ("knn", "knn")), algorithms)


@pytest.mark.parametrize("track", ["internal", "external"])
@pytest.mark.parametrize(
    ("filling", "reducing"),
    [
        (("median", "mode"), "none"),
        (("iterative", "mode"), "pca"),
        (("iterative", "knn"), "none"),
    ],
)
def test_a_store_with_gaps_is_placed(
    tmp_path: Path, track: str, filling: tuple[str, str], reducing: str
) -> None:
    scale, clip = ("none", None) if track == "internal" else ("standard", 3.5)
    transform = {"internal": "log_ratio", "external": "log_where_skewed"}[track]
    normalizing = {"transform": transform, "scale": scale, "clip": clip, "max_levels": 5}
    check(tmp_path, track, options_of(normalizing, filling, reducing), ["kmeans"])


def test_a_level_and_a_number_that_no_store_had_are_no_obstacle(tmp_path: Path) -> None:
    normalizing = {"transform": "log_where_skewed", "scale": "none", "clip": None, "max_levels": 9}
    run = Run(tmp_path, "external", standing(1, "s", STORES), options_of(normalizing, ("knn",) * 2))
    run.cluster("kmeans", None)
    tables = read_tables(run.folder, run.track)
    usual = run.stores["s01"]
    for odd in ({"b.region": "on the moon"}, {"a.area": 0.0, "b.area again": 0.0}, {"c.new": 1.0}):
        assert place(tables, "all", usual | odd) == place(tables, "all", usual)
