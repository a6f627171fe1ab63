"""What the report holds, for the rules that make it; no page and no picture is imported."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from store_clusters.report.pages import PAGES
from store_clusters.report.pictures import PICTURES
from store_clusters.report.sources import ALL_PICTURES, TEMPLATES, TRACKS, contract_files
from store_clusters.run.code import code_digest
from store_clusters.run.registry import Registry

STAGES = ("final", *TRACKS)  # of pictures


@dataclass(frozen=True)
class Member:
    """A page or a picture, as its file declares it."""

    name: str
    family: Registry
    declared: dict[str, Any] = field(repr=False)

    def __getattr__(self, name: str) -> Any:
        """Return a literal that the file declares, ``FILE`` as ``file``."""
        try:
            return self.declared[name.upper()]
        except KeyError:
            raise AttributeError(f"{self.family.package}.{self.name}: no {name.upper()}") from None

    @property
    def module(self) -> str:
        """The module's full name."""
        return f"{self.family.package}.{self.name}"

    @property
    def shows_pictures(self) -> bool:
        """Whether it reads all pictures."""
        return ALL_PICTURES in self.reads

    @property
    def templates(self) -> list[str]:
        """The files that it is made of beside its code, relative to ``scripts/``."""
        files = sorted(TEMPLATES.glob(f"{self.name}.*"))
        return [f"../workflow/report/pages/{x.name}" for x in files if x.suffix != ".rst"]


def pages() -> list[Member]:
    """Return the pages, sorted by name."""
    return _members(PAGES)


def pictures(columns: Collection[str]) -> list[Member]:
    """Return the pictures that external sources with these columns make possible."""
    return [one for one in _members(PICTURES) if set(one.declared.get("NEEDS", ())) <= {*columns}]


def code_of(script: str, *members: Member) -> str:
    """Return the digest of the code of a rule that makes these pages or pictures, and no other."""
    contracts = contract_files(name for one in members for name in one.reads)
    templates = [file for one in members for file in one.templates]
    return code_digest(script, *templates, *contracts, members=[one.module for one in members])


def _members(family: Registry) -> list[Member]:
    return [Member(name, family, family.declared(name)) for name in family]
