"""Turn the merged configuration into settings: defaults laid under, variables resolved, checked."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from snakemake.utils import update_config

from store_clusters.run.errors import InputError
from store_clusters.settings.check import problems_of
from store_clusters.settings.declared import defaults, fill_in
from store_clusters.settings.options import Settings
from store_clusters.settings.references import check_references, kept_unresolved
from store_clusters.settings.sources import RESULTS, with_demo

DEMO = Path(__file__).resolve().parents[3] / "config" / "demo.yaml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, faster


def resolve_config(config: Mapping[str, Any], results: str = RESULTS) -> dict[str, Any]:
    """Return the settings of a run: ``config`` laid over the defaults, resolved and checked.

    They are plain values, as rules pass them on to jobs; URLs of databases keep the names of
    variables, whose values are secrets. Nothing depends on the working directory:
    the defaults are declared with the code, and paths stay as they are given. ``results`` is the
    folder for the results where ``output.results`` names none.

    Raises:
        InputError: A variable is unset, a key unknown, a value of the wrong type or out of range.
            The message names every such key and what was expected.
    """
    plain = defaults(Settings)
    update_config(plain, json.loads(json.dumps(config, default=str)))  # dates become text
    if isinstance(plain["output"], dict) and plain["output"].get("results") is None:
        plain["output"]["results"] = results
    demo = yaml.load(DEMO.read_text(encoding="utf-8"), Loader=LOADER)
    plain["inputs"] = with_demo(plain.get("inputs", {}), demo["inputs"])
    kept_unresolved(plain)
    settings = _with_variables(plain)
    fill_in(settings, Settings)
    if problems := problems_of(settings):
        raise InputError("Configuration: " + "\n  ".join(["", *problems]).strip())
    check_references(settings)
    return settings


def _with_variables(plain: dict[str, Any]) -> Any:
    try:
        return OmegaConf.to_container(OmegaConf.create(plain), resolve=True)
    except OmegaConfBaseException as error:
        detail = str(error).splitlines()[0]
        detail = detail.removeprefix("KeyError raised while resolving interpolation: ").strip('"')
        key = getattr(error, "full_key", None) or "a value"
        raise InputError(
            f"Configuration: {key}: {detail}. "
            "Set the variable, or give a default as in ${oc.env:NAME,default}."
        ) from error


def typed(value: Any) -> Any:
    """Return what ``--config`` gave: Snakemake leaves numbers, true, false and null as text."""
    if isinstance(value, Mapping):
        return {key: typed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [typed(part) for part in value]
    if isinstance(value, str) and re.fullmatch(r"null|true|false|-?\d+(\.\d+)?", value):
        return yaml.safe_load(value)
    return value
