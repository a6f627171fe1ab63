"""One identifier per run, which every log line, the account, the page and the history have.

The command that starts a run makes it and puts it into the environment, from which jobs take it,
on clusters too. No rule depends on it: another run with the same input has nothing to do.
"""

import os
import re
import secrets
from datetime import UTC, datetime

from store_clusters.run.errors import InputError

VARIABLE = "STORE_CLUSTERS_RUN"
FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
UNKNOWN = "unknown"  # in a job whose environment was not passed on


def start_run(begins: bool = True) -> str:
    """Return the identifier of the run, and let jobs know it.

    It is the one in the environment, so that a scheduler can give its own; else a new one in the
    command that ``begins`` a run.

    Raises:
        InputError: The one in the environment is no name that a file could have.
    """
    known = os.environ.get(VARIABLE) or (new_run_id(datetime.now(UTC)) if begins else UNKNOWN)
    if not FORM.fullmatch(known):
        raise InputError(
            f"{VARIABLE}: {known!r} cannot name a run. Expected at most 64 letters, digits, "
            "points, dashes and underscores, beginning with a letter or digit; or leave it unset."
        )
    os.environ[VARIABLE] = known
    return known


def new_run_id(now: datetime) -> str:
    """Return a name that people can read and sort: when, in UTC, and four digits of chance."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def run_id() -> str:
    """Return the identifier of the run that this process belongs to."""
    return os.environ.get(VARIABLE, UNKNOWN)
