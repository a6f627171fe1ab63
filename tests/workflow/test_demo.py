"""The demo retailer through the whole workflow: what was planted is found, nothing is lost."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT, Project
from placing import place_finally
from sklearn.metrics import adjusted_rand_score

PICTURES = {"draw_final", "draw_internal", "draw_external"}
PAGES = PICTURES | {"export_tables", "write_page", "write_explorer", "write_workbook"}
EXTERNAL = {"draw_external"}  # follows from no sales
AFTER_MERGE = {"describe", "explain", "reconcile"} | PAGES - EXTERNAL
CLUSTERS = {"choose_k", "cluster", "profile_clusters", "merge"} | AFTER_MERGE
FEATURES = {"impute", "detect_outliers", "reduce"} | CLUSTERS


@pytest.fixture
def copy(demo: Project, tmp_path: Path) -> Project:
    """A copy of the finished project that a test may change."""
    return demo.copy_to(tmp_path / "copy")


def table(project: Project, path: str) -> pd.DataFrame:
    return pd.read_parquet(project.folder / "results" / path)


def truth(project: Project, name: str) -> pd.DataFrame:
    path = project.folder / "resources" / "demo" / "truth" / f"{name}.csv"
    return pd.read_csv(path, dtype={"store_id": str})


def test_planted_segments_are_recovered_in_every_category(demo: Project) -> None:
    found = table(demo, "internal/clusters.parquet").rename(columns={"group": "category"})
    both = found.merge(truth(demo, "internal"), on=["category", "store_id"])
    for category, stores in both.groupby("category"):
        assert adjusted_rand_score(stores["segment"], stores["cluster"]) > 0.95, category


def test_planted_external_segments_are_recovered(demo: Project) -> None:
    found = table(demo, "external/clusters.parquet").merge(truth(demo, "stores"), on="store_id")
    assert adjusted_rand_score(found["external_segment"], found["cluster"]) > 0.9


def test_every_planted_oddity_has_its_status(demo: Project) -> None:
    final = table(demo, "merged/clusters.parquet")
    stores = truth(demo, "stores")
    expected = {"no_external": "no_external", "no_sales": "no_sales", "new": "too_little_data"}
    for flag, status in expected.items():
        odd = set(stores["store_id"][stores[flag]])
        assert odd
        assert set(final["status"][final["store_id"].isin(odd)]) == {status}, flag
    partial = final[final["store_id"].isin(stores["store_id"][stores["partial"]])]
    assert set(partial["status"]) == {"clustered", "no_sales"}
    assert final["final_cluster"].notna().all()


def test_most_planted_outliers_are_flagged_and_still_have_a_cluster(demo: Project) -> None:
    final = table(demo, "merged/clusters.parquet")
    stores = truth(demo, "stores")
    odd = final[final["store_id"].isin(stores["store_id"][stores["outlier"]])]
    assert odd["outlier"].mean() > 0.7
    assert odd["final_cluster"].notna().all()


def test_final_clusters_have_the_minimum_size(demo: Project) -> None:
    final = table(demo, "merged/clusters.parquet")
    eligible = final[final["internal_cluster"].notna()]
    for _, rows in eligible.groupby("category"):  # a twentieth of the stores
        assert rows.groupby("final_cluster").size().min() >= len(rows) // 20 >= 3


def test_sales_without_a_product_in_the_map_are_set_aside(demo: Project) -> None:
    aside = table(demo, "internal/set_aside.parquet")
    assert set(aside["reason"]) == {"product_not_in_map"}
    assert aside["product_id"].nunique() == 5


def test_the_account_adds_up_and_names_every_input(demo: Project) -> None:
    account = json.loads((demo.folder / "results" / "run.json").read_text(encoding="utf-8"))
    sales = account["sales"]
    assert float(sales["read"]) == pytest.approx(
        float(sales["clustered"]) + float(sales["set_aside"]), abs=1e-3
    )
    assert account["stores"]["lost"] == 0
    assert len(account["inputs"]) == 8 + 1 + 3
    assert all(re.fullmatch("[0-9a-f]{64}", file["sha256"]) for file in account["inputs"])
    assert account["configuration"]["merge"]["min_size"] == "auto"
    assert account["packages"]["snakemake"].startswith("9.")
    assert f'version = "{account["version"]}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_every_job_leaves_a_log_of_json_lines(demo: Project) -> None:
    logs = list((demo.folder / "results" / "logs").rglob("*.jsonl"))
    assert len(logs) == 37
    for path in logs:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert lines[-1]["event"] == "done", path
        assert lines[-1]["seconds"] >= 0


def test_components_follow_from_the_tables_alone(demo: Project) -> None:
    for track in ("internal", "external"):
        imputed, reduced, loadings = (
            table(demo, f"{track}/{name}.parquet") for name in ("imputed", "reduced", "loadings")
        )
        joined = imputed.merge(loadings, on=["group", "feature"])
        joined["term"] = (joined["value"] - joined["center"]) * joined["loading"]
        again = joined.groupby(["group", "store_id", "component"])["term"].sum()
        known = reduced.set_index(["group", "store_id", "component"])["value"]
        assert np.allclose(again.loc[known.index], known)


def test_a_new_store_can_be_placed_from_the_tables_alone(demo: Project) -> None:
    final = table(demo, "merged/clusters.parquet").query("status == 'clustered'")
    merged = {name: table(demo, f"merged/{name}.parquet") for name in ("map", "parts")}
    inside, outside = (
        table(demo, f"{track}/reduced.parquet").set_index(["group", "store_id"]).sort_index()
        for track in ("internal", "external")
    )
    for row in final[::5].itertuples():
        own = inside.loc[row.category, row.store_id], outside.loc["all", row.store_id]
        components = tuple(rows.set_index("component")["value"] for rows in own)
        clusters = int(row.internal_cluster), int(row.external_cluster)
        found = place_finally(merged, str(row.category), clusters, components)
        assert found == row.final_cluster
    pairs = set(merged["map"]["merged_cluster"].str.split("_").map(tuple))
    ks = table(demo, "external/k.parquet")["k"].max()
    assert {("1", str(e)) for e in range(ks + 1)} | {("0", "1")} <= pairs  # any store's pair
    for track in ("internal", "external"):
        centres, reduced, clusters = (
            table(demo, f"{track}/{name}.parquet") for name in ("centres", "reduced", "clusters")
        )
        terms = reduced.merge(centres, on=["group", "component"], suffixes=("", "_centre"))
        terms["term"] = terms["coefficient"] * terms["value"]
        scores = terms.groupby(["group", "store_id", "cluster"]).agg(
            intercept=("intercept", "first"), sum=("term", "sum")
        )
        best = scores.sum(axis=1).groupby(["group", "store_id"]).idxmax()
        known = clusters.set_index(["group", "store_id"])["cluster"]
        assert best.str[2].loc[known.index].tolist() == known.tolist()


def test_every_table_is_where_its_contract_says(demo: Project) -> None:
    contracts = ROOT / "workflow" / "schemas" / "tables"
    promised = {p.stem: yaml.safe_load(p.read_text("utf-8"))["file"] for p in contracts.glob("*")}
    found: dict[str, set[str]] = {}
    for path in (demo.folder / "results").rglob("*.parquet"):
        name = pq.read_schema(path).metadata[b"contract"].decode()
        place = path.relative_to(demo.folder / "results").as_posix()
        if "/shards/" not in place:
            place = re.sub(r"^(internal|external)(?=/)", "{track}", place)
            found.setdefault(name, set()).add(re.sub("sales/.*[.]", "sales/{part}.", place))
    for name, places in found.items():
        expected = promised[name].replace("<merged>", "merged")
        assert places == {re.sub(r"^(internal|external)(?=/)", "{track}", expected)}, name
    assert set(promised) - set(found) == {"tiers", "tier_breaks"}  # not made by default


def test_nothing_is_pickled(demo: Project) -> None:
    suffixes = {path.suffix for path in (demo.folder / "results").rglob("*") if path.is_file()}
    assert suffixes <= {".parquet", ".json", ".jsonl", ".tsv", ".png", ".html", ".csv", ".xlsx"}


def test_nothing_is_left_to_do(demo: Project) -> None:
    assert demo.planned() == {}


def rewrite(project: Project, name: str) -> None:
    """Write a file of the demo retailer again, the same rows from last to first."""
    path = project.folder / "resources" / "demo" / name
    if path.suffix == ".parquet":
        pd.read_parquet(path).iloc[::-1].to_parquet(path)
    else:
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([head, *rows[::-1]]) + "\n", encoding="utf-8")


def test_a_new_file_of_sales_runs_only_what_depends_on_it(copy: Project) -> None:
    rewrite(copy, "internal/sales/2025-Q2.parquet")
    planned = copy.planned()
    assert planned["aggregate_sales"] == 1
    assert planned["normalize"] == 1  # the internal one
    assert set(planned) == {"aggregate_sales", "map_products", "normalize"} | FEATURES


def test_what_comes_out_the_same_ends_there(copy: Project) -> None:
    rewrite(copy, "internal/sales/2025-Q2.parquet")
    copy.run("--until", "aggregate_sales")  # the same sums; another checksum of the input
    pages = PAGES - EXTERNAL - {"draw_internal", "export_tables"}  # these do not read it
    assert set(copy.planned()) == {"reconcile"} | pages


def test_a_demo_that_is_made_again_is_not_taken_for_replaced(copy: Project) -> None:
    target = "results/external/raw_features.parquet"
    copy.run(target, "--forcerun", "make_demo", "join_external")
    assert copy.planned(target) == {}


def test_a_corrected_product_map_reads_no_sales_again(copy: Project) -> None:
    rewrite(copy, "internal/products.csv")
    assert set(copy.planned()) == {"map_products", "normalize", "label"} | FEATURES | EXTERNAL


def test_a_new_external_file_leaves_the_internal_track_alone(copy: Project) -> None:
    rewrite(copy, "external/competitors.parquet")
    planned = copy.planned()
    assert set(planned) == {"join_external", "normalize", "label"} | FEATURES | EXTERNAL
    assert planned["normalize"] == planned["cluster"] == 1


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        ("scripts/store_clusters/merge/merging.py", {"merge"} | AFTER_MERGE),
        ("scripts/store_clusters/clusters/clustering.py", CLUSTERS | EXTERNAL),
        ("scripts/store_clusters/features/imputation.py", FEATURES | EXTERNAL),
        ("scripts/store_clusters/report/drawing/style.py", PICTURES | {"write_page"}),
        ("scripts/store_clusters/report/pictures/external_k.py", EXTERNAL | {"write_page"}),
        ("workflow/schemas/tables/k.yaml", CLUSTERS | EXTERNAL),
    ],
)
def test_a_change_of_code_reruns_the_rules_that_use_it(
    file: str, rules: set[str], copy: Project
) -> None:
    path = copy.folder / file
    path.write_text(path.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert set(copy.planned()) == rules


@pytest.mark.parametrize(
    ("package", "rules"),
    [
        ("scikit-learn", FEATURES | EXTERNAL),  # from the first that uses it
        ("matplotlib", PICTURES | {"write_page"}),
        ("XlsxWriter", {"write_workbook"}),
        ("Pygments", set()),  # installed, but not used here
    ],
)
def test_another_version_of_a_package_reruns_the_rules_that_use_it(
    package: str,
    rules: set[str],
    demo: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = tmp_path / f"{package.lower().replace('-', '_')}-99.0.dist-info"
    installed.mkdir()
    said = f"Metadata-Version: 2.1\nName: {package}\nVersion: 99.0\n"
    (installed / "METADATA").write_text(said, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert set(demo.planned()) == rules


def test_touching_code_or_input_reruns_nothing(copy: Project) -> None:
    for folder in ("scripts", "resources"):
        for path in (copy.folder / folder).rglob("*.*"):
            path.touch()
    assert copy.planned() == {}


@pytest.mark.parametrize(
    ("overlay", "rules"),
    [
        ({"merge": {"refits": 20}}, {"merge"} | AFTER_MERGE),
        ({"merge": {"min_size": 10}}, CLUSTERS),
        ({"external": {"choose_k": {"max": 5}}}, CLUSTERS | EXTERNAL),
        ({"internal": {"outliers": {"share": 0.1}}}, FEATURES - {"impute"}),
        ({"internal": {"normalize": {"scale": "robust"}}}, {"normalize"} | FEATURES),
    ],
)
def test_a_change_of_a_parameter_reruns_from_the_first_rule_that_uses_it(
    overlay: dict, rules: set[str], copy: Project
) -> None:
    assert set(copy.planned("--configfile", copy.write_config(overlay))) == rules


def test_the_report_of_snakemake_holds_the_main_tables(copy: Project) -> None:
    copy.run("--report", "report.html")
    report = (copy.folder / "report.html").read_text(encoding="utf-8")
    for name in ("clusters.csv", "profiles.csv", "sales.png", "index.html", "explorer.html"):
        assert name in report


@pytest.mark.parametrize(
    ("target", "rules"),
    [
        (
            "run_internal_preprocessing",
            {"make_demo", "aggregate_sales", "map_products", "normalize", "impute"}
            | {"detect_outliers", "reduce", "run_internal_preprocessing"},
        ),
        (
            "run_external_preprocessing",
            {"make_demo", "join_external", "normalize", "impute", "detect_outliers", "reduce"}
            | {"run_external_preprocessing"},
        ),
    ],
)
def test_an_old_command_does_exactly_its_part(
    target: str, rules: set[str], project: Project
) -> None:
    assert set(project.planned(target)) == rules


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_environment_plans_the_complete_run_on_a_fresh_clone(
    environment: str, project: Project
) -> None:
    planned = project.planned("--configfile", f"config/{environment}.yaml")
    assert {"make_demo", "aggregate_sales", "merge", "reconcile", "write_page"} <= set(planned)
    assert planned["cluster"] == 1 + {"dev": 1, "staging": 2, "prod": 8}[environment]
