"""Say in a few rules which stores are in which cluster: a decision tree, read aloud."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from store_clusters.describe.words import number, significant

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
DEPTH = 5
FOLDS = 5
DIGITS = 4  # significant digits of a bound
LEAST = 0.02  # share of the stores that a rule holds for at least
WORTH = 0.005  # least gain in Gini impurity, over all stores, that a split must bring
SKETCH_BELOW = 0.9  # share of held-out stores placed right, in whole percent as it is shown


@dataclass(frozen=True)
class Bound:
    """A side of a split: at most or above a value of a column."""

    column: int
    value: float
    above: bool


@dataclass(frozen=True)
class Rule:
    """What holds for some stores, and the cluster that most of them are in."""

    conditions: str
    label: int
    stores: int
    right: float  # share of these stores that are in the cluster


def decision_rules(
    values: Floats, labels: Labels, words: Sequence[str], kinds: Sequence[str], seed: int
) -> tuple[list[Rule], float | None]:
    """Return rules for every store, and the share of held-out stores that such rules place right.

    A tree of at most five levels (scikit-learn's), with bounds rounded to four digits. A store
    whose value is unknown counts as having the median. The share is by five-fold cross-validation;
    None where a cluster has one store only.

    Args:
        values: (n_stores, n_features), NaN where unknown.
        labels: (n_stores,) clusters.
        words: (n_features,) how features read; there may be none.
        kinds: (n_features,) `sales` (a share of them), `level` (zeros and ones) or `number`.
        seed: Of the folds and of ties between splits.
    """
    if len(np.unique(labels)) == 1:
        return [Rule("any store", int(labels[0]), len(labels), 1.0)], 1.0
    if values.shape[1] == 0:  # nothing may be named: the rule is the largest cluster
        values, words, kinds = np.zeros((len(labels), 1)), [""], ["number"]
    values = np.where(np.isnan(values), np.nanmedian(values, axis=0), values)
    tree = _fit(values, labels, seed)
    rules = []
    for bounds, mask in _leaves(tree, values, labels):
        if mask.any():
            found, counts = np.unique(labels[mask], return_counts=True)
            label = int(found[counts.argmax()])
            conditions = " and ".join(_conditions(bounds, words, kinds)) or "any store"
            rules.append(Rule(conditions, label, int(mask.sum()), float(counts.max() / mask.sum())))
    rules.sort(key=lambda rule: (rule.label, -rule.stores, rule.conditions))
    return rules, _accuracy(values, labels, seed)


def only_a_sketch(accuracy: float | None) -> bool:
    """Say whether rules of this accuracy, as it is shown, are only a sketch."""
    return accuracy is None or round(accuracy, 2) < SKETCH_BELOW


def _fit(values: Floats, labels: Labels, seed: int) -> "DecisionTreeClassifier":
    from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415, slow to import

    least = max(2, round(len(labels) * LEAST))
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=least, ccp_alpha=WORTH, random_state=seed
    )
    return tree.fit(values, labels)


def _accuracy(values: Floats, labels: Labels, seed: int) -> float | None:
    folds = min(FOLDS, int(np.unique(labels, return_counts=True)[1].min()))
    if folds < 2:
        return None
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415, slow to import

    right = np.zeros(len(labels), dtype=bool)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for rest, held_out in split.split(values, labels):
        tree = _fit(values[rest], labels[rest], seed)
        right[held_out] = tree.predict(values[held_out]) == labels[held_out]
    return float(right.mean())


def _leaves(
    fitted: "DecisionTreeClassifier", values: Floats, labels: Labels
) -> Iterator[tuple[list[Bound], Mask]]:
    """Yield the bounds and the stores of each leaf; leaves of one cluster side by side are one."""
    tree: Any = fitted.tree_
    majority = tree.value[:, 0, :].argmax(axis=1)

    def only(node: int) -> set[int]:
        left, right = tree.children_left[node], tree.children_right[node]
        return {int(majority[node])} if left < 0 else only(left) | only(right)

    def walk(node: int, bounds: list[Bound], mask: Mask) -> Iterator[tuple[list[Bound], Mask]]:
        if len(only(node)) == 1:
            yield bounds, mask
            return
        column = int(tree.feature[node])
        value = significant(float(tree.threshold[node]), DIGITS)
        left = values[:, column] <= value
        for child, above, side in (
            (tree.children_left[node], False, left),
            (tree.children_right[node], True, ~left),
        ):
            yield from walk(child, [*bounds, Bound(column, value, above)], mask & side)

    yield from walk(0, [], np.ones(len(labels), dtype=bool))


def _conditions(bounds: list[Bound], words: Sequence[str], kinds: Sequence[str]) -> Iterator[str]:
    """Yield a condition per feature: the tightest bounds on either side."""
    for column in dict.fromkeys(bound.column for bound in bounds):
        here = [bound for bound in bounds if bound.column == column]
        low = max((bound.value for bound in here if bound.above), default=None)
        high = min((bound.value for bound in here if not bound.above), default=None)
        yield _condition(words[column], kinds[column], low, high)


def _condition(words: str, kind: str, low: float | None, high: float | None) -> str:
    if kind == "level":
        return words if low is not None else f"not {words}"
    text = _share if kind == "sales" else _precise
    unit = " of sales" if kind == "sales" else ""
    if low is None:
        assert high is not None
        return f"{words} at most {text(high)}{unit}"
    if high is None:
        return f"{words} over {text(low)}{unit}"
    return f"{words} over {text(low)} and at most {text(high)}{unit}"


def _precise(value: float) -> str:
    return number(value, DIGITS)


def _share(value: float) -> str:
    return f"{number(100 * value, DIGITS)} %"
