"""Seeds and shards depend on names only, so the same input gives the same result anywhere."""

import os
import subprocess
import sys
from collections import Counter

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from store_clusters.run.seeds import in_shard, seed_for, shard_of

names = st.text(st.characters(max_codepoint=0x3FF), max_size=20)
FEW = settings(max_examples=50, deadline=None, derandomize=True)


@FEW
@given(st.integers(0, 2**40), st.lists(names, max_size=3))
def test_a_seed_is_one_that_scikit_learn_accepts(seed: int, of: list[str]) -> None:
    assert 0 <= seed_for(seed, *of) < 2**32


@FEW
@given(names, st.integers(1, 10_000))
def test_a_group_belongs_to_one_of_the_shards(group: str, shards: int) -> None:
    assert 1 <= shard_of(group, shards) <= shards


def test_all_groups_belong_to_the_only_shard() -> None:
    assert {shard_of(f"category {n}", 1) for n in range(100)} == {1}


def test_groups_spread_over_the_shards() -> None:
    counts = Counter(shard_of(f"category {n}", 8) for n in range(800))
    assert set(counts) == set(range(1, 9))
    assert max(counts.values()) < 200


def test_every_group_step_and_seed_has_a_seed_of_its_own() -> None:
    combinations = [
        (seed, f"category {n}", step)
        for seed in (0, 1, 42)
        for n in range(300)
        for step in ("outliers", "choose_k", "cluster")
    ]
    assert len({seed_for(*names) for names in combinations}) == len(combinations)


def test_the_order_of_names_counts() -> None:
    assert seed_for(42, "a", "b") != seed_for(42, "b", "a")
    assert seed_for(42, "a", "b") != seed_for(42, "ab")


def test_seeds_and_shards_are_those_of_earlier_months() -> None:
    assert seed_for(42, "Snacks", "cluster") == 3676072079
    assert [shard_of(group, 7) for group in ("Snacks", "Käse", "日用品")] == [4, 7, 6]


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_another_process_computes_the_same(hash_seed: str) -> None:
    code = (
        "from store_clusters.run.seeds import *; print(seed_for(42, 'Käse'), shard_of('Käse', 9))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": "scripts"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(seed_for(42, "Käse")), str(shard_of("Käse", 9))]


def test_every_group_is_in_one_of_several_shards_and_in_the_only_one() -> None:
    groups = [f"category {n}" for n in range(50)]
    shards = [f"shards/{n}-of-4/" for n in range(1, 5)]
    assert all(sum(in_shard(group, shard) for shard in shards) == 1 for group in groups)
    assert all(in_shard(group, f"shards/{shard_of(group, 4)}-of-4/") for group in groups)
    assert all(in_shard(group, "") for group in groups)
