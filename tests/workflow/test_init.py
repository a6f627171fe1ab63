"""From a folder of files to final clusters: what is written first runs as it stands."""

import pandas as pd
import pytest
from conftest import Project
from retailers import RETAILERS

FINAL = "results/my-chain/merged/clusters.parquet"


def test_what_is_guessed_of_a_folder_runs_to_the_final_table(project: Project) -> None:
    data = project.folder / "data"
    data.mkdir()
    RETAILERS["export"](data)
    said = project.run("init", "--config", "data=data")
    assert "snakemake check --configfile my-chain.yaml (or make check ENV=my-chain)" in said
    project.run(FINAL, "--configfile", "my-chain.yaml")
    final = pd.read_parquet(project.folder / FINAL)
    assert set(final["store_id"]) == {str(number) for number in range(101, 131)}
    assert set(final["category"]) == {"Tea", "Soap"}
    assert final["final_cluster"].notna().all()

    before = (project.folder / "my-chain.yaml").read_bytes()
    said = project.fail("init", "--config", "data=data")
    assert "my-chain.yaml: this file exists, and is not replaced" in said
    assert (project.folder / "my-chain.yaml").read_bytes() == before


@pytest.mark.parametrize("given", [[], ["--config", "data=nowhere"]])
def test_without_a_folder_it_says_what_is_missing(project: Project, given: list[str]) -> None:
    said = project.fail("init", *given)
    assert "nowhere: there is no such folder." in said if given else "make init DATA=" in said
