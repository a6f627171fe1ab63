"""Options of what a run says, and how jobs learn of them: no rule depends on them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from store_clusters.run.errors import InputError
from store_clusters.run.options import Options, Text, options_of

VARIABLE = "STORE_CLUSTERS_LOGGING"
LEVELS = ("info", "warning", "error")


@dataclass(frozen=True)
class Logging(Options):
    """What a run says on the console, and where else; changes no result and re-runs nothing."""

    level: Literal["info", "warning", "error"] = "info"
    """What jobs say on the console: a line each (`info`), warnings and errors (`warning`) or errors
    only (`error`). Log files hold all of it."""
    format: Literal["lines", "json"] = "lines"
    """How the console is told: in lines for people, or in the JSON lines of the log files (`json`),
    for programs that collect them; with `snakemake --quiet all`, nothing else is there."""
    file: Text | None = None
    """File to which the JSON lines of all jobs of all runs are appended; null for none. Each job
    has a file of its own below `logs/` in any case."""

    def shows(self, level: str) -> bool:
        """Say whether the console shows what is of this level."""
        return LEVELS.index(level) >= LEVELS.index(self.level)


def start_logging(plain: Mapping[str, Any]) -> Logging:
    """Let jobs know how to log, and make the folder of the common file."""
    logging = options_of(Logging, plain)
    if logging.file:
        try:
            Path(logging.file).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"Configuration: logging.file: {logging.file!r} cannot be written: "
                f"{error.strerror}. Expected a file in a folder that exists or can be made."
            ) from None
    os.environ[VARIABLE] = json.dumps(dict(plain))
    return logging


def logging_of_run() -> Logging:
    """Return how the run that this process belongs to logs."""
    return options_of(Logging, json.loads(os.environ.get(VARIABLE, "{}")))
