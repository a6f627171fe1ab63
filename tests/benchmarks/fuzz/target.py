"""Functions that a random example is given to, by their names."""

from collections.abc import Callable
from typing import Any

Check = Callable[..., None]
TARGETS: dict[str, tuple[Check, tuple[Any, ...]]] = {}


def target(*examples: Any) -> Callable[[Check], Check]:
    """Register a function, which is given an example of each strategy."""

    def register(check: Check) -> Check:
        TARGETS[check.__name__] = (check, examples)
        return check

    return register
