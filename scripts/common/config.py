"""Turn the merged configuration into settings: variables resolved, defaults filled in, checked."""

import difflib
import glob
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

import jsonschema
import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from common.errors import InputError, examples

SCHEMA = Path(__file__).resolve().parents[2] / "workflow" / "schemas" / "config.schema.yaml"


def resolve_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run.

    Raises:
        InputError: A variable is unset, a key unknown, a value of the wrong type or out of range.
            The message names every such key and what was expected.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    plain = json.loads(json.dumps(config, default=str))  # a copy; dates become text
    try:
        settings: Any = OmegaConf.to_container(OmegaConf.create(plain), resolve=True)
    except OmegaConfBaseException as error:
        detail = str(error).splitlines()[0]
        detail = detail.removeprefix("KeyError raised while resolving interpolation: ").strip('"')
        key = getattr(error, "full_key", None) or "a value"
        raise InputError(
            f"Configuration: {key}: {detail}. "
            "Set the variable, or give a default as in ${oc.env:NAME,default}."
        ) from error
    _fill_defaults(settings, schema, schema["$defs"])
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    problems = [
        problem
        for error in sorted(validator.iter_errors(settings), key=lambda error: list(error.path))
        for problem in _explain(error)
    ]
    problems = list(dict.fromkeys(problems))
    if not problems:
        problems = _contradictions(settings)
    if problems:
        raise InputError("Configuration: " + "\n  ".join(["", *problems]).strip())
    return settings


def expand(pattern: str, key: str, to_be_made: Iterable[str] = ()) -> list[str]:
    """Return the files that a path or glob means, sorted; ``to_be_made`` count as existing."""
    files = (path for path in glob.glob(pattern, recursive=True) if Path(path).is_file())
    found = {str(PurePath(path)) for path in files}  # one name per file: no leading `./`
    whole = str(PurePath("/", pattern))  # else `products.csv` would mean any folder's
    found |= {path for path in to_be_made if PurePath("/", path).match(whole)}
    if not found:
        folder = Path(pattern).parent
        siblings = [str(path) for path in folder.iterdir()] if folder.is_dir() else []
        near = difflib.get_close_matches(pattern, siblings, 3, 0.5)
        hint = f" Did you mean {examples(near)}?" if near else ""
        raise InputError(
            f"Configuration: {key}: no file matches {pattern!r} (looked in {Path.cwd()}).{hint}"
        )
    return sorted(found)


def _fill_defaults(value: Any, schema: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
    if isinstance(value, list):
        for item in value:
            _fill_defaults(item, schema.get("items", {}), shared)
    if not isinstance(value, dict):
        return
    for name, described in schema.get("properties", {}).items():
        part = shared[described["$ref"].rpartition("/")[2]] if "$ref" in described else described
        if name not in value and "default" in part:
            default = part["default"]
            value[name] = default.copy() if isinstance(default, list | dict) else default
        if name in value:
            _fill_defaults(value[name], part, shared)


def _explain(error: Any) -> list[str]:
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        messages = []
        for name in sorted(set(error.instance) - set(known), key=str):
            near = difflib.get_close_matches(str(name), known, 1, 0.5)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            place = f"{key}.{name}" if key else name
            messages.append(f"{place}: unknown key.{hint} Keys here: {', '.join(known)}.")
        return messages
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return [f"{key + '.' if key else ''}{name}: this key is needed." for name in missing]
    expected = {
        "type": lambda: f"expected {_types(error.validator_value)}",
        "pattern": lambda: f"expected text that matches {error.validator_value}",
        "minItems": lambda: f"expected at least {error.validator_value}",
        "enum": lambda: f"expected one of {', '.join(map(str, error.validator_value))}",
        "format": lambda: f"expected a {error.validator_value} such as 2024-01-31",
    }.get(error.validator, lambda: error.message)()
    meaning = error.schema.get("description", "")
    return [f"{key}: {error.instance!r} is not valid: {expected}. {meaning}".rstrip()]


def _types(names: str | list[str]) -> str:
    words = {"object": "keys and values", "array": "a list", "string": "text"}
    names = [names] if isinstance(names, str) else names
    return " or ".join(words.get(name, name) for name in names)


def _contradictions(settings: Mapping[str, Any]) -> list[str]:
    problems = _contradictory_limits(settings)
    sales = settings["inputs"]["sales"]
    if settings["external"]["choose_k"]["criterion"] == "prediction":
        problems.append("external.choose_k.criterion: prediction is for the internal track only.")
    if (
        settings["internal"]["choose_k"]["criterion"] == "prediction"
        and not sales["columns"]["date"]
    ):
        problems.append(
            "internal.choose_k.criterion: prediction needs dates: set inputs.sales.columns.date."
        )
    if sales["from"] and sales["to"] and sales["from"] > sales["to"]:
        problems.append(f"inputs.sales: from ({sales['from']}) is after to ({sales['to']}).")
    if (sales["from"] or sales["to"]) and not sales["columns"]["date"]:
        problems.append("inputs.sales: from and to need a column: set inputs.sales.columns.date.")
    products = settings["inputs"]["products"]
    if (products["columns"]["category"] is None) == ("category" not in products["constants"]):
        problems.append(
            "inputs.products: give the category either in columns (theirs) or in constants."
        )
    names = [source["name"] for source in settings["inputs"]["external"]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"inputs.external: two sources are called {name!r}.")
    for source in settings["inputs"]["external"]:
        if source["rows"] in {"first", "last"} and not source["columns"]["date"]:
            problems.append(
                f"inputs.external.{source['name']}: rows: {source['rows']} needs columns.date."
            )
    return problems


def _contradictory_limits(settings: Mapping[str, Any]) -> list[str]:
    problems = []
    for track in ("internal", "external"):
        low, high = settings[track]["choose_k"]["min"], settings[track]["choose_k"]["max"]
        if low > high:
            problems.append(f"{track}.choose_k: min ({low}) is above max ({high}).")
        cluster = settings[track]["cluster"]
        problems += _contradictory_sizes(f"{track}.cluster", cluster)
        if cluster["max_size"] and cluster["algorithm"] != "kmeans_limited":
            problems.append(f"{track}.cluster: max_size needs algorithm: kmeans_limited.")
    return problems + _contradictory_sizes("merge", settings["merge"])


def _contradictory_sizes(key: str, sizes: Mapping[str, Any]) -> list[str]:
    low, high = sizes["min_size"], sizes["max_size"]
    if isinstance(low, str) or low is None:
        return []
    if low > 1 and low != int(low):
        return [f"{key}.min_size: {low} is neither a number of stores nor a share below 1."]
    return [f"{key}: min_size ({low}) is above max_size ({high})."] if high and low > high else []
