"""A result goes stale when the code behind it changes, and not otherwise."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from store_clusters.run import code
from store_clusters.run.code import code_digest

FIRST_LINES = {
    "plain": "from store_clusters.clusters.clustering import cluster_stores",
    "module": "from store_clusters.clusters import clustering",
    "dotted": "import store_clusters.clusters.clustering",
    "alias": "import store_clusters.clusters.clustering as c",
    "late": "def main():\n    from store_clusters.clusters.clustering import place",
    "through another": "from store_clusters.clusters.number_of_clusters import choose_k",
}
RULES = sorted(path.name for path in (ROOT / "scripts").glob("*.py"))


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the scripts and contracts to change."""
    folder = tmp_path.resolve()
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=ignored)
    shutil.copytree(ROOT / "workflow" / "schemas" / "tables", folder / "tables")
    monkeypatch.setattr(code, "SCRIPTS", folder / "scripts")
    monkeypatch.setattr(code, "CONTRACTS", folder / "tables")
    return folder


def digest(script: str, *others: str) -> str:
    """The digest that a new process would compute."""
    code._imported.cache_clear()
    return code_digest(script, *others)


def change(path: Path) -> None:
    assert path.is_file()
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")


@pytest.mark.parametrize(
    "changed",
    [
        "scripts/cluster.py",
        "scripts/store_clusters/clusters/clustering.py",
        "scripts/store_clusters/tables/contracts.py",
        "scripts/store_clusters/tables/matrices.py",
        "scripts/store_clusters/run/seeds.py",
        "scripts/store_clusters/run/job.py",
        "scripts/store_clusters/run/errors.py",  # by way of common/tables.py
        "tables/clusters.yaml",
        "tables/reduced.yaml",
    ],
)
def test_a_change_of_what_the_cluster_rule_uses_changes_its_digest(
    copy: Path, changed: str
) -> None:
    before = digest("cluster.py")
    change(copy / changed)
    assert digest("cluster.py") != before


@pytest.mark.parametrize(
    "changed",
    [
        "scripts/merge.py",
        "scripts/store_clusters/merge/merging.py",
        "scripts/store_clusters/clusters/number_of_clusters.py",
        "scripts/store_clusters/inputs/sources.py",
        "tables/sales_part.yaml",
    ],
)
def test_a_change_of_what_it_does_not_use_leaves_the_digest(copy: Path, changed: str) -> None:
    before = digest("cluster.py")
    change(copy / changed)
    assert digest("cluster.py") == before


@pytest.mark.parametrize("form", FIRST_LINES)
def test_every_way_to_import_a_module_counts(copy: Path, form: str) -> None:
    (copy / "scripts" / "new.py").write_text(FIRST_LINES[form] + "\n", encoding="utf-8")
    before = digest("new.py")
    change(copy / "scripts" / "store_clusters" / "clusters" / "clustering.py")
    assert digest("new.py") != before


def test_every_script_depends_on_the_code_that_runs_and_logs_it(copy: Path) -> None:
    before = {script: digest(script) for script in RULES}
    change(copy / "scripts" / "store_clusters" / "run" / "job.py")
    assert [script for script in RULES if digest(script) == before[script]] == []


def test_modules_that_import_each_other_are_no_problem(copy: Path) -> None:
    folder = copy / "scripts"
    (folder / "store_clusters" / "one.py").write_text(
        "import store_clusters.two\n", encoding="utf-8"
    )
    (folder / "store_clusters" / "two.py").write_text(
        "import store_clusters.one\n", encoding="utf-8"
    )
    (folder / "new.py").write_text("import store_clusters.one\n", encoding="utf-8")
    before = digest("new.py")
    change(folder / "store_clusters" / "two.py")
    assert digest("new.py") != before


def test_of_the_members_of_a_family_only_that_of_the_job_counts(copy: Path) -> None:
    pages = "store_clusters.report.pages"

    def of(name: str) -> str:
        code._imported.cache_clear()
        return code_digest("write_page.py", members=[f"{pages}.{name}"])

    explorer, page, whole = of("explorer"), of("page"), digest("write_page.py")
    assert len({explorer, page, whole}) == 3
    change(copy / "scripts" / pages.replace(".", "/") / "page.py")
    assert of("explorer") == explorer
    assert of("page") != page
    assert digest("write_page.py") != whole
    change(copy / "scripts" / pages.replace(".", "/") / "__init__.py")
    assert of("explorer") != explorer


def test_a_contract_counts_when_the_script_names_it(copy: Path) -> None:
    script = copy / "scripts" / "new.py"
    script.write_text('table = read_table(path, "k_scores")\n', encoding="utf-8")
    before = digest("new.py")
    change(copy / "tables" / "k.yaml")
    assert digest("new.py") == before
    change(copy / "tables" / "k_scores.yaml")
    assert digest("new.py") != before


def test_a_new_contract_of_another_rule_changes_nothing(copy: Path) -> None:
    before = digest("cluster.py")
    shutil.copy(copy / "tables" / "k.yaml", copy / "tables" / "brand_new.yaml")
    assert digest("cluster.py") == before


def test_another_file_that_a_script_reads_counts(copy: Path) -> None:
    page = copy / "page.html.j2"
    page.write_text("<html>", encoding="utf-8")
    before = digest("write_page.py", "../page.html.j2")
    assert before != digest("write_page.py")
    page.write_text("<html lang=en>", encoding="utf-8")
    assert digest("write_page.py", "../page.html.j2") != before


def test_a_script_outside_the_folder_counts_with_its_own_text(copy: Path) -> None:
    script = copy / "make.py"
    script.write_text("x = 1\n", encoding="utf-8")
    before = digest("../make.py")
    change(script)
    assert digest("../make.py") != before


def test_the_same_code_in_another_folder_has_the_same_digest(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {script: digest(script) for script in RULES}
    moved = copy.with_name("another folder")
    shutil.copytree(copy, moved)
    monkeypatch.setattr(code, "SCRIPTS", moved / "scripts")
    monkeypatch.setattr(code, "CONTRACTS", moved / "tables")
    assert {script: digest(script) for script in RULES} == here


def test_different_scripts_have_different_digests(copy: Path) -> None:
    assert len({digest(script) for script in RULES}) == len(RULES)


@pytest.fixture
def upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Let a package have another version, as its metadata say."""

    def forget() -> None:
        for found in (code._version, code._distributions, code._beneath):
            found.cache_clear()

    def install(name: str) -> None:
        folder = tmp_path / "upgraded" / f"{name.replace('-', '_')}-99.0.dist-info"
        folder.mkdir(parents=True)
        said = f"Metadata-Version: 2.1\nName: {name}\nVersion: 99.0\n"
        (folder / "METADATA").write_text(said, encoding="utf-8")
        monkeypatch.syspath_prepend(str(folder.parent))
        forget()

    yield install
    forget()


def users(package: str, upgrade: Callable[[str], None]) -> set[str]:
    """Return the scripts whose digest another version of a package changes."""
    before = {script: digest(script) for script in RULES}
    upgrade(package)
    return {script.removesuffix(".py") for script in RULES if digest(script) != before[script]}


def test_another_version_of_a_package_changes_the_digests_of_what_imports_it(
    upgrade: Callable[[str], None],
) -> None:
    found = users("scikit-learn", upgrade)
    assert {"cluster", "choose_k", "merge", "impute", "detect_outliers"} <= found
    assert not {"aggregate_sales", "map_products", "join_external", "gather", "explain"} & found
    assert not {"write_page", "draw_pictures", "export_tables"} & found


@pytest.mark.parametrize(
    ("package", "scripts"),
    [
        (
            "duckdb",
            {"aggregate_sales", "map_products", "reconcile"}
            | {"check_inputs", "init", "publish", "query_database"},
        ),
        ("matplotlib", {"draw_pictures"}),
        ("xlsxwriter", {"publish", "write_page"}),
        ("itables", {"write_page"}),  # its files are read
        ("jinja2", {"write_page"}),
        ("pyarrow", {script.removesuffix(".py") for script in RULES}),
        ("pytest", set()),
    ],
)
def test_a_package_counts_for_the_scripts_that_use_it_and_no_other(
    package: str, scripts: set[str], upgrade: Callable[[str], None]
) -> None:
    assert users(package, upgrade) == scripts


def test_what_a_package_computes_with_counts_too(upgrade: Callable[[str], None]) -> None:
    found = users("numpy", upgrade)
    assert {"cluster", "merge", "reduce", "draw_pictures"} <= found
    assert (
        code.versions([ROOT / "scripts" / "store_clusters" / "features" / "outliers.py"])["numpy"]
        == "99.0"
    )


def test_no_package_is_imported_to_know_its_version() -> None:
    script = (
        "import sys\nfrom store_clusters.run.code import code_digest\n"
        "code_digest('cluster.py'), code_digest('draw_pictures.py')\n"
        "print({'sklearn', 'scipy', 'matplotlib', 'duckdb'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "scripts",
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("folder", ["scripts", "resources"])
def test_what_a_module_imports_is_what_python_reads_in_it(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        assert code._facts(path).imports == names, path
