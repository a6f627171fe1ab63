"""What README and config/README.md say of the configuration holds, and no message is swallowed."""

import gzip
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT, Project
from tiny import CONFIG, write_tiny

README = (ROOT / "README.md").read_text(encoding="utf-8")
STATES = "internal/need_states.parquet"
OWN = {key: value for key, value in CONFIG.items() if key != "output"}  # names no results


# Sources of one's own


def readme_example() -> str:
    """Return `my-chain.yaml` as README prints it."""
    (block,) = re.findall(r"`my-chain\.yaml`:\n.*?```yaml\n(.*?)```", README, flags=re.DOTALL)
    return block


def write_readme_data(folder: Path) -> None:
    """Write the files that README's example names: the tiny retailer under other names."""
    write_tiny(folder)
    data = folder / "data"
    (data / "sales").mkdir()
    for path in data.glob("sales-*.csv"):
        names = {"store": "STORE", "sku": "SKU", "amount": "AMOUNT", "day": "DAY"}
        rows = pd.read_csv(path, dtype={"sku": str}).rename(columns=names)
        with gzip.open(data / "sales" / f"{path.name}.gz", "wt") as file:
            rows.to_csv(file, index=False)
    names = {"sku": "SKU", "category": "CATEGORY", "need": "NEED_STATE"}
    products = pd.read_csv(data / "products.csv", dtype=str).rename(columns=names)
    products.to_csv(data / "products.csv", index=False)
    stores = pd.read_csv(data / "stores.csv").rename(columns={"store": "STORE"})
    stores.to_parquet(data / "census.parquet")


def test_the_example_of_the_readme_runs_as_printed(project: Project) -> None:
    (project.folder / "my-chain.yaml").write_text(readme_example(), encoding="utf-8")
    write_readme_data(project.folder)
    (command,) = re.findall(r"^snakemake (.*my-chain.yaml)$", README, flags=re.MULTILINE)
    final = "results/my-chain/merged/clusters.parquet"
    said = project.run(final, *command.split())
    assert "Final clusters: results/my-chain/merged/clusters.parquet" in said
    results = project.folder / "results"
    assert [path.name for path in results.iterdir()] == ["my-chain"]
    assert not (project.folder / "resources" / "demo").exists()
    final = pd.read_parquet(results / "my-chain" / "merged" / "clusters.parquet")
    assert len(final) == 24 * 2


def test_sales_without_dates_need_no_word_about_them(project: Project) -> None:
    write_tiny(project.folder)
    for path in (project.folder / "data").glob("sales-*.csv"):
        pd.read_csv(path, dtype=str).drop(columns="day").to_csv(path, index=False)
    columns = {"store_id": "store", "product_id": "sku", "sales": "amount"}
    sales = CONFIG["inputs"]["sales"] | {"columns": columns}
    config = project.write_config(OWN | {"inputs": CONFIG["inputs"] | {"sales": sales}})
    project.run(f"results/overlay/{STATES}", "--configfile", config)


def test_sources_of_ones_own_leave_the_results_of_the_demo_alone(
    demo: Project, tmp_path: Path
) -> None:
    project = demo.copy_to(tmp_path / "copy")
    before = project.files()
    write_tiny(project.folder)
    config = project.write_config(OWN, "my chain.yaml")
    project.run(f"results/my-chain/{STATES}", "--configfile", config)
    found = project.files()
    assert {path: found[path] for path in before} == before
    assert project.planned() == {}
    inputs = f"inputs={json.dumps(CONFIG['inputs'])}"
    project.run("-n", f"results/own-data/{STATES}", "--config", inputs)


def test_folders_laid_out_like_the_demos_need_no_configuration(
    demo: Project, project: Project, tmp_path: Path
) -> None:
    data = tmp_path / "data of a retailer"
    shutil.copytree(demo.folder / "resources" / "demo", data)
    for arguments, results in (
        ([], "results"),
        (["--configfile", "config/prod.yaml"], "results/prod"),
        (["--config", "seed=1"], "results"),
    ):
        target = f"{results}/external/raw_features.parquet"
        said = project.run("-n", target, *arguments, DATA_DIR=str(data))
        assert "make_demo" not in said
    project.run("results/external/raw_features.parquet", DATA_DIR=str(data))
    inside = {"INTERNAL_DATA_DIR": f"{data}/internal", "EXTERNAL_DATA_DIR": f"{data}/external"}
    assert "make_demo" not in project.run("-n", **inside)
    said = project.run("-n", INTERNAL_DATA_DIR=f"{data}/internal")
    assert "Input: inputs.external is still the demo retailer's" in said


def test_a_source_that_is_not_named_is_told_when_it_is_needed(project: Project) -> None:
    write_tiny(project.folder)
    inputs = {name: CONFIG["inputs"][name] for name in ("sales", "products")}
    config = project.write_config({"inputs": inputs})
    said = project.fail("-n", "--configfile", config)
    assert said.count("inputs.external: this key is needed") == 1
    planned = project.planned("run_internal_ml", "--configfile", config)
    assert "make_demo" not in planned
    assert {"aggregate_sales", "cluster"} <= set(planned)


# The command line and variables


def test_the_command_line_takes_numbers_and_null_in_maps(project: Project) -> None:
    for given in ("{min_size: 10, max_size: null}", "{min_size: 3, max_clusters: 4}"):
        assert "merge" in project.planned("--config", f"merge={given}", "seed=7")
    said = project.fail("-n", "--config", "merge={min_size: x}")
    assert "merge.min_size: 'x' is not valid: expected number above 0 or auto." in said


def test_an_empty_variable_counts_as_unset(project: Project) -> None:
    empty = {"DATA_DIR": "", "INTERNAL_DATA_DIR": "", "MERGING_DATA_DIR": ""}
    assert "make_demo" in project.run("-n", "results/merged/clusters.parquet", **empty)


# From elsewhere


def test_another_folder_serves_as_well(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "an analysis"
    write_tiny(folder)
    (folder / "chain.yaml").write_text(yaml.safe_dump(OWN), encoding="utf-8")
    where = ["--directory", str(folder), "--configfile", str(folder / "chain.yaml")]
    project.run(f"results/chain/{STATES}", *where)
    assert (folder / "results" / "chain" / STATES).is_file()
    assert not (project.folder / "results").exists()
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text("{output: {results: here}, shards: 2}")
    said = project.run("-n", f"here/{STATES}", *where)
    assert f"here/{STATES}" in said


def test_the_configuration_of_a_module_is_checked_alike(project: Project, tmp_path: Path) -> None:
    snakefile = tmp_path / "Snakefile"
    lines = [
        "module clusters:",
        f"    snakefile: {str(project.folder / 'workflow' / 'Snakefile')!r}",
        "    config: {'seeds': 1, 'external': {'cluster': {'starts': 0}}}",
        "use rule * from clusters as clusters_*",
    ]
    snakefile.write_text("\n".join(lines), encoding="utf-8")
    said = project.fail("-n", "--snakefile", str(snakefile), "--directory", str(tmp_path))
    assert "seeds: unknown key. Did you mean 'seed'?" in said
    assert "external.cluster.starts: 0 is not valid: expected integer of at least 1." in said


# Messages


NO_FILE = "inputs.sales.path: no file matches '/nope/internal/sales/"
NO_RULE = "No rule to produce results/nothing"


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        ([], {"DATA_DIR": "/nope"}, NO_FILE),
        (["--quiet", "all"], {"DATA_DIR": "/nope"}, NO_FILE),
        (["--quiet", "--config", "seed=x"], {}, "seed: 'x' is not valid: expected integer"),
        (["--quiet", "all", "--config", "seeds=1"], {}, "seeds: unknown key. Did you mean 'seed'?"),
        (["results/nothing"], {}, NO_RULE),
        (["results/nothing", "--quiet", "all"], {}, NO_RULE),
    ],
)
def test_a_wrong_configuration_is_told_whatever_the_verbosity(
    project: Project, arguments: list[str], variables: dict, message: str
) -> None:
    said = project.fail(*arguments, **variables)
    assert said.count(message) == 1, said
    if "all" in arguments:
        assert 'File "' not in said


def test_a_password_in_the_command_is_refused(project: Project) -> None:
    url = "postgresql://ann:hunter2@127.0.0.1/plan"
    publish = f'publish=[{{"name": "plan", "database": "{url}", "table": "clusters"}}]'
    said = project.fail("-n", "--quiet", "all", "--config", publish)
    assert "publish.plan.database: a password is typed into the command" in said
    assert "hunter2" not in said


def test_a_job_that_fails_tells_why_whatever_the_verbosity(project: Project) -> None:
    write_tiny(project.folder)
    config = project.write_config(CONFIG)
    path = project.folder / "data" / "sales-1.csv"
    path.write_text(path.read_text("utf-8").replace("2024-01-15", "soon", 1), encoding="utf-8")
    said = project.fail(f"results/{STATES}", "--configfile", config, "--quiet", "all")
    for part in said.split("Failed: ", 1):  # when it happens, and in the last lines
        assert part.count("data/sales-1.csv: column 'day' holds what cannot be used: 'soon'") == 1
    script = project.folder / "scripts" / "aggregate_sales.py"
    killed = "def main(snakemake, log):\n    import os\n    os.kill(os.getpid(), 9)\n\n\ndef _main("
    script.write_text(script.read_text("utf-8").replace("def main(", killed, 1), encoding="utf-8")
    said = project.fail(f"results/{STATES}", "--configfile", config, "--quiet", "all")
    assert "Error in rule aggregate_sales" in said  # it could not say anything


# Results of earlier runs


def test_a_run_that_failed_is_not_taken_for_done(project: Project) -> None:
    write_tiny(project.folder)
    run = [f"results/{STATES}", "--configfile", project.write_config(CONFIG)]
    project.run(*run)
    states = project.folder / "results" / STATES
    before = states.read_bytes()
    wrong = {
        "sales-1.csv": ("2024-01-15", "soon"),  # its own result is removed, later ones stay
        "products.csv": ("000,Tea", ",Tea"),  # the earlier result is put back
    }
    right = {name: (project.folder / "data" / name).read_text("utf-8") for name in wrong}

    def write(name: str, text: str) -> None:
        (project.folder / "data" / name).write_text(text, encoding="utf-8")

    for name, (old, new) in wrong.items():
        write(name, right[name].replace(old, new, 1))
        for _ in range(2):
            assert f"data/{name}: column" in project.fail(*run)
        assert states.read_bytes() == before
        write(name, right[name])
    write("products.csv", right["products.csv"].replace("need 0", "need zero", 1))
    project.run(*run)
    assert project.planned(*run) == {}
    assert states.read_bytes() != before


def test_a_damaged_account_breaks_no_command(demo: Project, tmp_path: Path) -> None:
    project = demo.copy_to(tmp_path / "copy")
    account = project.folder / "results" / "run.json"
    whole = account.read_bytes()
    account.write_bytes(whole[: len(whole) // 2])
    project.run("-n")
    project.run("--unlock")
    said = project.fail("--report", "report.html")
    assert "results/run.json: the file is damaged, it is no JSON" in said
    said = project.fail("results/report/clusters.xlsx", "--force")
    assert "results/run.json: the file is damaged, it is no JSON" in said
    account.write_bytes(whole)
    project.run("--report", "report.html")
    seen = json.loads(whole)["stores"]["seen"]
    assert f"{seen} seen, 0 lost" in (project.folder / "report.html").read_text(encoding="utf-8")
