"""Does anything that people send end in a traceback, or become another number than was written?

    python tests/benchmarks/fuzz/run.py --minutes 60 --seed 1 > fuzz.log

Makes values, files and configurations at random (Hypothesis) and gives them to the functions that
read the inputs of a run, round after round until the time is over. What is found: an exception
other than InputError, and a number, an identifier or a day that comes back as another; numbers are
compared with what `decimal.Decimal` makes of the text. Each finding is printed with the smallest
example; the last line says how many examples were tried, and the exit status is 1 after a finding.
Round n of a seed makes the same examples again: `--seed S --first N --rounds 1`.
"""

import argparse
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "scripts"))

import configurations  # noqa: E402
import files  # noqa: E402
import values  # noqa: E402
from target import TARGETS  # noqa: E402

MODULES = (configurations, files, values)  # which register their targets


def tried(name: str, number: int, examples: int) -> str:
    """Try so many examples of one target; return what was found, or nothing."""
    check, strategies = TARGETS[name]
    limits = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        seed(number)(limits(given(*strategies)(check)))()
    except Exception as error:
        return described(error)
    return ""


def described(error: BaseException) -> str:
    """Return an error, where it was raised, and the example that raised it."""
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else [error]
    lines = []
    for part in parts:
        frames = traceback.extract_tb(part.__traceback__)
        ours = [f for f in frames if str(ROOT) in f.filename and "site-packages" not in f.filename]
        lines += [f"  {Path(f.filename).name}:{f.lineno} {f.name}: {f.line}" for f in ours[-4:]]
        lines += traceback.format_exception_only(part)
    return "\n".join([*lines, *getattr(error, "__notes__", ())])


def main(arguments: list[str] | None = None) -> int:
    """Run rounds of all targets until the time is over; return the number of findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="round to begin with")
    parser.add_argument("--rounds", type=int, help="at most so many")
    parser.add_argument("--examples", type=int, default=200, help="of each target and round")
    parser.add_argument("--only", nargs="*", choices=TARGETS, default=list(TARGETS))
    options = parser.parse_args(arguments)
    started, count, found = time.monotonic(), Counter[str](), 0
    number = options.first
    while time.monotonic() - started < 60 * options.minutes:
        if options.rounds is not None and number - options.first >= options.rounds:
            break
        for name in options.only:
            finding = tried(name, options.seed * 1_000_000 + number, options.examples)
            count[name] += options.examples
            if finding:
                found += 1
                print(
                    f"FOUND by {name}, seed {options.seed}, round {number}:\n{finding}", flush=True
                )
        number += 1
        if number % 20 == 0:
            minutes = (time.monotonic() - started) / 60
            print(f"{minutes:7.1f} min, {number} rounds, {found} findings", flush=True)
    minutes = (time.monotonic() - started) / 60
    tries = ", ".join(f"{name} {tries:,}" for name, tries in count.items())
    print(f"{minutes:.1f} minutes, seed {options.seed}, {number - options.first} rounds: {tries}")
    print(f"{sum(count.values()):,} examples, {found} findings", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
