"""People read their own words for features, and never those that are to be left out."""

import numpy as np
import pytest

from store_clusters.describe.labels import (
    Labels,
    check_named,
    column_features,
    label_features,
    need_state_feature,
    read_alike,
    whole_store_feature,
)
from store_clusters.features.components import describe_component
from store_clusters.run.errors import InputError

COLUMNS = column_features(
    {
        "demographics.median_income": [],
        "demographics.area_type": ["rural", "suburban"],
        "demographics.size": [],
        "traffic.size": [],
        "traffic.SALES_AREA": [],
        "traffic.race_white": [],
    }
)
NEEDS = [
    need_state_feature("MOUTHWASH", "MINT_X"),
    need_state_feature("TOOTHPASTE", "MINT_X"),
    whole_store_feature("<all categories>", "MOUTHWASH · MINT_X", "MOUTHWASH", "MINT_X"),
]
FEATURES = COLUMNS + NEEDS


def read(words: dict[str, str], never_name: list[str] | None = None) -> Labels:
    labels = label_features(FEATURES, words, never_name or [])
    return Labels(
        {x.key: (label.words, label.named) for x, label in zip(FEATURES, labels, strict=True)}
    )


def test_features_lose_their_source_where_they_are_clear_without_it() -> None:
    assert [feature.plain for feature in COLUMNS] == [
        "median income",
        "area type",
        "area type rural",
        "area type suburban",
        "demographics size",
        "traffic size",
        "sales area",
        "race white",
    ]


def test_need_states_stay_as_they_are() -> None:
    assert [feature.plain for feature in NEEDS] == ["MINT_X", "MINT_X", "MOUTHWASH · MINT_X"]


def test_words_of_a_column_are_those_of_its_levels_too() -> None:
    labels = read({"demographics.area_type": "surroundings:", "demographics.size": "floor space"})
    assert labels.words("external", "all", "demographics.size") == "floor space"
    assert labels.words("external", "all", "demographics.area_type=rural") == "surroundings: rural"
    assert labels.words("external", "Tea", "demographics.area_type=other") == "surroundings: other"


def test_words_of_a_level_stand_alone() -> None:
    labels = read({"demographics.area_type": "lies", "demographics.area_type=rural": "countryside"})
    assert labels.words("external", "all", "demographics.area_type=rural") == "countryside"
    assert labels.words("external", "all", "demographics.area_type=suburban") == "lies suburban"


def test_a_need_state_is_meant_in_every_category_unless_one_is_named() -> None:
    labels = read({"MINT_X": "mint", "MOUTHWASH · MINT_X": "mint rinse"})
    assert labels.words("internal", "TOOTHPASTE", "MINT_X") == "mint"
    assert labels.words("internal", "MOUTHWASH", "MINT_X") == "mint rinse"
    whole = labels.words("internal", "<all categories>", "MOUTHWASH · MINT_X")
    assert whole == "MOUTHWASH · mint rinse"


@pytest.mark.parametrize(
    ("pattern", "left_out"),
    [
        ("traffic.race_white", {"traffic.race_white"}),
        ("*.race_*", {"traffic.race_white"}),
        (
            "demographics.area_type",
            {f"demographics.area_type{x}" for x in ("", "=rural", "=suburban")},
        ),
        ("*.area_type=r*", {"demographics.area_type=rural"}),
        ("MINT_X", {"MINT_X", "MOUTHWASH · MINT_X"}),
        ("MOUTHWASH · *", {"MINT_X", "MOUTHWASH · MINT_X"}),
    ],
)
def test_patterns_keep_columns_levels_and_need_states_out(pattern: str, left_out: set[str]) -> None:
    labels = label_features(FEATURES, {}, [pattern])
    found = {x.name for x, label in zip(FEATURES, labels, strict=True) if not label.named}
    assert found == left_out


def test_a_name_that_looks_like_a_pattern_means_itself() -> None:
    salty = [need_state_feature("Snacks", "Salty [large]")]
    assert not label_features(salty, {}, ["Salty [large]"])[0].named


def test_words_that_make_two_features_read_alike_are_found() -> None:
    words = {"demographics.median_income": "race white"}
    ((one, other),) = read_alike(FEATURES, label_features(FEATURES, words, []))
    assert {one.name, other.name} == {"demographics.median_income", "traffic.race_white"}
    assert read_alike(FEATURES, label_features(FEATURES, {"MINT_X": "mint"}, [])) == []


def test_a_name_that_no_feature_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError) as error:
        check_named(["demographics.median_incom"], ["*.race_white", "MINT_Y"], FEATURES, [])
    message = str(error.value)
    assert "labels.features: 'demographics.median_incom' is no feature of this run." in message
    assert "Did you mean 'demographics.median_income'?" in message
    assert (
        "labels.never_name: 'MINT_Y' is no feature of this run. Did you mean 'MINT_X'?" in message
    )
    assert "race_white" not in message.partition("Expected")[0]


def test_a_pattern_that_fits_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"'\*\.rase_\*' is no feature"):
        check_named([], ["*.rase_*"], FEATURES, [])


def test_a_column_that_was_set_aside_may_be_named() -> None:
    check_named(["stores.address"], ["stores.*"], FEATURES, ["stores.address"])


def test_axes_do_not_name_what_is_never_named() -> None:
    loadings, words = np.array([0.9, 0.5, -0.1]), np.array(["white", "rent", "age"], dtype=object)
    assert describe_component(loadings, words) == "more white, rent"
    assert describe_component(loadings, words, np.array([False, True, True])) == "more rent"
    none = describe_component(loadings, words, np.array([False, False, True]))
    assert none == "features that are not named"
