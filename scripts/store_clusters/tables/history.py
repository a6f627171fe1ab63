"""The history of runs: one row per run, written when it starts and again when it ends.

It lies with the results, ``<results>/history.parquet``; where ``DAGSTER_HOME`` is set, in that
folder, for all results together. No rule depends on it.
"""

import fcntl
import getpass
import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from store_clusters.run import secrets
from store_clusters.run.ending import Said
from store_clusters.run.errors import InputError
from store_clusters.run.files import read_json
from store_clusters.run.version import revision, workflow_version
from store_clusters.tables.contracts import contract, read_table, write_table

HOME = "DAGSTER_HOME"
NAME = "history.parquet"
NO_ACCOUNT = dict.fromkeys(
    ("rows_in", "sales_in", "sales_out", "rows_out", "stores", "clusters"), None
)

Row = dict[str, Any]


def history_file(results: str | Path) -> Path:
    """Return where the history of runs with these results lies."""
    return Path(os.environ.get(HOME) or results, NAME)


def read_history(results: str | Path) -> list[Row]:
    """Return the runs with these results, the first one first; none where there is no history."""
    rows = rows_of(history_file(results))
    return [row for row in rows if row["results"] == os.path.abspath(results)]  # noqa: PTH100


def rows_of(path: Path) -> list[Row]:
    """Return the rows of a history; none where it is not there, or of another version."""
    try:
        return read_table(path, "history").to_pylist()
    except (OSError, pa.ArrowException, InputError):
        return []


def last_account(results: str | Path, run: str) -> Row | None:
    """Return the last run before ``run`` that was done and has an account."""
    done = (
        row
        for row in read_history(results)
        if row["run"] != run and row["outcome"] == "done" and row["rows_in"] is not None
    )
    return max(done, key=lambda row: row["started"], default=None)


def begin(
    run: str, since: float, settings: Mapping[str, Any], configuration: str, jobs: int
) -> Row:
    """Note that a run has started; return its row."""
    results = settings["output"]["results"]
    when = datetime.fromtimestamp(since, UTC)
    row = {
        "run": run,
        "results": os.path.abspath(results),  # noqa: PTH100, links stay as they are
        "started": f"{when:%Y-%m-%dT%H:%M:%SZ}",
        "who": f"{_user()}@{platform.node()}",
        "configuration": configuration or "defaults",
        "settings_digest": _digest(settings),
        "version": workflow_version(),
        "revision": revision(),
        "snakemake": version("snakemake"),
        "outcome": "unfinished",
        "problem": None,
        "jobs": jobs,
        "seconds": None,
        "steps": "{}",
        "warnings": "[]",
        **NO_ACCOUNT,
    }
    note(history_file(results), row)
    return row


def end(row: Row, outcome: str, seconds: float, said: Said) -> None:
    """Note how a run ended, what its jobs said, and the account where it made one."""
    results = Path(row["results"])
    problems = [f"{failure.step}: {failure.why}" for failure in said.failures]
    if outcome == "failed" and said.stopped:
        outcome = "stopped"
    ended = {
        "outcome": outcome,
        "problem": "; ".join(problems) or None if outcome == "failed" else None,
        "seconds": round(seconds, 1),
        "steps": json.dumps(said.seconds),
        "warnings": json.dumps(said.warnings, ensure_ascii=False),
    }
    note(history_file(results), row | ended | _account(results / "run.json", row["run"]))


def note(path: Path, row: Row) -> None:
    """Write a row into a history, in the place of one of the same run.

    A file that is no history of this version is kept under another name.
    """
    with _alone(path):
        rows = rows_of(path)
        if not rows and path.exists():
            path.rename(path.with_name(f"history-before-{row['run']}.parquet"))
        key = contract("history").key
        rows = [old for old in rows if any(old[name] != row[name] for name in key)]
        names = contract("history").schema.names
        table = {name: [each[name] for each in [*rows, row]] for name in names}
        write_table(path, "history", table)


def duration(seconds: float | None) -> str:
    """Return a duration as people say it: 48 s, 3 min 05 s, 2 h 10 min."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _account(path: Path, run: str) -> Row:
    with suppress(OSError, InputError, KeyError, TypeError, AttributeError):
        account = read_json(path)
        if account["run"] == run:
            sales, stores = account["sales"], account["stores"]
            return {
                "rows_in": sum(of.get("rows", 0) for of in account["inputs"]),
                "sales_in": Decimal(sales["read"]),
                "sales_out": Decimal(sales["clustered"]),
                "rows_out": sum(stores["rows_by_status"].values()),
                "stores": stores["seen"],
                "clusters": json.dumps(account["final_clusters"], ensure_ascii=False),
            }
    return NO_ACCOUNT


def _digest(settings: Mapping[str, Any]) -> str:
    counted = {name: value for name, value in settings.items() if name != "logging"}
    text = secrets.shown(json.dumps(counted, sort_keys=True))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in containers
        return str(os.getuid())


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let no other run write meanwhile: several share a history where ``DAGSTER_HOME`` is set."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def shown(files: Sequence[Path], configuration: str = "") -> str:
    """Return the runs of some histories as a table, the last one last; of one configuration."""
    rows = sorted((row for file in files for row in rows_of(file)), key=lambda row: row["started"])
    if configuration:
        rows = [row for row in rows if _configured(row) == Path(configuration).name]
    head = (
        "run",
        "configuration",
        "who",
        "outcome",
        "time",
        "rows",
        "sales",
        "clusters",
        "warnings",
    )
    cells = [
        (
            row["run"],
            _configured(row),
            row["who"],
            row["outcome"],
            duration(row["seconds"]),
            "" if row["rows_in"] is None else f"{row['rows_in']:,}",
            "" if row["sales_in"] is None else f"{row['sales_in']:,.2f}",
            str(sum(json.loads(row["clusters"] or "{}").values()) or ""),
            str(len(json.loads(row["warnings"])) or ""),
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    lines = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in (head, *cells))
    return "\n".join(lines) if cells else "No run has been noted yet."


def _configured(row: Row) -> str:
    """Return the name of the file that a run was configured by."""
    return Path(row["configuration"].partition(",")[0]).name


def histories(below: Path = Path("results")) -> list[Path]:
    """Return the histories that there are: the one in ``DAGSTER_HOME``, or those of all results."""
    home = os.environ.get(HOME)
    return [Path(home, NAME)] if home else sorted(below.rglob(NAME))


if __name__ == "__main__":
    print(shown(histories(), *sys.argv[1:]))
