"""Inputs that are replaced while a run goes on: no result is made of old and new files.

The process that starts a run notes what its input files are; each job looks at those it has read
when it is done. A file is known by its size and its time of change, to the nanosecond.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import time

from store_clusters.run.errors import InputError, examples
from store_clusters.run.files import read_json, write_json

VARIABLE = "STORE_CLUSTERS_INPUTS"  # the file with what was noted
SKEW = 10  # seconds that clocks of machines may differ by

State = list[int] | None


def state(path: str | Path) -> State:
    """Return size and time of change of a file; None where it is not there."""
    try:
        about = Path(path).stat()
    except OSError:
        return None
    return [about.st_size, about.st_mtime_ns]


def note_inputs(path: Path, states: Mapping[str, State]) -> None:
    """Let jobs know what the inputs were when the run was planned, without those to be made."""
    write_json(path, {file: found for file, found in states.items() if found})
    os.environ[VARIABLE] = str(path.absolute())


@contextmanager
def unchanged(paths: Iterable[str]) -> Iterator[None]:
    """Refuse what was made of files that changed meanwhile, or since the run was planned.

    Raises:
        InputError: A file has changed; whatever else it led to is not told.
    """
    noted = os.environ.get(VARIABLE, "")
    planned = read_json(noted) if Path(noted).is_file() else {}
    before = {path: planned.get(path) or state(path) for path in paths}
    try:
        yield
    except InputError:
        _refuse_changed(before)
        raise
    _refuse_changed(before)


def of_the_future(states: Mapping[str, State]) -> str | None:
    """Say which files have a time that is still to come; None where none has."""
    late = (time() + SKEW) * 1e9
    found = [file for file, known in states.items() if known and known[1] > late]
    return examples(found) if found else None


def _refuse_changed(before: Mapping[str, State]) -> None:
    for path, was in before.items():
        if state(path) != was:
            raise InputError(
                f"{path}: the file was replaced while the run went on. Nothing is made of old and "
                "new files together: run the workflow again when it is complete."
            )
