"""Say in which words people read a feature, and which features no text names."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from store_clusters.run.errors import InputError, did_you_mean, examples

Key = tuple[str, str, str]  # track, group, feature


@dataclass(frozen=True)
class Feature:
    """A feature of a group, as tables call it, and what the configuration may call it."""

    track: str
    group: str  # a category (or whole stores) in the internal track, `all` in the external one
    name: str
    keys: tuple[str, ...]  # the most exact first
    plain: str  # how it reads when nobody says otherwise
    before: str = ""  # what stands before the words: the category, of whole stores
    level: str = ""  # of a categorical feature, which stands behind the words of its column

    @property
    def key(self) -> Key:
        """What tables find the feature by."""
        return self.track, self.group, self.name


@dataclass(frozen=True)
class Label:
    """How a feature reads."""

    words: str
    named: bool  # whether names, reasons and rules may name it
    chosen: bool  # whether the configuration gave the words


@dataclass(frozen=True)
class Labels:
    """How features read, found by track, group (or category) and name."""

    by_key: dict[Key, tuple[str, bool]]  # words, and whether texts may name the feature

    def words(self, track: str, group: str, feature: str) -> str:
        """Return a feature in words."""
        return self._of(track, group, feature)[0]

    def named(self, track: str, group: str, feature: str) -> bool:
        """Return whether names, reasons and rules may name a feature."""
        return self._of(track, group, feature)[1]

    def of(
        self, track: str, group: str, features: Iterable[str]
    ) -> tuple[list[str], npt.NDArray[np.bool_]]:
        """Return several features of a group in words, and which of them texts may name."""
        found = [self._of(track, group, feature) for feature in features]
        return [words for words, _ in found], np.array([named for _, named in found], dtype=bool)

    def _of(self, track: str, group: str, feature: str) -> tuple[str, bool]:
        key = (track, group if track == "internal" else "all", feature)
        if key in self.by_key:
            return self.by_key[key]
        column, _, level = feature.partition("=")  # rare levels together are `other`
        words, named = self.by_key[key[0], key[1], column]
        return f"{words} {level}", named


def label_features(
    features: Sequence[Feature], words: Mapping[str, str], never_name: Sequence[str]
) -> list[Label]:
    """Return how each feature reads.

    Args:
        features: Of both tracks.
        words: From what the configuration calls features to words; of several that fit the most
            exact one counts, and words of a column are followed by the level.
        never_name: What the configuration calls features, or shell-style patterns of that.
    """
    labels = []
    for feature in features:
        found = [key for key in feature.keys if key in words]
        named = not any(fits(pattern, feature.keys) for pattern in never_name)
        if not found:
            labels.append(Label(feature.plain, named, chosen=False))
            continue
        exact = found[0] == feature.keys[0]
        level = "" if exact or not feature.level else f" {feature.level}"
        labels.append(Label(f"{feature.before}{words[found[0]]}{level}", named, chosen=True))
    return labels


def fits(pattern: str, keys: Iterable[str]) -> bool:
    """Say whether a name or a shell-style pattern means a feature with these keys."""
    return any(pattern == key or fnmatchcase(key, pattern) for key in keys)


def read_alike(features: Sequence[Feature], labels: Sequence[Label]) -> list[list[Feature]]:
    """Return features of a group that words from the configuration make read alike."""
    alike: dict[tuple[str, str, str], list[int]] = {}
    for number, (feature, label) in enumerate(zip(features, labels, strict=True)):
        alike.setdefault((feature.track, feature.group, label.words), []).append(number)
    return [
        [features[i] for i in same]
        for same in alike.values()
        if len(same) > 1 and any(labels[i].chosen for i in same)
    ]


def check_named(
    words: Iterable[str], never_name: Iterable[str], features: Sequence[Feature], aside: list[str]
) -> None:
    """Refuse what names no feature, nor a column that was set aside.

    Raises:
        InputError: With the nearest name.
    """
    known = list(dict.fromkeys([key for feature in features for key in feature.keys] + aside))
    unknown = [("labels.features", key) for key in words if key not in set(known)]
    unknown += [("labels.never_name", key) for key in never_name if not fits(key, known)]
    problems = []
    for place, key in unknown:
        hint = did_you_mean(key, known)
        problems.append(f"Configuration: {place}: {key!r} is no feature of this run.{hint}")
    if problems:
        pattern = ", in never_name also a pattern such as '*.race_*'"
        raise InputError(
            "\n  ".join(problems) + "\n  Expected an external `source.column` (or "
            f"`source.column=level`), a need state or `category · need state`{pattern}. External: "
            f"{examples([x.name for x in features if x.track == 'external' and not x.level], 8)}."
        )


def check_different(
    features: Sequence[Feature], labels: Sequence[Label], words: Mapping[str, str]
) -> None:
    """Refuse words that make two features read alike.

    Raises:
        InputError: With these features.
    """
    alike = read_alike(features, labels)
    if alike:
        names = [feature.name for feature in alike[0]]
        same = next(words[key] for feature in alike[0] for key in feature.keys if key in words)
        raise InputError(
            f"Configuration: labels.features: {examples(names)} would all read {same!r}. "
            "Expected different words for different features."
        )


def need_state_feature(category: str, need_state: str) -> Feature:
    """Return a need state of a category."""
    keys = (f"{category} · {need_state}", need_state)
    return Feature("internal", category, need_state, keys, need_state)


def whole_store_feature(group: str, name: str, category: str, need_state: str) -> Feature:
    """Return a need state of whole stores, which the tables call ``name``."""
    keys = need_state_feature(category, need_state).keys
    return Feature("internal", group, name, keys, name, before=f"{category} · ")


def column_features(levels: Mapping[str, Sequence[str]]) -> list[Feature]:
    """Return the external features: columns, ``source.column``, and ``source.column=level``.

    The source is left out of the plain words where its column's name is clear without it.

    Args:
        levels: From each column to its levels, none of a numeric one.
    """
    bare = Counter(column.partition(".")[2] for column in levels)
    features = []
    for column, of_column in levels.items():
        source, _, name = column.partition(".")
        plain = _spelled_out(name if bare[name] == 1 else f"{source} {name}")
        features.append(Feature("external", "all", column, (column,), plain))
        for level in of_column:
            keys = (f"{column}={level}", column)
            words = f"{plain} {level}"
            features.append(Feature("external", "all", keys[0], keys, words, level=level))
    return features


def _spelled_out(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words.lower() if words.isupper() else words
