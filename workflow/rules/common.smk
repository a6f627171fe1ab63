# Configuration and the few helpers that rules share.

import os
import sys
import time
from pathlib import Path

from snakemake.exceptions import WorkflowError

from store_clusters.run.code import code_digest
from store_clusters.settings.references import hide_passwords
from store_clusters.settings.resolve import resolve_config, typed
from store_clusters.settings.sources import FOLDERS, results_folder, unnamed_sources
from store_clusters.run.console import LastRun, only_warn, redo_next_time, refuse
from store_clusters.run.errors import InputError
from store_clusters.inputs.copies import Copies
from store_clusters.inputs.find import DEMO_FILES, find_inputs, mixes_demo, uses_demo
from store_clusters.run.ending import (
    Said,
    exit_with,
    print_failures,
    print_results,
)
from store_clusters.run.logging_options import start_logging
from store_clusters.run.run_id import start_run
from store_clusters.run.secrets import passwords
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

# An empty variable counts as unset.
for name in {"MERGING_DATA_DIR"}.union(*FOLDERS.values()):
    if os.environ.get(name) == "":
        del os.environ[name]

# What `snakemake init --config data=<folder> name=<name>` says is no configuration of a run.
IS_INIT = "init" in sys.argv or not workflow.is_main_process
STARTING = {}
for key in {"data", "name"} & set(workflow.config_settings.config) if IS_INIT else ():
    STARTING[key] = workflow.config_settings.config[key]
    config.pop(key, None)

# A module has the configuration that it is given: what the command lays over is not meant for it.
IS_MODULE = workflow.modifier.skip_configfile
overlays = {}
if not IS_MODULE:  # the results of other sources get a folder apart
    overlays["own-data"] = {
        key: typed(value)
        for key, value in workflow.config_settings.config.items()
        if key not in STARTING
    }
    for path in workflow.overwrite_configfiles:
        overlays[path.stem] = load_configfile(path)
    update_config(config, overlays["own-data"])

for key, (name, password) in hide_passwords(config).items():
    if workflow.is_main_process and any(
        password in passwords(word) for word in sys.argv
    ):
        refuse(
            logger,
            f"Configuration: {key}: a password is typed into the command, which shells and "
            "Snakemake keep in their logs. Put the URL into a variable of the environment, name "
            "it here, ${oc.env:SALES_DB}, and change the password.",
            IS_MODULE,
        )
    os.environ[name] = password
    workflow.configfiles[:] = [  # Snakemake's report shows them
        path
        for path in workflow.configfiles
        if password not in Path(path).read_text(encoding="utf-8")
    ]
    if workflow.is_main_process:
        logger.warning(
            f"Configuration: {key}: a password is written out. Keep the URL in a variable of "
            "the environment, and name it here: ${oc.env:SALES_DB}."
        )

try:
    settings = resolve_config(config, results_folder(overlays))
    copies = Copies(f"{settings['output']['results']}/inputs", workflow.is_main_process)
    inputs = find_inputs(settings["inputs"], unnamed_sources(config), copies)
    # known to jobs by their environment: no rule depends on either
    RUN = start_run(begins=workflow.is_main_process)
    start_logging(settings["logging"])
except InputError as error:
    refuse(logger, str(error), IS_MODULE)

if mixes_demo(inputs):
    logger.warning(
        f"Input: {mixes_demo(inputs)} is still the demo retailer's, the rest is not. "
        "Set DATA_DIR, INTERNAL_DATA_DIR and EXTERNAL_DATA_DIR, or name every source."
    )
elif uses_demo(inputs) and not STARTING:
    logger.info(
        "Input: the demo retailer. Set DATA_DIR or inputs.*.path for your own data."
    )
if settings["output"] != {"results": "results", "merged": "results/merged"}:
    logger.info(
        "Results: {results}, final tables: {merged}".format(**settings["output"])
    )

# The landing page of Snakemake's report tells the settings and the last run's key facts.
if not IS_MODULE:
    config.update(settings)
    config["last_run"] = LastRun(Path(settings["output"]["results"], "run.json"))

STARTED = time.time()

# The categories are spread over so many folders, none where there is one shard; the external track
# has one group.
SHARDS = [
    f"shards/{n}-of-{settings['shards']}/" for n in range(1, settings["shards"] + 1)
]
SHARDS = SHARDS if len(SHARDS) > 1 else [""]


def needs(times_input, minutes, mb=2000):
    """Return resources of a job: memory for its input, time for its size, both doubled on retry.

    Memory is `mb`, or `times_input` times the input where that is more; time is `minutes`, and ten
    more for each GB of input.
    """

    def mem_mb(wildcards, input, attempt):
        return int(max(mb, times_input * input.size_mb)) * 2 ** (attempt - 1)

    def runtime(wildcards, input, attempt):
        return int(minutes + input.size_mb / 100) * 2 ** (attempt - 1)

    return {"mem_mb": mem_mb, "runtime": runtime}


# Tables that are made shard by shard, and gathered where there are several.
FEATURE_TABLES = [
    "normalized",
    "normalize_parameters",
    "store_status",
    "imputed",
    "impute_parameters",
    "outliers",
    "reduced",
    "loadings",
    "components",
    "redundant",
]
CLUSTER_TABLES = ["k", "k_scores", "clusters", "centres", "profiles"]
FINAL_TABLES = [
    "clusters",
    "folds",
    "centres",
    "map",
    "parts",
    "stability",
    "numbers",
    "categories",
    "profiles",
    "names",
    "drivers",
    "rules",
    "store_reasons",
]

MERGED_TABLES = [*FINAL_TABLES, "labels"]

PUBLISHED = {
    destination["name"]: {
        **destination,
        "file": f"{settings['output']['merged']}/{destination['result']}.parquet",
    }
    for destination in settings["publish"]
}
