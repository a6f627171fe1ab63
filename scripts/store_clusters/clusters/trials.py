"""What a criterion for the number of clusters is given, and what it answers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from store_clusters.clusters.algorithms import ALGORITHMS
from store_clusters.clusters.clustering import fit_clusters
from store_clusters.clusters.partitions import ward_kmeans
from store_clusters.clusters.prediction import Prediction

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Score = tuple[int, str, float]  # number of clusters, name of the score, value
MOST_SCORED = 1000  # stores, for the scores that take every store's distances


@dataclass(frozen=True)
class Choice:
    """The number of clusters, how it came about, and every score of every number tried."""

    k: int
    status: str
    criterion: str
    scores: list[Score]
    verdict: str = "untested"  # `groups`, `continuum`, `none`


@dataclass(frozen=True)
class Partition:
    """Clusters of at most 1,000 stores, to be scored."""

    k: int  # clusters asked for
    values: Floats  # (n_scored, n_components)
    distances: Floats  # (n_scored, n_scored) between stores
    labels: Labels  # (n_scored,), at least two different ones


@dataclass(frozen=True)
class Trial:
    """The stores of a group and the numbers of clusters that are tried, two of them at least."""

    values: Floats  # (n_stores, n_components)
    numbers: range
    algorithm: str
    seed: int
    no_groups: str = "slices"  # where there are none: `slices`, `one`, `by_verdict`
    min_stores: int = 1  # of a cluster that counts as stable
    beyond_chance: int = 0  # of the first components, those that say more than chance would
    prediction: Prediction | None = None  # None without sales of months held out
    at_price: Callable[[range], int] | None = None  # see `best_at_price`; None likewise

    @cached_property
    def partitions(self) -> list[Partition]:
        """Clusters for every number, where there are two at least.

        K-means starts from Ward's clusters, which serve all numbers; other algorithms start once.
        The distances of all pairs are computed once.
        """
        random = np.random.default_rng(self.seed)
        values = self.values[np.sort(random.permutation(len(self.values))[:MOST_SCORED])]
        distances = cdist(values, values)
        fits: Iterable[Labels]
        if ALGORITHMS.load(self.algorithm).KMEANS:
            centres = ward_kmeans(values, self.numbers)
            fits = (cdist(values, one).argmin(axis=1) for one in centres)
        else:
            fits = (fit_clusters(values, k, self.algorithm, 1, self.seed)[0] for k in self.numbers)
        return [
            Partition(k, values, distances, labels)
            for k, labels in zip(self.numbers, fits, strict=True)
            if len(np.unique(labels)) > 1
        ]


def listed(name: str, values: Sequence[float] | npt.NDArray[np.number]) -> list[Score]:
    """Return the scores of 1, 2, ... clusters."""
    return [(k, name, float(value)) for k, value in enumerate(values, start=1)]


def series(name: str, scores: list[Score]) -> Floats:
    """Return the values that :func:`listed` took, (largest,)."""
    return np.array([value for _, of, value in sorted(scores) if of == name])


def best(name: str, scores: list[Score], *, highest: bool) -> Choice:
    """Return the number with the highest, or lowest, score; among equals the smaller number."""
    sign = 1 if highest else -1
    _, fewest = max((sign * value, -k) for k, of, value in scores if of == name)
    return Choice(-fewest, "chosen", name, scores)
