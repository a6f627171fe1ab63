"""A run without a shared disk: its sources and all its files are in a bucket."""

from copy import deepcopy
from importlib.util import find_spec

import pytest
import s3
from conftest import Project
from tiny import CONFIG, write_tiny

PLUGIN = "snakemake_storage_plugin_s3"
REASON = s3.why_not() or (None if find_spec(PLUGIN) else f"{PLUGIN} is not installed")
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


def test_profiles_for_buckets_run_here_and_plan_for_kubernetes(project: Project) -> None:
    write_tiny(project.folder, stores=20)
    with s3.running() as variables:
        for path in (project.folder / "data").glob("*.csv"):
            s3.put(variables, f"data/{path.name}", path.read_bytes())
            path.unlink()
        inputs = deepcopy(CONFIG["inputs"])
        for source in (inputs["sales"], inputs["products"], *inputs["external"]):
            source["path"] = f"s3://{s3.BUCKET}/{source['path']}"
        config = project.write_config({**CONFIG, "inputs": inputs})
        for ours, theirs in {
            "AWS_ENDPOINT_URL": "ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID": "ACCESS_KEY",
            "AWS_SECRET_ACCESS_KEY": "SECRET_KEY",
        }.items():
            variables[f"SNAKEMAKE_STORAGE_S3_{theirs}"] = variables[ours]
        bucket = ("--default-storage-prefix", f"s3://{s3.BUCKET}/run", "--configfile", config)

        if find_spec("snakemake_executor_plugin_kubernetes"):
            cluster = ("--profile", "workflow/profiles/kubernetes", *bucket)
            planned = project.planned("run_merging", *cluster, **variables)
            assert {"fetch_object": 4, "merge": 1}.items() <= planned.items()
        alone = ("run_merging", "--profile", "workflow/profiles/s3", *bucket)
        project.run(*alone, **variables)
        assert "run/results/merged/clusters.parquet" in s3.objects(variables)
        assert not (project.folder / "results" / "merged").exists()
        assert project.planned(*alone, **variables) == {}
