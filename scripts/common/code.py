"""A digest of the code behind a rule, so that no result survives a change of what made it."""

import ast
import hashlib
from functools import cache
from pathlib import Path

from common.tables import CONTRACTS

SCRIPTS = Path(__file__).resolve().parents[1]


def code_digest(script: str, *others: str) -> str:
    """Return a digest of ``script``, the project's modules it imports and its tables' contracts.

    ``script`` and ``others``, further files that it reads, are relative to ``scripts/``. Contracts
    count when their name stands in the code as text, which is how they are named when a table is
    read or written.
    """
    code = _closure((SCRIPTS / script).resolve())
    contracts = {file for path in code for file in _contracts(path)}
    files = code | contracts | {(SCRIPTS / other).resolve() for other in others}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _closure(path: Path) -> set[Path]:
    known, waiting = set(), [path]
    while waiting:
        path = waiting.pop()
        if path not in known:
            known.add(path)
            waiting.extend(_imported(path))
    return known


@cache
def _imported(path: Path) -> frozenset[Path]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    candidates = (SCRIPTS / (name.replace(".", "/") + ".py") for name in names)
    return frozenset(file for file in candidates if file.is_file())


@cache
def _contracts(path: Path) -> frozenset[Path]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return frozenset(file for file in CONTRACTS.glob("*.yaml") if file.stem in texts)
