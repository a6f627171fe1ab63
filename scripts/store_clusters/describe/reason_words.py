"""Reasons for a store's final cluster, in words that people read."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from store_clusters.describe.words import magnitudes, numbers, percents

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
MOST_DIGITS = 6  # significant ones of a tip
WHY = {
    "inseparable": "{source} could not be told from {target} on resampled stores",
    "too_small": "{source} had too few stores, {stores}, and joined {target}",
    "too_many": "there were too many clusters, and {source} joined {target}",
    "too_large": "{source} had too many stores, and {target} took {stores} of them",
    "no_evidence": "there was no evidence for {source} and {target} as clusters apart",
    "fewer": "fewer clusters were asked for, and {source} joined {target}",
    "not_parted": "surroundings do not part {source} from {target}",
    "sells_differently": "stores of {source} sell differently, and {target} took {stores} of them",
}
WHOLE = {  # where final clusters nest in internal ones, only whole internal clusters are joined
    "too_small": "internal cluster {internal} had too few stores, and joined {target}",
    "too_many": "there were too many clusters, and internal cluster {internal} joined {target}",
    "no_evidence": "there was no evidence for internal cluster {internal} and {target} as clusters "
    "apart",
    "fewer": "fewer clusters were asked for, and internal cluster {internal} joined {target}",
}


def reason_words(
    words: Texts, kinds: Texts, values: tuple[Floats, Floats, Floats], next_best: Texts
) -> Texts:
    """Return what stores have, what their cluster and what the next best one, in words (m,).

    Those of the clusters are the ones of their profiles: shares are of all that a cluster sells.

    Args:
        words: (m,) the feature of each reason.
        kinds: (m,) `sales`, `number` or `level`.
        values: (m,) each: the store's, its cluster's and the next best cluster's.
        next_best: (m,) the names of the next best clusters.
    """
    level = np.asarray(kinds == "level")
    lacks = level & (values[0] <= 0)
    lead = np.where(lacks, "not ", "").astype(object)
    unit = np.where(kinds == "sales", " of sales", "").astype(object)
    here = _value_words(kinds, values[0])
    cluster, other = (
        _value_words(kinds, np.where(lacks, 1 - value, value)) for value in values[1:]
    )
    of_levels = " (" + cluster + " of its cluster, " + other + " of " + next_best + ")"
    of_others = (
        " " + here + unit + " (its cluster " + cluster + ", " + next_best + " " + other + ")"
    )
    return np.asarray(lead + words + np.where(level, of_levels, of_others))


def tip_words(words: Texts, kinds: Texts, store: Floats, reached: Floats) -> Texts:
    """Return from which value on stores would be as near to the next best cluster, in words (m,).

    With as many digits as the difference needs; where six are too few, it is next to nothing.

    Args:
        words: (m,) the feature of each.
        kinds: (m,) `sales` or `number`.
        store: (m,) the stores' values.
        reached: (m,) the values that would tip them.
    """
    size = np.maximum(np.abs(store), np.abs(reached))
    difference = np.abs(reached - store)
    nothing = difference <= size * 10.0 ** (1 - MOST_DIGITS)
    text = np.asarray(words + " changed by next to nothing")
    said = ~nothing
    words, kinds = words[said], kinds[said]
    store, reached, size, difference = store[said], reached[said], size[said], difference[said]
    needed = magnitudes(size) - magnitudes(difference) + 1
    usual = np.where((kinds == "number") | (size >= 1), 3, 2)
    digits = np.where(needed > usual, needed, 0)
    way = np.where(reached > store, " rose from ", " fell from ").astype(object)
    unit = np.where(kinds == "sales", " of sales", "").astype(object)
    start, end = (_end_words(kinds, value, digits) for value in (store, reached))
    text[said] = words + way + start + " to " + end + unit
    return text


def joined(words: Texts, rows: npt.NDArray[np.int64], count: int) -> Texts:
    """Return the texts of each of ``count`` stores in one; None where there is none.

    Args:
        words: (m,) those of one store in their order.
        rows: (m,) the store of each, from 0.
    """
    of: list[list[str]] = [[] for _ in range(count)]
    for row, text in zip(rows.tolist(), words.tolist(), strict=True):
        of[row].append(text)
    return np.array(["; ".join(some) or None for some in of], dtype=object)


def fold_path(
    folds: Sequence[tuple[str, str, int, str]], merged: str, final: str, *, nested: bool = False
) -> str:
    """Say how a merged cluster became, or became a part of, a final one.

    Args:
        folds: (from, to, stores, reason) in the order in which they happened.
        merged: Where the stores were.
        final: Where they are.
        nested: Whether final clusters nest in internal ones.
    """
    steps, here = [], merged
    for _ in folds:
        ways = [fold for fold in folds if fold[0] == here]
        if here == final or not ways:
            break
        source, target, stores, why = next((way for way in ways if way[1] == final), ways[0])
        internal, into = source.split("_")[0], target.split("_")[0]
        words = WHOLE if nested and internal != into and why in WHOLE else WHY
        steps.append(
            words[why].format(source=source, target=target, stores=stores, internal=internal)
        )
        here = target
    return "; ".join(steps)


def _value_words(kinds: Texts, values: Floats) -> Texts:
    """Return values (m,) with the usual digits."""
    text = np.empty(len(values), dtype=object)
    share = np.asarray(kinds != "number")
    text[share] = percents(values[share], np.float64)
    text[~share] = numbers(values[~share], scalar=np.float64)
    return text


def _end_words(kinds: Texts, values: Floats, needed: npt.NDArray[np.int64]) -> Texts:
    """Return values (m,) with ``needed`` digits where that is not 0, else the usual ones."""
    share = np.asarray(kinds == "sales")
    usual = np.where(share & (np.abs(values) < 1), 2, 3)
    text = numbers(np.where(share, 100 * values, values), np.where(needed > 0, needed, usual))
    return np.asarray(text + np.where(share, " %", "").astype(object))
