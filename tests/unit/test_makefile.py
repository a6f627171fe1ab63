"""The commands that users of the old pipeline know, as Make would run them."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def commands(*arguments: str) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    "target",
    [
        "run-internal-preprocessing",
        "run-internal-ml",
        "run-external-preprocessing",
        "run-external-ml",
        "run-merging",
    ],
)
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_step_runs_the_target_of_its_name_in_its_environment(
    target: str, environment: str
) -> None:
    rule = target.replace("-", "_")
    line = f"{rule} --configfile config/{environment}.yaml"
    assert line in commands(target, f"ENV={environment}")


def test_run_full_takes_the_environment_and_everything() -> None:
    last = commands("run-full", "ENV=prod").splitlines()[-1]
    assert last.endswith("snakemake --cores all --configfile config/prod.yaml")


def test_dev_runs_and_serves_the_results_of_its_own_environment() -> None:
    printed = commands("dev")
    assert "--configfile config/dev.yaml" in printed
    assert "--bind 127.0.0.1 --directory results/dev/report" in printed


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Make with an environment in which Snakemake and the server only say their name."""
    programs = folder / "programs"
    (programs / "bin").mkdir(parents=True)
    for name, text in {
        "snakemake": "echo RUN",
        "python": f'[ "$1" = -m ] && echo SERVED || exec {sys.executable} "$@"',
    }.items():
        path = programs / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
    (programs / "installed").touch()  # newer than the lock file: there is nothing to set up
    return subprocess.run(
        ["make", "--no-print-directory", f"VENV={programs}", "PYTHON=false", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in {"PORT", "ENV"}},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_a_port_in_use_is_told_before_the_run(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = make(tmp_path, "dev", f"PORT={port}")
    assert done.returncode != 0
    assert f"Port {port} cannot be used: Address already in use." in done.stdout
    assert f"PORT={port + 1} make dev" in done.stdout
    assert "RUN" not in done.stdout
    assert "Traceback" not in done.stdout


def test_a_port_that_is_none_is_told(tmp_path: Path) -> None:
    done = make(tmp_path, "dev", "PORT=http")
    assert done.returncode != 0
    assert "PORT=http: expected a number" in done.stdout


def test_a_free_port_is_served_from_after_the_run(tmp_path: Path) -> None:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    done = make(tmp_path, "dev", f"PORT={port}")
    assert done.returncode == 0, done.stdout
    assert done.stdout.index("RUN") < done.stdout.index(f":{port}/") < done.stdout.index("SERVED")


def test_an_environment_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path) -> None:
    done = make(tmp_path, "run-full", "ENV=pord")
    assert done.returncode != 0
    assert "ENV=pord: there is no config/pord.yaml. There are:" in done.stdout
    assert "prod" in done.stdout
    assert "RUN" not in done.stdout


def test_help_names_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("setup", "demo", "dev", "test", "run-full", "run-merging", "report"):
        assert f"{target} " in done.stdout
