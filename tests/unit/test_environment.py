"""What a run and what development need: the same packages for users of pip and of conda."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

# Conda's names, where they are not those of the lock file.
CONDA_NAMES = {"python-duckdb": "duckdb", "matplotlib-base": "matplotlib"}
# The package that brings a module, where it is not called like it.
BRINGS = {
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "pydantic_core": "pydantic",
    "snakemake_interface_logger_plugins": "snakemake",
}
# Plugins of Snakemake are not imported but named in a command; so is this one, by `make monitor`.
NAMED_IN_COMMANDS = {"--logger rich": "snakemake-logger-plugin-rich"}


def declared(group: str) -> dict[str, str]:
    """Return what pyproject.toml asks for: package and bound, ``run`` or an optional group."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] if group == "run" else project["optional-dependencies"][group]
    found = (re.match(r"([A-Za-z0-9._-]+)(\[.*\])?(.*)", line) for line in lines)
    return {match[1].lower(): match[3] for match in found if match}


def locked() -> dict[str, str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[.*\])?==([^ ;\\]+)", text, re.MULTILINE))


def in_conda(file: str) -> dict[str, str]:
    content = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    pairs = (line.split("=") for line in content["dependencies"] if not line.startswith("python>"))
    return {CONDA_NAMES.get(name, name): version for name, version in pairs}


def sources() -> list[Path]:
    """Return the Python that a run executes: scripts, library, rules."""
    folders = ("scripts", "workflow", "resources")
    found = [path for name in folders for path in (ROOT / name).rglob("*.py")]
    found.remove(ROOT / "resources" / "serve_runs.py")  # the page of runs, which no run needs
    return [*found, *(ROOT / "workflow").rglob("*.smk"), ROOT / "workflow" / "Snakefile"]


def used_by(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, or whose files it reads."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":  # Snakemake's language: Python's imports stand in it as they are
        yield from re.findall(r"^\s*(?:from|import) ([\w.]+)", text, re.MULTILINE)
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Call) and "importlib.resources" in text:
            first = node.args[0] if node.args else None  # files("package")
            if ast.unparse(node.func).endswith("files") and isinstance(first, ast.Constant):
                yield str(first.value)


def used_by_runs() -> set[str]:
    """Return the packages that a run uses."""
    names = {module.partition(".")[0] for path in sources() for module in used_by(path)}
    names -= {"", "store_clusters", *sys.stdlib_module_names}
    return {BRINGS.get(name, name.replace("_", "-")) for name in names}


def named_in_commands() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return {package for option, package in NAMED_IN_COMMANDS.items() if option in makefile}


def test_all_that_runs_import_is_in_their_environment() -> None:
    assert used_by_runs() - set(in_conda("environment.yml")) == set()


def test_nothing_in_the_environment_of_runs_is_unused() -> None:
    needed = used_by_runs() | named_in_commands() | {"snakemake"}
    assert set(in_conda("environment.yml")) - needed == set()


@pytest.mark.parametrize(
    ("file", "group"), [("environment.yml", "run"), ("environment-dev.yml", "dev")]
)
def test_users_of_conda_get_the_same_packages_in_the_locked_versions(file: str, group: str) -> None:
    versions = locked()
    assert in_conda(file) == {name: versions.get(name) for name in declared(group)}


def test_every_rule_runs_in_the_environment_of_runs() -> None:
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8")
        named = re.findall(r'conda:\s+"([^"]+)"', text)
        assert len(named) >= len(re.findall(r"^ +script:$", text, re.MULTILINE)), path
        for name in named:
            assert (path.parent / name).resolve() == ROOT / "environment.yml"


@pytest.mark.parametrize("name", sorted(declared("run") | declared("dev")))
def test_locked_versions_satisfy_pyproject(name: str) -> None:
    wanted = (declared("run") | declared("dev"))[name]
    bound = re.match(r">=([0-9.]+)", wanted)
    if bound:
        parts = [[int(x) for x in re.findall(r"\d+", text)] for text in (locked()[name], bound[1])]
        assert parts[0] >= parts[1]


def test_the_lock_file_names_no_registry() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "http" not in text
    assert text.count("--hash=sha256:") > 200
