"""The one exception for problems that the person running the workflow can mend."""

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """Bad input or configuration, told in one message: where, what, examples, what was expected."""


def examples(values: Iterable[object], most: int = 5) -> str:
    """Join the first few values for a message: ``'a', 'b', 'c' and 4 more``."""
    values = list(values)
    shown = ", ".join(repr(value) for value in values[:most])
    more = len(values) - most
    return f"{shown} and {more:,} more" if more > 0 else shown


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` with the known name that is most like this one, or nothing."""
    by_letters = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), by_letters, 1, 0.6)
    return f" Did you mean {by_letters[near[0]]!r}?" if near else ""
