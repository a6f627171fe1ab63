"""Check settings against the classes that declare them, and say what is wrong with each key."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from store_clusters.run.errors import did_you_mean
from store_clusters.run.options import Options, option_name
from store_clusters.settings.declared import form, inside, keys
from store_clusters.settings.options import Settings


def problems_of(settings: Mapping[str, Any]) -> list[str]:
    """Return a sentence on every key that is wrong; where none is, on keys that do not agree."""
    try:
        checked = _checker().validate_json(json.dumps(settings), strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        told = (_told(fault["loc"], settings) for fault in faults)
        return list(dict.fromkeys(told))  # a value has a fault for each type that it may have
    return list(_contradictions(checked))


@cache
def _checker() -> TypeAdapter[Settings]:
    return TypeAdapter(Settings)


def _told(fault: tuple[int | str, ...], settings: Any) -> str:
    """Say what is wrong with the value that the steps of ``fault`` lead to."""
    value, path = settings, ""
    hint: Any = Settings
    section: type[Options] | None = Settings
    meaning = ""
    for step in fault:
        place = f"{path}.{step}".lstrip(".")
        if isinstance(value, Mapping) and section:
            key = keys(section).get(str(step))
            if key is None:
                return f"{place}: unknown key.{_instead(str(step), sorted(keys(section)))}"
            if step not in value:
                return f"{place}: this key is needed."
            hint, section, meaning = key.hint, key.section, key.meaning
        elif isinstance(value, Mapping | list) and (isinstance(step, int) or step in value):
            hint = inside(hint)
        else:
            break  # the rest says which of several types was tried
        value, path = value[step], place
    return f"{path}: {value!r} is not valid: expected {form(hint)}. {meaning}".rstrip()


def _instead(name: str, known: list[str]) -> str:
    hint = did_you_mean(name, known)
    begin, colon, rest = name.partition(":")
    if colon and begin in known:
        hint = f" Did you mean {f'{begin}: {rest}'!r}, with a space?"
    return f"{hint} Keys here: {', '.join(known)}."


def _contradictions(section: Options, path: str = "") -> Iterator[str]:
    for key, text in section.contradictions():
        yield f"{'.'.join(filter(None, [path, key]))}: {text}"
    for one in fields(section):  # type: ignore[arg-type]
        value = getattr(section, one.name)
        place = f"{path}.{option_name(one.name)}".strip(".")
        if isinstance(value, Options):
            yield from _contradictions(value, place)
        for part in value if isinstance(value, list) else ():
            if isinstance(part, Options):
                yield from _contradictions(part, f"{place}.{getattr(part, 'name', '')}")
