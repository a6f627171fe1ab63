"""What is kept of runs and told of them: identifiers, history, limits, last lines, logging."""

import json
import logging
import os
import re
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.logging import DefaultFilter
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from store_clusters.run import ending
from store_clusters.run.console import tell_watchers
from store_clusters.run.ending import Said, command, print_failures, print_results
from store_clusters.run.errors import InputError
from store_clusters.run.job import JobLog
from store_clusters.run.logging_options import VARIABLE as LOGGING
from store_clusters.run.run_id import VARIABLE, new_run_id, start_run
from store_clusters.sales.checks import check_account, missing_months
from store_clusters.sales.options import Checks
from store_clusters.settings.declared import defaults
from store_clusters.tables.history import (
    begin,
    end,
    history_file,
    last_account,
    read_history,
    shown,
)

SINCE = datetime(2026, 11, 27, 0, 10, 42, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (VARIABLE, LOGGING, "DAGSTER_HOME", ending.COMMAND):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


# Identifiers


def test_runs_sort_by_when_they_started() -> None:
    earlier, later = (new_run_id(datetime(2026, 11, 27, 0, 10, s, tzinfo=UTC)) for s in (9, 10))
    assert re.fullmatch(r"20261127T001009-[0-9a-f]{4}", earlier)
    assert earlier < later


def test_a_scheduler_may_name_the_run_and_jobs_have_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = start_run()
    assert start_run(begins=False) == made == os.environ[VARIABLE]
    monkeypatch.setenv(VARIABLE, "nightly-7")
    assert start_run() == "nightly-7"
    monkeypatch.setenv(VARIABLE, "../x")
    with pytest.raises(InputError, match=r"'\.\./x' cannot name a run"):
        start_run()


# History


def settings(results: str = "results") -> dict[str, Any]:
    return {"output": {"results": results}, "seed": 1, "logging": {"level": "info"}}


def write_account(results: str, run: str, **sales: str) -> None:
    account = {
        "run": run,
        "inputs": [{"rows": 7}, {"bytes": 1}],
        "sales": {"read": "12.5000", "clustered": "10.0000"} | sales,
        "stores": {"rows_by_status": {"clustered": 4, "no_sales": 2}, "seen": 3},
        "final_clusters": {"Tea": 2},
    }
    Path(results).mkdir(exist_ok=True)
    Path(results, "run.json").write_text(json.dumps(account), encoding="utf-8")


def test_a_run_has_one_row_from_its_start_to_its_end() -> None:
    row = begin("a", SINCE, settings(), "my.yaml", 31)
    (noted,) = read_history("results")
    assert (noted["outcome"], noted["jobs"]) == ("unfinished", 31)  # as if it had been killed
    write_account("results", "a")
    end(row, "done", 61.04, Said(Path("results/logs"), SINCE, "a"))
    (noted,) = read_history("results")
    assert noted["started"] == "2026-11-27T00:10:42Z"
    assert (noted["outcome"], noted["seconds"], noted["rows_in"]) == ("done", 61.0, 7)
    assert (noted["sales_in"], noted["sales_out"]) == (Decimal("12.5"), Decimal("10"))
    assert (noted["rows_out"], json.loads(noted["clusters"])) == (6, {"Tea": 2})
    assert "1 min 01 s" in shown([history_file("results")])


def test_the_account_of_an_earlier_run_is_not_that_of_this_one() -> None:
    write_account("results", "a")
    end(begin("b", SINCE, settings(), "", 1), "done", 1, Said(Path("results/logs"), SINCE, "b"))
    assert read_history("results")[0]["rows_in"] is None
    assert last_account("results", "c") is None


def test_how_a_run_logs_is_no_part_of_its_settings() -> None:
    other = settings() | {"logging": {"level": "error"}}
    rows = [begin(name, SINCE, of, "", 1) for name, of in (("a", settings()), ("b", other))]
    rows.append(begin("c", SINCE, settings() | {"seed": 2}, "", 1))
    first, second, third = (row["settings_digest"] for row in rows)
    assert first == second != third


def test_several_results_share_the_history_in_dagster_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    for run, results in (("a", "one"), ("b", "two")):
        begin(run, SINCE, settings(results), "", 1)
    assert [row["run"] for row in read_history("one")] == ["a"]
    assert len(shown([tmp_path / "home" / "history.parquet"]).splitlines()) == 3
    assert not Path("one").exists()


def test_a_file_that_is_no_history_is_kept_beside_a_new_one() -> None:
    Path("results").mkdir()
    Path("results/history.parquet").write_text("not a table", encoding="utf-8")
    begin("a", SINCE, settings(), "", 1)
    assert len(read_history("results")) == 1
    assert Path("results/history-before-a.parquet").read_text("utf-8") == "not a table"


# Limits


def account(aside: str = "0", **checks: Any) -> dict[str, Any]:
    return {
        "configuration": {
            "checks": defaults(Checks) | checks,
            "inputs": {"sales": {"from": None, "to": None}},
        },
        "sales": {
            "read": "100",
            "set_aside_by_reason": {"product_not_in_map": aside, "outside_window": "0"},
        },
        "stores": {"without_external": 1, "seen_in": {"sales": 10}},
        "inputs": [{"rows": 80, "months": {"2024-11": 40, "2024-12": 20, "2025-01": 20}}],
    }


def log(tmp_path: Path) -> JobLog:
    return JobLog(tmp_path / "logs" / "log.jsonl", "reconcile", {})


def test_what_is_as_it_should_be_needs_no_look(tmp_path: Path) -> None:
    last = {"run": "a", "rows_in": 100, "sales_in": Decimal(100)}
    assert check_account(account("5"), last, log(tmp_path)) == []


def test_what_is_beyond_its_limit_is_a_warning_with_the_cure(tmp_path: Path) -> None:
    found = account("82") | {"inputs": [{"rows": 9, "months": {"2024-01": 5, "2024-04": 4}}]}
    found["stores"]["without_external"] = 5
    last = {"run": "a", "rows_in": 100, "sales_in": Decimal(400)}
    aside, external, months, rows, sales = check_account(found, last, log(tmp_path))
    assert "82.0% of the sales are in no cluster" in aside
    assert "product not in map 82.0%" in aside
    assert "raise checks.set_aside.limit" in aside
    assert "5 of 10 stores" in external
    assert "'2024-02', '2024-03'" in months
    assert "rows read fell by 91.0%" in rows
    assert "sales read fell by 75.0%" in sales


def test_a_limit_may_end_the_run_or_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"82.0% of the sales .* at most 5.0%.* `beyond` to warn"):
        check_account(
            account("82", set_aside={"limit": 0.05, "beyond": "error"}), None, log(tmp_path)
        )
    assert check_account(account("82", set_aside={"limit": None}), None, log(tmp_path)) == []


def test_months_outside_the_window_may_be_missing() -> None:
    months = ["2023-01", "2024-03", "2024-05", "2025-12"]
    assert missing_months(months, "2024-01-15", "2024-12-31") == ["2024-04"]
    assert missing_months([]) == []


# Last lines


def write_log(name: str, *events: dict[str, Any], run: str = "a") -> None:
    path = Path("results/logs", f"{name}.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    first = {"event": "start", "input": ["data/a.csv"]}
    lines = [{"run": run, "step": name, "part": "a"} | event for event in (first, *events)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def said() -> Said:
    return Said(Path("results/logs"), time.time() - 5, "a")


def test_what_needs_a_look_comes_after_the_results(capsys: pytest.CaptureFixture[str]) -> None:
    write_log("reconcile", {"event": "warning", "message": "82% are gone."}, {"event": "done"})
    write_log("old", {"event": "warning", "message": "of another run"}, run="b")
    Path("results/run.json").touch()
    print_results({"Account": "results/run.json", "Page": "nowhere"}, said())
    printed = capsys.readouterr().err
    assert printed.index("Account:") < printed.index("WARNING: reconcile: 82% are gone.")
    assert "another run" not in printed
    assert "nowhere" not in printed


@pytest.mark.parametrize(
    ("last", "code", "words"),
    [
        ({"event": "error", "message": "a.csv: no rows."}, 3, "Mend what the message names"),
        ({"event": "crash", "traceback": "Trace\nOSError: full"}, 4, "A fault of the program"),
        ({"event": "progress"}, 4, "killed for memory or time"),
    ],
)
def test_a_failure_says_what_why_and_how_to_go_on(
    last: dict[str, Any],
    code: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ending.COMMAND, "make run-full ENV=prod")
    write_log("sums", last)
    write_log("other", {"event": "done", "seconds": 1})
    assert print_failures(said()) == code
    printed = capsys.readouterr().err
    assert "Failed:         sums a\n" in printed
    assert "Input:          data/a.csv\n" in printed
    assert words in printed
    assert "Traceback" not in printed
    assert printed.splitlines()[-1] == "Go on with:     make run-full ENV=prod"


def test_a_job_that_could_not_start_is_looked_for_above(
    capsys: pytest.CaptureFixture[str],
) -> None:
    JobLog("results/logs/sums.jsonl", "sums", {})  # killed before its first line
    assert print_failures(said()) == 4
    assert "Snakemake's own lines above" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("db=postgresql://ann:secret@host/db", "db=postgresql://ann:***@host/db"),
        ("db=postgresql://host/db?user=ann&password=secret", "***"),
    ],
)
def test_the_command_to_go_on_with_holds_no_password(
    monkeypatch: pytest.MonkeyPatch, typed: str, shown: str
) -> None:
    monkeypatch.setenv(ending.COMMAND, f"make run-full {typed}")
    by_make = command()
    monkeypatch.delenv(ending.COMMAND)
    monkeypatch.setattr(sys, "argv", ["snakemake", "--config", typed, "--cores", "2"])
    for line in (by_make, command()):
        assert shown in line
        assert "secret" not in line
    assert command().endswith("--cores 2")


def test_a_changed_password_is_no_change_of_settings() -> None:
    urls = [f"postgresql://host/db?user=ann&password={word}" for word in ("old", "new")]
    databases = [settings() | {"inputs": {"sales": {"database": url}}} for url in urls]
    first, second = (begin("a", SINCE, of, "", 1)["settings_digest"] for of in databases)
    assert first == second


# Logging


def test_the_console_may_be_told_less_or_in_json_and_one_file_has_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = {"level": "warning", "format": "json", "file": str(tmp_path / "all.jsonl")}
    monkeypatch.setenv(LOGGING, json.dumps(plain))
    monkeypatch.setenv(VARIABLE, "a")
    for step in ("one", "two"):
        job = JobLog(tmp_path / f"{step}.jsonl", step, {})
        job.warn("look here")
        job.done("all is well")
    printed = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in printed] == ["look here", "look here"]
    lines = [json.loads(line) for line in Path("all.jsonl").read_text("utf-8").splitlines()]
    assert [(x["run"], x["step"], x["event"]) for x in lines] == [
        ("a", step, event) for step in ("one", "two") for event in ("warning", "done")
    ]


# The page of runs


def test_a_page_that_does_not_answer_is_soon_left_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Watcher(logging.Handler):
        writes_to_stream = False

        def emit(self, record: logging.LogRecord) -> None:
            asked.append(record)
            logging.getLogger(type(self).__module__).warning("no answer")

    asked: list[logging.LogRecord] = []
    watcher = Watcher()
    watcher.addFilter(DefaultFilter({Quietness.ALL}, False, False, False, False))
    tell_watchers(SimpleNamespace(plugin_handlers=[watcher]))
    for _ in range(10):
        watcher.handle(logging.makeLogRecord({"event": LogEvent.PROGRESS}))
    assert len(asked) == 3
    assert capsys.readouterr().err.count("the run goes on without it") == 1
