"""Secrets in a configuration: URLs of databases keep the names of variables, not what they hold."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from store_clusters.run.secrets import passwords, reveal, with_passwords

DATABASE = "database"


def databases(config: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every section that names a database, with its key."""
    inputs = config.get("inputs")
    inputs = inputs if isinstance(inputs, Mapping) else {}
    sections = [(f"inputs.{name}", part) for name, part in inputs.items()]
    for key, part in [*sections, ("publish", config.get("publish"))]:
        for number, each in enumerate(part if isinstance(part, list) else [part]):
            if isinstance(each, dict) and isinstance(each.get(DATABASE), str):
                place = f"{key}.{each.get('name', number)}" if isinstance(part, list) else key
                yield f"{place}.{DATABASE}", each


def kept_unresolved(config: Mapping[str, Any]) -> None:
    """Escape, in place, the variables of databases, so that resolving leaves them as they are."""
    for _, section in databases(config):
        section[DATABASE] = re.sub(r"(?<!\\)(?=\$\{oc\.env:)", r"\\", section[DATABASE])


def check_references(settings: Mapping[str, Any]) -> None:
    """Refuse a variable that is needed and not set.

    Raises:
        InputError: There is one.
    """
    for key, section in databases(settings):
        reveal(section[DATABASE], key)


def hide_passwords(config: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Replace, in place, passwords that are written out by variables of the environment.

    Returns what to set these to: by key, the name and the value.
    """
    found = {}
    for key, section in databases(config):
        for password in passwords(section[DATABASE]):
            name = re.sub(r"\W", "_", f"STORE_CLUSTERS_{key}").upper()
            found[key] = name, password
            section[DATABASE] = with_passwords(section[DATABASE], f"${{oc.env:{name}}}")
    return found
