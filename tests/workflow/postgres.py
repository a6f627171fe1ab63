"""A PostgreSQL server of a test's own, on loopback."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "s3cr3t/of+sales"  # that a URL has to escape
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def why_not() -> str | None:
    """Return why no server can be started here; None where it can."""
    if not BINARIES and not shutil.which("initdb"):
        return "PostgreSQL is not installed"
    if os.geteuid() == 0 and not shutil.which("runuser"):
        return "PostgreSQL does not run as root"
    return None


@contextmanager
def running() -> Iterator[str]:
    """Run a server; yield the URL of a database.

    Its folder is apart from those of the tests, which only their owner may enter.
    """
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        yield from _running(Path(folder))


def _running(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    binaries = BINARIES[-1] if BINARIES else Path(shutil.which("initdb") or "").parent
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    data, secret = folder / "data", folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    data.mkdir()
    if user:
        for path in (data, secret):
            shutil.chown(path, "postgres")
        folder.chmod(0o755)
    make = [binaries / "initdb", "-D", data, "-U", "sales", "-A", "scram-sha-256", "-E", "UTF8"]
    subprocess.run(
        [*user, *make, "--no-sync", f"--pwfile={secret}", "--locale=C"],
        check=True,
        cwd=folder,
        capture_output=True,
    )
    options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
    given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("w") as log:
        command = [*user, binaries / "postgres", "-D", data, "-p", str(port), *given]
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        url = f"postgresql://sales:{PASSWORD.replace('/', '%2F')}@127.0.0.1:{port}/postgres"
        wait_for(url, server, folder / "server.log")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    """Wait until the server answers."""
    from adbc_driver_postgresql import dbapi

    end = time.monotonic() + 60
    while True:
        try:
            dbapi.connect(url).close()
            return
        except dbapi.Error:
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(log.read_text(encoding="utf-8")) from None
            time.sleep(0.1)


def execute(url: str, *statements: str) -> None:
    """Run statements."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def load(url: str, table: str, rows: object) -> None:
    """Make a table of the rows of an Arrow table."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(table, rows, mode="replace")


def rows(url: str, query: str) -> list[tuple]:
    """Return what a query finds."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@contextmanager
def away(url: str) -> Iterator[None]:
    """Stop the server at once, as if its machine were gone; let it come back afterwards."""
    ((data,),) = rows(url, "SELECT current_setting('data_directory')")
    ((port,),) = rows(url, "SELECT current_setting('port')")
    binaries = BINARIES[-1] if BINARIES else Path(shutil.which("initdb") or "").parent
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    control = [*user, binaries / "pg_ctl", "-D", data, "-w", "-s"]
    given = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, cwd="/")
    yield
    log = ["-l", str(Path(data) / "again.log")]
    subprocess.run([*control, *log, "-o", given, "start"], check=True, cwd="/")
