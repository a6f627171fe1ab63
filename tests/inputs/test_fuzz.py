"""Ten seconds of random values, files and configurations end in no traceback and change no number.

What runs for an hour is `tests/benchmarks/fuzz/run.py`; this is its quick version, of one seed.
"""

import os
import subprocess
import sys

from conftest import ROOT


def test_nothing_ends_in_a_traceback_or_becomes_another_number() -> None:
    """Another process: Hypothesis would take pytest's for the place of its examples."""
    command = [sys.executable, "tests/benchmarks/fuzz/run.py", "--minutes", "0.17"]
    done = subprocess.run(
        [*command, "--examples", "15", "--seed", "7"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("0 findings")
