"""The examples of CONTRIBUTING.md are members of their families as printed."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable

import pandas as pd
import pytest
import yaml
from conftest import ROOT, Project
from tiny import CONFIG, write_tiny

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# path in the project: content
EXAMPLES = dict(re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)```$", TEXT, re.MULTILINE | re.DOTALL))
(CONFIGURATION,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
MODULES = [path for path in EXAMPLES if path.endswith(".py")]


def name_of(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A copy of the project with the examples, run on a retailer whose sales are JSON lines."""
    project = make_project("contributing")
    for path, text in EXAMPLES.items():
        assert not (project.folder / path).exists()
        (project.folder / path).write_text(text, encoding="utf-8")
    write_tiny(project.folder)
    for path in (project.folder / "data").glob("sales-*.csv"):
        rows = pd.read_csv(path, dtype={"sku": str}).to_dict("records")
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        path.with_suffix(".jsonl").write_text(lines, encoding="utf-8")
        path.unlink()
    config = {key: dict(CONFIG[key]) for key in ("inputs", "external", "merge")}
    for section, keys in yaml.safe_load(CONFIGURATION).items():
        config.setdefault(section, {}).update(keys)
    project.write_config(config, "mine.yaml")
    project.run("results/mine/report/summary.md", "--configfile", "mine.yaml")
    return project


def test_there_is_one_of_each_family() -> None:
    families = [path.split("/")[-3:-1] for path in MODULES]
    assert families == [
        ["inputs", "readers"],
        ["features", "mix_transforms"],
        ["clusters", "algorithms"],
        ["report", "pages"],
    ]


def test_they_are_used(project: Project) -> None:
    results = project.folder / "results" / "mine"
    final = pd.read_parquet(results / "merged" / "clusters.parquet")
    assert len(final) == 24 * 2
    sales = pd.read_parquet(results / "internal" / "stores.parquet")["sales"].sum()
    files = sorted((project.folder / "data").glob("*.jsonl"))
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    sold = sum(json.loads(line)["amount"] for line in lines)
    assert float(sales) == pytest.approx(sold)
    values = pd.read_parquet(results / "internal" / "normalized.parquet")["value"]
    assert values.between(-1.6, 1.6).all()  # angles
    summary = (results / "report" / "summary.md").read_text(encoding="utf-8")
    names = pd.read_parquet(results / "merged" / "names.parquet")
    assert summary.count("\n- ") == len(names)


def test_a_page_gets_a_rule_and_a_place_in_the_report_of_snakemake(project: Project) -> None:
    planned = project.planned("--configfile", "mine.yaml")
    assert {"write_page", "write_explorer"} <= set(planned)
    assert "write_summary" not in planned  # is made already
    listed = project.run("--list-rules", "--configfile", "mine.yaml")
    assert "write_summary" in listed


def test_a_configuration_may_name_them_and_a_wrong_one_is_told_of_them(project: Project) -> None:
    for key, path in (
        ("internal.normalize.transform", MODULES[1]),
        ("internal.cluster.algorithm", MODULES[2]),
    ):
        nearly = name_of(path)[:-1]
        section, part, option = key.split(".")
        overlay = project.write_config({section: {part: {option: nearly}}}, "wrong.yaml")
        said = project.fail("-n", "--configfile", overlay)
        assert key in said
        assert name_of(path) in said


def test_the_reference_says_what_they_are(project: Project) -> None:
    shutil.copytree(ROOT / "docs", project.folder / "docs", dirs_exist_ok=True)
    command = [sys.executable, "docs/make_configuration.py"]
    subprocess.run(command, cwd=project.folder, check=True)
    reference = (project.folder / "config" / "README.md").read_text(encoding="utf-8")
    schema = (project.folder / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8")
    for path in MODULES[:3]:
        said = ast.get_docstring(ast.parse(EXAMPLES[path])) or ""
        assert name_of(path) in schema
        assert said.partition("\n")[0].rstrip(".") in reference


@pytest.mark.parametrize("command", [["ruff", "check"], ["ruff", "format", "--check"]])
def test_they_are_clean(project: Project, command: list[str]) -> None:
    shutil.copy(ROOT / "pyproject.toml", project.folder)
    done = subprocess.run(
        [sys.executable, "-m", *command, *MODULES],
        cwd=project.folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
