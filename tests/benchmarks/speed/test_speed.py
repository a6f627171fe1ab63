"""The benchmarks of speed still run, and compare things that give the same answer."""

from pathlib import Path

import aggregate
import duckdb
import gaps
import growth
import pandas as pd
import pytest
import scores
import startup
import yaml
from tiny import CONFIG, write_tiny


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
    ours, loop = scores.both(scores.components(2, 400), 0)
    assert ours.k == loop.k == 6
    assert "| ratio |" in scores.report([(ours, loop)])


def test_gaps_are_filled_in_all_ways_and_better_from_stores_than_by_medians() -> None:
    errors = {way: error for way, (_, error) in gaps.compare(300).items()}
    assert errors["all stores"] == errors["default"] < 0.9 * errors["median"]


def test_categories_are_timed_on_one_core_and_on_two() -> None:
    values = [scores.components(seed, 60) for seed in range(2)]
    assert min(scores.two_cores(values, runs=1)) > 0


def test_a_run_and_its_scripts_in_one_process_are_compared(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    (tmp_path / "overlay.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    found = startup.compare(tmp_path, "overlay.yaml", "2", runs=1)
    assert {"aggregate_sales", "choose_k", "merge"} <= set(found["rules"])
    assert "| ratio |" in startup.report(found)


def test_growth_is_measured_and_drawn(tmp_path: Path) -> None:
    table = pd.DataFrame([*growth.measure_rows([2_000], 1), *growth.measure_chains([(60, 2, 1)])])
    assert {"run", "map_products", "choose_k", "merge"} <= set(table["rule"])
    assert (table["megabytes"] > 0).all()
    chains = table[table["stores"].notna()]
    several = [
        chains.assign(stores=stores, categories=categories, cores=cores)
        for stores, categories, cores in growth.CHAINS
    ]
    rows = table[table["rows"].notna()]
    growth.draw(pd.concat([rows, rows.assign(rows=20_000), *several]), tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 10_000
