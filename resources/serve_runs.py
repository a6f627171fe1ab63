"""Serve a page of runs, live, and the results beside it; a command may run meanwhile.

python resources/serve_runs.py --port 8000 --results results/dev/report [-- command of the run]

Panoptes keeps what runs tell (``snakemake --logger panoptes``). Its own pages fetch styles and
scripts from other servers, so the pages here are ours, in ``resources/runs``: they need no script
and ask nothing of anyone. Only this machine can ask for them.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "scripts"))

from store_clusters.tables.history import HOME, duration, histories, rows_of  # noqa: E402

STATE = Path(os.environ.get(HOME) or ".snakemake") / "runs.db"
PAGES = ROOT / "resources" / "runs"
PAGES_OPEN = ("/run/", "/results/")
OPEN = ("/", "/create_workflow", "/update_workflow_status", "/api/service-info")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
HISTORY = 50  # runs of the history that are shown


def application(results: Path) -> Any:
    """Return the server: Panoptes with pages of ours, and without what these do not need."""
    STATE.parent.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PANOPTES_DB_URL", f"sqlite:///{STATE.resolve()}?check_same_thread=False")
    import flask  # noqa: PLC0415, only after the place of the database is known
    from panoptes.app import app  # noqa: PLC0415
    from panoptes.server_utilities import db_queries as asked  # noqa: PLC0415

    app.jinja_loader = flask.Flask(__name__, template_folder=str(PAGES)).jinja_loader
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]

    def runs() -> str:
        asked.reconcile_stale_workflows()
        live = [run.get_workflow() for run in asked.get_db_workflows()]
        live.sort(key=lambda run: run["started_at"], reverse=True)
        there = results.joinpath("index.html").is_file()
        return flask.render_template("runs.html", live=live, history=past(), results=there)

    def run(number: int) -> Any:
        found = asked.get_db_workflows_by_id(number)
        if not found:
            return flask.render_template("404.html"), 404
        rules: dict[str, list[Any]] = {}
        for job in sorted(asked.get_db_jobs(number), key=lambda job: job.id):
            rules.setdefault(job.name, []).append(
                job
            )  # not its JSON, which evaluates what it holds
        return flask.render_template("run.html", run=found.get_workflow(), rules=rules)

    def result(name: str) -> Any:
        return flask.send_from_directory(results.resolve(), name)

    app.view_functions["index"] = runs
    app.add_url_rule("/run/<int:number>", "one_run", run)
    app.add_url_rule("/results/<path:name>", "result", result)

    @app.before_request
    def only_what_is_needed() -> Any:
        if flask.request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            return flask.render_template("404.html"), 403  # a page of another site asks
        path = flask.request.path
        if path not in OPEN and not path.startswith(PAGES_OPEN):
            return flask.render_template("404.html"), 404
        return None

    @app.after_request
    def nothing_leaves(response: Any) -> Any:
        if not flask.request.path.startswith("/results/"):  # these need no other file either
            response.headers["Content-Security-Policy"] = POLICY
        return response

    return app


def past() -> list[dict[str, Any]]:
    """Return the last runs of every history here, the latest first."""
    rows = [row for file in histories() for row in rows_of(file)]
    rows.sort(key=lambda row: row["started"], reverse=True)
    return [
        row
        | {"warnings": json.loads(row["warnings"]), "duration": duration(row["seconds"])}
        | {"clusters": sum(json.loads(row["clusters"] or "{}").values())}
        for row in rows[:HISTORY]
    ]


def main() -> int:
    """Serve until the command has failed, or until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--results", type=Path, default=Path("results/report"))
    parser.add_argument("command", nargs="*")
    options = parser.parse_args()
    from werkzeug.serving import make_server  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", options.port, application(options.results), threaded=True)
    address = f"http://127.0.0.1:{options.port}"
    print(f"The page of runs: {address}/ (Ctrl-C ends)", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        if options.command:
            if code := subprocess.call(options.command):
                return code
            print(f"\nThe explorer:        {address}/results/explorer.html", flush=True)
            print(f"The page of results: {address}/results/index.html (Ctrl-C ends)", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
