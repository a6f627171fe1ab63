"""Say in which words people read every feature, and which features no text names.

Reads: the product map, the external features and the columns set aside.
Writes: one row per feature. A name in ``labels`` that no feature has ends the run here.
"""

import difflib
from collections.abc import Iterable
from typing import Any

from store_clusters.describe.labels import (
    Feature,
    column_features,
    fits,
    label_features,
    need_state_feature,
    read_alike,
    whole_store_feature,
)
from store_clusters.inputs.options import Products
from store_clusters.run.errors import InputError, examples
from store_clusters.run.job import JobLog, run
from store_clusters.run.options import options_of
from store_clusters.sales.product_map import read_need_states
from store_clusters.sales.whole_store import WHOLE_STORE, feature_name
from store_clusters.tables.contracts import read_table, write_table


def main(snakemake: Any, log: JobLog) -> None:
    """Label the features of both tracks."""
    files, params = snakemake.input, snakemake.params
    words, never_name = params.labels["features"], params.labels["never_name"]
    places = read_need_states(files.products, options_of(Products, params.products))
    features = need_states(places, params.groups)
    features += column_features(columns(files.raw_features))
    aside = read_table(files.set_aside, "set_aside_columns").to_pylist()
    check_known(words, never_name, features, [f"{row['source']}.{row['column']}" for row in aside])
    labels = label_features(features, words, never_name)
    check_different(read_alike(features, labels), words)
    rows = write_table(
        snakemake.output[0],
        "labels",
        {
            "track": [feature.track for feature in features],
            "group": [feature.group for feature in features],
            "feature": [feature.name for feature in features],
            "words": [label.words for label in labels],
            "named": [label.named for label in labels],
        },
    )
    chosen = sum(label.chosen for label in labels)
    kept_out = sum(not label.named for label in labels)
    log.done(
        f"{rows:,} features, {chosen:,} with words of your own, {kept_out:,} never named",
        rows_out=rows,
        chosen=chosen,
        never_named=kept_out,
    )


def need_states(places: list[tuple[str, str]], groups: str) -> list[Feature]:
    """Return every need state of the product map, sold or not, as features of the groups."""
    features = []
    if groups != "store":
        features += [need_state_feature(*place) for place in places]
    if groups != "category":
        features += [
            whole_store_feature(WHOLE_STORE, feature_name(*place), *place) for place in places
        ]
    return features


def columns(path: str) -> dict[str, list[str]]:
    """Return the external features with the levels of those that are categorical."""
    table = read_table(path, "raw_features", columns=["feature", "level"])
    levels: dict[str, list[str]] = {}
    for row in table.group_by(["feature", "level"]).aggregate([]).to_pylist():
        levels.setdefault(row["feature"], []).extend([row["level"]] if row["level"] else [])
    return {feature: sorted(levels[feature]) for feature in sorted(levels)}


def check_known(
    words: Iterable[str], never_name: Iterable[str], features: list[Feature], aside: list[str]
) -> None:
    """Refuse what names no feature, nor a column that was set aside."""
    known = list(dict.fromkeys([key for feature in features for key in feature.keys] + aside))
    unknown = [("labels.features", key) for key in words if key not in set(known)]
    unknown += [("labels.never_name", key) for key in never_name if not fits(key, known)]
    problems = []
    for place, key in unknown:
        near = difflib.get_close_matches(key, known, 1, 0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        problems.append(f"Configuration: {place}: {key!r} is no feature of this run.{hint}")
    if problems:
        pattern = ", in never_name also a pattern such as '*.race_*'"
        raise InputError(
            "\n  ".join(problems) + "\n  Expected an external `source.column` (or "
            f"`source.column=level`), a need state or `category · need state`{pattern}. External: "
            f"{examples([x.name for x in features if x.track == 'external' and not x.level], 8)}."
        )


def check_different(alike: list[list[Feature]], words: dict[str, str]) -> None:
    """Refuse words that would make two features read alike."""
    if alike:
        names = [feature.name for feature in alike[0]]
        said = next(words[key] for feature in alike[0] for key in feature.keys if key in words)
        raise InputError(
            f"Configuration: labels.features: {examples(names)} would all read {said!r}. "
            "Expected different words for different features."
        )


if __name__ == "__main__":
    run(main, snakemake)
