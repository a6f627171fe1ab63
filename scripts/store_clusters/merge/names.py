"""Names of merged clusters: ``2_1``, and ``2_1a`` for a part of it."""

import re
from string import ascii_lowercase

NAME = re.compile(r"(\d+)_(\d+)([a-z]*)")


def cell_name(internal: int, external: int) -> str:
    """Return the name of a pair of clusters; 0 where a track does not know the store."""
    return f"{internal}_{external}"


def part_name(name: str, part: int) -> str:
    """Return the name of part 0, 1, ... of a cluster: ``2_1a`` to ``2_1z``, then ``2_1aa``."""
    letters = ""
    part += 1
    while part:
        part, letter = divmod(part - 1, len(ascii_lowercase))
        letters = ascii_lowercase[letter] + letters
    return name + letters


def whole_name(name: str) -> str:
    """Return the name of the cluster that a part is of: ``2_1`` of ``2_1a``."""
    return name.rstrip(ascii_lowercase)


def internal_of(name: str) -> int:
    """Return the internal cluster of a final cluster, ``2_1a``, or of a part of one, ``2ab``."""
    return int(name.split("_", maxsplit=1)[0].rstrip(ascii_lowercase))


def by_number(name: str) -> tuple[int, int, int, str]:
    """Return what sorts names by their numbers, then by their letters."""
    match = NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"not the name of a cluster: {name!r}")
    internal, external, letters = match.groups()
    return int(internal), int(external), len(letters), letters
