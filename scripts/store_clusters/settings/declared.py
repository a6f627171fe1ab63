"""Read what the classes of options declare: keys, each with its type, default and meaning.

From here come the defaults of a run, what a message says of a key, and what is written for people:
the schema, ``config/config.yaml`` and the tables in ``config/README.md``.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from store_clusters.run.options import Day, Member, Options, Pattern, Unique, option_name


@dataclass(frozen=True)
class Key:
    """A key of a section."""

    name: str  # as the configuration calls it
    hint: Any
    owner: type[Options]
    field: Field[Any]

    @property
    def section(self) -> type[Options] | None:
        """The section that the key, or each item of its list, is; None where it is a value."""
        return next((part for part in _within(self.hint) if is_section(part)), None)

    @property
    def is_list(self) -> bool:
        """Whether the key is a list."""
        return any(get_origin(part) is list for part in _within(self.hint))

    @property
    def needed(self) -> bool:
        """Whether the key has no default."""
        return self.field.default is MISSING and self.field.default_factory is MISSING

    def default(self) -> Any:
        """Return the default as plain values, a new one each time; null where there is none."""
        if is_section(self.field.default_factory):
            return {}  # and its keys have theirs
        if self.field.default_factory is not MISSING:
            return self.field.default_factory()
        return None if self.needed else self.field.default

    @property
    def meaning(self) -> str:
        """The text below the field, or below the one that it takes the place of."""
        texts = (_texts(part).get(self.field.name) for part in self.owner.__mro__)
        return next(text for text in texts if text)


def is_section(hint: Any) -> TypeGuard[type[Options]]:
    """Return whether something is a class of options."""
    return isinstance(hint, type) and issubclass(hint, Options) and is_dataclass(hint)


def keys(section: type[Options]) -> Mapping[str, Key]:
    """Return the keys of a section, by name."""
    return _keys(section)  # type: ignore[arg-type]


def fill_in(value: Any, section: type[Options]) -> None:
    """Fill in, in place, the defaults of keys that a plain section leaves out.

    A section whose every key may be null stays as it is, so that nothing in it means nothing: the
    constants of a product map.
    """
    if not isinstance(value, dict):
        return
    known = keys(section).values()
    if all(key.default() is None and not key.needed for key in known):
        return
    for key in known:
        if not key.needed:
            value.setdefault(key.name, key.default())
        if key.section:
            part = value.get(key.name)
            for each in part if isinstance(part, list) else [part]:
                fill_in(each, key.section)


def defaults(section: type[Options]) -> dict[str, Any]:
    """Return the defaults of a section as plain values."""
    plain: dict[str, Any] = {}
    fill_in(plain, section)
    return plain


def inside(hint: Any) -> Any:
    """Return the type of the values in a list or a mapping."""
    lists = (part for part in _within(hint) if get_origin(part) in {list, dict})
    return next((get_args(part)[-1] for part in lists), Any)


def form(hint: Any, literal: Callable[[str], str] = str) -> str:
    """Return what a value looks like: ``integer of at least 2``, ``number above 0 or null``.

    ``literal`` sets off what is written as it stands.
    """
    forms = list(dict.fromkeys(_forms(hint, literal)))
    if any(one.startswith("number") for one in forms):
        forms = [one for one in forms if not one.startswith("integer")]  # which are numbers
    *others, last = forms
    return f"{', '.join(others)} or {last}" if others else last


def member_of(hint: Any) -> Member | None:
    """Return the family that a value names a member of; None where there is none."""
    marks = (mark for part in _annotated(hint) for mark in get_args(part)[1:])
    return next((mark for mark in marks if isinstance(mark, Member)), None)


def choices(hint: Any) -> list[str]:
    """Return the texts that a value may be, where it is one of several."""
    if member := member_of(hint):
        return member.names
    literals = (part for part in _within(hint) if get_origin(part) is Literal)
    return [text for part in literals for text in get_args(part) if "${" not in text]


def _forms(hint: Any, literal: Callable[[str], str]) -> Iterator[str]:
    marks: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        marks = tuple(rest)
    if get_origin(hint) in {Union, UnionType}:
        for part in get_args(hint):
            yield from _forms(part, literal)
    elif get_origin(hint) is Literal or any(isinstance(mark, Member) for mark in marks):
        texts = choices(Annotated[hint, *marks] if marks else hint)
        if texts:
            yield ("one of " if len(texts) > 1 else "") + ", ".join(map(literal, texts))
    elif hint in {int, float}:
        yield ("integer" if hint is int else "number") + _range(marks)
    elif hint is bool:
        yield f"{literal('true')} or {literal('false')}"
    elif hint is type(None):
        yield literal("null")
    elif hint is str:
        yield _text(marks, literal)
    elif get_origin(hint) is dict:
        yield f"{{name: {form(get_args(hint)[1], literal)}}}"
    elif get_origin(hint) is list:
        yield "a list" + _lengths(marks)
    else:
        yield "keys and values"


def _range(marks: tuple[Any, ...]) -> str:
    low = next((mark.ge for mark in marks if isinstance(mark, Ge)), None)
    above = next((mark.gt for mark in marks if isinstance(mark, Gt)), None)
    high = next((mark.le for mark in marks if isinstance(mark, Le)), None)
    if low is not None:
        return f" of at least {low}" if high is None else f" from {low} to {high}"
    return f" above {above}" * (above is not None) + f" up to {high}" * (high is not None)


def _text(marks: tuple[Any, ...], literal: Callable[[str], str]) -> str:
    for mark in marks:
        if isinstance(mark, Pattern):
            return f"text that matches {literal(mark.expression)}"
        if isinstance(mark, Day):
            return "a date such as 2024-01-31"
        if isinstance(mark, MaxLen) and mark.max_length == 1:
            return "one character"
    return "text"


def _lengths(marks: tuple[Any, ...]) -> str:
    words = ""
    for mark in marks:
        if isinstance(mark, MinLen):
            words += f" of at least {mark.min_length}"
        elif isinstance(mark, MaxLen):
            words += f" of at most {mark.max_length}"
        elif isinstance(mark, Unique):
            words += ", none twice"
    return words


def _within(hint: Any) -> Iterator[Any]:
    """Yield what a type is made of, without annotations; of lists the items too."""
    if get_origin(hint) is Annotated:
        yield from _within(get_args(hint)[0])
    elif get_origin(hint) in {Union, UnionType}:
        for part in get_args(hint):
            yield from _within(part)
    else:
        yield hint
        if get_origin(hint) is list:
            yield from _within(get_args(hint)[0])


def _annotated(hint: Any) -> Iterator[Any]:
    if get_origin(hint) is Annotated:
        yield hint
    for part in get_args(hint):
        if get_origin(hint) is not Literal:
            yield from _annotated(part)


@cache
def _keys(section: Any) -> Mapping[str, Key]:
    hints = get_type_hints(section, include_extras=True)
    found = (Key(option_name(one.name), hints[one.name], section, one) for one in fields(section))
    return {key.name: key for key in found}


@cache
def _texts(owner: type) -> Mapping[str, str]:
    """Return the texts below the fields of a class, by field."""
    if not is_section(owner):
        return {}
    (described,) = (
        node
        for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(owner) or owner)))
        if isinstance(node, ast.ClassDef) and node.name == owner.__name__
    )
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in zip(described.body, described.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
