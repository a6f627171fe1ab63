"""How the house is built: arrows point one way, scripts are small, no name means two things.

The files are read, not imported: a module that breaks a rule need not even run.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

SCRIPTS = ROOT / "scripts"
LIBRARY = SCRIPTS / "store_clusters"
# In the order of the data; a stage imports only those before it.
STAGES = ["inputs", "sales", "features", "clusters", "merge", "describe", "report"]
BENEATH = ["run", "tables"]  # used by all stages; tables uses run, run uses nothing
ABOVE = "settings"  # puts the options of all stages together
STATISTICS = ["features", "clusters", "merge", "describe"]
NOT_IN_STATISTICS = (
    "pyarrow",
    "duckdb",
    "snakemake",
    "store_clusters.tables",
    "store_clusters.run.job",
    "store_clusters.run.files",
)
LONGEST_SCRIPT = 60


def modules() -> list[Path]:
    return sorted(LIBRARY.rglob("*.py"))


def scripts() -> list[Path]:
    return sorted(SCRIPTS.glob("*.py"))


def label(path: Path) -> str:
    return path.relative_to(SCRIPTS).as_posix()


def part_of(path: Path) -> str:
    """Return the stage that a module of the library belongs to, or ``run``, ``tables``..."""
    first = path.relative_to(LIBRARY).parts[0]
    return first.removesuffix(".py")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of all that a file imports, at any place, for types too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def allowed(part: str) -> set[str]:
    """Return the parts of the library that one of them may import."""
    if part == ABOVE:
        return {*STAGES, *BENEATH, ABOVE}
    if part in STAGES:
        return {*STAGES[: STAGES.index(part) + 1], *BENEATH}
    return set(BENEATH[: BENEATH.index(part) + 1]) if part in BENEATH else set()


def is_statistics(path: Path) -> bool:
    """Say whether a module computes with arrays only: those that know tables say so by name."""
    return part_of(path) in STATISTICS and not path.stem.endswith("tables")


# Arrows


def test_every_part_of_the_library_has_its_place() -> None:
    parts = {part_of(path) for path in modules()} - {"__init__"}
    assert parts == {*STAGES, *BENEATH, ABOVE}


@pytest.mark.parametrize("path", modules(), ids=label)
def test_a_stage_imports_only_stages_before_it(path: Path) -> None:
    part = part_of(path)
    backwards = [
        f"{label(path)}:{line} imports {name}"
        for line, name in imports(path)
        if is_within(name, "store_clusters") and name.split(".")[1] not in allowed(part)
    ]
    assert backwards == []


@pytest.mark.parametrize("path", [path for path in modules() if is_statistics(path)], ids=label)
def test_statistics_know_arrays_only(path: Path) -> None:
    found = [
        f"{label(path)}:{line} imports {name}"
        for line, name in imports(path)
        if any(is_within(name, package) for package in NOT_IN_STATISTICS)
    ]
    assert found == []


def test_the_library_imports_no_script() -> None:
    names = {path.stem for path in scripts()}
    found = [
        f"{label(path)}:{line} imports {name}"
        for path in [*modules(), *scripts()]
        for line, name in imports(path)
        if name.partition(".")[0] in names
    ]
    assert found == []


# Scripts


def rules_of_scripts() -> dict[str, set[str]]:
    """Return the names of the rules that run each script.

    A rule that is made for each member of a family, ``write_{page.name}``, is called ``write_``.
    """
    found: dict[str, set[str]] = {}
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8")
        parts = re.split(r"^ *(?:use )?rule\b *(\w*)[^:\n]*:", text, flags=re.MULTILINE)
        for name, rule in zip(parts[1::2], parts[2::2], strict=True):
            made = re.search(r'name:\s+f"(\w+_)\{', rule)
            for script in re.findall(r'script:\s+"../../scripts/(\w+)\.py"', rule):
                found.setdefault(script, set()).add(name or (made[1] if made else ""))
    return found


@pytest.mark.parametrize("path", scripts(), ids=label)
def test_a_script_is_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_SCRIPT


@pytest.mark.parametrize("path", scripts(), ids=label)
def test_a_script_says_what_it_reads_and_writes(path: Path) -> None:
    said = ast.get_docstring(tree(path)) or ""
    first, *rest = said.splitlines()
    assert first.endswith("."), "the first line is one sentence"
    assert any(line.startswith("Reads: ") for line in rest)
    assert any(line.startswith("Writes: ") for line in rest)


@pytest.mark.parametrize("path", scripts(), ids=label)
def test_a_script_is_that_of_the_rule_of_its_name(path: Path) -> None:
    verb = path.stem.partition("_")[0]
    rules = rules_of_scripts().get(path.stem, set())
    named = {rule for rule in rules if rule.startswith(f"{path.stem}_")}  # gather_clusters
    assert rules
    assert rules - named <= {path.stem, f"{verb}_"}


@pytest.mark.parametrize("path", scripts(), ids=label)
def test_nothing_happens_when_a_script_is_imported(path: Path) -> None:
    definitions = (ast.FunctionDef, ast.ClassDef)
    kinds = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    *body, last = tree(path).body
    assert all(isinstance(node, (*kinds, *definitions)) for node in body)
    assert all(isinstance(node.value, ast.Constant) for node in body if isinstance(node, ast.Expr))
    assert ast.unparse(last).splitlines()[0] == "if __name__ == '__main__':"
    assert "main" in {node.name for node in body if isinstance(node, ast.FunctionDef)}


# Names


def test_no_module_has_the_name_of_a_script() -> None:
    names = {path.stem for path in scripts()}
    assert [label(path) for path in modules() if path.stem in names] == []


def test_no_script_hides_a_module_of_the_standard_library() -> None:
    """Snakemake puts the folder of the scripts on the path, before the standard library."""
    names = {path.stem for path in [*scripts(), *SCRIPTS.iterdir()]}
    assert names & sys.stdlib_module_names == set()


# What it is called from outside


def test_the_version_is_the_same_wherever_it_stands() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\S+)$", changes, re.MULTILINE)
    assert released[0] == (project["version"], str(citation["date-released"]))


def test_the_catalog_finds_what_it_needs() -> None:
    """The Snakemake workflow catalog lists a repository that has these, in this form."""
    assert (ROOT / "workflow" / "Snakefile").is_file()
    assert (ROOT / "config" / "README.md").is_file()
    said = (ROOT / "README.md").read_text(encoding="utf-8").lower()
    assert {"snakemake", "workflow"} <= set(re.findall(r"\w+", said))
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text("utf-8"))["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["software-stack-deployment"]["conda"] is True


def test_github_runs_the_steps_that_this_machine_runs() -> None:
    """Both set up, lint, make the demo and test; GitHub on every Python that is supported."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    job = yaml.safe_load(text)["jobs"]["test"]
    commands = " ; ".join(step.get("run", "") for step in job["steps"])
    here = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([\w-]+)$", here, re.MULTILINE):
        parts = ["make lint", "pytest"] if target == "test" else [f"make {target}"]
        assert all(part in commands for part in parts), target
    for path in (ROOT / "config").glob("*.yaml"):
        if path.stem not in {"config", "demo"}:  # the demo's run has these
            assert f"config/{path.name}" in commands
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={job['strategy']['matrix']['python'][0]}"
