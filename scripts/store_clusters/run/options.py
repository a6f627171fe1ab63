"""How options are declared: sections of the configuration as classes, beside what uses them.

A class holds the keys of a section, each with its type, range and default; the text below a field
is its meaning, which begins with a few words that serve as a comment in ``config/config.yaml``.
From these classes come the check of a configuration, its JSON schema for editors, that file and
the tables in ``config/README.md`` (``make reference``); a script gets its section as an object:
``options_of(ChooseK, snakemake.params.choose_k)``.

They are plain dataclasses, so that a job imports next to nothing to read its options; pydantic,
which checks a configuration (see ``store_clusters.settings``), understands them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, MinLen

from store_clusters.run.registry import Registry

Section = TypeVar("Section")
Text = Annotated[str, MinLen(1)]
Count = Annotated[int, Ge(1)]
Amount = Annotated[float, Ge(0)]
Positive = Annotated[float, Gt(0)]
Correlation = Annotated[float, Gt(0), Le(1)]
Size = Annotated[float, Gt(0)] | Annotated[int, Ge(1)] | Literal["auto"]


def option_name(name: str) -> str:
    """Return what the configuration calls a field: those that Python reserves end in ``_``."""
    return name.rstrip("_")


class Options:
    """A section of the configuration; unknown keys are refused."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {
        "extra": "forbid",
        "alias_generator": option_name,
    }

    def contradictions(self) -> Iterable[tuple[str, str]]:
        """Yield what does not agree although each value is valid: a key, or "", and a sentence."""
        return ()


def sizes_disagree(low: float | str | None, high: int | None) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a ``min_size`` (a :data:`Size`) and a ``max_size``, either unset."""
    if isinstance(low, str) or low is None:
        return
    if low > 1 and low != int(low):
        yield "min_size", f"{low} is neither a number of stores nor a share below 1."
    elif high and low > high:
        yield "", f"min_size ({low}) is above max_size ({high})."


@dataclass(frozen=True)
class Member:
    """Says of a text that it is the name of a member of a registry, or one of some ``also``.

    Where the members of a family serve different purposes, they list these in a constant
    ``SERVES``, and ``serves`` is the one that is needed.
    """

    registry: Registry
    serves: str | None = None
    also: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """What may be chosen: the other words, then the names of the members, sorted."""
        return list(self.also) + [
            name
            for name in self.registry
            if self.serves is None or self.serves in self.registry.declared(name)["SERVES"]
        ]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Let pydantic accept the names of the members."""
        from pydantic_core import core_schema  # noqa: PLC0415, only to check a configuration

        return core_schema.literal_schema(self.names)


@dataclass(frozen=True)
class Pattern:
    """Says of a text that it matches a regular expression."""

    expression: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Let pydantic match the text."""
        from pydantic_core import core_schema  # noqa: PLC0415, only to check a configuration

        return core_schema.str_schema(pattern=self.expression)


@dataclass(frozen=True)
class Day:
    """Says of a text that it is a date such as 2024-01-31."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Let pydantic read the date; it stays text."""
        from pydantic_core import core_schema  # noqa: PLC0415, only to check a configuration

        return core_schema.no_info_after_validator_function(_day, core_schema.str_schema())

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        """Say so in the JSON schema."""
        return {**handler(schema), "format": "date"}


@dataclass(frozen=True)
class Unique:
    """Says of a list that it holds nothing twice."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Let pydantic compare the items."""
        from pydantic_core import core_schema  # noqa: PLC0415, only to check a configuration

        return core_schema.no_info_after_validator_function(_unique, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        """Say so in the JSON schema."""
        return {**handler(schema), "uniqueItems": True}


def _day(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(text)
    date.fromisoformat(text)
    return text


def _unique(items: list[Any]) -> list[Any]:
    if len(set(items)) < len(items):
        raise ValueError(items)
    return items


def options_of(section: type[Section], plain: Mapping[str, Any]) -> Section:
    """Return checked options as an object, with sections within it as objects."""
    hints = get_type_hints(section)
    values = {}
    for one in fields(section):  # type: ignore[arg-type]
        name = option_name(one.name)
        if name in plain:
            values[one.name] = _typed(hints[one.name], plain[name])
    return section(**values)


def _typed(hint: Any, value: Any) -> Any:
    if is_dataclass(hint) and isinstance(value, Mapping):
        return options_of(hint, value)  # type: ignore[arg-type]
    if get_origin(hint) is list and is_dataclass(get_args(hint)[0]):
        return [_typed(get_args(hint)[0], one) for one in value]
    if isinstance(hint, UnionType):
        return _typed(next((one for one in get_args(hint) if is_dataclass(one)), None), value)
    return value
