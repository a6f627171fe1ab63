"""What all tests share: the scripts' modules, and projects to run Snakemake in for real."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # as in a job; workers would wait for each other's threads

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "scripts"))
VARIABLES = ("DATA_DIR", "INTERNAL_DATA_DIR", "EXTERNAL_DATA_DIR", "MERGING_DATA_DIR")
LONGEST = 120  # seconds to wait for anything


def pytest_xdist_auto_num_workers() -> int:
    """Use one worker more than there are cores: tests of the cluster mostly wait."""
    return (os.cpu_count() or 1) + 1


def wait_for(run: subprocess.Popen, found: Callable[[], bool]) -> None:
    """Wait until something of a run is found, while it runs."""
    end = time.monotonic() + LONGEST
    while not found():
        assert run.poll() is None, run.stdout.read()
        assert time.monotonic() < end
        time.sleep(0.01)


class Project:
    """A copy of the project in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("workflow", "scripts", "config"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        (folder / "resources").mkdir()
        shutil.copy(ROOT / "resources" / "make_demo.py", folder / "resources")
        for name in ("environment.yml", "pyproject.toml"):
            shutil.copy(ROOT / name, folder)

    @classmethod
    def existing(cls, folder: Path) -> "Project":
        """Return the project that is in a folder already."""
        project = cls.__new__(cls)
        project.folder = folder
        return project

    def copy_to(self, folder: Path) -> "Project":
        """Copy the project with all it holds, results too."""
        shutil.copytree(self.folder, folder)
        return Project.existing(folder)

    def command(self, *arguments: str) -> list[str]:
        """Return the command that runs Snakemake in the project."""
        return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]

    def snakemake(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake in the project; output and errors come back as text in ``stdout``."""
        environment = {k: v for k, v in os.environ.items() if k not in VARIABLES} | variables
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def run(self, *arguments: str, **variables: str) -> str:
        """Run Snakemake, expect success, and return what it printed."""
        done = self.snakemake(*arguments, **variables)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def fail(self, *arguments: str, **variables: str) -> str:
        """Run Snakemake, expect failure without a Python traceback, and return what it printed."""
        done = self.snakemake(*arguments, **variables)
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stdout, done.stdout
        return done.stdout

    def planned(self, *arguments: str, **variables: str) -> dict[str, int]:
        """Return the rules that a dry run would run, and how many jobs of each."""
        lines = self.run("-n", *arguments, **variables).splitlines()
        if "Job stats:" not in lines:
            return {}
        table = lines[lines.index("Job stats:") + 3 :]
        rows = table[: next(i for i, line in enumerate(table) if line.startswith("total"))]
        counts = {name: int(count) for name, count in (line.split() for line in rows)}
        return {name: count for name, count in counts.items() if name != "all"}

    def write_config(self, overlay: dict, name: str = "overlay.yaml") -> str:
        """Write an overlay and return its path, for ``--configfile``."""
        (self.folder / name).write_text(yaml.safe_dump(overlay), encoding="utf-8")
        return name

    def files(self, pattern: str = "results/**/*.parquet") -> dict[str, bytes]:
        """Return the bytes of the files that match, by their path in the project.

        The history is another after every run.
        """
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.glob(pattern))
            if path.name != "history.parquet"
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy of the project."""
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """A maker of copies that live as long as the test session."""
    return lambda name: Project(tmp_path_factory.mktemp(name) / "project")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after a plain, full run on the demo retailer; not to be changed.

    Made once, by the worker that needs it first.
    """
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    shared = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = shared / "demo.finished"
        if finished.exists():
            return Project.existing(shared / "demo")
        project = Project(shared / "demo")
        project.run()
        finished.touch()
        return project
