"""How many clusters? As many as explain sales of months held out that are worth their price.

Clusters of one half of the months predict the mixes of the other: :func:`predict_mix` says how much
of their variance 1, 2, ... clusters explain, and :func:`best_at_price` which number to take.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.clustering import cluster_stores, fit_clusters
from store_clusters.clusters.held_out import HeldOut, Judge, with_means
from store_clusters.clusters.limits import Limits
from store_clusters.clusters.nesting import Nest
from store_clusters.clusters.steps import Stores
from store_clusters.features.normalization import columns_by, comparable_mixes

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
MOST_STORES = 2000  # more are sampled to find the centres; all are judged
STARTS = 4  # of k-means
PRICE = 0.01  # of what stores' own history explains: what one more cluster has to add
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
    of_history: list[Floats] = []
    halves = np.clip(odd, 0, None), np.clip(even, 0, None)
    for predicting, judging in (halves, halves[::-1]):
        values = with_means(comparable_mixes(predicting, parts, transform)[0])
        labels = _clusters(values, np.sqrt(predicting.sum(axis=1)), largest, min_size, seed)
        total = float(judging.sum(axis=1).sum())
        judges = [
            Judge(predicting.take(part, axis=1), judging.take(part, axis=1), total)
            for part in columns
        ]
        errors.append(np.array([_sum(judge.of(one) for judge in judges) for one in labels]))
        distances.append(_sum(judge.of_chain for judge in judges))
        of_history.append(_sum(judge.of_history for judge in judges))
    error, distance = np.sum(errors, axis=0), np.sum(distances, axis=0)
    total = max(float(distance.sum()), 1e-12)
    explained = 1 - error.sum(axis=1) / total
    less = error[0] - error
    spread = np.sqrt(np.sum((less - less.mean(axis=1, keepdims=True)) ** 2, axis=1))
    return Prediction(explained, spread / total, float(1 - np.sum(of_history) / total))


def _sum(errors: Iterable[Floats]) -> Floats:
    """Return the sum of the errors (n_stores,) of several categories."""
    return np.asarray(sum(errors))


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
    some, counted = values[drawn], weights[drawn]
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
            weights=counted,
            sizes=(least, len(some)),
        )
        labels.append(rule.place(values))
    return labels


@dataclass(frozen=True)
class Fit:
    """How the clusters of a group are made, as for :func:`cluster_stores`."""

    values: Floats  # (n_stores, n_components)
    weights: Floats  # (n_stores,) sales
    algorithm: str
    starts: int
    seed: int
    min_size: int


def best_at_price(fit: Fit, held_out: HeldOut, prediction: Prediction, candidates: range) -> int:
    """Return the number of clusters that is best at its price, 1 where none surely explains.

    For every number of ``candidates`` the clusters are made of all months; those that parting from
    the cluster which sells most alike does not surely explain sales of months held out are joined
    with it (see :class:`Nest`). What the rest explains counts, less 0.01 of what the
    stores' own history explains (or the best clusters, where that is more) for each cluster: a
    planner pays for every one with a plan. One cluster is left where the lower 95 % bound of what
    that number of clusters explains, made of one half of the months, is not above nothing.
    """
    worth = {k: _explained_with_evidence(fit, held_out, k) for k in candidates}
    most = max([held_out.history, *(explained for explained, _ in worth.values())])
    net = {k: explained - PRICE * most * clusters for k, (explained, clusters) in worth.items()}
    best = max(net, key=lambda k: (round(net[k], 9), -k))
    tried = min(best, len(prediction.explained)) - 1
    sure = prediction.explained[tried] - SURE * prediction.error[tried] > 0
    return best if sure and net[best] > -PRICE * most else 1


def _explained_with_evidence(fit: Fit, held_out: HeldOut, k: int) -> tuple[float, int]:
    """Return what k clusters explain once those without evidence are joined, and their number."""
    n = len(fit.values)
    labels = cluster_stores(
        fit.values,
        np.ones(n, dtype=bool),
        weights=fit.weights,
        k=k,
        algorithm=fit.algorithm,
        starts=fit.starts,
        seed=fit.seed,
        min_size=fit.min_size,
    ).labels
    no_refits = np.zeros((0, n), dtype=np.int64)
    stores = Stores(
        internal=labels,
        external=np.zeros(n, dtype=np.int64),
        mix=fit.values,
        surroundings=np.zeros((n, 1)),
        weights=np.sqrt(fit.weights),
        internal_refits=no_refits,
        external_refits=no_refits,
        held_out=held_out,
        grouped=False,
    )
    nest = Nest(stores, Limits(1), fit.seed)
    step = nest.start()
    while not nest.sound(step) and (following := nest.fewer(step)) is not None:
        step = following
    return held_out.explained(nest.errors(step)), len(step.names)
