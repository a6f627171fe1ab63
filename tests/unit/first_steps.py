"""The first rules of a run in this process: their scripts as they are, without Snakemake."""

import runpy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from conftest import ROOT

from store_clusters.inputs.find import find_inputs
from store_clusters.run.job import run
from store_clusters.settings.resolve import resolve_config

NEED_STATES, RAW_FEATURES, STORE_STATUS = "need states", "raw features", "store status"


def run_to(target: str, config: dict) -> None:
    """Run the scripts that make the target, in the working directory, as the rules call them.

    Raises:
        SystemExit: A script refuses its input; it has printed why.
        InputError: The configuration is refused.
    """
    settings = resolve_config(config, "results")
    inputs = find_inputs(settings["inputs"])
    if target == RAW_FEATURES:
        files = inputs.external_files
        _script(
            "join_external",
            dict(enumerate(files)),
            {name: f"{name}.parquet" for name in ("raw_features", "places", "set_aside")},
            {
                "sources": settings["inputs"]["external"],
                "files": {name: [*map(files.index, of)] for name, of in inputs.external.items()},
                "max_levels": settings["external"]["normalize"]["max_levels"],
            },
        )
        return
    for part, path in inputs.sales.items():
        _script(
            "aggregate_sales",
            {"sales": path},
            {"part": f"{part}.parquet", "receipt": f"{part}.json"},
            {"source": settings["inputs"]["sales"]},
        )
    tables = {name: f"{name}.parquet" for name in ("need_states", "stores", "set_aside")}
    groups = settings["internal"]["groups"]
    sales = settings["inputs"]["sales"]
    window = {key: sales[key] for key in ("from", "to")}
    _script(
        "map_products",
        {"parts": [f"{part}.parquet" for part in inputs.sales], "products": inputs.products},
        tables,
        {
            "source": settings["inputs"]["products"],
            "groups": groups,
            "window": window,
            "incomplete": sales["incomplete"],
        },
    )
    if target == STORE_STATUS:
        _script(
            "normalize",
            {"features": tables["need_states"], "stores": tables["stores"]},
            {name: f"{name}.parquet" for name in ("normalized", "parameters", "status")},
            {"groups": groups}
            | {key: settings["internal"][key] for key in ("eligible", "normalize")},
            {"track": "internal", "shard": ""},
        )


class _Named(dict[Any, Any]):
    """What Snakemake names: found as an attribute, too."""

    __getattr__ = dict.__getitem__

    def __iter__(self) -> Iterator[Any]:
        """Yield every file, those of lists too."""
        for value in self.values():
            yield from value if isinstance(value, list) else [value]


def _script(
    rule: str,
    files: dict[Any, Any],
    output: dict[str, str],
    params: dict[str, Any],
    wildcards: dict[str, str] | None = None,
) -> None:
    snakemake = SimpleNamespace(
        input=_Named(files),
        output=_Named(output),
        params=_Named(params),
        wildcards=_Named(wildcards or {}),
        threads=1,
        resources=_Named(mem_mb=2000),
        log=[f"{rule}.jsonl"],
        rule=rule,
    )
    main = runpy.run_path(str(ROOT / "scripts" / f"{rule}.py"))["main"]
    run(main, snakemake)
