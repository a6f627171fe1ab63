"""How much of what stores sell do clusters foretell that were made on other months?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from methods.normalize import columns_by, comparable_mixes
from methods.partitions import sample_stores, ward_kmeans

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """Shares of the variance of the stores' mixes, weighted by sales, on months held out."""

    explained: Floats  # (largest,) by 1..largest clusters
    error: Floats  # (largest,) standard error of the difference from the best number
    history: float  # by what each store itself sold in the other months


def predict_mix(
    odd: Floats,
    even: Floats,
    largest: int,
    transform: str,
    seed: int,
    *,
    parts: npt.NDArray[np.object_] | None = None,
) -> Prediction:
    """Make clusters on one half of the months and predict the mixes of the other, both ways.

    A store's mix (shares of sales) in the one half is predicted by what its cluster sold together
    in the other. The share explained is one minus the sum of squared errors over the sum of squared
    distances from the chain's mix in the other half, every store weighted by its sales; it is
    negative where that mix predicts better. Standard errors are over stores, of differences, as
    the same stores judge every number.

    Args:
        odd, even: (n_stores, n_need_states) sales in odd and even months; every store has positive
            sales in both.
        largest: Largest number of clusters.
        transform: How the mixes are made comparable before stores are clustered.
        seed: Seed of the sample of stores on which clusters start.
        parts: (n_need_states,), the category of each need state where there are several. A store
            then has a mix in each, weighted by its sales there; clusters are made as if it had the
            average mix where it has none, and nothing is expected of its own history there.
    """
    if parts is None:
        parts = np.full(odd.shape[1], "", dtype=object)
    columns = columns_by(parts)
    errors: list[Floats] = []
    distances: list[Floats] = []
    own: list[Floats] = []
    halves = np.clip(odd, 0, None), np.clip(even, 0, None)
    for known, later in (halves, halves[::-1]):
        values = _with_means(comparable_mixes(known, parts, transform)[0])
        sample = sample_stores(values, np.random.default_rng(seed))
        labels = [
            cdist(values, centres).argmin(axis=1)
            for centres in ward_kmeans(sample, range(1, largest + 1))
        ]
        total = float(later.sum(axis=1).sum())
        judged = [
            _judge(np.take(known, part, axis=1), np.take(later, part, axis=1), total, labels)
            for part in columns
        ]
        for sums, terms in zip((errors, distances, own), zip(*judged, strict=True), strict=True):
            sums.append(sum(terms))
    error, distance = np.sum(errors, axis=0), np.sum(distances, axis=0)
    total = max(float(distance.sum()), 1e-12)
    explained = 1 - error.sum(axis=1) / total
    more = error - error[explained.argmax()]
    spread = np.sqrt(np.sum((more - more.mean(axis=1, keepdims=True)) ** 2, axis=1))
    return Prediction(explained, spread / total, float(1 - np.sum(own) / total))


def predict_sold(
    odd: Floats,
    even: Floats,
    numbers: range,
    transform: str,
    seed: int,
    *,
    parts: npt.NDArray[np.object_] | None = None,
) -> Prediction | None:
    """Predict the mixes of the stores that sold something in both halves, see :func:`predict_mix`.

    None where these are too few for the first of the ``numbers`` of clusters, or where there is
    one need state.
    """
    both = np.all([np.clip(x, 0, None).sum(axis=1) > 0 for x in (odd, even)], axis=0)
    largest = min(numbers[-1], int(both.sum()) - 1)
    if largest < numbers[0] or odd.shape[1] < 2:
        return None
    return predict_mix(odd[both], even[both], largest, transform, seed, parts=parts)


def choose_by_prediction(prediction: Prediction, candidates: range) -> int:
    """Return the fewest clusters that do not foretell surely less than the best.

    It is the smallest of ``candidates`` whose share explained is within one standard error of that
    of the best number (the best of all numbers tried, if that is one of them).
    """
    explained = prediction.explained[: candidates[-1]]
    enough = explained >= explained.max() - prediction.error[: candidates[-1]]
    return max(candidates[0], int(np.flatnonzero(enough)[0]) + 1)


def _judge(
    known: Floats, later: Floats, total: float, labels: list[npt.NDArray[np.int64]]
) -> tuple[Floats, Floats, Floats]:
    """Return squared errors of one category's mixes, weighted by sales as shares of ``total``.

    They are those of clusters (n_numbers, n_stores), of the chain's mix and of the stores' own.
    """
    sold = later.sum(axis=1)
    mix, weight = _mixes(later), sold / total
    chain = known.sum(axis=0) / (known.sum() or 1.0)
    before = np.where(known.sum(axis=1, keepdims=True) > 0, _mixes(known), chain)
    errors = [weight * _squared(mix, _sold_together(known, numbers)) for numbers in labels]
    return np.array(errors), weight * _squared(mix, chain), weight * _squared(mix, before)


def _mixes(sales: Floats) -> Floats:
    """Return shares of each row's sum, 0 where it is 0."""
    totals = sales.sum(axis=1, keepdims=True)
    return np.asarray(sales / np.where(totals > 0, totals, 1.0))


def _with_means(values: Floats) -> Floats:
    """Return values with the mean of each column where unknown, 0 where none is known."""
    known = ~np.isnan(values)
    if known.all():
        return values
    sums, counts = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    return np.where(known, values, sums / np.maximum(counts, 1))


def _sold_together(sales: Floats, labels: npt.NDArray[np.int64]) -> Floats:
    """Return the mix of each store's cluster, (n_stores, n_need_states)."""
    sums = np.zeros((int(labels.max()) + 1, sales.shape[1]))
    np.add.at(sums, labels, sales)
    return np.asarray(_mixes(sums)[labels])


def _squared(mix: Floats, predicted: Floats) -> Floats:
    return np.asarray(np.sum((mix - predicted) ** 2, axis=1))
