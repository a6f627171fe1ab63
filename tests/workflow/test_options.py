"""Options through the whole workflow: every choice runs, and the window of dates restricts."""

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal

import pandas as pd
import pytest
from conftest import Project
from tiny import CONFIG, write_tiny

ALTERNATIVES = [
    {
        "internal": {
            "normalize": {"transform": "log_ratio", "scale": "robust", "clip": 3},
            "outliers": {"method": "isolation_forest", "share": 0.1},
            "reduce": {"method": "none"},
            "choose_k": {"criterion": "davies_bouldin"},
            "cluster": {"algorithm": "ward"},
        },
        "external": {
            "normalize": {"transform": "none", "scale": "robust", "clip": None},
            "impute": {"numeric": "iterative", "categorical": "mode"},
            "outliers": {"method": "none"},
            "choose_k": {"criterion": "silhouette"},
            "cluster": {"algorithm": "gaussian_mixture"},
        },
        "merge": {"mode": "cross"},
    },
    {
        "internal": {
            "normalize": {"transform": "log", "scale": "standard"},
            "outliers": {"method": "local_outlier_factor", "share": 0.1},
            "choose_k": {"criterion": "calinski_harabasz", "min": 3},
            "cluster": {"algorithm": "kmeans_limited", "min_size": 7, "max_size": 9},
            "groups": "both",
            "tiers": ["low", "high"],
        },
        "external": {
            "impute": {"numeric": "median", "categorical": "knn"},
            "reduce": {"variance": 0.5, "redundancy": 0.8},
            "choose_k": {"min": 2, "max": 2},
            "cluster": {"algorithm": "kmeans_limited", "max_size": 13},
        },
        "merge": {"max_size": 7, "max_clusters": 4},
        "shards": 2,
    },
]


def merged_config(overlay: dict) -> dict:
    """Lay an overlay over the tiny retailer's configuration."""
    config = deepcopy(CONFIG)

    def lay(over: dict, under: dict) -> None:
        for key, value in over.items():
            if isinstance(value, dict) and isinstance(under.get(key), dict):
                lay(value, under[key])
            else:
                under[key] = value

    lay(overlay, config)
    return config


@pytest.mark.parametrize("overlay", ALTERNATIVES, ids=["first", "second"])
def test_every_alternative_runs_from_the_configuration_alone(
    overlay: dict, make_project: Callable[[str], Project]
) -> None:
    project = make_project("options")
    write_tiny(project.folder)
    gaps = pd.read_csv(project.folder / "data" / "stores.csv")
    gaps.loc[[2, 9], "income"] = None
    gaps.loc[5, "region"] = None
    gaps.to_csv(project.folder / "data" / "stores.csv", index=False)
    targets = [] if "groups" in overlay["internal"] else ["results/merged/stability.parquet"]
    project.run(*targets, "--configfile", project.write_config(merged_config(overlay)))
    results = project.folder / "results"
    final = pd.read_parquet(results / "merged" / "clusters.parquet")
    categories = 3 if overlay["internal"].get("groups") == "both" else 2
    assert len(final) == 24 * categories
    assert final["final_cluster"].notna().all()
    sizes = final.groupby(["category", "final_cluster"]).size()
    assert sizes.between(3, overlay["merge"].get("max_size", 24)).all()
    assert sizes.groupby("category").size().max() <= overlay["merge"].get("max_clusters", 24)
    assert set(final["volume_tier"].dropna()) == set(overlay["internal"].get("tiers", []))
    stability = pd.read_parquet(results / "merged" / "stability.parquet")
    assert stability.groupby("category")["stores"].sum().tolist() == [24] * categories
    parameters = pd.read_parquet(results / "internal" / "normalize_parameters.parquet")
    expected = overlay["internal"]["normalize"]["transform"]
    assert set(parameters["transform"]) == {expected}
    k = pd.read_parquet(results / "internal" / "k.parquet")
    assert set(k["criterion"]) == {overlay["internal"]["choose_k"]["criterion"]}
    imputed = pd.read_parquet(results / "external" / "impute_parameters.parquet")
    methods = set(overlay["external"]["impute"].values())
    assert set(imputed["method"]) == methods
    for track in ("internal", "external"):
        cluster = overlay[track].get("cluster", {})
        clusters = pd.read_parquet(results / track / "clusters.parquet")
        sizes = clusters.groupby(["group", "cluster"]).size()
        assert sizes.between(cluster.get("min_size", 1), cluster.get("max_size", 24)).all()
        components = pd.read_parquet(results / track / "components.parquet")
        reduced = pd.read_parquet(results / track / "reduced.parquet")
        assert set(components["component"]) == set(reduced["component"])
        assert components["meaning"].str.match("(more|less) |stores do not differ").all()
    redundant = pd.read_parquet(results / "external" / "redundant.parquet")
    threshold = overlay["external"].get("reduce", {}).get("redundancy", 0.97)
    redundant = redundant[redundant["reason"] == "redundant"]
    assert len(redundant) == {0.97: 0, 0.8: 2}[threshold]
    assert (redundant["correlation"].abs() >= threshold).all()
    flagged = pd.read_parquet(results / "internal" / "outliers.parquet")
    assert (
        flagged.groupby("group")["outlier"].sum().tolist() == [2] * categories
    )  # 10 % of 24, rounded down


def test_slices_foretell_sales_and_numbers_can_be_decided(project: Project) -> None:
    write_tiny(project.folder)
    overlay = {"internal": {"choose_k": {"criterion": "prediction", "fixed": {"Tea": 3}}}}
    config = project.write_config(merged_config(overlay))
    project.run("results/internal/clusters.parquet", "--configfile", config)
    internal = project.folder / "results" / "internal"
    k = pd.read_parquet(internal / "k.parquet").set_index("group")
    assert k.loc["Tea", ["k", "status"]].tolist() == [3, "fixed"]
    assert k.loc["Soap", ["k", "status", "criterion"]].tolist() == [2, "chosen", "prediction"]
    assert k["explained"].between(0.95, 1).all()  # two opposite mixes are all there is
    clusters = pd.read_parquet(internal / "clusters.parquet")
    assert clusters.groupby("group")["cluster"].nunique().to_dict() == {"Soap": 2, "Tea": 3}


def test_a_category_sold_only_by_stores_without_external_data_loses_nothing(
    project: Project,
) -> None:
    write_tiny(project.folder)
    data = project.folder / "data"
    for number in (1, 2):
        sales = pd.read_csv(data / f"sales-{number}.csv", dtype=str)
        soap = sales["sku"].str.startswith("1")
        sales.loc[soap, "store"] = "X" + sales.loc[soap, "store"]
        sales.to_csv(data / f"sales-{number}.csv", index=False)
    project.run("results/run.json", "--configfile", project.write_config(CONFIG))
    final = pd.read_parquet(project.folder / "results" / "merged" / "clusters.parquet")
    soap = final[final["category"] == "Soap"].set_index("store_id")
    assert len(soap) == 48
    assert soap["internal_cluster"].notna().sum() == 24
    sold = soap["internal_cluster"].notna()
    assert set(soap.loc[sold, "status"]) == {"no_external"}
    assert soap.loc[sold, "final_cluster"].str.fullmatch("[12]_0").all()
    assert soap.loc[~sold, "final_cluster"].str.fullmatch("0_[12]").all()


def test_sales_outside_the_window_are_set_aside_and_counted(project: Project) -> None:
    write_tiny(project.folder)
    window = {"inputs": {"sales": {"from": "2024-02-01", "to": "2024-03-31"}}}
    config = project.write_config(merged_config(window))
    project.run("results/internal/need_states.parquet", "--configfile", config)
    files = [pd.read_csv(path) for path in sorted((project.folder / "data").glob("sales-*.csv"))]
    sales = pd.concat(files)
    inside = sales["day"].between("2024-02-01", "2024-03-31")
    internal = project.folder / "results" / "internal"
    used = pd.read_parquet(internal / "need_states.parquet")["sales"].sum()
    aside = pd.read_parquet(internal / "set_aside.parquet")
    assert used == Decimal(str(round(sales.loc[inside, "amount"].sum(), 2)))
    assert set(aside["reason"]) == {"outside_window"}
    assert aside["rows"].sum() == (~inside).sum()
    assert aside["sales"].sum() == Decimal(str(round(sales.loc[~inside, "amount"].sum(), 2)))
