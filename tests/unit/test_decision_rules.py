"""Rules in plain words place the stores that they say, and tell how far they can be trusted."""

import numpy as np
import pytest

from store_clusters.describe.decision_rules import (
    DEPTH,
    SKETCH_BELOW,
    decision_rules,
    only_a_sketch,
)

WORDS, KINDS = ["Newborn", "income", "mall yes"], ["sales", "number", "level"]


def chain(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Stores in cluster 2 are malls; of the others, 0 sells much Newborn and 1 little."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 3
    newborn = np.where(labels == 0, 0.3, 0.1) + rng.uniform(-0.05, 0.05, n)
    mall = (labels == 2).astype(float)
    return np.column_stack([newborn, rng.normal(50_000, 9_000, n), mall]), labels


def test_planted_rules_are_found_and_hold_for_held_out_stores() -> None:
    values, labels = chain()
    rules, accuracy = decision_rules(values, labels, WORDS, KINDS, 0)
    assert [rule.label for rule in rules] == [0, 1, 2]
    assert [rule.stores for rule in rules] == [40, 40, 40]
    assert all(rule.right == 1 for rule in rules)
    assert accuracy == 1
    assert "mall yes" in rules[2].conditions
    assert "not mall yes" in rules[1].conditions
    assert "Newborn over" in rules[0].conditions
    assert "% of sales" in rules[0].conditions


def test_rules_say_what_they_say_of_the_stores_that_they_name() -> None:
    values, labels = chain()
    rules, _ = decision_rules(values, labels, WORDS, KINDS, 0)
    words = next(x for x in rules[0].conditions.split(" and ") if x.startswith("Newborn over"))
    bound = float(words.removeprefix("Newborn over ").removesuffix(" % of sales")) / 100
    held = (values[:, 0] > bound) & (values[:, 2] == 0)
    assert held.sum() == rules[0].stores
    assert (labels[held] == 0).mean() == rules[0].right


def test_rules_cover_every_store_once_and_are_short() -> None:
    rng = np.random.default_rng(1)
    values, labels = rng.normal(size=(300, 6)), rng.integers(0, 4, 300)
    values[:, 0] += labels
    rules, accuracy = decision_rules(values, labels, "abcdef", ["number"] * 6, 0)
    assert sum(rule.stores for rule in rules) == 300
    assert accuracy is not None
    assert accuracy < SKETCH_BELOW
    assert max(rule.conditions.count(" and ") for rule in rules) < 2 * DEPTH


@pytest.mark.parametrize(
    ("accuracy", "sketch"), [(None, True), (0.894, True), (0.898, False), (0.9, False)]
)
def test_rules_that_place_90_percent_right_as_it_is_shown_are_no_sketch(
    accuracy: float | None, sketch: bool
) -> None:
    assert only_a_sketch(accuracy) == sketch


def test_a_store_whose_value_is_unknown_counts_as_the_median() -> None:
    values, labels = chain()
    known, _ = decision_rules(values, labels, WORDS, KINDS, 0)
    values[3, 1] = np.nan
    rules, _ = decision_rules(values, labels, WORDS, KINDS, 0)
    assert [rule.conditions for rule in rules] == [rule.conditions for rule in known]


def test_one_cluster_needs_no_rule_and_a_cluster_of_one_store_cannot_be_judged() -> None:
    values, _ = chain(9)
    (rule,), accuracy = decision_rules(values, np.zeros(9, dtype=int), WORDS, KINDS, 0)
    assert (rule.conditions, rule.stores, rule.right, accuracy) == ("any store", 9, 1.0, 1.0)
    alone = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1])
    assert decision_rules(values, alone, WORDS, KINDS, 0)[1] is None


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_stores_give_the_same_rules(seed: int) -> None:
    values, labels = chain()
    again = decision_rules(values.copy(), labels.copy(), WORDS, KINDS, seed)
    assert decision_rules(values, labels, WORDS, KINDS, seed) == again
