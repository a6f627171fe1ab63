"""What all tests share: the scripts' modules, and projects to run Snakemake in for real."""

import compileall
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from launcher import launcher
from tiny import CONFIG, write_tiny

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # as in a job; workers would wait for each other's threads

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "scripts"))
RESULTS = ("results", "resources/demo", ".snakemake/metadata")
VARIABLES = ("DATA_DIR", "INTERNAL_DATA_DIR", "EXTERNAL_DATA_DIR", "MERGING_DATA_DIR")
LONGEST = 120  # seconds to wait for anything


def pytest_configure(config: pytest.Config) -> None:
    """Compile the scripts once: copies of the project take what is compiled along."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(ROOT / "scripts", quiet=2)


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
            shutil.copytree(ROOT / name, folder / name)  # compiled modules, too
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
        _, _, _, *words = self.command(*arguments)
        return launcher().run(words, self.folder, environment)

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

    Made once, by the worker that needs it first: of what ``make demo`` left, if that is up to date.
    """

    def run(project: Project) -> None:
        copy_results(ROOT, project.folder)
        if project.planned():
            for name in RESULTS:
                shutil.rmtree(project.folder / name, ignore_errors=True)
            project.run()

    return made_once(tmp_path_factory, "demo", run)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after a full run on the tiny retailer, of ``overlay.yaml``; not to be changed."""

    def run(project: Project) -> None:
        write_tiny(project.folder)
        project.run("--configfile", project.write_config(CONFIG))

    return made_once(tmp_path_factory, "finished", run)


def made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Project], None]
) -> Project:
    """Return the project of a name, which the worker that needs it first makes."""
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    shared = factory.getbasetemp() if alone else factory.getbasetemp().parent
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = shared / f"{name}.finished"
        if finished.exists():
            return Project.existing(shared / name)
        project = Project(shared / name)
        make(project)
        finished.touch()
        return project


def copy_results(folder: Path, to: Path) -> None:
    """Copy the demo and its results, not those of other configurations; times stay."""
    own = ("internal", "external", "merged", "report", "logs", "benchmarks", "*.parquet", "*.json")

    def others(parent: str, names: list[str]) -> set[str]:
        if Path(parent) != folder / "results":
            return set()
        return {name for name in names if not any(fnmatchcase(name, one) for one in own)}

    for name in RESULTS:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, to / name, ignore=others)
