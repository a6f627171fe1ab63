"""Write a first configuration from what is in a folder, each guess with what it was made from.

Reads: the files below the folder ``data``; of large ones the first rows.
Writes: ``<name>.yaml``, which must not exist, and ``init.json``, what was found.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from store_clusters.inputs.guessing.draft import draft
from store_clusters.run.errors import InputError
from store_clusters.run.files import write_json, write_text
from store_clusters.run.job import JobLog, run
from store_clusters.run.run_id import FORM
from store_clusters.settings.resolve import resolve_config

HOW = "snakemake init --config data=<folder>, or make init DATA=<folder>"


def main(snakemake: Any, log: JobLog) -> None:
    """Look into the folder ``params.data``, and say what to do next."""
    data, name = snakemake.params.data, str(snakemake.params.name).removesuffix(".yaml")
    if not data:
        raise InputError(f"init needs the folder of your data: {HOW}.")
    if not FORM.fullmatch(name):
        raise InputError(
            f"init: {name!r} cannot name a configuration. Expected letters, digits, points, dashes "
            "and underscores, such as my-chain."
        )
    path = Path(f"{name}.yaml")
    if path.exists():
        raise InputError(
            f"{path}: this file exists, and is not replaced. Remove it, or give another name: "
            "name=other (NAME=other with make)."
        )
    text, found = draft(Path(str(data)), str(path))
    missing = [source for source, number in found.items() if not number]
    if not missing:
        resolve_config(yaml.safe_load(text))
    write_text(path, text)
    write_json(snakemake.output[0], {"configuration": str(path), **found})
    for source in missing:
        log.warn(f"{path}: no file looks like inputs.{source}; a comment there says what to write.")
    there = [source for source in found if source not in missing]
    log.done(f"wrote {path}, guessed: {', '.join(there) or 'nothing'}", **found)
    print(
        f"\nRead {path}: each line says what it was guessed from.\n"
        f"Then: snakemake check --configfile {path} (or make check ENV={name})",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    run(main, snakemake)
