"""What the console says when a run has ended: results and warnings, or what failed.

All of it is read from the logs that the run's jobs wrote. Last comes what a person has to do.
"""

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from store_clusters.run.logging_options import logging_of_run
from store_clusters.run.run_id import run_id
from store_clusters.run.secrets import shown

COMMAND = "STORE_CLUSTERS_COMMAND"  # what started the run, where it was not typed as it is
WRONG_CONFIGURATION, WRONG_INPUT, FAULT = 2, 3, 4  # exit codes; Snakemake's own is 1
STOPPED = 130  # as of a shell's commands after ctrl-C
ENDS = {"done", "error", "crash", "stopped"}
SHOWN = 5  # inputs of a failed job
UNSAID = "no job wrote why: it is in Snakemake's own lines above (a job that could not start)"
CURES = {
    "error": "Mend what the message names. What is done stays done.",
    "crash": "A fault of the program or of the machine, not of the input. Go on once its cause is "
    "gone (a full disk, a server that was away); if it comes back, report it with the log.",
    "stopped": "Go on.",
    "killed": "It ended without a word: stopped by hand, or killed for memory or time. Where it "
    "needs more, give it more, such as --set-resources {step}:mem_mb=16000, or --retries 2.",
}


@dataclass(frozen=True)
class Failure:
    """A job that did not do its work."""

    step: str
    wildcards: dict[str, str]
    input: list[str]
    why: str
    kind: str  # error, crash, stopped or killed
    log: Path


@dataclass(frozen=True)
class Said:
    """What the jobs of a run have written to their logs below a folder since a time."""

    folder: Path
    since: float
    run: str = field(default_factory=run_id)

    @cached_property
    def logs(self) -> dict[Path, list[dict[str, Any]]]:
        """The lines of each job of the run."""
        paths = (p for p in self.folder.rglob("*.jsonl") if p.stat().st_mtime >= self.since - 1)
        read = {path: list(_lines(path)) for path in sorted(paths)}
        return {path: of for path, of in read.items() if of and of[0].get("run") == self.run}

    @property
    def seconds(self) -> dict[str, float]:
        """The seconds that the jobs of each step took together."""
        found: dict[str, float] = {}
        for line in self._of("done"):
            found[line["step"]] = round(found.get(line["step"], 0) + line["seconds"], 3)
        return dict(sorted(found.items()))

    @property
    def warnings(self) -> list[str]:
        """The warnings, each once."""
        return list(dict.fromkeys(f"{of['step']}: {of['message']}" for of in self._of("warning")))

    @cached_property
    def failures(self) -> list[Failure]:
        """The jobs that failed, those whose cause is known first."""
        found = [
            _failure(path, lines)
            for path, lines in self.logs.items()
            if lines[-1]["event"] != "done"
        ]
        known = [failure for failure in found if failure.kind != "killed"]
        return known or found

    @property
    def stopped(self) -> bool:
        """Whether nothing failed, but somebody stopped the run."""
        return {failure.kind for failure in self.failures} == {"stopped"}

    def _of(self, event: str) -> Iterator[dict[str, Any]]:
        return (line for lines in self.logs.values() for line in lines if line["event"] == event)


def print_results(results: Mapping[str, str], said: Said) -> None:
    """Print where results made by the run are, how long it took, and last what needs a look."""
    made = {
        name: path
        for name, path in results.items()
        if Path(path).exists() and Path(path).stat().st_mtime >= said.since
    }
    seconds = time.time() - said.since
    if made:
        rows = {**made, "Run": said.run, "Time": f"{seconds:.0f} s"}
        text = "".join(f"{name + ':':16}{value}\n" for name, value in rows.items())
        _say(text, event="results", files=made, seconds=round(seconds, 1))
    for warning in said.warnings:
        _say(f"WARNING: {warning}\n", event="warning", message=warning)


def print_failures(said: Said) -> int:
    """Print last of all what failed, why, what to do and how to go on; return the exit code."""
    failures = said.failures
    if said.stopped:
        steps = ", ".join(sorted({failure.step for failure in failures}))
        _say(f"{'Stopped:':16}by hand, in {steps}\n", event="stopped", steps=steps)
    elif not failures:
        _say(f"{'Failed:':16}{UNSAID}\n", event="failed", why=UNSAID)
    else:
        for failure in failures:
            _print_failure(failure)
    _say(f"{'Go on with:':16}{command()}\n", event="go_on", command=command())
    if said.stopped:
        return STOPPED
    return WRONG_INPUT if {failure.kind for failure in failures} == {"error"} else FAULT


def _print_failure(failure: Failure) -> None:
    where = " ".join(v.strip("/") for v in failure.wildcards.values() if v)
    some = ", ".join(failure.input[:SHOWN]) + ", ..." * (len(failure.input) > SHOWN)
    rows = {
        "Failed": f"{failure.step} {where}".strip(),
        "Input": some or "none",
        "Why": failure.why,
        "What to do": CURES[failure.kind].replace("{step}", failure.step),
        "Log": str(failure.log),
    }
    text = "".join(f"{name + ':':16}{value}\n" for name, value in rows.items())
    _say(text, event="failed", **rows)


def command() -> str:
    """Return the command that started the run, without passwords in addresses."""
    return shown(os.environ.get(COMMAND, "")) or shlex.join(
        ["snakemake", *map(shown, sys.argv[1:])]
    )


def exit_with(code: int) -> None:
    """End the command ``snakemake`` with this exit code; in another program, do nothing.

    Left to itself, Snakemake ends with 1 whatever it was, and says more after our last lines.
    """
    if "snakemake" in Path(sys.argv[0]).parts[-2:]:  # snakemake, or python -m snakemake
        sys.exit(code)


def _failure(path: Path, lines: Sequence[Mapping[str, Any]]) -> Failure:
    first, last = lines[0], lines[-1]
    kind = last["event"] if last["event"] in ENDS else "killed"
    known = {"time", "run", "step", "event", "input", "message", "traceback", "seconds"}
    wildcards = {k: v for k, v in first.items() if k not in known and isinstance(v, str)}
    why = {
        "error": last.get("message", ""),
        "crash": (last.get("traceback") or "").strip().rpartition("\n")[2],
        "stopped": "it was stopped by hand",
        "killed": f"its log ends with {last['event']!r}",
    }[kind]
    return Failure(first["step"], wildcards, first.get("input", []), why, kind, path)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a log that are whole."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return


def _say(text: str, **facts: Any) -> None:
    logging = logging_of_run()
    if logging.format == "json":
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        text = json.dumps({"time": now, "run": run_id(), **facts}, ensure_ascii=False)
    else:
        text = "\n" + text.rstrip("\n")
    print(text, file=sys.stderr, flush=True)
