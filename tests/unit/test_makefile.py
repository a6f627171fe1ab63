"""The commands that users of the old pipeline know: what Make would run, and when it refuses."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

STEPS = {  # target: rule
    "run-internal-preprocessing": "run_internal_preprocessing",
    "run-internal-ml": "run_internal_ml",
    "run-external-preprocessing": "run_external_preprocessing",
    "run-external-ml": "run_external_ml",
    "run-merging": "run_merging",
}
QUIET = ["--quiet", "host", "reason", "rules"]
ENVIRONMENTS = ("dev", "staging", "prod")
PASSED_ON = {name: value for name, value in os.environ.items() if name not in {"PORT", "ENV"}}


def planned(*arguments: str, **variables: str) -> list[list[str]]:
    """Return the commands that Make would run, as words; programs of ``.venv`` by their name."""
    done = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", *arguments],
        cwd=ROOT,
        env=PASSED_ON | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    commands = [shlex.split(line) for line in done.stdout.splitlines() if ".venv/bin/" in line]
    return [[Path(program).name, *words] for program, *words in commands]


def snakemake(*arguments: str, **variables: str) -> list[str]:
    """Return the words of the one command of Snakemake that Make would run."""
    (found,) = (words for program, *words in planned(*arguments, **variables)
                if program == "snakemake")  # fmt: skip
    return found


# What targets run


@pytest.mark.parametrize(("target", "rule"), STEPS.items())
def test_a_step_runs_its_rule(target: str, rule: str) -> None:
    assert snakemake(target) == ["--cores", "all", rule, *QUIET]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("target", [*STEPS, "run-full", "monitor", "report", "unlock"])
def test_a_run_takes_an_environment(target: str, environment: str) -> None:
    words = snakemake(target, f"ENV={environment}")
    assert words[words.index("--configfile") + 1] == f"config/{environment}.yaml"
    assert [
        word for word in words if word not in ("--configfile", f"config/{environment}.yaml")
    ] == (snakemake(target))


def test_an_environment_may_be_a_variable() -> None:
    assert snakemake("run-full", ENV="prod") == snakemake("run-full", "ENV=prod")


def test_the_rules_that_are_run_exist() -> None:
    command = [sys.executable, "-m", "snakemake", "--list-target-rules"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(STEPS.values()) <= set(listed.split())


def test_a_full_run_has_no_target_but_the_default() -> None:
    assert snakemake("run-full") == ["--cores", "all", *QUIET]
    assert snakemake("run-full", "CORES=4") == ["--cores", "4", *QUIET]
    assert snakemake("demo") == ["--cores", "all", "--quiet", "all"]


def test_monitor_report_and_unlock_are_options_of_snakemake() -> None:
    assert snakemake("monitor")[2:] == ["--logger", "rich"]
    assert snakemake("report")[2:] == ["--report", "snakemake-report.html"]
    assert snakemake("unlock")[2:] == ["--unlock"]


def test_dev_runs_and_serves_the_results_of_its_own_environment() -> None:
    serve = planned("dev", "PORT=8123")[-1]
    server, run = serve[: serve.index("--")], serve[serve.index("--") + 1 :]
    assert server[1:] == [
        *("resources/serve_runs.py", "--port", "8123", "--results", "results/dev/report")
    ]
    assert run[-2:] == ["--configfile", "config/dev.yaml"]
    assert run[1:3] == ["--logger", "panoptes"]


def test_tests_begin_with_what_is_quicker() -> None:
    programs = [program for program, *_ in planned("test") if program not in ("pip", "python")]
    assert programs == ["ruff", "ruff", "snakefmt", "mypy", "snakemake", "pytest"]
    assert not any("--fix" in words for words in planned("lint"))
    assert any("--fix" in words for words in planned("format"))


def test_help_lists_every_target_with_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (targets,) = re.findall(r"^\.PHONY:(.*)$", text, re.MULTILINE)
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    told = dict(re.findall(r"^([a-z-]+) +(\S.*)$", done.stdout, re.MULTILINE))
    assert set(told) == set(targets.split())


# When it refuses


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Make with an environment in which Snakemake and the server only say their name."""
    programs = folder / "programs"
    (programs / "bin").mkdir(parents=True)
    for name, text in {
        "snakemake": "echo RUN",
        "python": f'case "$1" in res*) echo SERVED "$@";; *) exec {sys.executable} "$@";; esac',
    }.items():
        path = programs / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
    (programs / "installed").touch()  # newer than the lock file: there is nothing to set up
    return subprocess.run(
        ["make", "--no-print-directory", f"VENV={programs}", "PYTHON=false", *arguments],
        cwd=ROOT,
        env=PASSED_ON,
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


@pytest.mark.parametrize("port", ["http", "-1", "70000"])
def test_a_port_that_is_none_is_told(tmp_path: Path, port: str) -> None:
    done = make(tmp_path, "dev", f"PORT={port}")
    assert done.returncode != 0
    assert f"PORT={port}: expected a number" in done.stdout
    assert "RUN" not in done.stdout


def test_a_free_port_is_served_from_while_the_run_goes_on(tmp_path: Path) -> None:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    done = make(tmp_path, "dev", f"PORT={port}")
    assert done.returncode == 0, done.stdout
    assert f"SERVED resources/serve_runs.py --port {port}" in done.stdout


@pytest.mark.parametrize("target", ["run-full", "run-merging", "monitor", "report"])
def test_an_environment_that_does_not_exist_is_told_with_those_that_do(
    tmp_path: Path, target: str
) -> None:
    done = make(tmp_path, target, "ENV=pord")
    assert done.returncode != 0
    assert "ENV=pord: there is no config/pord.yaml, nor pord.yaml. There are: " in done.stdout
    assert all(environment in done.stdout for environment in ENVIRONMENTS)
    assert "RUN" not in done.stdout


def test_an_old_python_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$2" | grep -q "3, 11" && exit 1\necho INSTALLED\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["make", f"VENV={tmp_path / 'venv'}", f"PYTHON={python}", "setup"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "INSTALLED" not in done.stdout
