"""Turn the merged configuration into settings: variables resolved, defaults filled in, checked."""

import difflib
import glob
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

import jsonschema
import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from snakemake.utils import update_config

from store_clusters.run.errors import InputError, examples

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
DEFAULTS = ROOT / "config" / "config.yaml"
DEMO = ROOT / "config" / "demo.yaml"
RESULTS = "results"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, faster
# Variables that say where folders laid out like the demo's are, by the source that lies there.
FOLDERS = {
    "sales": ("DATA_DIR", "INTERNAL_DATA_DIR"),
    "products": ("DATA_DIR", "INTERNAL_DATA_DIR"),
    "external": ("DATA_DIR", "EXTERNAL_DATA_DIR"),
}


def resolve_config(config: Mapping[str, Any], results: str = RESULTS) -> dict[str, Any]:
    """Return the settings of a run: ``config`` laid over the defaults, resolved and checked.

    ``results`` is the folder for the results where ``output.results`` names none.

    Raises:
        InputError: A variable is unset, a key unknown, a value of the wrong type or out of range.
            The message names every such key and what was expected.
    """
    schema = _read_yaml(SCHEMA)
    plain = _read_yaml(DEFAULTS)
    update_config(plain, json.loads(json.dumps(config, default=str)))  # dates become text
    if isinstance(plain["output"], dict) and plain["output"].get("results") is None:
        plain["output"]["results"] = results
    plain["inputs"] = _with_demo(plain.get("inputs", {}), _read_yaml(DEMO)["inputs"])
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


def named_sources(config: Any) -> list[str]:
    """Return the sources that a configuration names itself: those with a ``path``."""
    inputs = config.get("inputs") if isinstance(config, Mapping) else None
    if not isinstance(inputs, Mapping):
        return []
    named = []
    for name in FOLDERS:
        parts = inputs.get(name)
        parts = parts if isinstance(parts, list) else [parts]
        if any(isinstance(part, Mapping) and part.get("path") is not None for part in parts):
            named.append(name)
    return named


def typed(value: Any) -> Any:
    """Return what ``--config`` gave: Snakemake leaves numbers, true, false and null as text."""
    if isinstance(value, Mapping):
        return {key: typed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [typed(part) for part in value]
    if isinstance(value, str) and re.fullmatch(r"null|true|false|-?\d+(\.\d+)?", value):
        return yaml.safe_load(value)
    return value


def results_folder(overlays: Mapping[str, Any]) -> str:
    """Return where results go unless ``output.results`` says so.

    ``overlays`` are the configurations given with the command, by name. One that names sources of
    its own gets a folder of that name, so that it does not replace the results of others.
    """
    own = [name for name, config in overlays.items() if named_sources(config)]
    name = re.sub(r"[^\w.-]+", "-", own[-1]).strip("-.") if own else ""
    return f"{RESULTS}/{name}" if name else RESULTS


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


def _with_demo(inputs: Any, demo: Mapping[str, Any]) -> Any:
    """Return the sources: those with a path as they are, others as the demo's.

    What is said of a source without a path changes single keys of the demo's description.
    """
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


def _read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)


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
            begin, colon, rest = str(name).partition(":")
            if colon and begin in known:
                hint = f" Did you mean {f'{begin}: {rest}'!r}, with a space?"
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
