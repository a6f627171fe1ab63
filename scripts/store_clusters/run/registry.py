"""Families of interchangeable members: one file in a folder adds one member.

The folder is a package whose ``__init__`` makes the registry. A member is called after its file;
the first line of its docstring says what it is, in the reference of the configuration too. Names,
sentences and what members declare are read from the files: only the member that a job uses is
imported.
"""

import ast
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any


class Registry:
    """The members of a family, by name."""

    def __init__(self, package: str):
        """Take the package that holds the members, which is mostly ``__name__``."""
        self.package = package

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the members, sorted."""
        return (path.stem for path in self._files())

    def __contains__(self, name: object) -> bool:
        """Say whether there is a member of this name."""
        return name in list(self)

    def sentence(self, name: str) -> str:
        """Return the first line of a member's docstring."""
        return (ast.get_docstring(self._parsed(name)) or "").partition("\n")[0]

    def declared(self, name: str) -> dict[str, Any]:
        """Return the constants that a member's file sets to literals, such as ``FILE = "a.html"``.

        So much is known of a member without importing it.
        """
        found = {}
        for node in self._parsed(name).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                with suppress(ValueError):  # computed, so not for others
                    found[node.targets[0].id] = ast.literal_eval(node.value)
        return found

    def load(self, name: str) -> ModuleType:
        """Import a member.

        Raises:
            KeyError: There is no such member.
        """
        if (member := sys.modules.get(f"{self.package}.{name}")) is not None:
            return member  # asked for again and again
        if name not in self:
            raise KeyError(f"{name!r}: not one of {', '.join(self)}")
        return import_module(f"{self.package}.{name}")

    def _parsed(self, name: str) -> ast.Module:
        (path,) = (path for path in self._files() if path.stem == name)
        return ast.parse(path.read_text(encoding="utf-8"))

    def _files(self) -> list[Path]:
        spec = find_spec(self.package)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        files = (path for folder in folders for path in Path(folder).glob("[!_]*.py"))
        return sorted(files, key=lambda path: path.stem)
