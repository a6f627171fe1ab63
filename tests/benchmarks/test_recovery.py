"""A small run of the recovery benchmark: it works, and the defaults keep their lead."""

import numpy as np
import recovery


def test_the_same_seed_draws_the_same_category() -> None:
    first, second = (recovery.simulate(1, 50, 3) for _ in range(2))
    assert (first.sales == second.sales).all()
    assert (first.segment == second.segment).all()


def test_defaults_recover_segments_better_than_the_oldest_way_and_see_none_where_none_are() -> None:
    rows = list(recovery.measure(seeds=3, stores=200))
    mean = {
        (kind, way, name): np.nanmean([r[name] for k, w, r in rows if (k, w) == (kind, way)])
        for kind, way, measures in rows
        for name in measures
    }
    assert (
        mean["segments", "defaults", "recovery"] > mean["segments", "oldest way", "recovery"] + 0.1
    )
    for kind in ("one cloud", "gradient"):
        assert mean[kind, "defaults", "called groups"] == 0
    assert mean["segments", "defaults", "false flags"] < 0.02


def test_the_table_has_a_row_for_every_measure() -> None:
    assert recovery.table(2, [60]).count("\n") == 2 + 9 - 1
