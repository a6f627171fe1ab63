"""The space of both tracks in which clusters are made and stores are placed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.steps import Stores
from store_clusters.merge.folding import Space
from store_clusters.merge.names import cell_name
from store_clusters.merge.tracks import Track

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]
BLOCK = 500  # stores whose distances to all others are held at once
INTERNAL, EXTERNAL, BOTH = 1, 2, 3  # sides: the tracks that know a store, added up; 0 for none


@dataclass(frozen=True)
class Layout:
    """The stores of a category, and which of them make its clusters; the others are placed."""

    internal: Track
    external: Track
    nested: bool  # final clusters nest in internal ones
    sides: Labels  # (n_stores,) INTERNAL, EXTERNAL or BOTH: which tracks know a store; 0 for none
    makers: Bools  # (n_stores,), the stores that make the clusters
    blocks: tuple[Floats, Floats]  # per track (n_stores, n_components), divided by its scale
    scales: tuple[float, float]  # per track, total standard deviation

    @cached_property
    def values(self) -> Floats:
        """Both tracks side by side, (n_stores, n_components), 0 where a track has no value."""
        return np.nan_to_num(np.hstack(self.blocks))

    def stores(self, weights: Floats, held_out: HeldOut | None, grouped: bool) -> Stores:
        """Return what is known of the makers, see :func:`merge_tracks`."""
        makers, clustered = self.makers, self.internal.known
        without_sales = bool((makers & ~clustered).any())
        return Stores(
            self.internal.labels[makers],
            self.external.labels[makers],
            np.nan_to_num(self.blocks[0][makers]),
            self.blocks[1][makers],
            np.maximum(weights[makers], 1e-9),
            self.internal.refits[:, makers],
            self.external.refits[:, makers],
            None if held_out is None or without_sales else held_out.of(makers[clustered]),
            grouped,
        )

    def space(self, join_above: float = np.inf) -> Space:
        """Return the space of the makers; where overlaps join cells, with the tracks' refits."""
        makers = self.makers
        tracks = (self.internal, self.external) if np.isfinite(join_above) else ()
        return Space(
            values=self.values[makers],
            mix=self.blocks[0][makers],
            sides=np.full(int(makers.sum()), BOTH) if self.nested else self.sides[makers],
            followers=self._followers,
            views=[track.refits[:, makers] for track in tracks],
            join_above=join_above,
        )

    def pairs(self) -> Names:
        """Return each store's pair of clusters, None where not both tracks know it.

        Where they know no store together, those of the one track are pairs of their own.
        """
        both = self.sides == BOTH
        named = both if both.any() else self.makers
        pairs = np.full(len(named), None, dtype=object)
        pairs[named] = cell_names(self.internal.labels[named], self.external.labels[named])
        return pairs

    def centres(self, labels: Labels, k: int) -> tuple[Floats, Floats]:
        """Return the means of k clusters (n_stores,) in each track, NaN where it knows no store."""
        return _means(self.internal.values, labels, k), _means(self.external.values, labels, k)

    def distances(self, centres: tuple[Floats, Floats]) -> Floats:
        """Return the distances of all stores to centres, (n_stores, k), in what a store has.

        Infinite where they have nothing in common.
        """
        inside, outside = (c / scale for c, scale in zip(centres, self.scales, strict=True))
        distances = np.full((len(self.sides), len(inside)), np.inf)
        for side, values, targets in (
            (BOTH, np.hstack(self.blocks), np.hstack([inside, outside])),
            (INTERNAL, self.blocks[0], inside),
            (EXTERNAL, self.blocks[1], outside),
        ):
            rows = self.sides == side
            distances[rows] = np.nan_to_num(cdist(values[rows], targets), nan=np.inf)
        return distances

    @cached_property
    def _followers(self) -> Labels:
        """Count for each maker the stores to be placed that are nearest to it."""
        counts = np.zeros(self.makers.sum(), dtype=np.int64)
        for side, values in zip((INTERNAL, EXTERNAL), self.blocks, strict=True):
            placed = np.flatnonzero((self.sides == side) & ~self.makers)
            near = np.flatnonzero(self.makers & (self.sides & side == side))
            here = np.searchsorted(np.flatnonzero(self.makers), near)
            for start in range(0, len(placed) if len(near) else 0, BLOCK):
                some = values[placed[start : start + BLOCK]]
                nearest = cdist(some, values[near]).argmin(axis=1)
                np.add.at(counts, here[nearest], 1)
        return counts


def lay_out(internal: Track, external: Track, aim: str) -> Layout:
    """Return who makes clusters, and where the stores are.

    Where final clusters nest, all stores with an internal cluster make them. With the aim
    ``joint``, or where no store is known to both tracks, these are the stores that both know, or
    all where there is none.
    """
    sides = INTERNAL * internal.known + EXTERNAL * external.known
    both = sides == BOTH
    nested = aim != "joint" and bool(both.any())
    makers = both if both.any() else sides > 0
    if nested:
        makers = internal.known
    scales = (
        _scale(internal.values[makers & internal.known]),
        _scale(external.values[makers & external.known]),
    )
    blocks = (internal.values / scales[0], external.values / scales[1])
    return Layout(internal, external, nested, sides, makers, blocks, scales)


def cell_names(internal: Labels, external: Labels) -> Names:
    """Return the names of the cells of (n_stores,) labels."""
    width = int(external.max(initial=0)) + 1
    cells, places = np.unique(internal * width + external, return_inverse=True)
    names = [cell_name(*divmod(cell, width)) for cell in cells.tolist()]
    return np.array(names, dtype=object)[places]


def _scale(values: Floats) -> float:
    """Total standard deviation; 1 where stores differ by rounding only."""
    if len(values) == 0:
        return 1.0
    deviation = float(np.sqrt(values.var(axis=0).sum()))
    return deviation if deviation > 1e-12 * max(1.0, float(np.abs(values).max())) else 1.0


def _means(values: Floats, labels: Labels, k: int) -> Floats:
    """Return the mean of every cluster over the stores known, (k, n_components)."""
    known = ~np.isnan(values).any(axis=1)
    means = np.full((k, values.shape[1]), np.nan)
    for cluster in range(k):
        if (of := (labels == cluster) & known).any():
            means[cluster] = values[of].mean(axis=0)
    return means
