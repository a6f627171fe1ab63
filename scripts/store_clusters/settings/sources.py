"""Whose sources a configuration names, its own or the demo retailer's, and where results go.

A source with a ``path`` or a ``database`` is a configuration's own and described by its words
alone. What is said of one without them changes single keys of the demo's description,
``config/demo.yaml``, which is also that of the folders that variables name.
"""

import os
import re
from collections.abc import Mapping
from typing import Any

from snakemake.utils import update_config

RESULTS = "results"
# Variables that say where folders laid out like the demo's are, by the source that lies there.
FOLDERS = {
    "sales": ("DATA_DIR", "INTERNAL_DATA_DIR"),
    "products": ("DATA_DIR", "INTERNAL_DATA_DIR"),
    "external": ("DATA_DIR", "EXTERNAL_DATA_DIR"),
}


def named_sources(config: Any) -> list[str]:
    """Return the sources that a configuration names itself, by ``path`` or ``database``."""
    inputs = config.get("inputs") if isinstance(config, Mapping) else None
    if not isinstance(inputs, Mapping):
        return []
    named = []
    for name in FOLDERS:
        parts = inputs.get(name)
        parts = parts if isinstance(parts, list) else [parts]
        if any(
            isinstance(part, Mapping) and (part.get("path") or part.get("database"))
            for part in parts
        ):
            named.append(name)
    return named


def unnamed_sources(config: Mapping[str, Any]) -> dict[str, str]:
    """Return what to say of each source that is needed but not named, by source.

    The demo's sources belong together, so where some are named, the demo's stand for no other,
    unless a variable says in which folder they are.
    """
    own = named_sources(config)
    verb = "name" if len(own) > 1 else "names"
    others = " and ".join(f"inputs.{name}" for name in own)
    return {
        name: f"inputs.{name}: this key is needed, as {others} {verb} data other than the demo's; "
        f"or set {' or '.join(variables)}"
        for name, variables in FOLDERS.items()
        if own and name not in own and not any(map(os.environ.get, variables))
    }


def results_folder(overlays: Mapping[str, Any]) -> str:
    """Return where results go unless ``output.results`` says so.

    ``overlays`` are the configurations given with the command, by name. One that names sources of
    its own gets a folder of that name, so that it does not replace the results of others.
    """
    own = [name for name, config in overlays.items() if named_sources(config)]
    name = re.sub(r"[^\w.-]+", "-", own[-1]).strip("-.") if own else ""
    return f"{RESULTS}/{name}" if name else RESULTS


def with_demo(inputs: Any, demo: Mapping[str, Any]) -> Any:
    """Return the sources: those that are named as they are, others as the demo's, with changes."""
    if not isinstance(inputs, dict):
        return inputs
    own = named_sources({"inputs": inputs})
    for name, described in demo.items():
        if name not in inputs:
            inputs[name] = described
        elif name not in own and isinstance(inputs[name], dict) and isinstance(described, dict):
            inputs[name] = _laid_over(inputs[name], described)
    return inputs


def _laid_over(given: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """Lay keys over a description; ``columns`` that name all it takes stand alone."""
    columns = given.get("columns")
    needed = {"store_id", "product_id", "sales", "need_state"} & set(described["columns"])
    if isinstance(columns, Mapping) and needed <= set(columns):
        described = {**described, "columns": {}}
    update_config(described, given)
    return described
