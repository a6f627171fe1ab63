"""What an operator sees of runs: before them, at their end, and afterwards."""

import json
from collections.abc import Callable

import pandas as pd
import pytest
from conftest import Project
from tiny import CONFIG, write_tiny

ACCOUNT = "results/run.json"


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A chain whose product map lacks most of what is sold, clustered once."""
    project = make_project("watched")
    write_tiny(project.folder)
    products = pd.read_csv(project.folder / "data" / "products.csv", dtype=str)
    products.groupby("category").nth([0, 2]).to_csv(
        project.folder / "data" / "products.csv", index=False
    )
    project.write_config(CONFIG)
    return project


def history(project: Project) -> list[dict]:
    return pd.read_parquet(project.folder / "results" / "history.parquet").to_dict("records")


def test_runs_are_told_of_and_kept(project: Project) -> None:
    said = project.run("--configfile", "overlay.yaml", "--quiet", "all", STORE_CLUSTERS_RUN="one")
    end = said[said.index("Final clusters:") :]
    assert "WARNING: reconcile: " in end  # after the results, where nobody overlooks it
    assert "of the sales are in no cluster" in end
    assert said.rstrip().endswith("raise checks.set_aside.limit in the configuration.")
    account = json.loads((project.folder / ACCOUNT).read_text(encoding="utf-8"))
    page = (project.folder / "results/report/index.html").read_text(encoding="utf-8")
    assert account["run"] == "one"
    assert "of the sales are in no cluster" in page
    for path in (project.folder / "results/logs").rglob("*.jsonl"):
        runs = {json.loads(line)["run"] for line in path.read_text("utf-8").splitlines()}
        assert runs == {"one"}, path
    (first,) = history(project)
    assert (first["run"], first["outcome"], first["rows_in"]) == ("one", "done", 1152)
    assert first["configuration"] == "overlay.yaml"
    assert "choose_k" in json.loads(first["steps"])
    assert project.planned("--configfile", "overlay.yaml") == {}  # another run, nothing to do

    limit = {"checks": {"set_aside": {"limit": 0.3, "beyond": "error"}}}
    project.write_config(CONFIG | limit, "strict.yaml")
    strict = ("--configfile", "strict.yaml")
    done = project.snakemake(ACCOUNT, *strict, STORE_CLUSTERS_RUN="two")
    assert done.returncode == 3
    last = done.stdout.rstrip().splitlines()
    assert last[-1] == f"Go on with:     snakemake --cores 2 {ACCOUNT} --configfile strict.yaml"
    assert "Failed:         reconcile" in last
    assert json.loads((project.folder / ACCOUNT).read_text(encoding="utf-8")) == account
    assert [(row["run"], row["outcome"]) for row in history(project)] == [
        ("one", "done"),
        ("two", "failed"),
    ]


def test_inputs_are_looked_at_before_a_run(project: Project) -> None:
    said = project.run("check", "--configfile", "overlay.yaml", "--quiet", "all")
    assert "store_id       'store': S01, S01, S01" in said
    assert "2024-01-15 to 2024-04-15" in said
    assert "of the sales are of products without a need state in the map, such as" in said
    assert "WARNING: " in said
    again = project.run("check", "--configfile", "overlay.yaml", "--quiet", "all")
    assert "store_id       'store'" in again  # each time anew
    found = json.loads((project.folder / "results/check.json").read_text(encoding="utf-8"))
    assert next((of["name"], of["rows"]) for of in found["sources"]) == ("sales", 1152)
    path = project.folder / "data" / "stores.csv"
    path.write_text(path.read_text("utf-8").replace("store,", "shop,", 1), encoding="utf-8")
    done = project.snakemake("check", "--configfile", "overlay.yaml")
    assert done.returncode == 3
    assert "data/stores.csv: column 'store' is missing. The file has 'shop'," in done.stdout


def test_a_wrong_configuration_has_an_exit_code_of_its_own(project: Project) -> None:
    done = project.snakemake("-n", "--config", "sed=1", "--configfile", "overlay.yaml")
    assert done.returncode == 2
    assert "sed: unknown key" in done.stdout
