"""Reasons read as people speak, and say what the numbers say."""

import numpy as np
import pytest

from store_clusters.describe.reason_words import fold_path, joined, reason_words, tip_words


def texts(*words: str) -> np.ndarray:
    return np.array(words, dtype=object)


def reason(words: str, kind: str, *values: float) -> str:
    three = tuple(np.array([value]) for value in values)
    (text,) = reason_words(texts(words), texts(kind), three, texts("2_1"))
    return text


def tip(words: str, kind: str, store: float, reached: float) -> str:
    (text,) = tip_words(texts(words), texts(kind), np.array([store]), np.array([reached]))
    return text


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("sales", (0.31, 0.25, 0.1), "Newborn 31 % of sales (its cluster 25 %, 2_1 10 %)"),
        ("number", (52_345.0, 5e4, 4e4), "Newborn 52,300 (its cluster 50,000, 2_1 40,000)"),
        ("level", (1.0, 0.9, 0.2), "Newborn (90 % of its cluster, 20 % of 2_1)"),
        ("level", (0.0, 0.1, 0.8), "not Newborn (90 % of its cluster, 20 % of 2_1)"),
    ],
)
def test_a_reason_compares_the_store_with_both_clusters(
    kind: str, values: tuple[float, float, float], expected: str
) -> None:
    assert reason("Newborn", kind, *values) == expected


def test_a_tip_says_from_where_to_where() -> None:
    assert tip("Newborn", "sales", 0.31, 0.2) == "Newborn fell from 31 % to 20 % of sales"
    assert tip("income", "number", 30_000, 45_500) == "income rose from 30,000 to 45,500"


@pytest.mark.parametrize(
    ("kind", "ends", "expected"),
    [
        ("sales", (0.1003, 0.0998), "fell from 10.03 % to 9.98 % of sales"),
        ("sales", (0.1, 0.1001), "rose from 10 % to 10.01 % of sales"),
        ("number", (52_345.0, 52_346.0), "rose from 52,345 to 52,346"),
        ("number", (52_345.0, 52_345.0001), "changed by next to nothing"),
    ],
)
def test_the_ends_of_a_tip_differ(kind: str, ends: tuple[float, float], expected: str) -> None:
    assert tip("Newborn", kind, *ends) == f"Newborn {expected}"


def test_a_change_of_sign_is_said_with_the_usual_digits() -> None:
    assert tip("balance", "number", -5.0, 6.0) == "balance rose from -5 to 6"


def test_reasons_of_different_kinds_keep_their_places() -> None:
    kinds = texts("level", "sales", "number")
    values = (np.array([0.0, 0.5, 7.0]), np.array([0.2, 0.4, 8.0]), np.array([0.7, 0.1, 9.0]))
    assert reason_words(
        texts("a", "b", "c"), kinds, values, texts("1_1", "1_2", "2_1")
    ).tolist() == [
        "not a (80 % of its cluster, 30 % of 1_1)",
        "b 50 % of sales (its cluster 40 %, 1_2 10 %)",
        "c 7 (its cluster 8, 2_1 9)",
    ]


def test_reasons_of_a_store_are_one_text_in_their_order() -> None:
    assert joined(texts("a", "b", "c"), np.array([0, 0, 2]), 3).tolist() == ["a; b", None, "c"]


def test_a_moved_store_is_followed_to_where_it_is() -> None:
    folds = [
        ("3_1", "2_1", 5, "too_small"),
        ("4_1", "1_1", 4, "too_small"),
        ("2_1", "1_1", 40, "inseparable"),
    ]
    assert fold_path(folds, "3_1", "1_1") == (
        "3_1 had too few stores, 5, and joined 2_1; "
        "2_1 could not be told from 1_1 on resampled stores"
    )
    assert fold_path(folds, "4_1", "1_1") == "4_1 had too few stores, 4, and joined 1_1"
    parts = [("1_1", "1_1a", 60, "too_large"), ("1_1", "1_1b", 50, "too_large")]
    assert fold_path(parts, "1_1", "1_1b") == "1_1 had too many stores, and 1_1b took 50 of them"
