"""What people read of the evidence for final clusters is so."""

from dataclasses import replace
from typing import Any

import pytest

from store_clusters.describe.evidence import (
    evidence_words,
    made_by_words,
    one_cluster_words,
    surroundings_words,
    why_words,
)
from store_clusters.merge.options import Merge

MERGE = Merge()
NAN = float("nan")


def cluster(**other: Any) -> dict[str, Any]:
    row = {"final_cluster": "2_2", "evidence": "group", "jaccard": 0.86, "neighbour": "2_1"}
    return row | {"gain": 0.014, "gain_low": 0.009, "trust": "do_not_trust"} | other


def category(**other: Any) -> dict[str, Any]:
    row = {"category": "a", "final_clusters": 5, "internal_clusters": 3}
    row |= {"split_by_surroundings": 2, "explained": 0.7, "history": 0.9}
    return row | {"surroundings_gain": 0.007} | other


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            cluster(),
            "a group: comes back on resamples (Jaccard 0.86); "
            "parting it from 2_1 explains 1.4 % more of sales held out (at least 0.9 %)",
        ),
        (
            cluster(gain=0.002, gain_low=-0.001),
            "a group: comes back on resamples (Jaccard 0.86); "
            "whether it sells unlike 2_1 is not sure (0.2 % of sales held out, at least -0.1 %)",
        ),
        (
            cluster(gain=0.0, gain_low=0.0),
            "a group: comes back on resamples (Jaccard 0.86); it sells as 2_1 does",
        ),
        (cluster(gain=NAN, gain_low=None), "a group: comes back on resamples (Jaccard 0.86)"),
        (
            cluster(evidence="slice", jaccard=0.51),
            "a slice: parting it from 2_1 explains 1.4 % more of sales held out "
            "(at least 0.9 %); its edges move on resamples (Jaccard 0.51)",
        ),
        (cluster(evidence="whole", neighbour=None, gain=NAN, gain_low=NAN), "the whole category"),
        (
            cluster(evidence="none", jaccard=0.4, gain=NAN, gain_low=NAN),
            "no evidence, a limit or target of yours asks for it (Jaccard 0.40)",
        ),
    ],
)
def test_a_cluster_says_its_evidence_with_both_numbers(row: dict[str, Any], expected: str) -> None:
    assert evidence_words(row) == expected
    assert "trust" not in evidence_words(row)


@pytest.mark.parametrize(
    ("row", "clusters", "expected"),
    [
        (
            category(),
            [cluster()],
            "Surroundings part 2 clusters more; that explains 0.7 % more of what stores sell in "
            "months held out.",
        ),
        (
            category(split_by_surroundings=1),
            [cluster(gain_low=-0.001)],
            "Surroundings part 1 cluster more, which only describe: that the parts sell "
            "differently is not sure (0.7 % more explained of what stores sell in months held "
            "out).",
        ),
        (
            category(),
            [cluster(neighbour="1_2"), cluster(final_cluster="3_1a", neighbour="3_1b")],
            "Surroundings part 2 clusters more, which only describe: that the parts sell "
            "differently is not sure (0.7 % more explained of what stores sell in months held "
            "out).",
        ),
        (
            category(surroundings_gain=0.0001),
            [],
            "Surroundings part 2 clusters more, which only describe: the parts sell alike in "
            "months held out.",
        ),
        (
            category(surroundings_gain=None, explained=None),
            [],
            "Surroundings part 2 clusters more; without dates nothing tells whether the parts "
            "sell differently.",
        ),
        (
            category(split_by_surroundings=0),
            [],
            "Surroundings add nothing here: no division by them has parts that are large enough "
            "and surely sell differently, or are stable and cost no sales.",
        ),
        (
            category(split_by_surroundings=0, final_clusters=8),
            [],
            "Surroundings add nothing here: what stores sell makes as many clusters as there may "
            "be, 8.",
        ),
    ],
)
def test_one_sentence_says_what_surroundings_add(
    row: dict[str, Any], clusters: list[dict[str, Any]], expected: str
) -> None:
    assert surroundings_words(row, clusters, {"k": 3}, MERGE) == expected


def test_surroundings_that_cannot_add_anything_say_why() -> None:
    nothing = category(split_by_surroundings=0)
    assert surroundings_words(nothing, [], {"k": 1}, MERGE) == (
        "Surroundings add nothing here: by them, stores are one cluster."
    )
    assert "known of no store" in surroundings_words(nothing, [], {"k": 0}, MERGE)
    asked = replace(MERGE, target={"a": 5})
    assert "as many clusters as you ask for" in surroundings_words(nothing, [], {"k": 3}, asked)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("not_predictive", "would not surely explain more of what they sell in months held out"),
        ("no_groups", "stores form no groups by what they sell"),
        ("one_need_state", "the category has one need state"),
        ("too_few_stores", "too few stores for two clusters"),
        ("identical_stores", "all stores sell the same mix"),
        ("fixed", "the configuration fixes one internal cluster"),
        ("chosen", "one is best by the criterion"),
    ],
)
def test_one_cluster_says_why_it_is_one(status: str, words: str) -> None:
    row = category(final_clusters=1, internal_clusters=1, split_by_surroundings=0)
    said = one_cluster_words(row, {"status": status, "verdict": "none"}, MERGE)
    assert said.startswith("One cluster: ")
    assert words in said


def test_one_cluster_of_several_internal_ones_says_why() -> None:
    row = category(final_clusters=1, internal_clusters=3)
    several = {"status": "slices", "verdict": "continuum"}
    assert "no division of the 3 internal clusters" in one_cluster_words(row, several, MERGE)
    asked = one_cluster_words(row, several, replace(MERGE, target={"a": 1}))
    assert asked == "One cluster: you ask for one; what stores sell makes 3."
    assert not one_cluster_words(category(), several, MERGE)
    undated = category(final_clusters=1, internal_clusters=1, explained=NAN)
    none = {"status": "no_groups", "verdict": "continuum"}
    assert one_cluster_words(undated, none, MERGE) == (
        "One cluster: stores form no groups by what they sell, but differ by degrees, and "
        "without dates slices cannot be tested."
    )


def test_a_number_says_what_makes_it_of_its_neighbour() -> None:
    assert made_by_words({"clusters": 2, "made_by": "join"}) == "two of 3 joined"
    assert made_by_words({"clusters": 1, "made_by": "join"}) == "the last two joined"
    said = made_by_words({"clusters": 5, "made_by": "split"})
    assert said == "one of 4 parted by surroundings"


def test_a_category_without_usable_sales_says_what_made_its_clusters() -> None:
    nothing = category(final_clusters=0, internal_clusters=0)
    assert why_words(nothing, [], None, {"k": 3}, MERGE) == "No store has a final cluster here."
    alone = category(final_clusters=3, internal_clusters=0)
    assert why_words(alone, [], None, {"k": 3}, MERGE) == (
        "Surroundings alone make clusters here: no store has sales that can be used."
    )
