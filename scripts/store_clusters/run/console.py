"""What the workflow itself shows: errors whatever the verbosity, and the last run's account."""

import fcntl
import json
import logging
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from snakemake.exceptions import WorkflowError
from snakemake.logging import DefaultFilter, DefaultFormatter
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from store_clusters.run.ending import WRONG_CONFIGURATION, exit_with
from store_clusters.run.errors import InputError
from store_clusters.run.files import read_json


class QuietErrors(logging.StreamHandler):
    """Shows warnings and errors where ``--quiet all`` hides them, without places in the code.

    What a failed job has told itself is not repeated.
    """

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setLevel(logging.WARNING)
        self.setFormatter(DefaultFormatter())

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave out that the command of a job failed, and the job where its log says why."""
        if getattr(record, "exception", None) == "RuleException":
            return "CalledProcessError" not in record.getMessage()
        if getattr(record, "event", None) == LogEvent.JOB_ERROR:
            return not any(last_event(path) == "error" for path in getattr(record, "log", ()))
        return True

    def format(self, record: logging.LogRecord) -> str:
        """Return the message without the lines that say where in the code it was raised."""
        lines = super().format(record).splitlines()
        return "\n".join(line for line in lines if not line.startswith('  File "'))


def last_event(log: str | Path) -> str | None:
    """Return what a job's log ends with, such as ``done`` or ``error``; None without a log."""
    try:
        lines = Path(log).read_text(encoding="utf-8").splitlines()
        return json.loads(lines[-1]).get("event")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def show_errors(logger: logging.Logger, quiet: Collection[Any] | None) -> bool:
    """Let a Snakemake that is told to be quiet about all still show its warnings and errors.

    Returns whether it is.
    """
    known = any(isinstance(handler, QuietErrors) for handler in logger.handlers)
    if Quietness.ALL in (quiet or ()) and not known:
        logger.addHandler(QuietErrors())
    return Quietness.ALL in (quiet or ())


class Patience(logging.Handler):
    """Hears that the server of the page of runs does not answer, and soon lets no more be told.

    Otherwise the end of a run would wait for each of its events in vain.
    """

    ENDS = 3  # times

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count what went wrong; say it once."""
        self.times += 1
        if self.times == self.ENDS:
            said = "The page of runs does not answer: the run goes on without it."
            print(said, file=sys.stderr, flush=True)

    def lets(self, record: logging.LogRecord) -> bool:
        """Say whether the page is to be told."""
        return self.times < self.ENDS


def tell_watchers(manager: Any) -> None:
    """Let those that watch a run from elsewhere hear of it, however quiet the console is."""
    for handler in getattr(manager, "plugin_handlers", None) or ():
        if handler.writes_to_stream:
            continue
        for hides in [each for each in handler.filters if isinstance(each, DefaultFilter)]:
            handler.removeFilter(hides)
        own = logging.getLogger(type(handler).__module__)
        if not own.handlers:
            patience = Patience()
            own.addHandler(patience)
            own.propagate = False
            handler.addFilter(patience.lets)


def refuse(logger: logging.Logger, message: str, is_module: bool) -> NoReturn:
    """End a run before it begins, with an exit code of its own.

    Where the workflow is part of another, that one says it.
    """
    if not is_module:
        logger.error(message)
        exit_with(WRONG_CONFIGURATION)
    raise WorkflowError(message)


def hold(folder: Path) -> int:
    """Hold a folder for this run until its process ends, however that is.

    Snakemake's lock is that of the folder in which it was started, which may be another.

    Raises:
        WorkflowError: Another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkflowError(
            f"{folder.parent}: another run is at work on these results. Wait until it has ended, "
            "or give this one another folder: output.results."
        ) from None
    return held


@contextmanager
def only_warn(logger: logging.Logger, failed: str) -> Iterator[None]:
    """Let what is beside the point of a run fail with a warning: the run goes on."""
    try:
        yield
    except WorkflowError:
        raise
    except Exception as error:
        logger.warning(f"{failed}: {type(error).__name__}: {error}")


def redo_next_time(workflow: Any) -> None:
    """Mark all that a failed run was to make and did not, so that the next run makes it.

    Snakemake notes the input and parameters of a job that failed like those of one that did its
    work. Where an earlier run's results are there, the next run would find nothing to do.
    """
    for job in workflow.dag.needrun_jobs():
        workflow.persistence.started(job)


class LastRun(dict):
    """The account of the last run, read from its file when it is first asked for.

    A command that does not show it never reads it. Empty where there is no file.
    """

    def __init__(self, path: Path):
        super().__init__()
        self.path: Path | None = path

    def __bool__(self) -> bool:
        self._read()
        return len(self) > 0

    def __getitem__(self, key: str) -> Any:
        self._read()
        return super().__getitem__(key)

    def __reduce__(self) -> tuple[type, tuple]:
        """Let a job get an empty dictionary: jobs read the file themselves."""
        return dict, ()

    def _read(self) -> None:
        path, self.path = self.path, None
        if path is not None and path.exists():
            try:
                self.update(read_json(path))
            except InputError as error:
                raise WorkflowError(str(error)) from None
