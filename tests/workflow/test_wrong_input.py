"""Wrong input ends in one message that says what to mend, and earlier results stay."""

import copy
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from conftest import Project
from snakemake.utils import update_config
from workflow.tiny import CONFIG, write_tiny

NEED_STATES = "results/internal/need_states.parquet"
RAW_FEATURES = "results/external/raw_features.parquet"
FINAL = "results/merged/clusters.parquet"
ODD_NAMES = ("../../x", "a/b", "\"quoted\" 'x'", "emoji 🧴")


@pytest.fixture
def tiny(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project, to spoil."""
    return finished.copy_to(tmp_path / "project")


def data(project: Project, name: str) -> Path:
    return project.folder / "data" / name


def edit(project: Project, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a CSV file as text."""
    path = data(project, name)
    change(pd.read_csv(path, dtype=str)).to_csv(path, index=False)


def configure(project: Project, overlay: dict | None = None) -> str:
    config = copy.deepcopy(CONFIG)
    update_config(config, overlay or {})
    return project.write_config(config)


# What a step of a track writes; the steps before the one that fails are done, with new settings.
STEPS = {"normalized", "normalize_parameters", "store_status", "imputed", "impute_parameters"}
STEPS |= {"outliers", "reduced", "loadings", "components", "redundant", "k", "k_scores"}


def results(project: Project) -> dict[str, bytes]:
    """Return the tables that people read; Snakemake removes those of a file that it redoes."""
    files = project.files()
    return {k: v for k, v in files.items() if "/sales/" not in k and Path(k).stem not in STEPS}


def errors(project: Project, overlay: dict, *targets: str) -> list[str]:
    """Run until nothing is left that can be made; return the messages, nothing else has changed."""
    before = results(project)
    config = configure(project, overlay)
    printed = project.fail(*targets, "--keep-going", "--configfile", config)
    assert results(project) == before
    return sorted(re.findall(r"^\[(\w+.*?\] ERROR: .+)$", printed, flags=re.MULTILINE))


def configuration_error(project: Project, overlay: dict) -> str:
    """Plan a run that must fail; return what the configuration's check says."""
    before = results(project)
    printed = project.fail("-n", "--configfile", configure(project, overlay))
    assert results(project) == before
    assert printed.count("Configuration: ") == 1, printed
    return printed[printed.index("Configuration: ") :]


# Files


def test_every_wrong_file_is_told_in_one_run(tiny: Project) -> None:
    edit(tiny, "sales-1.csv", lambda rows: rows.replace({"amount": {rows["amount"][2]: "twelve"}}))
    edit(tiny, "stores.csv", lambda rows: pd.concat([rows, rows.head(2)]))
    external, sales = sorted(errors(tiny, {}, NEED_STATES, RAW_FEATURES), reverse=True)
    assert sales.startswith("aggregate_sales sales-1] ERROR: data/sales-1.csv: column 'amount'")
    assert "'twelve' in line 4. Expected a finite number" in sales
    assert "data/stores.csv: 2 stores have several rows" in external


def test_tracks_without_a_common_store_are_shown(tiny: Project) -> None:
    edit(tiny, "stores.csv", lambda rows: rows.assign(store="X" + rows["store"]))
    before = tiny.files("results/merged/*")
    printed = tiny.fail(FINAL, "--configfile", configure(tiny))
    (message,) = re.findall(r"^\[merge\] ERROR: (.+)$", printed, flags=re.MULTILINE)
    assert (
        "inputs.sales and inputs.external: no store is both in the sales and in an external source"
        in message
    )
    assert "Sales: 'S01', 'S02'" in message
    assert "External: 'XS01', 'XS02'" in message
    assert tiny.files("results/merged/*") == before


# Numbers that the stores do not allow, in both tracks at once

GROUPS = {"external": "all", "internal": "Soap"}


def test_fewer_stores_than_clusters_is_told_with_the_key(tiny: Project) -> None:
    overlay = {track: {"choose_k": {"min": 50, "max": 60}} for track in GROUPS}
    targets = [f"results/{track}/k.parquet" for track in GROUPS]
    for (track, group), message in zip(
        GROUPS.items(), errors(tiny, overlay, *targets), strict=True
    ):
        assert f"group {group!r}" in message
        assert "24 stores, fewer than 50" in message
        assert "not counting outliers" in message
        assert f"Lower {track}.choose_k.min" in message


def test_sizes_that_the_stores_cannot_keep_are_told_with_the_key(tiny: Project) -> None:
    limits = {
        "external": ("max", 5, "too many for 2 clusters of at most"),
        "internal": ("min", 20, "too few for 2 clusters of at least"),
    }
    overlay = {
        track: {
            "choose_k": {"fixed": {GROUPS[track]: 2}},
            "cluster": {"algorithm": "kmeans_limited", f"{limit}_size": size},
        }
        for track, (limit, size, _) in limits.items()
    }
    told = errors(tiny, overlay, *(f"results/{track}/clusters.parquet" for track in GROUPS))
    for (track, (limit, _, words)), message in zip(limits.items(), told, strict=True):
        assert f"group {GROUPS[track]!r} of the {track} track" in message
        assert f"24 stores are {words}" in message
        assert f"Change {track}.cluster.{limit}_size" in message


def test_a_number_of_clusters_for_a_category_that_is_not_sold_is_refused(tiny: Project) -> None:
    (message,) = errors(tiny, {"internal": {"choose_k": {"fixed": {"Tee": 2}}}}, FINAL)
    assert "internal.choose_k.fixed: there is no 'Tee'." in message
    assert "such as 'Soap', 'Tea'" in message


# Configuration


def test_contradictions_are_told_at_once(tiny: Project) -> None:
    overlay = {
        "inputs": {"sales": {"from": "2024-05-01", "to": "2024-01-01"}},
        "internal": {"choose_k": {"min": 5, "max": 4}},
    }
    external = {**CONFIG["inputs"]["external"][0], "rows": "last"}
    overlay["inputs"]["external"] = [external]
    message = configuration_error(tiny, overlay)
    assert "internal.choose_k: min (5) is above max (4)" in message
    assert "inputs.sales: from (2024-05-01) is after to (2024-01-01)" in message
    assert "inputs.external.stores: rows: last needs columns.date" in message


# Odd, but not wrong


@pytest.fixture(scope="module")
def odd(make_project: Callable[[str], Project]) -> Project:
    """A finished run with categories of odd names, one of one store and one of one need state."""
    project = make_project("odd")
    write_tiny(project.folder, categories=(*ODD_NAMES, "One store", "One need state"))
    products = pd.read_csv(data(project, "products.csv"), dtype=str)
    sku = {name: set(rows["sku"]) for name, rows in products.groupby("category")}
    products.loc[products["category"] == "One need state", "need"] = "the only one"
    products.to_csv(data(project, "products.csv"), index=False)
    for name in ("sales-1.csv", "sales-2.csv"):
        edit(
            project,
            name,
            lambda rows: rows[~rows["sku"].isin(sku["One store"]) | (rows["store"] == "S01")],
        )
    outside = files_outside(project)
    project.run("--configfile", configure(project))
    assert files_outside(project) - outside == {"project/overlay.yaml"}
    return project


def files_outside(project: Project) -> set[str]:
    """Return the files in and around the project that are not Snakemake's or results."""
    top = project.folder.parent
    paths = (path.relative_to(top) for path in top.rglob("*"))
    ours = {"results", ".snakemake", "__pycache__"}
    return {str(path) for path in paths if not ours & set(path.parts)}


def k_of(project: Project, category: str) -> tuple[int, str]:
    k = pd.read_parquet(project.folder / "results/internal/k.parquet").set_index("group")
    return k.loc[category, "k"], k.loc[category, "status"]


def test_a_category_sold_in_one_store_is_one_cluster(odd: Project) -> None:
    assert k_of(odd, "One store") == (1, "one_store")


def test_a_category_of_one_need_state_is_one_cluster(odd: Project) -> None:
    assert k_of(odd, "One need state") == (1, "one_need_state")


@pytest.mark.parametrize("category", ODD_NAMES)
def test_a_category_may_have_any_name(odd: Project, category: str) -> None:
    final = pd.read_parquet(odd.folder / FINAL)
    final = final[final["category"] == category]
    assert len(final) == 24
    assert final["final_cluster"].notna().all()


def test_rows_without_product_or_store_are_set_aside_and_accounted_for(tiny: Project) -> None:
    def without(rows: pd.DataFrame) -> pd.DataFrame:
        rows.loc[rows.index[:2], "sku"] = None
        rows.loc[rows.index[2:5], "store"] = None
        return rows

    edit(tiny, "sales-1.csv", without)
    (message,) = errors(tiny, {}, NEED_STATES)
    assert (
        "data/sales-1.csv: column 'store' holds what cannot be used: nothing in line 4" in message
    )
    assert "Set `incomplete: set_aside`" in message
    printed = tiny.run(
        "results/run.json",
        "--configfile",
        configure(tiny, {"inputs": {"sales": {"incomplete": "set_aside"}}}),
    )
    assert "data/sales-1.csv: 5 of " in printed
    account = json.loads((tiny.folder / "results/run.json").read_text(encoding="utf-8"))
    aside = pd.read_parquet(tiny.folder / "results/internal/set_aside.parquet")
    assert aside.groupby("reason")["rows"].sum().to_dict() == {"no_product": 2, "no_store": 3}
    assert set(account["sales"]["set_aside_by_reason"]) >= {"no_product", "no_store"}
    amounts = (Decimal(account["sales"][name]) for name in ("read", "clustered", "set_aside"))
    read, clustered, set_aside = amounts
    assert read == clustered + set_aside
    assert account["stores"]["seen"] == 24
