"""The profile for Slurm on a real Slurm of two nodes, which the tests start by themselves."""

import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
import slurm
from conftest import Project
from tiny import CONFIG, write_tiny

REASON = slurm.why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

# A cluster that answers at once: no accounting, no wait for other nodes' files.
QUICK = ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1"]
QUICK += ["--seconds-between-status-checks", "1", "--latency-wait", "5"]
PROFILE = ["--profile", "workflow/profiles/slurm", *QUICK]
# Too little for any Python at first, then enough.
LITTLE_MEMORY = ["--set-resources", "map_products:mem_mb=40 * 50 ** (attempt - 1)"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    try:
        with slurm.running(tmp_path_factory.mktemp("slurm")):
            yield
    except slurm.NotStarted as error:
        pytest.skip(str(error))


def prepare(project: Project) -> Project:
    write_tiny(project.folder)
    project.write_config(CONFIG)
    return project


@pytest.fixture(scope="module")
def ran(cluster: None, make_project: Callable[[str], Project]) -> tuple[Project, str, str]:
    """A project after a run on the cluster, what the run printed and the jobs that Slurm saw."""
    project = prepare(make_project("cluster"))
    said = project.run(*PROFILE, *LITTLE_MEMORY, "--configfile", "overlay.yaml")
    return project, said, jobs("%T %N")


def jobs(columns: str, states: str = "all") -> str:
    """Return the jobs that Slurm knows, a line each."""
    command = ["squeue", "--noheader", "--states", states, "--format", columns]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_cluster_makes_the_same_bytes_as_one_machine(
    ran: tuple[Project, str, str], finished: Project
) -> None:
    assert ran[0].files() == finished.files()


def test_both_nodes_got_work_and_short_steps_share_a_job(
    ran: tuple[Project, str, str],
) -> None:
    _, said, seen = ran
    assert {f"COMPLETED {node}" for node in slurm.NODES} <= set(seen.splitlines())
    assert "31 of 31 steps (100%) done" in said
    # sums, the product map, external sources, both tracks, final clusters, reporting,
    # tables as CSV
    assert seen.count("COMPLETED") == 8


def test_a_job_without_enough_memory_gets_more(ran: tuple[Project, str, str]) -> None:
    _, said, seen = ran
    assert seen.count("FAILED") + seen.count("OUT_OF_MEMORY") == 1
    assert "Trying to restart job" in said


def test_a_cancelled_job_is_named_and_the_next_run_completes_it(
    ran: tuple[Project, str, str],
) -> None:
    project = ran[0]
    before = project.files("results/merged/*.parquet")
    config = project.write_config(CONFIG | {"merge": {"min_size": 3, "refits": 9}}, "other.yaml")
    arguments = [*PROFILE, "--configfile", config, "--until", "merge"]
    run = subprocess.Popen(
        project.command(*arguments, "--retries", "0"),
        cwd=project.folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    cancel_first(run)
    said, _ = run.communicate(timeout=120)
    assert run.returncode != 0
    assert "Error in group" in said
    assert "rule merge" in said
    project.run(*arguments)
    assert project.files("results/merged/*.parquet") != before
    assert project.planned("--configfile", config, "--until", "merge") == {}


def cancel_first(run: subprocess.Popen) -> None:
    """Cancel the first job of a run that Slurm starts."""
    end = time.monotonic() + 120
    while not (running := jobs("%i", "running").split()):
        assert run.poll() is None, run.stdout.read()
        assert time.monotonic() < end
        time.sleep(0.2)
    subprocess.run(["scancel", running[0]], check=True)
