"""What one track says of a category's stores, and what resamples make of its clusters."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.limits import usable_size
from store_clusters.clusters.refits import refit

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Track:
    """The stores of a category in one track."""

    labels: Labels  # (n_stores,), cluster from 1, 0 where the track does not know the store
    values: Floats  # (n_stores, n_components), NaN rows where it does not know the store
    refits: Labels  # (n_refits, n_stores), labels on resamples under the clusters' names
    chances: Floats  # (n_stores, k) of belonging to each cluster, NaN rows where unknown
    outlier: Bools  # (n_stores,)

    @property
    def known(self) -> Bools:
        """Which stores the track knows, (n_stores,)."""
        return self.labels > 0


@dataclass(frozen=True)
class Resampling:
    """How a track's clusters were made, and how often they are made again."""

    refits: int
    seed: int
    algorithm: str
    min_size: int | float | str | None  # see :func:`usable_size`


def resampled(
    labels: Labels, values: Floats, outlier: Bools, weights: Floats, how: Resampling
) -> Track:
    """Return a track with what resamples make of its clusters, see :func:`refit`.

    Args:
        labels: (n_stores,) clusters from 1, 0 where the track does not know the store.
        values: (n_stores, n_components).
        outlier: (n_stores,), stores that are never drawn.
        weights: (n_stores,), by which a store counts.
        how: How the clusters were made.
    """
    known = labels > 0
    refits = np.zeros((how.refits, len(labels)), dtype=np.int64)
    chances = np.full((len(labels), int(labels.max(initial=0))), np.nan)
    if known.any():
        again = refit(
            values[known],
            labels[known] - 1,
            ~outlier[known],
            how.refits,
            how.seed,
            algorithm=how.algorithm,
            weights=weights[known],
            min_size=usable_size(how.min_size, int(known.sum())),
        )
        refits[:, known], chances[known] = again.labels + 1, again.chances
    return Track(labels, values, refits, chances, outlier)
