"""The workflow beside an analysis: from the analysis' folder, and as a module of its workflow."""

import re
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT, Project
from tiny import CONFIG, write_tiny

README = (ROOT / "README.md").read_text(encoding="utf-8")
SNAKEFILE = ROOT / "workflow" / "Snakefile"
CHAIN = {key: value for key, value in CONFIG.items() if key != "output"}  # names no results
# The workflow of another that README shows, with this one where it is.
(SHOWN,) = re.findall(r"```python\n(configfile.*?)```", README, re.DOTALL)
MODULE = SHOWN.replace("../store-clusters/workflow/Snakefile", str(SNAKEFILE))
PLAN = """\
import pandas as pd

pd.read_parquet(snakemake.input[0]).to_csv(snakemake.output[0], index=False)
"""


class Analysis(Project):
    """A folder of a retailer, with the workflow elsewhere."""

    def __init__(self, folder: Path, *options: str):
        self.folder = folder
        self.options = options
        folder.mkdir()

    def command(self, *arguments: str) -> list[str]:
        return [*super().command(), *self.options, *arguments]

    @property
    def names(self) -> set[str]:
        """What is in the folder, but for what Snakemake keeps for itself."""
        return {path.name for path in self.folder.iterdir()} - {".snakemake"}


@pytest.fixture
def analysis(tmp_path: Path) -> Analysis:
    """An empty folder from which Snakemake is told where the workflow is."""
    return Analysis(tmp_path / "analysis", "-s", str(SNAKEFILE), "--directory", ".")


@pytest.fixture
def planning(tmp_path: Path) -> Analysis:
    """A folder with a workflow that declares this one as a module."""
    planning = Analysis(tmp_path / "planning")
    (planning.folder / "Snakefile").write_text(MODULE, encoding="utf-8")
    (planning.folder / "plan.py").write_text(PLAN, encoding="utf-8")
    planning.write_config({"clusters": CHAIN, "owner": "planning"}, "planning.yaml")
    write_tiny(planning.folder)
    return planning


def tracked_state() -> str:
    """Return what the project's folder holds that it does not track, or tracks otherwise."""
    done = subprocess.run(
        ["git", "status", "--porcelain", "--ignored", "workflow", "results", "resources"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return "\n".join(line for line in done.stdout.splitlines() if "__pycache__" not in line)


def test_a_folder_with_only_data_and_a_configuration_is_enough(analysis: Analysis) -> None:
    before = tracked_state()
    write_tiny(analysis.folder)
    analysis.write_config(CHAIN, "my.yaml")
    (shown,) = re.findall(r"^snakemake (-s .*)$", README, re.MULTILINE)
    run = shown.partition("--directory .")[2].split()
    said = analysis.run(*run)
    assert "Final clusters: results/my/merged/clusters.parquet" in said
    final = pd.read_parquet(analysis.folder / "results" / "my" / "merged" / "clusters.parquet")
    assert len(final) == 24 * 2
    assert final["final_cluster"].notna().all()
    assert analysis.names == {"data", "my.yaml", "results"}
    assert tracked_state() == before  # nothing is written where the workflow lies
    assert analysis.planned(*run) == {}
    analysis.run(*run, "--report", "report.html")
    report = (analysis.folder / "report.html").read_text(encoding="utf-8")
    assert "24 seen, 0 lost" in report


def test_the_demo_is_made_in_the_folder(analysis: Analysis) -> None:
    planned = analysis.planned()
    assert planned["make_demo"] == 1
    assert {"merge", "explain", "reconcile"} <= set(planned)
    analysis.run("resources/demo/internal/products.csv")
    assert (analysis.folder / "resources" / "demo" / "external" / "demographics.csv").is_file()
    assert analysis.names == {"resources", "results"}  # where the job's log is


def test_a_configuration_of_the_folder_is_found(analysis: Analysis) -> None:
    write_tiny(analysis.folder)
    (analysis.folder / "config").mkdir()
    analysis.write_config(CHAIN | {"output": {"results": "here"}}, "config/config.yaml")
    said = analysis.run("-n", "run_merging")
    assert "here/merged/clusters.parquet" in said
    assert "make_demo" not in said


def test_an_environment_that_ships_is_laid_over_the_folders_own(analysis: Analysis) -> None:
    write_tiny(analysis.folder)
    (analysis.folder / "config").mkdir()
    analysis.write_config(CHAIN, "config/config.yaml")
    prod = str(ROOT / "config" / "prod.yaml")
    planned = analysis.planned("run_merging", "--configfile", prod)
    shards = yaml.safe_load(Path(prod).read_text(encoding="utf-8"))["shards"]
    assert planned["merge"] == shards


def test_a_module_feeds_a_rule_of_another_workflow(planning: Analysis) -> None:
    planned = planning.planned()
    assert planned["plan"] == planned["sc_merge"] == 1
    assert all(name.startswith("sc_") for name in planned if name != "plan")
    planning.run("--quiet", "rules")
    plan = pd.read_csv(planning.folder / "plan.csv")
    assert len(plan) == 24 * 2
    assert planning.planned() == {}
    assert planning.names == {
        "Snakefile",
        "planning.yaml",
        "plan.py",
        "data",
        "results",
        "plan.csv",
    }
    planning.run("--report", "report.html")


def test_a_module_makes_its_pages_too(planning: Analysis) -> None:
    planned = planning.planned("sc_all")
    assert {"sc_reconcile", "sc_write_page"} <= set(planned)


def test_a_module_has_the_configuration_that_it_is_given(planning: Analysis) -> None:
    """What the command says belongs to the workflow that declares the module."""
    inputs = {"sales": {"path": "till.csv"}, "seed": "of another kind"}
    laid_over = planning.write_config({"inputs": inputs, "shards": 3}, "tills.yaml")
    planned = planning.planned("--configfile", laid_over, "--config", "seed=none of the module's")
    assert planned["sc_merge"] == planned["plan"] == 1


def test_two_modules_stand_side_by_side(planning: Analysis) -> None:
    snakefile = planning.folder / "Snakefile"
    text = snakefile.read_text(encoding="utf-8")
    second = MODULE.partition("module")[2].partition("rule plan")[0]
    second = second.replace("store_clusters", "north").replace("sc_*", "north_*")
    second = second.replace('config["clusters"]', 'config["clusters"] | {"output": NORTH}')
    north = 'NORTH = {"results": "north", "merged": "north/final"}\n\nmodule'
    snakefile.write_text(
        text.replace("rule plan", f"{north}{second}rule plan").replace(
            'input: "results/', 'input: "north/final/clusters.parquet", "results/'
        ),
        encoding="utf-8",
    )
    planned = planning.planned()
    assert planned["sc_merge"] == planned["north_merge"] == 1


def test_wrong_configuration_of_a_module_is_told(planning: Analysis) -> None:
    planning.write_config({"clusters": CHAIN | {"sed": 1}}, "planning.yaml")
    assert "sed: unknown key. Did you mean 'seed'?" in planning.fail("-n")
