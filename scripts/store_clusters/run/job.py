"""Run the main function of a script as a job: one log, one clear message when the input is bad."""

import json
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from store_clusters.run.errors import InputError
from store_clusters.run.origins import with_origins


class JobLog:
    """Writes what a job did as JSON lines to its log file, and one readable line to the console."""

    def __init__(self, path: str | Path, step: str, wildcards: dict[str, str]):
        self.path = Path(path)
        self.step = step
        self.wildcards = wildcards
        self.started = time.perf_counter()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("", encoding="utf-8")

    def __enter__(self) -> "JobLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: Any
    ) -> None:
        """Record what ended the job: bad input as one message and exit 1, a fault as it is."""
        if isinstance(error, InputError):
            self.failed(str(error))
            sys.exit(1)
        if error is not None:
            lines = traceback.format_exception(kind, error, trace)
            self.event("crash", traceback="".join(lines))

    def event(self, event: str, **facts: Any) -> None:
        """Append one JSON line: when, step, wildcards, event and the facts given."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "step": self.step,
            **self.wildcards,
            "event": event,
            **facts,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def done(self, summary: str, **facts: Any) -> None:
        """Record the end of the job; ``summary`` is the sentence shown on the console."""
        seconds = round(time.perf_counter() - self.started, 3)
        self.event("done", summary=summary, **facts, seconds=seconds)
        self._say(f"{summary} ({seconds:.1f} s)")

    def warn(self, message: str, **facts: Any) -> None:
        """Record a doubtful result, which the user should look at, and show it on the console."""
        self.event("warning", message=message, **facts)
        self._say(f"WARNING: {message}")

    def failed(self, message: str) -> None:
        """Record a problem the user can mend and show it on the console."""
        self.event("error", message=message)
        self._say(f"ERROR: {message}")

    def _say(self, text: str) -> None:
        parts = [str(value).strip("/").split("/")[-1] for value in self.wildcards.values()]
        where = " ".join([self.step, *filter(None, parts)])
        print(f"[{where}] {text}", file=sys.stderr, flush=True)


def run(main: Callable[[Any, JobLog], None], snakemake: Any) -> None:
    """Call ``main(snakemake, log)``; bad input becomes one message and exit status 1."""
    log = JobLog(snakemake.log[0], snakemake.rule, dict(snakemake.wildcards.items()))
    # more threads would change last bits of floats
    with log, threadpool_limits(limits=1):
        try:
            main(snakemake, log)
        except InputError as error:
            raise InputError(with_origins(str(error), snakemake.input)) from None


def print_results(results: dict[str, str], since: float) -> None:
    """Print where results made after ``since`` are, and how long it took; nothing without any."""
    made = {
        name: path
        for name, path in results.items()
        if Path(path).exists() and Path(path).stat().st_mtime >= since
    }
    if made:
        print(file=sys.stderr)
        for name, path in made.items():
            print(f"{name + ':':16}{path}", file=sys.stderr)
        print(f"{'Time:':16}{time.time() - since:.0f} s", file=sys.stderr)


def print_errors(folder: str | Path, since: float) -> None:
    """Print the error that ends a job log below ``folder``, of logs written after ``since``."""
    logs = (path for path in Path(folder).rglob("*.jsonl") if path.stat().st_mtime >= since)
    for path in sorted(logs):
        lines = path.read_text(encoding="utf-8").splitlines()
        last = json.loads(lines[-1]) if lines else {}
        if last.get("event") == "error":
            print(f"\n{last['step']}: {last['message']}", file=sys.stderr)
