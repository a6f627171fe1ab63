"""How many clusters pay: those that explain sales of months held out, at a price for each."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.clustering import cluster_stores
from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.limits import Limits
from store_clusters.clusters.nesting import Nest, Stores
from store_clusters.clusters.prediction import PRICE, SURE, Prediction

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """How the clusters of a group are made, as for :func:`cluster_stores`."""

    values: Floats  # (n_stores, n_components)
    weights: Floats  # (n_stores,) sales
    algorithm: str
    starts: int
    seed: int
    min_size: int


def choose_paying(fit: Fit, held_out: HeldOut, prediction: Prediction, candidates: range) -> int:
    """Return the number of clusters that pays best, 1 where none surely explains anything.

    For every number of ``candidates`` the clusters are made of all months; those that parting from
    the cluster which sells most alike does not surely explain sales of months held out are joined
    with it (see :class:`Nest`). What the rest explains counts, less 0.01 of what the
    stores' own history explains (or the best clusters, where that is more) for each cluster: a
    planner pays for every one with a plan. One cluster is left where the lower 95 % bound of what
    that number of clusters explains, made of one half of the months, is not above nothing.
    """
    found = {k: _surviving(fit, held_out, k) for k in candidates}
    most = max([held_out.history, *(explained for explained, _ in found.values())])
    net = {k: explained - PRICE * most * left for k, (explained, left) in found.items()}
    best = max(net, key=lambda k: (round(net[k], 9), -k))
    tried = min(best, len(prediction.explained)) - 1
    sure = prediction.explained[tried] - SURE * prediction.error[tried] > 0
    return best if sure and net[best] > -PRICE * most else 1


def _surviving(fit: Fit, held_out: HeldOut, k: int) -> tuple[float, int]:
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
    nobody = np.zeros((0, n), dtype=np.int64)
    stores = Stores(
        internal=labels,
        external=np.zeros(n, dtype=np.int64),
        mix=fit.values,
        surroundings=np.zeros((n, 1)),
        weights=np.sqrt(fit.weights),
        internal_refits=nobody,
        external_refits=nobody,
        held_out=held_out,
        grouped=False,
    )
    nest = Nest(stores, Limits(1), fit.seed)
    step = nest.start()
    while not nest.sound(step) and (following := nest.fewer(step)) is not None:
        step = following
    return held_out.explained(nest.errors(step)), len(step.names)
