"""Do unit tests notice when a fact changes? One random change at a time, and the tests of its file.

    uv run --with cosmic-ray python tests/benchmarks/mutants/run.py --mutants 80 --seed 1

needs `cosmic-ray` (PyPI) beside what the tests need. Draws places in the statistics of features,
clusters, merge and describe that have a unit test of their name: a comparison, an operator, a
number, a condition. Changes each in a copy of the project in a temporary folder and runs that test
file alone, up to the first test that fails. Prints that test, or that the change survived; where it
is and what it is; and the share noticed in the end. Some changes that survive change nothing: read
them before adding a test.

Test files run on unchanged code first: they have to pass, and one that then takes three times as
long and half a minute more does not end, which is noticing, too. `--limit` sets that time for all
and leaves this out. `--only` names the modules to draw from, `--jobs` how many run at once.
"""

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import ndiff
from functools import partial
from itertools import islice, permutations
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = "scripts/store_clusters"
STAGES = ("features", "clusters", "merge", "describe")
NEEDED = ("scripts", "tests", "resources", "config", "workflow", "pyproject.toml")
INTERRUPTED = "INTERRUPTED"  # from outside: not judged
COMPARISONS, ARITHMETIC = ("Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"), ("Add", "Sub", "Mul", "Div")
OPERATORS = (
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in permutations(COMPARISONS, 2)),
    *(f"ReplaceBinaryOperator_{a}_{b}" for a, b in permutations(ARITHMETIC, 2)),
    *("NumberReplacer", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "AddNot"),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceUnaryOperator_Delete_Not"),
    *("ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Invert"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
)


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: str  # path in the project
    test: str  # likewise
    line: int
    operator: str
    occurrence: int

    @property
    def means_something(self) -> bool:
        """Whether the module can be read, and the change is not to what checks only itself."""
        source = (ROOT / self.module).read_text(encoding="utf-8")
        try:
            ast.parse(self.code)
        except SyntaxError:
            return False
        line = source.splitlines()[self.line - 1]
        return line.strip() not in {"*,", "/,"} and (
            "strict=" not in line or "True" not in self.operator
        )

    @property
    def code(self) -> str:
        """The module with the change."""
        source = (ROOT / self.module).read_text(encoding="utf-8")
        changed = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        return str(changed)

    def __str__(self) -> str:
        source = (ROOT / self.module).read_text(encoding="utf-8")
        lines = ndiff(source.splitlines(), self.code.splitlines())
        changed = [" ".join(line[1:].split()) for line in lines if line[0] in "+-"]
        return f"{self.module}:{self.line}\n    {' -> '.join(changed)}"


def tested_modules(only: list[str]) -> list[tuple[str, str]]:
    """Return the statistics with a unit test of their name, and the test."""
    found = []
    for stage in STAGES:
        for path in sorted((ROOT / LIBRARY / stage).rglob("*.py")):
            test = f"tests/unit/test_{path.stem}.py"
            if (ROOT / test).exists() and (not only or path.stem in only):
                found.append((path.relative_to(ROOT).as_posix(), test))
    return found


def mutants_of(module: str, test: str) -> Iterator[Mutant]:
    """Yield all changes of a module."""
    nodes = list(ast_nodes(get_ast((ROOT / module).read_text(encoding="utf-8"))))
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        positions = [at for node in nodes for at in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(positions):
            yield Mutant(module, test, start[0], f"core/{name}", occurrence)


def draw(number: int, seed: int, only: list[str]) -> list[Mutant]:
    """Return so many changes of different lines; a line is as likely however many it offers."""
    lines: dict[tuple[str, int], list[Mutant]] = {}
    for module, test in tested_modules(only):
        for mutant in mutants_of(module, test):
            lines.setdefault((module, mutant.line), []).append(mutant)
    drawn = random.Random(seed)
    mutants = (drawn.choice(lines[place]) for place in drawn.sample(list(lines), len(lines)))
    return list(islice((mutant for mutant in mutants if mutant.means_something), number))


def run_test(test: str, limit: float | None, mutant: Mutant | None = None) -> tuple[str, float]:
    """Run a test file on a copy of the project; return what failed first, and the seconds.

    The empty text where all tests pass.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in NEEDED:
            source, copy = ROOT / name, Path(folder) / name
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy)
        if mutant is not None:
            (Path(folder) / mutant.module).write_text(mutant.code, encoding="utf-8")
        options = ("-x", "-n0", "-rfE", "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", *options, test]
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        started = time.perf_counter()
        try:
            done = subprocess.run(
                command, cwd=folder, env=own, timeout=limit, capture_output=True, check=False
            )
        except subprocess.TimeoutExpired:
            return "time", time.perf_counter() - started
    failed = re.search(rb"^(?:FAILED|ERROR) \S+::(test_\w+)", done.stdout, re.MULTILINE)
    if done.returncode < 0:
        return INTERRUPTED, time.perf_counter() - started
    name = failed[1].decode() if failed else "pytest"
    return name if done.returncode else "", time.perf_counter() - started


def judge(limits: Mapping[str, float], mutant: Mutant) -> bool | None:
    """Say whether a change was noticed, and print it; None where the tests were interrupted."""
    failed, seconds = run_test(mutant.test, limits[mutant.test], mutant)
    said = f"noticed by {failed}" if failed else "SURVIVED"
    print(f"{said if failed != INTERRUPTED else failed}, {seconds:.0f} s: {mutant}", flush=True)
    return None if failed == INTERRUPTED else bool(failed)


def main() -> None:
    """Draw changes, judge them, and print the share that was noticed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--limit", type=float, metavar="SECONDS")
    parser.add_argument("--only", nargs="*", default=[], metavar="MODULE")
    options = parser.parse_args()
    mutants = draw(options.mutants, options.seed, options.only)
    tests = sorted({mutant.test for mutant in mutants})
    with ThreadPoolExecutor(options.jobs) as pool:
        limits = dict.fromkeys(tests, options.limit)
        if options.limit is None:
            whole = dict(zip(tests, pool.map(partial(run_test, limit=None), tests), strict=True))
            failing = [test for test, (failed, _) in whole.items() if failed]
            if failing:
                sys.exit(f"fail without any change: {', '.join(failing)}")
            limits = {test: 3 * seconds + 30 for test, (_, seconds) in whole.items()}
        judged = [one for one in pool.map(partial(judge, limits), mutants) if one is not None]
    noticed = sum(judged)
    print(f"{noticed} of {len(judged)} noticed ({noticed / max(1, len(judged)):.0%})")


if __name__ == "__main__":
    main()
