"""Whatever ends a run, the next one goes on, and ends with the bytes of an undisturbed run."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

import pandas as pd
import psutil
import pytest
from conftest import Project, wait_for
from tiny import CONFIG, write_tiny

KILLS = 10
FINAL = "results/merged/clusters.parquet"


def prepare(project: Project) -> None:
    write_tiny(project.folder)
    project.write_config(CONFIG)


def start(project: Project) -> subprocess.Popen:
    """Start a run in a process group of its own."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "overlay.yaml"]
    return subprocess.Popen(
        command,
        cwd=project.folder,
        start_new_session=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def begun(project: Project, since: float, jobs: int) -> bool:
    """Say whether so many jobs have begun since a time."""
    logs = (project.folder / "results" / "logs").rglob("*.jsonl")
    return sum(path.stat().st_mtime > since for path in logs) >= jobs


def pythons(run: subprocess.Popen, script: str) -> list[psutil.Process]:
    """Return the processes of a run that execute a script."""
    found = []
    for process in psutil.Process(run.pid).children(recursive=True):
        with suppress(psutil.Error):  # it has ended meanwhile
            words = process.cmdline()
            if words and "python" in Path(words[0]).name and words[-1].endswith(script):
                found.append(process)
    return found


def test_a_run_killed_again_and_again_ends_with_the_same_bytes(
    finished: Project, project: Project
) -> None:
    prepare(project)
    random = Random(16)
    for _ in range(KILLS):
        since = time.time()
        run = start(project)
        wait_for(run, partial(begun, project, since, random.randint(1, 4)))
        time.sleep(random.uniform(0, 0.5))
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        for lock in (project.folder / ".snakemake" / "locks").iterdir():
            lock.unlink()  # as --unlock does: the dead cannot
    said = project.run("--configfile", "overlay.yaml")
    assert "Page:           results/report/index.html" in said
    assert project.files() == finished.files()
    assert project.planned("--configfile", "overlay.yaml") == {}


def test_a_job_that_is_killed_fails_the_run_and_the_next_completes_it(
    finished: Project, tmp_path: Path
) -> None:
    """As the system does it to a job that takes too much memory."""
    project = finished.copy_to(tmp_path / "copy")
    before = project.files()
    (project.folder / FINAL).unlink()
    run = start(project)
    jobs: list[psutil.Process] = []

    def merging() -> bool:
        jobs[:] = pythons(run, "merge.py")
        return bool(jobs)

    wait_for(run, merging)
    for job in jobs:
        job.kill()
    said, _ = run.communicate()
    assert run.returncode != 0
    assert "rule merge" in said
    project.run("--configfile", "overlay.yaml")
    assert project.files() == before


def test_a_run_that_is_stopped_by_hand_says_so(finished: Project, tmp_path: Path) -> None:
    """As by ctrl-C, which the terminal tells Snakemake and its jobs."""
    project = finished.copy_to(tmp_path / "copy")
    before = project.files()
    (project.folder / FINAL).unlink()
    run = start(project)
    wait_for(run, lambda: bool(pythons(run, "merge.py")) and begun(project, time.time() - 1, 1))
    os.killpg(run.pid, signal.SIGINT)
    said, _ = run.communicate()
    assert run.returncode == 130, said
    assert "Traceback" not in said
    assert "Stopped:        by hand, in merge\n" in said
    assert "Failed:" not in said
    assert said.rstrip().splitlines()[-1].startswith("Go on with:     snakemake --cores 2")
    last = pd.read_parquet(project.folder / "results" / "history.parquet").iloc[-1]
    assert last["outcome"] == "stopped"
    project.run("--configfile", "overlay.yaml")
    assert project.files() == before


def test_a_disk_without_room_loses_nothing(finished: Project, project: Project) -> None:
    prepare(project)
    results = project.folder / "results"
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(results)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        done = project.snakemake(FINAL, "--configfile", "overlay.yaml")
        assert done.returncode != 0
        assert "No space left on device" in done.stdout
        subprocess.run(["mount", "-o", "remount,size=50m", str(results)], check=True)
        project.run(FINAL, "--configfile", "overlay.yaml")
        found, expected = project.files(), finished.files()
        assert FINAL in found
        assert found == {path: expected[path] for path in found}
    finally:
        subprocess.run(["umount", "-l", str(results)], check=False)
