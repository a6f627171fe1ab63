"""A Slurm of two nodes on this machine, started for a test and stopped after it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NODES = ("node1", "node2")
MEMORY = 6000  # MB of a node
CONF = Path("/etc/slurm/slurm.conf")  # its default place: the executor hides SLURM_CONF
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scontrol")


def why_not() -> str | None:
    """Return what keeps Slurm from being started here, None where it can be."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"Slurm cannot be started: no {', '.join(missing)} (Debian: slurm-wlm, munge)"
    if os.geteuid():
        return "Slurm cannot be started: only root may"
    if CONF.exists() and "# for a test" not in CONF.read_text(encoding="utf-8"):
        return f"Slurm cannot be started: {CONF} belongs to another"
    return None


class NotStarted(Exception):
    """Slurm is installed but does not start on this machine; says what its programs printed."""


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """Run a controller and two nodes with their state in ``folder``; stop them in the end.

    Raises:
        NotStarted: They do not all wait for work within two minutes.
    """
    started: list[subprocess.Popen] = []

    def start(name: str, *command: str) -> None:
        with (folder / f"{name}.out").open("w") as out:
            started.append(subprocess.Popen(command, stdout=out, stderr=out))

    CONF.parent.mkdir(exist_ok=True)
    CONF.write_text(configuration(folder), encoding="utf-8")
    try:
        start("munged", *munged(folder))
        until((folder / "munge").is_socket, folder)
        start("slurmctld", "slurmctld", "-D", "-c")
        for node in NODES:
            start(node, "slurmd", "-D", "-N", node)
        until(ready, folder)
        yield
        subprocess.run(["scancel", "--user", "root"], capture_output=True, check=False, timeout=60)
    finally:
        for process in reversed(started):
            stop(process)
        CONF.unlink()


def stop(process: subprocess.Popen) -> None:
    """End a program, by force if it does not listen."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def configuration(folder: Path) -> str:
    """Return slurm.conf: memory limits by polling, as control groups need more rights."""
    host = socket.gethostname()
    ports = free_ports(len(NODES) + 1)
    nodes = "\n".join(
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 "
        f"RealMemory={MEMORY} State=UNKNOWN"
        for node, port in zip(NODES, ports[1:], strict=True)
    )
    (folder / "state").mkdir()
    return f"""# for a test, removed after it
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmdSpoolDir={folder}/%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_min_interval=100000
MinJobAge=3600
ReturnToService=2
MpiDefault=none
{nodes}
PartitionName=main Nodes=ALL Default=YES State=UP LLN=YES MaxTime=INFINITE
"""


def free_ports(number: int) -> list[int]:
    """Return ports on which nobody listens."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def munged(folder: Path) -> list[str]:
    """Return the command of the daemon that proves who asks, apart from any other on the machine.

    It is forced, as it finds a folder that only its owner may enter unusual.
    """
    key = folder / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    files = {"socket": "munge", "key-file": "key", "log-file": "munge.log"}
    files |= {"pid-file": "munge.pid", "seed-file": "munge.seed"}
    options = [f"--{option}={folder / name}" for option, name in files.items()]
    return ["munged", "--foreground", "--force", *options]


def ready() -> bool:
    """Say whether all nodes wait for work."""
    command = ["sinfo", "--noheader", "--Node", "--format", "%N %t"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except subprocess.TimeoutExpired:
        return False
    return sorted(done.stdout.split("\n")) == ["", *(f"{node} idle" for node in NODES)]


def until(true: Callable[[], bool], folder: Path, seconds: float = 120) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            said = [path.read_text(errors="replace")[-1000:] for path in folder.glob("*.out")]
            raise NotStarted("Slurm did not start: " + "\n".join(said))
        time.sleep(0.2)
