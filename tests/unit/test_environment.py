"""The lock file, environment.yml and pyproject.toml name the same packages."""

import re
import tomllib

import pytest
import yaml
from conftest import ROOT

CONDA_NAMES = {"python-duckdb": "duckdb", "matplotlib-base": "matplotlib"}


def named_in_pyproject() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["dev"]
    found = (re.match(r"([A-Za-z0-9._-]+)(\[.*\])?(.*)", line) for line in lines)
    return {match[1].lower(): match[3] for match in found if match}


def locked() -> dict[str, str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[.*\])?==([^ ;\\]+)", text, re.MULTILINE))


def in_conda() -> dict[str, str]:
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pairs = (line.split("=") for line in content["dependencies"] if not line.startswith("python>"))
    return {CONDA_NAMES.get(name, name): version for name, version in pairs}


def test_the_lock_file_holds_every_package_of_pyproject() -> None:
    missing = set(named_in_pyproject()) - set(locked())
    assert not missing


def test_conda_users_get_the_packages_of_pyproject_in_the_locked_versions() -> None:
    versions = locked()
    assert in_conda() == {name: versions[name] for name in named_in_pyproject()}


@pytest.mark.parametrize("name", sorted(named_in_pyproject()))
def test_locked_versions_satisfy_pyproject(name: str) -> None:
    bound = re.match(r">=([0-9.]+)", named_in_pyproject()[name])
    if bound:
        parts = [[int(x) for x in re.findall(r"\d+", text)] for text in (locked()[name], bound[1])]
        assert parts[0] >= parts[1]


def test_the_lock_file_names_no_registry() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "http" not in text
    assert text.count("--hash=sha256:") > 200
