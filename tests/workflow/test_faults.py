"""What happens around a run: it ends with one sentence, and the next run does what is due."""

import http.client
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlparse

import postgres
import pyarrow.parquet as pq
import pytest
import s3
from conftest import Project, wait_for
from tiny import CONFIG, write_tiny

from store_clusters.inputs.objects import fetch, find_objects, put
from store_clusters.run.errors import InputError
from store_clusters.run.unchanged import unchanged

SUMS = [f"results/internal/sales/sales-{number}.parquet" for number in (1, 2)]
CONFIGURED = ("--configfile", "overlay.yaml")


@pytest.fixture
def tiny(project: Project) -> Project:
    write_tiny(project.folder, stores=20)
    project.write_config(CONFIG)
    return project


def start(project: Project, *arguments: str, **variables: str) -> subprocess.Popen:
    return subprocess.Popen(
        project.command(*arguments),
        cwd=project.folder,
        env=os.environ | variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def sold(path: Path) -> float:
    return float(sum(pq.read_table(path)["sales"].to_pylist()))


def doubled(path: Path) -> None:
    """Put a file with every row twice in the place of a file, with the time of the old one."""
    was = path.stat().st_mtime_ns
    head, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    other = path.with_name("other")
    other.write_text("".join([head, *rows, *rows]), encoding="utf-8")
    os.utime(other, ns=(was, was))
    other.replace(path)


def test_an_input_that_is_replaced_during_a_run_ends_it(tiny: Project) -> None:
    run = start(tiny, *SUMS, *CONFIGURED)
    wait_for(run, (tiny.folder / "results/logs/inputs.json").exists)
    doubled(tiny.folder / "data/sales-2.csv")
    said, _ = run.communicate()
    assert run.returncode == 3, said
    assert "data/sales-2.csv: the file was replaced while the run went on." in said
    assert "Traceback" not in said
    tiny.run(*SUMS, *CONFIGURED)
    first, second = (sold(tiny.folder / path) for path in SUMS)
    assert second > 1.5 * first  # of the new file alone

    # Another file with an old time, as moving makes it, and a clock that was set back.
    doubled(tiny.folder / "data/sales-1.csv")
    assert tiny.planned(*SUMS, *CONFIGURED) == {"aggregate_sales": 1}
    late = time.time() + 86400
    os.utime(tiny.folder / "data/sales-1.csv", (late, late))
    said = tiny.fail(*SUMS, *CONFIGURED)
    assert "data/sales-1.csv': changed at a time that is still to come" in said
    assert (tiny.folder / SUMS[0]).exists()
    os.utime(tiny.folder / "data/sales-1.csv")
    tiny.run(*SUMS, *CONFIGURED)
    assert tiny.planned(*SUMS, *CONFIGURED) == {}


def test_what_was_read_before_and_after_it_changed_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(InputError, match="was replaced while the run went on"), unchanged([path]):
        path.write_text("newer", encoding="utf-8")
    with pytest.raises(InputError, match="was replaced"), unchanged([path]):
        path.unlink()
        raise InputError("the file cannot be read")


def test_two_runs_on_the_same_results_do_not_meet(tiny: Project) -> None:
    results = tiny.folder / "results"
    config = tiny.write_config(CONFIG | {"output": {"results": str(results)}}, "same.yaml")
    first = start(tiny, *SUMS, *CONFIGURED)
    wait_for(first, (results / "logs" / "inputs.json").exists)
    os.kill(first.pid, 19)  # it waits, so that the others meet it
    try:
        second = tiny.fail(*SUMS, *CONFIGURED)
        assert "Directory cannot be locked" in second
        assert "--unlock" in second
        elsewhere = tiny.folder / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "data").symlink_to(tiny.folder / "data")
        snakefile = str(tiny.folder / "workflow" / "Snakefile")
        third = tiny.fail(
            str(results / "internal/sales/sales-1.parquet"),
            *("-s", snakefile, "--directory", str(elsewhere)),
            *("--configfile", str(tiny.folder / config)),
        )
        assert f"{results}: another run is at work on these results." in third
    finally:
        os.kill(first.pid, 18)
    said, _ = first.communicate()
    assert first.returncode == 0, said
    history = pq.read_table(results / "history.parquet").to_pylist()
    assert [row["outcome"] for row in history] == ["done"]


@pytest.mark.skipif(postgres.why_not() is not None, reason=str(postgres.why_not()))
def test_a_database_that_goes_away_is_asked_again_by_the_next_run(tiny: Project) -> None:
    columns = {"store_id": "store", "product_id": "sku", "sales": "amount"}
    source = {"database": "${oc.env:SALES_DB}", "table": "pos", "columns": columns}
    tiny.write_config(CONFIG | {"inputs": CONFIG["inputs"] | {"sales": source}})
    rows = (
        "SELECT 'S' || i % 20 AS store, '000' AS sku, 1.5 AS amount FROM generate_series(1, {}) i"
    )
    target = ("results/internal/sales/all.parquet", *CONFIGURED)
    with postgres.running() as url:
        postgres.execute(url, f"CREATE VIEW pos AS {rows.format(100_000_000)}")
        run = start(tiny, *target, SALES_DB=url)
        beside = tiny.folder / "results/inputs/sales/.part.all.parquet"
        wait_for(run, lambda: beside.exists() and beside.stat().st_size > 1000)
        with postgres.away(url):
            said, _ = run.communicate()
        assert run.returncode == 3, said
        assert "inputs.sales (${oc.env:SALES_DB}, table pos): " in said
        assert "Traceback" not in said
        assert not beside.exists()
        postgres.execute(url, f"CREATE OR REPLACE VIEW pos AS {rows.format(1000)}")
        tiny.run(*target, SALES_DB=url)
    assert sold(tiny.folder / target[0]) == 1500


@contextmanager
def now_and_then(upstream: str, fails: Callable[[int], bool]) -> Iterator[str]:
    """Serve what another server does, with 503 in place of the answers that are to fail."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        asked = 0

        def do_GET(self) -> None:
            Proxy.asked += 1
            sent = b"".join(self.sent())
            status, headers, body = 503, [("Content-Length", "0")], b""
            if not fails(Proxy.asked):
                there = http.client.HTTPConnection(urlparse(upstream).netloc)
                del self.headers["Transfer-Encoding"]  # sent whole
                there.request(self.command, self.path, sent, dict(self.headers))
                answer = there.getresponse()
                status, headers, body = answer.status, answer.getheaders(), answer.read()
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def sent(self) -> Iterator[bytes]:
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            while self.headers.get("Transfer-Encoding") == "chunked":
                size = int(self.rfile.readline(), 16)
                yield self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    return

        do_HEAD = do_PUT = do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.skipif(s3.why_not() is not None, reason=str(s3.why_not()))
def test_object_storage_that_is_busy_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = {"always": False}
    with s3.running() as variables:
        s3.put(variables, "data/sales.csv", b"store\n" * 10)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        fails = lambda n: busy["always"] or n % 2 == 1  # noqa: E731
        with now_and_then(variables["AWS_ENDPOINT_URL"], fails) as url:
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)
            pattern = f"s3://{s3.BUCKET}/data/*.csv"
            (found,) = find_objects(pattern, "inputs.sales.path")
            asked = (found["url"], found["size"], found["changed"], tmp_path / "copy", "sales")
            fetch(*asked)
            assert (tmp_path / "copy").read_bytes() == b"store\n" * 10
            published = f"s3://{s3.BUCKET}/published/clusters.csv"
            put(tmp_path / "copy", published, "publish.lake")
            assert s3.content(variables, "published/clusters.csv") == b"store\n" * 10
            busy["always"] = True
            with pytest.raises(InputError, match=r"sales \(s3://chain/data/sales.csv\): .*503"):
                fetch(*asked)
            (tmp_path / "copy").write_bytes(b"other")
            with pytest.raises(InputError, match=r"publish.lake \(s3://chain/published/.*503"):
                put(tmp_path / "copy", published, "publish.lake")
            assert s3.content(variables, "published/clusters.csv") == b"store\n" * 10
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
