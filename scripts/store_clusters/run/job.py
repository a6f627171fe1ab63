"""Run the main function of a script as a job: one log, one clear message when the input is bad."""

import errno
import json
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from store_clusters.run.errors import InputError
from store_clusters.run.logging_options import Logging, logging_of_run
from store_clusters.run.origins import with_origins
from store_clusters.run.run_id import run_id
from store_clusters.run.unchanged import unchanged

UNWRITABLE = {
    errno.ENOSPC: "the disk is full. Make room and run the workflow again",
    errno.EDQUOT: "the quota of the disk is used up. Make room and run the workflow again",
    errno.EROFS: "the disk can only be read. Let it be written, or set output.results to another",
    errno.EACCES: "there is no right to it. Give it to this user, or set output.results to another",
}


class JobLog:
    """Writes what a job did as JSON lines to its log file, and one readable line to the console.

    ``logging`` in the configuration may want more of the console, less, or JSON lines there, too,
    and all lines of the run in one file.
    """

    def __init__(self, path: str | Path, step: str, wildcards: dict[str, str]):
        self.path = Path(path)
        self.step = step
        self.wildcards = wildcards
        self.run = run_id()
        self.logging: Logging = logging_of_run()
        self.started = time.perf_counter()
        self.interrupted = False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> "JobLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: Any
    ) -> None:
        """Record what ended the job: bad input as one message and exit 1, a fault as it is.

        A job that was interrupted exits without a word: who did it knows.
        """
        if self.interrupted:
            self.event("stopped")
            sys.exit(1)
        if isinstance(error, InputError):
            self.failed(str(error))
            sys.exit(1)
        if isinstance(error, OSError) and error.errno in UNWRITABLE:
            where = error.filename or self.path.parent
            self.failed(f"{where}: {UNWRITABLE[error.errno]} ({error}). What is done stays done.")
            sys.exit(1)
        if error is not None:
            lines = traceback.format_exception(kind, error, trace)
            self.event("crash", traceback="".join(lines))

    def interrupt(self, *_: Any) -> None:
        """Note that somebody wants the job to stop; libraries may tell it in words of their own."""
        self.interrupted = True
        raise KeyboardInterrupt

    def event(self, event: str, **facts: Any) -> str:
        """Append one JSON line: when, run, step, wildcards, event and the facts; return it."""
        content = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "run": self.run,
            "step": self.step,
            **self.wildcards,
            "event": event,
            **facts,
        }
        line = json.dumps(content, ensure_ascii=False, default=str) + "\n"
        for path in [self.path, *([Path(self.logging.file)] if self.logging.file else [])]:
            # on a full disk it is the results that count, and the console that tells
            with suppress(OSError), path.open("a", encoding="utf-8") as file:
                file.write(line)
        return line

    def done(self, summary: str, **facts: Any) -> None:
        """Record the end of the job; ``summary`` is the sentence shown on the console."""
        seconds = round(time.perf_counter() - self.started, 3)
        line = self.event("done", summary=summary, **facts, seconds=seconds)
        self._say("info", f"{summary} ({seconds:.1f} s)", line)

    def warn(self, message: str, **facts: Any) -> None:
        """Record a doubtful result, which the user should look at, and show it on the console."""
        line = self.event("warning", message=message, **facts)
        self._say("warning", f"WARNING: {message}", line)

    def failed(self, message: str) -> None:
        """Record a problem the user can mend and show it on the console."""
        self._say("error", f"ERROR: {message}", self.event("error", message=message))

    def _say(self, level: str, text: str, line: str) -> None:
        if not self.logging.shows(level):
            return
        parts = [str(value).strip("/").split("/")[-1] for value in self.wildcards.values()]
        where = " ".join([self.step, *filter(None, parts)])
        said = line if self.logging.format == "json" else f"[{where}] {text}\n"
        print(said, end="", file=sys.stderr, flush=True)


def run(main: Callable[[Any, JobLog], None], snakemake: Any) -> None:
    """Call ``main(snakemake, log)``; bad input becomes one message and exit status 1."""
    log = JobLog(snakemake.log[0], snakemake.rule, dict(snakemake.wildcards.items()))
    log.event("start", input=list(map(str, snakemake.input)))
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, log.interrupt)
    # more threads would change last bits of floats
    with log, threadpool_limits(limits=1):
        try:
            with unchanged(snakemake.input):
                main(snakemake, log)
        except InputError as error:
            raise InputError(with_origins(str(error), snakemake.input)) from None
