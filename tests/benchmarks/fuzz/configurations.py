"""Configurations: whatever YAML says, it is a valid configuration or one message names the key."""

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st
from target import target

from store_clusters.run.errors import InputError
from store_clusters.settings.declared import keys
from store_clusters.settings.options import Settings
from store_clusters.settings.resolve import resolve_config

ROOT = Path(__file__).resolve().parents[3]
OWN = {
    "inputs": {
        "sales": {"path": "s.csv", "columns": {"store_id": "s", "product_id": "p", "sales": "a"}},
        "products": {
            "path": "p.csv",
            "columns": {"product_id": "p", "category": "c", "need_state": "n"},
        },
        "external": [{"name": "x", "path": "x.csv", "columns": {"store_id": "s"}}],
    }
}


def paths(section: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the paths of all keys."""
    found = []
    for key in keys(section).values():
        found.append((*above, key.name))
        if key.section:
            found += paths(key.section, (*above, key.name))
    return found


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=10),
    st.sampled_from(
        ["${oc.env:NOPE}", "${oc.env:HOME}", "${seed}", "${nope}", "${", "???", "auto"]
    ),
    st.dates(),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=6) | st.sampled_from(["name", "path", "columns"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
CHANGES = st.lists(st.tuples(st.sampled_from(paths(Settings)), ANYTHING), min_size=1, max_size=3)


@target(CHANGES, st.booleans(), st.text("abz", max_size=1))
def configuration(changes: list[tuple[tuple[str, ...], Any]], own: bool, tail: str) -> None:
    """Any keys set to anything."""
    config: dict[str, Any] = copy.deepcopy(OWN) if own else {}
    for path, value in changes:
        inside: Any = config
        for name in path[:-1]:
            inside = inside.setdefault(name, {}) if isinstance(inside, dict) else {}
            inside = inside[0] if isinstance(inside, list) and inside else inside
        if isinstance(inside, dict):
            inside[path[-1] + tail * (tail == "z")] = value
    try:
        settings = resolve_config(config)
    except InputError as error:
        assert str(error).startswith("Configuration: "), error
        return
    assert set(settings) == {key.name for key in keys(Settings).values()}


@target(st.text("abc:{}[]-# \n\t'\"&*!|>%@0.,~é", max_size=60))
def yaml_text(text: str) -> None:
    """Any YAML that can be read at all."""
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    if isinstance(config, dict):
        try:
            resolve_config(config)
        except InputError as error:
            assert str(error).startswith("Configuration: "), error
