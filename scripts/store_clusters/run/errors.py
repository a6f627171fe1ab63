"""The one exception for problems that the person running the workflow can mend."""

from collections.abc import Iterable


class InputError(Exception):
    """Bad input or configuration, told in one message: where, what, examples, what was expected."""


def examples(values: Iterable[object], most: int = 5) -> str:
    """Join the first few values for a message: ``'a', 'b', 'c' and 4 more``."""
    values = list(values)
    shown = ", ".join(repr(value) for value in values[:most])
    more = len(values) - most
    return f"{shown} and {more:,} more" if more > 0 else shown
