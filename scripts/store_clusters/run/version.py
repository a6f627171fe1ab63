"""What made a result: the version of the workflow, its revision, and what it ran on."""

import platform
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from store_clusters.run.run_id import run_id

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("snakemake", "numpy", "pandas", "scipy", "scikit-learn", "pyarrow", "duckdb")


def made_by() -> dict[str, Any]:
    """Return what the account of a run says of the run, of the code and of the machine."""
    return {
        "run": run_id(),
        "version": workflow_version(),
        "revision": revision(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def workflow_version() -> str:
    """Return the version of the workflow, as ``pyproject.toml`` says it."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(content["project"]["version"])


def revision() -> str | None:
    """Return the code's Git commit, marked when files differ from it; None outside a clone."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None
