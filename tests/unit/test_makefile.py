"""The commands that users of the old pipeline know, as Make would run them."""

import shutil
import subprocess

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


def test_help_names_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("setup", "demo", "dev", "test", "run-full", "run-merging", "report"):
        assert f"{target} " in done.stdout
