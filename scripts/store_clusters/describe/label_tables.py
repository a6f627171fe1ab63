"""The words for features: from the tables of features, and the table of that name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from store_clusters.describe.labels import (
    Feature,
    Label,
    Labels,
    check_different,
    check_named,
    column_features,
    label_features,
    need_state_feature,
    whole_store_feature,
)
from store_clusters.describe.options import Labels as LabelOptions
from store_clusters.sales.whole_store import WHOLE_STORE, feature_name
from store_clusters.tables.contracts import read_table


def read_labels(path: str | Path) -> Labels:
    """Read the table ``labels``."""
    rows = read_table(path, "labels").to_pylist()
    return Labels(
        {(row["track"], row["group"], row["feature"]): (row["words"], row["named"]) for row in rows}
    )


def internal_features(need_states: Sequence[tuple[str, str]], groups: str) -> list[Feature]:
    """Return every need state, given with its category, as features of the groups."""
    features = []
    if groups != "store":
        features += [need_state_feature(*place) for place in need_states]
    if groups != "category":
        features += [
            whole_store_feature(WHOLE_STORE, feature_name(*place), *place) for place in need_states
        ]
    return features


def read_external_features(path: str | Path) -> list[Feature]:
    """Read the external features, with the levels of those that are categorical."""
    table = read_table(path, "raw_features", columns=["feature", "level"])
    levels: dict[str, list[str]] = {}
    for row in table.group_by(["feature", "level"]).aggregate([]).to_pylist():
        levels.setdefault(row["feature"], []).extend([row["level"]] if row["level"] else [])
    return column_features({feature: sorted(levels[feature]) for feature in sorted(levels)})


def read_set_aside(path: str | Path) -> list[str]:
    """Read the names of the external columns that were set aside."""
    rows = read_table(path, "set_aside_columns").to_pylist()
    return [f"{row['source']}.{row['column']}" for row in rows]


def labelled(features: Sequence[Feature], aside: list[str], options: LabelOptions) -> list[Label]:
    """Return how features read, by the words of the configuration.

    Raises:
        InputError: Words are for what is neither a feature nor set aside, or for two alike.
    """
    check_named(options.features, options.never_name, features, aside)
    labels = label_features(features, options.features, options.never_name)
    check_different(features, labels, options.features)
    return labels


def label_columns(features: Sequence[Feature], labels: Sequence[Label]) -> dict[str, Any]:
    """Return the columns of the table ``labels``."""
    return {
        "track": [feature.track for feature in features],
        "group": [feature.group for feature in features],
        "feature": [feature.name for feature in features],
        "words": [label.words for label in labels],
        "named": [label.named for label in labels],
    }
