"""A digest of the code behind a rule, so that no result survives a change of what made it.

It holds the project's own modules, the contracts of tables, and the versions of the packages that
these modules import, read from the packages' metadata: nothing is imported.
"""

import hashlib
import re
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2]
CONTRACTS = SCRIPTS.parent / "workflow" / "schemas" / "tables"
DISTRIBUTIONS = {"sklearn": "scikit-learn", "yaml": "PyYAML"}  # where not called like the module
# What other packages compute with: its version counts beneath theirs too.
NUMERIC = {"numpy", "scipy"}
# Every command reads all modules, so by patterns, in a tenth of the time of a parser.
IMPORT = re.compile(
    r"^[ \t]*(?:from ([\w.]+) import (\([^)]*\)|[^\n]+)|import ([^\n]+))", re.MULTILINE
)
IMPORTED = re.compile(r"([\w.]+)(?: as \w+)?")
TEXT = re.compile(r'"(\w+)"')
FILES_OF = re.compile(r'files\("([\w.]+)"')  # of importlib.resources
REGISTRY = re.compile(r"\bRegistry\(")


@dataclass(frozen=True)
class Facts:
    """What the text of a module says."""

    imports: frozenset[str]  # all that is imported, by its full name
    texts: frozenset[str]  # its one-word texts
    files_of: frozenset[str]  # modules whose files it reads
    makes_registry: bool


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
        digest.update(_content(file, *_state(file)))
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
    for name in _facts(path).imports:
        place = SCRIPTS / name.replace(".", "/")
        package = place / "__init__.py"
        if place.with_suffix(".py").is_file():
            modules.add(place.with_suffix(".py"))
        elif path.name != "options.py" and package.is_file() and _facts(package).makes_registry:
            members.update(place.glob("*.py"))
    return frozenset(modules), frozenset(members)


@cache
def _packages(path: Path) -> frozenset[str]:
    """Return the top-level modules that a file imports, or whose files it reads, from elsewhere."""
    own = {file.stem for file in SCRIPTS.iterdir()}
    names = {name.partition(".")[0] for name in _facts(path).imports | _facts(path).files_of}
    return frozenset(names - own - sys.stdlib_module_names)


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


def _contracts(path: Path) -> set[Path]:
    texts = _facts(path).texts
    return {file for file in CONTRACTS.glob("*.yaml") if file.stem in texts}


def _facts(path: Path) -> Facts:
    return _read(path, *_state(path))


def _state(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_mtime_ns, state.st_size


@cache
def _content(path: Path, changed: int, size: int) -> bytes:
    return path.read_bytes()


@cache
def _read(path: Path, changed: int, size: int) -> Facts:
    text = _content(path, changed, size).decode()
    imports: set[str] = set()
    for source, names, modules in IMPORT.findall(text):
        found = IMPORTED.findall(re.sub(r"#[^\n]*", "", names or modules))
        imports |= {source, *(f"{source}.{name}" for name in found)} if source else {*found}
    return Facts(
        frozenset(imports),
        frozenset(TEXT.findall(text)),
        frozenset(FILES_OF.findall(text)),
        REGISTRY.search(text) is not None,
    )
