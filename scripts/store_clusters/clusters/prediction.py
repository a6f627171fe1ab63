"""How much of what stores sell in months held out do clusters of the other months explain?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.clustering import fit_clusters
from store_clusters.features.normalization import columns_by, comparable_mixes

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
MOST_STORES = 2000  # more are sampled to find the centres; all are judged
STARTS = 4  # of k-means
PRICE = 0.01  # of what stores' own history explains: what one more cluster has to add
ALPHA = 0.1  # chance that the lower bound of what parting two clusters explains is above the truth
SURE = 1.645  # standard errors below what all clusters explain where its lower 95 % bound lies


@dataclass(frozen=True)
class Prediction:
    """Shares of the variance of the stores' mixes, weighted by sales, on months held out."""

    explained: Floats  # (largest,) by 1..largest clusters
    error: Floats  # (largest,) standard error of the difference from one cluster
    history: float  # by what each store itself sold in the other months


def predict_mix(
    odd: Floats,
    even: Floats,
    largest: int,
    transform: str,
    seed: int,
    *,
    parts: npt.NDArray[np.object_] | None = None,
    min_size: int = 1,
) -> Prediction:
    """Make clusters on one half of the months and predict the mixes of the other, both ways.

    A store's mix (shares of sales) in the one half is predicted by what its cluster sold together
    in the other. The share explained is one minus the sum of squared errors over the sum of squared
    distances from the chain's mix in the other half, every store weighted by its sales; it is
    negative where that mix predicts better. Clusters are those of k-means in which a store counts
    by the square root of its sales, of at least ``min_size`` stores. Standard errors are over
    stores, of differences, as the same stores judge every number.

    Args:
        odd, even: (n_stores, n_need_states) sales in odd and even months; every store has positive
            sales in both.
        largest: Largest number of clusters.
        transform: How the mixes are made comparable before stores are clustered.
        seed: Seed of the starts, and of the sample of stores on which clusters are made.
        parts: (n_need_states,), the category of each need state where there are several. A store
            then has a mix in each, weighted by its sales there; clusters are made as if it had the
            average mix where it has none, and nothing is expected of its own history there.
        min_size: Stores that a cluster has at least; there are enough for ``largest`` clusters.
    """
    if parts is None:
        parts = np.full(odd.shape[1], "", dtype=object)
    columns = columns_by(parts)
    errors: list[Floats] = []
    distances: list[Floats] = []
    own: list[Floats] = []
    halves = np.clip(odd, 0, None), np.clip(even, 0, None)
    for known, later in (halves, halves[::-1]):
        values = with_means(comparable_mixes(known, parts, transform)[0])
        labels = _clusters(values, np.sqrt(known.sum(axis=1)), largest, min_size, seed)
        total = float(later.sum(axis=1).sum())
        judged = [
            judge_mixes(np.take(known, part, axis=1), np.take(later, part, axis=1), total, labels)
            for part in columns
        ]
        for sums, terms in zip((errors, distances, own), zip(*judged, strict=True), strict=True):
            sums.append(sum(terms))
    error, distance = np.sum(errors, axis=0), np.sum(distances, axis=0)
    total = max(float(distance.sum()), 1e-12)
    explained = 1 - error.sum(axis=1) / total
    less = error[0] - error
    spread = np.sqrt(np.sum((less - less.mean(axis=1, keepdims=True)) ** 2, axis=1))
    return Prediction(explained, spread / total, float(1 - np.sum(own) / total))


def predict_sold(
    odd: Floats,
    even: Floats,
    numbers: range,
    transform: str,
    seed: int,
    *,
    parts: npt.NDArray[np.object_] | None = None,
    min_size: int = 1,
) -> Prediction | None:
    """Predict the mixes of the stores that sold something in both halves, see :func:`predict_mix`.

    None where these are too few for the first of the ``numbers`` of clusters, or where there is
    one need state.
    """
    both = np.all([np.clip(x, 0, None).sum(axis=1) > 0 for x in (odd, even)], axis=0)
    stores = int(both.sum())
    largest = min(numbers[-1], stores - 1, stores // min_size)
    if largest < numbers[0] or odd.shape[1] < 2:
        return None
    return predict_mix(
        odd[both], even[both], largest, transform, seed, parts=parts, min_size=min_size
    )


def _clusters(
    values: Floats, weights: Floats, largest: int, min_size: int, seed: int
) -> list[Labels]:
    """Return the clusters of all stores by 1..largest clusters of k-means."""
    random = np.random.default_rng(seed)
    drawn = np.sort(random.permutation(len(values))[:MOST_STORES])
    some, own = values[drawn], weights[drawn]
    least = max(1, min_size * len(some) // len(values))
    distinct = len(np.unique(np.round(some, 9), axis=0))
    labels = []
    for k in range(1, largest + 1):
        _, rule = fit_clusters(
            some,
            min(k, distinct),
            "kmeans_limited",
            STARTS,
            seed,
            weights=own,
            sizes=(least, len(some)),
        )
        labels.append(rule.place(values))
    return labels


def judge_mixes(
    known: Floats, later: Floats, total: float, labels: list[npt.NDArray[np.int64]]
) -> tuple[Floats, Floats, Floats]:
    """Return squared errors of one category's mixes, weighted by sales as shares of ``total``.

    ``known`` and ``later`` (n_stores, n_need_states) are sales of the months that predict and of
    those that judge. Returned are the errors of each of the ``labels`` (n_numbers, n_stores), of
    the chain's mix (n_stores,) and of the stores' own (n_stores,).
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


def with_means(values: Floats) -> Floats:
    """Return values with the mean of each column where unknown, 0 where none is known."""
    known = ~np.isnan(values)
    if known.all():
        return values
    sums, counts = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    return np.where(known, values, sums / np.maximum(counts, 1))


def _sold_together(sales: Floats, labels: npt.NDArray[np.int64]) -> Floats:
    """Return the mix of each store's cluster, (n_stores, n_need_states)."""
    of = (labels[None] == np.arange(int(labels.max()) + 1)[:, None]).astype(float)
    return np.asarray(_mixes(of @ sales)[labels])


def _squared(mix: Floats, predicted: Floats) -> Floats:
    return np.asarray(np.sum((mix - predicted) ** 2, axis=1))
