"""Where that lies which the report is made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from store_clusters.tables.contracts import contract

TEMPLATES = Path(__file__).resolve().parents[3] / "workflow" / "report" / "pages"
TRACKS = ("internal", "external")
RUN = "run"  # the account, the one source that is no table
ALL_PICTURES = "pictures"  # what a page reads that shows them


@dataclass(frozen=True)
class Source:
    """Where a table lies, and the contract it was written under; the account has none."""

    file: str
    contract: str | None


def source(name: str) -> Source:
    """Find what a page or picture calls ``name``.

    That is ``run`` (the account), a table by its contract, ``final_clusters``, or by its track and
    contract where both tracks have one: ``internal_k``.
    """
    if name == RUN:
        return Source("<results>/run.json", None)
    track, _, rest = name.partition("_")
    kind = rest if track in TRACKS else name
    file = contract(kind).file.format(track=track)
    return Source(file if file.startswith("<") else f"<results>/{file}", kind)


def sources(names: Iterable[str]) -> dict[str, str]:
    """Return where the sources of these names lie, for the input of a rule; without pictures."""
    return {name: source(name).file for name in names if name != ALL_PICTURES}


def contract_files(names: Iterable[str]) -> list[str]:
    """Return the contracts of these sources as files relative to ``scripts/``."""
    kinds = {source(name).contract for name in sources(names)} - {None}
    return [f"../workflow/schemas/tables/{kind}.yaml" for kind in sorted(map(str, kinds))]
