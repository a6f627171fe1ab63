"""A digest of the code behind a rule, so that no result survives a change of what made it.

It holds the project's own modules, the contracts of tables, and the versions of the packages that
these modules import, read from the packages' metadata: nothing is imported.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Collection, Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2]
CONTRACTS = SCRIPTS.parent / "workflow" / "schemas" / "tables"
DISTRIBUTIONS = {"sklearn": "scikit-learn", "yaml": "PyYAML"}  # where not called like the module
# What other packages compute with: its version counts beneath theirs too.
NUMERIC = {"numpy", "scipy"}


def code_digest(script: str, *others: str, members: Iterable[str] = ()) -> str:
    """Return a digest of ``script`` and of what it uses.

    That is the project's modules that it imports, the contracts of its tables, and the versions of
    the packages that all of these import.

    ``script`` and ``others``, further files that it reads, are relative to ``scripts/``. Contracts
    count when their name stands in the code as text, which is how they are named when a table is
    read or written. Of a registry all members count, or those of ``members``, modules by their full
    names, where the job is certain to use no other.
    """
    chosen = {SCRIPTS / f"{name.replace('.', '/')}.py" for name in members}
    code = _closure((SCRIPTS / script).resolve(), chosen)
    contracts = {file for path in code for file in _contracts(path)}
    files = code | contracts | {(SCRIPTS / other).resolve() for other in others}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    digest.update(repr(versions(code)).encode())
    return digest.hexdigest()[:16]


def versions(code: Iterable[Path]) -> dict[str, str]:
    """Return the versions of the packages that modules import, and of what those compute with."""
    modules = {name for path in code for name in _packages(path)}
    names = {distribution for module in modules for distribution in _distributions(module)}
    names |= {name for each in names for name in _beneath(each)}
    return {name: _version(name) for name in sorted(names)}


def _closure(path: Path, chosen: Collection[Path] = ()) -> set[Path]:
    known, waiting = set(), [path]
    families = {member.parent for member in chosen}
    while waiting:
        path = waiting.pop()
        if path not in known:
            known.add(path)
            modules, members = _imported(path)
            waiting.extend(modules)
            waiting.extend(
                member
                for member in members
                if member in chosen or member.parent not in families or member.name.startswith("_")
            )
    return known


@cache
def _imported(path: Path) -> tuple[frozenset[Path], frozenset[Path]]:
    """Return the project's modules that a file imports, and the members of registries that it does.

    Modules of options only say which members can be chosen; whoever loads them imports the registry
    itself.
    """
    modules: set[Path] = set()
    members: set[Path] = set()
    for name in _names(_nodes(path)):
        place = SCRIPTS / name.replace(".", "/")
        package = place / "__init__.py"
        if place.with_suffix(".py").is_file():
            modules.add(place.with_suffix(".py"))
        elif path.name != "options.py" and package.is_file() and _makes_registry(package):
            members.update(place.glob("*.py"))
    return frozenset(modules), frozenset(members)


def _makes_registry(path: Path) -> bool:
    called = (node.func for node in _nodes(path) if isinstance(node, ast.Call))
    return any(isinstance(name, ast.Name) and name.id == "Registry" for name in called)


@cache
def _packages(path: Path) -> frozenset[str]:
    """Return the top-level modules that a file imports, or whose files it reads, from elsewhere."""
    names = _names(_nodes(path))
    for node in _nodes(path):  # importlib.resources.files("name")
        if isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0] if called.endswith("files") else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                names.add(first.value)
    own = {file.stem for file in SCRIPTS.iterdir()}
    return frozenset({name.partition(".")[0] for name in names} - own - sys.stdlib_module_names)


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    """Return all that is imported, by its full name."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@cache
def _distributions(module: str) -> frozenset[str]:
    """Return the packages that a module belongs to; none where it is not installed."""
    name = DISTRIBUTIONS.get(module, module)
    try:
        version(name)
    except PackageNotFoundError:
        return frozenset(packages_distributions().get(module, ()))  # slow, so only where needed
    return frozenset({name})


@cache
def _beneath(distribution: str) -> frozenset[str]:
    needed = (re.match(r"[\w.-]+", text) for text in requires(distribution) or ())
    return frozenset(NUMERIC & {name[0].lower() for name in needed if name})


@cache
def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


@cache
def _contracts(path: Path) -> frozenset[Path]:
    texts = {node.value for node in _nodes(path) if isinstance(node, ast.Constant)}
    return frozenset(file for file in CONTRACTS.glob("*.yaml") if file.stem in texts)


def _nodes(path: Path) -> tuple[ast.AST, ...]:
    state = path.stat()
    return _parsed(path, state.st_mtime_ns, state.st_size)


@cache
def _parsed(path: Path, changed: int, size: int) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
