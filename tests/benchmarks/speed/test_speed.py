"""The benchmarks of speed still run, and compare things that give the same answer.

Those that run the whole workflow are ``slow``: ``make test-all`` runs them, too.
"""

from pathlib import Path

import aggregate
import changes
import duckdb
import gaps
import growth
import pages
import pandas as pd
import pytest
import scores
import startup
import yaml
from tiny import CONFIG, write_tiny


@pytest.mark.slow
def test_the_rules_and_the_queries_find_the_same_sums(tmp_path: Path) -> None:
    arguments = ["--rows", "20000", "--stores", "40", "--months", "2", "--runs", "1"]
    aggregate.main([*arguments, "--folder", str(tmp_path)])
    text = (tmp_path / "aggregate.md").read_text(encoding="utf-8")
    assert all(f"| {step} |" in text for step in aggregate.STEPS)
    results = tmp_path / "project" / "results" / "internal"
    parts, states = results / "sales" / "*.parquet", results / "need_states.parquet"
    ((sales, rows),) = duckdb.sql(f"SELECT sum(sales), sum(rows) FROM '{parts}'").fetchall()
    assert rows == 20_000
    assert duckdb.sql(f"SELECT sum(sales) FROM '{states}'").fetchall() == [(sales,)]

    other = tmp_path / "by_product.parquet"
    changed = f"SELECT STORE_NBR, SKU_NBR, sales + 0.0001 AS sales FROM '{other}'"
    duckdb.sql(changed).write_parquet(str(tmp_path / "other.parquet"))
    (tmp_path / "other.parquet").replace(other)
    with pytest.raises(SystemExit, match=r"by_product: .* sums differ"):
        aggregate.check_same(tmp_path)


def test_the_choice_of_k_and_a_plain_loop_agree_where_segments_are_clear() -> None:
    ours, loop = scores.both(scores.components(1, 400), 0)
    assert ours.k == loop.k == 4
    assert "| ratio |" in scores.report([(ours, loop)])


def test_gaps_are_filled_in_all_ways_and_better_from_stores_than_by_medians() -> None:
    errors = {way: error for way, (_, error) in gaps.compare(300).items()}
    assert errors["all stores"] == errors["default"] < 0.9 * errors["median"]


def test_categories_are_timed_on_one_core_and_on_two() -> None:
    values = [scores.components(seed, 60) for seed in range(2)]
    assert min(scores.two_cores(values, runs=1)) > 0


@pytest.mark.slow
def test_a_run_and_its_scripts_in_one_process_are_compared(tmp_path: Path) -> None:
    startup.copy_project(tmp_path)
    write_tiny(tmp_path)
    (tmp_path / "overlay.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    some = ["--until", "reduce"]  # the rest takes long and adds nothing
    found = startup.compare(tmp_path, ["--configfile", "overlay.yaml", *some], runs=1)
    assert {"aggregate_sales", "normalize", "reduce"} <= set(found["rules"])
    assert "| ratio |" in startup.report(found)


@pytest.mark.slow
def test_growth_and_pages_are_measured_and_drawn(tmp_path: Path) -> None:
    said, rules = pages.report(tmp_path / "project", 60, 2, runs=1)
    assert "| explain |" in said
    assert "| explorer.html |" in said
    rows = pd.DataFrame(growth.measure_rows([2_000], 1))
    chain = pd.DataFrame(rules)
    table = pd.concat([rows, chain])
    assert {"run", "map_products", "choose_k", "merge"} <= set(table["rule"])
    assert (table["megabytes"] > 0).all()
    several = [
        chain.assign(stores=stores, categories=categories, cores=cores)
        for stores, categories, cores in growth.CHAINS
    ]
    growth.draw(pd.concat([rows, rows.assign(rows=20_000), *several]), tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 10_000


@pytest.mark.slow
def test_runs_after_a_change_are_compared_with_a_full_one(tmp_path: Path) -> None:
    startup.copy_project(tmp_path)
    write_tiny(tmp_path)
    (tmp_path / "overlay.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    files = {
        "sales": "data/sales-2.csv",
        "new sales": "data/sales-3.csv",
        "product map": "data/products.csv",
        "external source": "data/stores.csv",
    }
    until = ["--until", "map_products", "join_external"]
    found = changes.measure(tmp_path, files, ["--configfile", "overlay.yaml", *until])
    jobs = {change: count for change, (count, _) in found.items()}
    assert jobs == {
        "a full run": 4,
        "nothing has changed": 0,
        "a file of sales is written again, the same": 0,
        "a new file of sales": 2,
        "a corrected file of sales": 2,
        "a corrected product map": 1,
        "a corrected external source": 1,
    }
