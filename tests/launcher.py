"""Run Snakemake in processes that need not import it: most of what a short command takes.

A process imports Snakemake and whatever of its plugins is installed once, and forks for every
command. In the fork the command line is what it would be for ``python -m snakemake``.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path


class Launcher:
    """The process that has imported Snakemake, seen from a test."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake in a folder; output and errors come back as text in ``stdout``."""
        assert self.process.stdin
        assert self.process.stdout
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as output:
            command = [list(arguments), str(folder), dict(environment), output.name]
            print(json.dumps(command), file=self.process.stdin, flush=True)
            code = int(self.process.stdout.readline())
            return subprocess.CompletedProcess(list(arguments), code, output.read(), "")


@cache
def launcher() -> Launcher:
    """Return the launcher of this process."""
    return Launcher()


def serve() -> None:
    """Fork for every command that comes in, and answer with its exit code."""
    import snakemake.cli  # which tests need not import

    for line in sys.stdin:
        arguments, folder, environment, output = json.loads(line)
        process = os.fork()
        if not process:
            _become(arguments, folder, environment, output)
            snakemake.cli.main()
            return
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(arguments: list[str], folder: str, environment: dict[str, str], output: str) -> None:
    """Make this process what ``python -m snakemake`` would be."""
    import snakemake

    nothing, written = os.open(os.devnull, os.O_RDONLY), os.open(output, os.O_WRONLY)
    for stream, opened in enumerate((nothing, written, written)):
        os.dup2(opened, stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    added = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [folder, *filter(None, added)]
    sys.argv = [str(Path(snakemake.__file__).with_name("__main__.py")), *arguments]


if __name__ == "__main__":
    serve()
