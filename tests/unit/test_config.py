"""The configuration is complete, documented and checked, and its errors name the key to mend."""

import copy
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, VARIABLES
from jsonschema import Draft202012Validator
from snakemake.utils import update_config

from store_clusters.inputs.find import DEMO_FILES, expand, find_inputs, name_parts, uses_demo
from store_clusters.inputs.options import Products, Sales
from store_clusters.run.errors import InputError
from store_clusters.run.options import Options
from store_clusters.settings import readable
from store_clusters.settings.declared import Key, keys
from store_clusters.settings.options import Settings
from store_clusters.settings.resolve import resolve_config, typed
from store_clusters.settings.sources import results_folder, unnamed_sources

DEFAULTS = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
DEMO = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text(encoding="utf-8"))
README = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
CONFIGURATIONS = [*(ROOT / "config").glob("*.yaml"), *(ROOT / "tests" / "real").glob("*.yaml")]
PAGES = runpy.run_path(str(ROOT / "docs" / "make_configuration.py"))["pages"]()
STORES = {"name": "stores", "path": "stores.csv", "columns": {"store_id": "store"}}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def resolve(overlay: dict | str | None = None) -> dict[str, Any]:
    """Lay YAML or a dictionary over the defaults, as Snakemake does, and resolve it."""
    config = copy.deepcopy(DEFAULTS)
    update_config(config, yaml.safe_load(overlay) if isinstance(overlay, str) else overlay or {})
    return resolve_config(config)


def problem(overlay: dict | str) -> str:
    with pytest.raises(InputError) as error:
        resolve(overlay)
    return str(error.value)


def all_keys(section: type[Options], path: str = "") -> Iterator[tuple[str, Key]]:
    """Yield every key of a section and of the sections in it, by its path."""
    for key in keys(section).values():
        yield f"{path}{key.name}", key
        if key.section:
            yield from all_keys(key.section, f"{path}{key.name}.")


def value_of(settings: dict[str, Any], key: str) -> Any:
    value: Any = settings
    for name in key.split("."):
        value = (value[0] if isinstance(value, list) else value)[name]
    return value


# Defaults, schema and documentation


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_is_written_from_the_declared_options_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path], f"{path.name} is old: make reference"


def test_every_key_has_a_meaning_a_default_and_a_place_in_the_documentation() -> None:
    published = {"publish": [{"name": "sheet", "to": "clusters.csv"}]}
    settings, described = resolve(published), dict(all_keys(Settings))
    assert len(described) > 90
    for path, key in described.items():
        assert key.meaning[0].isupper(), path
        assert key.meaning.endswith("."), path
        if key.section is None:
            if not path.startswith(("inputs.products.constants.", "inputs.sales.layout.")):
                value_of(settings, path)  # but for what stands in for a column
            assert re.search(rf"^\| `([a-z_]+\.)*{key.name}`", README, re.MULTILINE), path


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.stem)
def test_editors_accept_what_is_valid(path: Path) -> None:
    validator = Draft202012Validator(yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(config)] == []
    for wrong in ({"seeds": 1}, {"merge": {"aim": "all"}}, {"shards": 0}, {"seed": "x"}):
        assert list(validator.iter_errors({**config, **wrong})), wrong


@pytest.mark.parametrize("name", ["default", "dev", "staging", "prod"])
def test_the_table_of_environments_says_what_is_configured(name: str) -> None:
    path = ROOT / "config" / f"{name}.yaml"
    settings = resolve(path.read_text(encoding="utf-8") if name != "default" else None)
    (row,) = re.findall(rf"^\| `?{name}`? \| (.*) \|$", README, re.MULTILINE)
    tracks = (settings["internal"], settings["external"])
    tried = [f"{track['choose_k']['min']} to {track['choose_k']['max']}" for track in tracks]
    (starts,) = {track["cluster"]["starts"] for track in tracks}
    row = row.replace("; of your own sources `results/<name of the configuration>/`", "")
    said = [f"`{settings['output']['results']}/`", *tried, str(starts), str(settings["shards"])]
    assert row.split(" | ") == said


def test_a_default_that_the_demo_states_is_the_declared_one() -> None:
    for name, section in (("sales", Sales), ("products", Products)):
        stated = DEMO["inputs"][name]
        for key in keys(section).values():
            if key.name in stated and not key.needed and key.name != "path":
                assert stated[key.name] == key.default(), key.name


def test_what_a_section_leaves_out_is_filled_in() -> None:
    settings = resolve({"inputs": {"external": [STORES]}})
    (source,) = settings["inputs"]["external"]
    assert source["delimiter"] == "auto"
    assert source["rows"] == "unique"
    assert source["features"] is None
    assert source["exclude"] == []
    assert source["columns"] == {
        "store_id": "store",
        "date": None,
        "store_name": None,
        "region": None,
        "latitude": None,
        "longitude": None,
    }


def test_filled_in_lists_are_not_shared() -> None:
    settings = resolve({"inputs": {"external": [STORES, {**STORES, "name": "more"}]}})
    settings["inputs"]["external"][0]["missing"].append("NA")
    assert settings["inputs"]["external"][1]["missing"] == []
    assert resolve()["inputs"]["external"][0]["missing"] == []


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_every_environment_is_valid_and_differs_from_the_defaults(name: str) -> None:
    text = (ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=")
    assert resolve(text) != resolve()
    assert resolve(text)["output"]["results"] == f"results/{name}"


def test_resolving_leaves_the_configuration_as_it_was() -> None:
    config = copy.deepcopy(DEFAULTS)
    resolve_config(config)
    assert config == DEFAULTS


def test_settings_do_not_depend_on_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = resolve_config({})
    monkeypatch.chdir(tmp_path)
    assert resolve_config({}) == here == resolve()


# Sources of one's own

SALES = {"path": "s.csv", "columns": {"store_id": "STORE", "product_id": "SKU", "sales": "AMT"}}
PRODUCTS = {"path": "p.csv", "columns": {"product_id": "SKU", "need_state": "NEED"}}
OWN = {"inputs": {"sales": SALES, "products": PRODUCTS, "external": [STORES]}}


def test_a_source_that_is_named_is_described_by_these_words_alone() -> None:
    products = PRODUCTS | {"constants": {"category": "all"}}
    inputs = resolve({"inputs": OWN["inputs"] | {"products": products}})["inputs"]
    assert inputs["sales"]["columns"] == SALES["columns"] | {"date": None}
    assert inputs["products"]["columns"] == PRODUCTS["columns"] | {"category": None}
    assert [source["name"] for source in inputs["external"]] == ["stores"]


def test_a_column_that_a_named_source_does_not_map_is_missed() -> None:
    lacking = SALES | {"columns": {"store_id": "STORE", "product_id": "SKU"}}
    message = problem({"inputs": OWN["inputs"] | {"sales": lacking}})
    assert "inputs.sales.columns.sales: this key is needed." in message


def test_keys_of_a_source_without_a_path_change_the_demos_description() -> None:
    columns = {"date": "DAY"}
    sales = resolve({"inputs": {"sales": {"from": "2024-06-01", "columns": columns}}})["inputs"]
    assert sales["sales"]["path"].startswith("resources/demo/")
    assert sales["sales"]["columns"]["date"] == "DAY"
    assert sales["sales"]["columns"]["sales"] == "TOTAL_SALES"
    assert sales["sales"]["from"] == "2024-06-01"


def test_columns_that_name_all_that_is_needed_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "/data")
    sales = resolve({"inputs": {"sales": {"columns": SALES["columns"]}}})["inputs"]["sales"]
    assert sales["path"] == "/data/internal/sales/*.parquet"
    assert sales["columns"] == SALES["columns"] | {"date": None}


def test_the_demos_sources_stand_for_none_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"inputs": {"sales": SALES, "products": PRODUCTS}}
    assert unnamed_sources(DEFAULTS) == unnamed_sources(OWN) == {}
    assert list(unnamed_sources(config)) == ["external"]
    assert "inputs.external: this key is needed" in unnamed_sources(config)["external"]
    assert "EXTERNAL_DATA_DIR" in unnamed_sources(config)["external"]
    monkeypatch.setenv("EXTERNAL_DATA_DIR", "/data/external")
    assert unnamed_sources(config) == {}


@pytest.mark.parametrize(
    ("overlays", "folder"),
    [
        ({}, "results"),
        ({"more": {"seed": 1}}, "results"),
        ({"window": {"inputs": {"sales": {"from": "2024-06-01"}}}}, "results"),
        ({"my-chain": OWN}, "results/my-chain"),
        ({"My chain (new)": OWN}, "results/My-chain-new"),
        ({"my-chain": OWN, "more": {"seed": 1}}, "results/my-chain"),
        ({"own-data": {"inputs": {"external": [STORES]}}, "more": {}}, "results/own-data"),
    ],
)
def test_results_of_ones_own_sources_are_called_after_their_configuration(
    overlays: dict, folder: str
) -> None:
    assert results_folder(overlays) == folder
    named = resolve_config({"output": {"results": "elsewhere"}}, results_folder(overlays))
    assert named["output"]["results"] == "elsewhere"
    unnamed = resolve_config({}, results_folder(overlays))
    assert unnamed["output"] == {"results": folder, "merged": f"{folder}/merged"}


# Variables


def test_variables_say_where_data_is_and_results_go(monkeypatch: pytest.MonkeyPatch) -> None:
    def paths() -> list[str]:
        settings = resolve()
        inputs = settings["inputs"]
        first = inputs["external"][0]["path"]
        return [inputs["sales"]["path"], inputs["products"]["path"], first]

    demo = "resources/demo"
    assert paths()[1:] == [f"{demo}/internal/products.csv", f"{demo}/external/demographics.csv"]
    monkeypatch.setenv("DATA_DIR", "/data")
    assert paths() == [
        "/data/internal/sales/*.parquet",
        "/data/internal/products.csv",
        "/data/external/demographics.csv",
    ]
    monkeypatch.setenv("INTERNAL_DATA_DIR", "/in")
    assert paths()[:2] == ["/in/sales/*.parquet", "/in/products.csv"]
    assert paths()[2].startswith("/data/external/")
    monkeypatch.setenv("EXTERNAL_DATA_DIR", "/ex")
    assert paths()[2] == "/ex/demographics.csv"


def test_merged_results_follow_the_results_unless_a_variable_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert resolve({"output": {"results": "out"}})["output"]["merged"] == "out/merged"
    monkeypatch.setenv("MERGING_DATA_DIR", "/final")
    assert resolve()["output"] == {"results": "results", "merged": "/final"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("${oc.env:NOT_SET}/x", "Environment variable 'NOT_SET' not found"),
        ("${output.nothing}", "Interpolation key 'output.nothing' not found"),
        ("${env:HOME}", "Unsupported interpolation type env"),
        ("${oc.env:NOT_SET", "missing BRACE_CLOSE"),
    ],
)
def test_a_variable_that_cannot_be_resolved_is_told_with_its_key(path: str, expected: str) -> None:
    message = problem({"inputs": {"sales": {"path": path}}})
    assert message.startswith(f"Configuration: inputs.sales.path: {expected}")
    assert "${oc.env:NAME,default}" in message


# Values


def test_dates_need_no_quotes() -> None:
    settings = resolve("inputs: {sales: {from: 2024-01-31, to: '2024-02-29'}}")
    assert settings["inputs"]["sales"]["from"] == "2024-01-31"
    assert settings["inputs"]["sales"]["to"] == "2024-02-29"


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        ("seeds: 1", "seeds: unknown key. Did you mean 'seed'? Keys here: checks, external,"),
        (
            "internal: {choose_k: {maxx: 3}}",
            "internal.choose_k.maxx: unknown key. Did you mean 'max'",
        ),
        (
            "merge: {zzz: 3}",
            "merge.zzz: unknown key. Keys here: aim, join_above, max_clusters, max_size, min_size",
        ),
        (
            "inputs: {sales: {'from:2024-06-01': null}}",
            "inputs.sales.from:2024-06-01: unknown key. Did you mean 'from: 2024-06-01', with a",
        ),
        ("inputs: {sales: {columns: {shop: a}}}", "inputs.sales.columns.shop: unknown key."),
        (
            "seed: x",
            "seed: 'x' is not valid: expected integer of at least 0. Seed of everything random;",
        ),
        ("seed: true", "seed: True is not valid: expected integer"),
        ("internal: null", "internal: None is not valid: expected keys and values"),
        (
            "internal: {normalize: {clip: a}}",
            "internal.normalize.clip: 'a' is not valid: expected number above 0 or null. Units of",
        ),
        (
            "internal: {cluster: {algorithm: kmean}}",
            "expected one of gaussian_mixture, kmeans, kmeans_limited, ward",
        ),
        (
            "internal: {choose_k: {min: 1}}",
            "internal.choose_k.min: 1 is not valid: expected integer of at least 2. Smallest",
        ),
        ("external: {outliers: {share: 0.7}}", "external.outliers.share: 0.7 is not valid"),
        (
            "inputs: {sales: {path: null}}",
            "inputs.sales: give either path, or database with table or query.",
        ),
        (
            "inputs: {sales: {from: '2024-02-30'}}",
            "inputs.sales.from: '2024-02-30' is not valid: expected a date",
        ),
        ("inputs: {sales: {from: 20240201}}", "inputs.sales.from: 20240201 is not valid"),
        ("inputs: {sales: {delimiter: '||'}}", "inputs.sales.delimiter: '||' is not valid"),
        (
            "inputs: {external: []}",
            "inputs.external: [] is not valid: expected a list of at least 1.",
        ),
        (
            "inputs: {external: [{name: 1a, path: x, columns: {store_id: s}}]}",
            "inputs.external.0.name: '1a' is not valid",
        ),
        ("internal: {choose_k: {min: 5, max: 3}}", "internal.choose_k: min (5) is above max (3)."),
        (
            "external: {choose_k: {criterion: prediction}}",
            "external.choose_k.criterion: prediction is for the internal track only.",
        ),
        (
            "internal: {choose_k: {criterion: prediction}}\n"
            "inputs: {sales: {columns: {date: null}}}",
            "criterion: prediction needs dates: set inputs.sales.columns.date.",
        ),
        (
            "internal: {choose_k: {fixed: {Tea: 0}}}",
            "internal.choose_k.fixed.Tea: 0 is not valid",
        ),
        (
            "internal: {cluster: {algorithm: kmeans_limited, min_size: 9, max_size: 8}}",
            "internal.cluster: min_size (9) is above max_size (8).",
        ),
        (
            "external: {cluster: {max_size: 8}}",
            "external.cluster: max_size needs algorithm: kmeans_limited.",
        ),
        ("merge: {min_size: 20, max_size: 19}", "merge: min_size (20) is above max_size (19)."),
        (
            "external: {cluster: {min_size: 2.5}}",
            "external.cluster.min_size: 2.5 is neither a number of stores nor a share below 1.",
        ),
        ("merge: {aim: everything}", "merge.aim: 'everything' is not valid"),
        (
            "external: {cluster: {min_size: x}}",
            "cluster.min_size: 'x' is not valid: expected number above 0, auto or null. Eligible",
        ),
        ("external: {cluster: {min_size: [3]}}", "external.cluster.min_size: [3] is not valid"),
        ("merge: {max_clusters: 1.5}", "expected integer of at least 1, auto or null. Final"),
        ("merge: {target: 3}", "merge.target: 3 is not valid: expected {name: integer of at"),
        (
            "internal: {tiers: [low]}",
            "internal.tiers: one grade, 'low', parts nothing: name two to six, or none.",
        ),
        (
            "internal: {tiers: [low, low]}",
            "internal.tiers: ['low', 'low'] is not valid: expected a list of at most 6, none twice",
        ),
        ("internal: {tiers: [low, '']}", "internal.tiers.1: '' is not valid: expected text"),
        ("labels: {features: {a.b: ''}}", "labels.features.a.b: '' is not valid: expected text"),
        ("labels: {never_name: [a, a]}", "labels.never_name: ['a', 'a'] is not valid"),
        ("inputs: {products: {decimal: '.'}}", "inputs.products.decimal: unknown key."),
        (
            "inputs: {sales: {strip_leading_zeros: 1}}",
            "inputs.sales.strip_leading_zeros: 1 is not valid: expected true or false. Whether",
        ),
        ("shards: 10001", "shards: 10001 is not valid: expected integer from 1 to 10000. Jobs"),
        ("internal: {cluster: {min_size: 0}}", "internal.cluster.min_size: 0 is not valid"),
        ("internal: {reduce: {redundancy: 0}}", "internal.reduce.redundancy: 0 is not valid"),
        (
            "inputs: {sales: {from: 2024-05-01, to: 2024-01-01}}",
            "from (2024-05-01) is after to (2024-01-01)",
        ),
        (
            "inputs: {sales: {from: 2024-05-01, columns: {date: null}}}",
            "set inputs.sales.columns.date",
        ),
        (
            "inputs: {products: {constants: {category: all}}}",
            "inputs.products: give the category either",
        ),
        (
            "inputs: {products: {columns: {category: null}}}",
            "inputs.products: give the category either",
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_key_and_what_was_expected(
    overlay: str, expected: str
) -> None:
    message = problem(overlay)
    assert message.startswith("Configuration: ")
    assert expected in message
    assert len(message.splitlines()) == 1


def test_what_the_command_line_gives_as_text_is_read_as_in_a_file() -> None:
    given = {"seed": "7", "merge": {"min_size": "10", "max_size": "null"}, "from": "2024-06-01"}
    given["sources"] = [{"name": "one", "path": "1.csv", "share": "0.5", "flag": "true"}]
    assert typed(given) == {
        "seed": 7,
        "merge": {"min_size": 10, "max_size": None},
        "from": "2024-06-01",
        "sources": [{"name": "one", "path": "1.csv", "share": 0.5, "flag": True}],
    }


def test_every_problem_is_told_once() -> None:
    lines = problem("{seed: x, shards: 0, inputs: {external: [{}]}}").splitlines()
    assert [line.split(":")[0 if number else 1].strip() for number, line in enumerate(lines)] == [
        "inputs.external.0.name",
        "inputs.external.0.columns",
        "seed",
        "shards",
    ]


@pytest.mark.parametrize("rule", ["first", "last"])
def test_the_first_and_last_reading_need_a_date(rule: str) -> None:
    message = problem({"inputs": {"external": [{**STORES, "rows": rule}]}})
    assert f"inputs.external.stores: rows: {rule} needs columns.date." in message


def test_sources_have_names_of_their_own() -> None:
    message = problem({"inputs": {"external": [STORES, STORES]}})
    assert "inputs.external: two sources are called 'stores'." in message


# Files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a few files."""
    monkeypatch.chdir(tmp_path)
    for name in ("in/b.csv", "in/a.csv", "in/deep/c.csv", "products.csv", "stores.csv"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x\n", encoding="utf-8")
    return tmp_path


def test_a_glob_finds_its_files_sorted(folder: Path) -> None:
    assert expand("in/*.csv", "key") == ["in/a.csv", "in/b.csv"]
    assert expand("in/**/*.csv", "key") == ["in/a.csv", "in/b.csv", "in/deep/c.csv"]
    assert expand(f"{folder}/in/a.csv", "key") == [f"{folder}/in/a.csv"]


def test_a_file_is_found_once_however_its_path_is_written(folder: Path) -> None:
    assert expand("./in//*.csv", "key", ["in/a.csv", "in/z.csv"]) == [
        "in/a.csv",
        "in/b.csv",
        "in/z.csv",
    ]


@pytest.mark.parametrize("pattern", ["in/*.parquet", "nowhere/*.csv", "inn"])
def test_a_path_without_a_file_is_told_with_its_key(folder: Path, pattern: str) -> None:
    with pytest.raises(InputError) as error:
        expand(pattern, "inputs.sales.path")
    assert f"inputs.sales.path: no file matches '{pattern}' (looked in {folder})" in str(
        error.value
    )


def test_a_slip_in_a_path_is_answered_with_the_nearest(folder: Path) -> None:
    with pytest.raises(InputError, match=r"Did you mean 'products\.csv'\?"):
        expand("product.csv", "key")


def test_a_file_of_ones_own_never_means_one_of_the_demo(folder: Path) -> None:
    for pattern in ("demographics.csv", "external/*.csv", f"{folder}/internal/products.csv"):
        with pytest.raises(InputError):
            expand(pattern, "key", [DEMO_FILES["demographics"], DEMO_FILES["products"]])


def test_inputs_are_the_files_of_every_section(folder: Path) -> None:
    inputs = find_inputs(
        {
            "sales": {"path": "in/*.csv"},
            "products": {"path": "products.csv"},
            "external": [STORES, {**STORES, "name": "more", "path": "s*.csv"}],
        }
    )
    assert inputs.sales == {"a": "in/a.csv", "b": "in/b.csv"}
    assert inputs.products == ["products.csv"]
    assert inputs.external_files == ["stores.csv"]
    assert inputs.external == {"stores": ["stores.csv"], "more": ["stores.csv"]}
    assert inputs.files == ["in/a.csv", "in/b.csv", "products.csv", "stores.csv"]
    assert not uses_demo(inputs)


def test_the_defaults_mean_the_demo_before_it_is_made(folder: Path) -> None:
    inputs = find_inputs(resolve()["inputs"])
    assert list(inputs.sales) == [f"{y}-Q{q}" for y in (2024, 2025) for q in (1, 2, 3, 4)]
    assert [len(files) for files in inputs.external.values()] == [1, 1, 1]
    assert uses_demo(inputs)


def test_an_external_file_that_is_missing_is_told_with_its_source(folder: Path) -> None:
    sections = {"sales": {"path": "in/*.csv"}, "products": {"path": "products.csv"}}
    with pytest.raises(InputError, match=r"inputs\.external\.stores\.path: no file matches"):
        find_inputs({**sections, "external": [{**STORES, "path": "none.csv"}]})


def test_parts_are_named_after_their_files() -> None:
    files = ["in/2024-Q1.parquet", "in/2024.csv", "in/week 7.CSV.gz", "in/a_b.tsv", "x/v1.2.pq"]
    assert name_parts(files) == {
        "2024-Q1": "in/2024-Q1.parquet",
        "2024": "in/2024.csv",
        "week-7": "in/week 7.CSV.gz",
        "a_b": "in/a_b.tsv",
        "v1-2": "x/v1.2.pq",
    }


def test_files_of_one_name_are_different_parts_in_any_order() -> None:
    files = ["a/x.csv", "b/x.csv", "c/x.parquet", "a b.csv", "a-b.csv", "a/ü.csv", "ö", ".csv"]
    parts = name_parts(files)
    assert sorted(parts.values()) == sorted(files)
    assert name_parts(reversed(files)) == parts
    assert all(name.replace("-", "").replace("_", "").isalnum() for name in parts)
    assert all(name.isascii() for name in parts)
    assert {part.rpartition("-")[0] for part in parts} == {"x", "a-b", "part"}


def test_a_part_keeps_its_name_when_other_files_join() -> None:
    one = name_parts(["in/2024.csv"])
    more = name_parts(["in/2024.csv", "in/2025.csv"])
    assert one.items() <= more.items()


def test_a_file_that_is_no_yaml_is_told_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "my-chain.yaml"
    path.write_text("inputs:\n  sales: {path: a.csv\noutput: {}\n", encoding="utf-8")
    found = readable.problem(str(path))
    assert found.startswith(f"{path}, line 3, column 7: this is no YAML: ")
    path.write_text("inputs:\n\tsales: 1\n", encoding="utf-8")
    assert ", line 2, column 1: " in readable.problem(str(path))
    path.write_text("inputs: {}\n", encoding="utf-8")
    assert readable.problem(str(path)) is None
