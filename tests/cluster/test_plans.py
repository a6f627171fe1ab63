"""Every profile for a cluster plans the whole run, with its groups; only Slurm's runs for real."""

from importlib.util import find_spec

import pytest
import yaml
from conftest import ROOT, Project

PLUGINS = {
    "slurm": "snakemake_executor_plugin_slurm",
    "lsf": "snakemake_executor_plugin_lsf",
    "sge": "snakemake_executor_plugin_cluster_generic",
}


CLUSTERS = [*PLUGINS, "kubernetes"]


@pytest.mark.parametrize("name", sorted(PLUGINS))
def test_a_profile_plans_the_whole_run(name: str, project: Project) -> None:
    if find_spec(PLUGINS[name]) is None:
        pytest.skip(f"{PLUGINS[name]} is not installed")
    planned = project.planned("--profile", f"workflow/profiles/{name}")
    assert {"make_demo", "aggregate_sales", "merge", "write_page"} <= set(planned)


def test_profiles_differ_in_nothing_but_the_cluster() -> None:
    shared = []
    for name in CLUSTERS:
        path = ROOT / "workflow" / "profiles" / name / "profile.yaml"
        profile = yaml.safe_load(path.read_text(encoding="utf-8"))
        keys = ("jobs", "retries", "latency-wait", "groups", "group-components")
        shared.append([profile[key] for key in keys])
    assert all(each == shared[0] for each in shared)


def test_many_shards_are_planned(project: Project) -> None:
    config = project.write_config({"shards": 50})
    assert project.planned("--configfile", config)["choose_k"] == 51
