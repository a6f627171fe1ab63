"""Merge two labelings of stores into clusters of a usable size."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from methods.fold import Fold, Limits, Space, fold_cells
from methods.limits import assign_limited
from methods.names import by_number, cell_name
from methods.separation import agreement, cross_refits

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]
BLOCK = 500  # stores whose distances to all others are held at once
INTERNAL, EXTERNAL, BOTH = 1, 2, 3  # sides: the tracks that know a store, added up; 0 for none


@dataclass(frozen=True)
class Track:
    """What one track knows about the stores."""

    labels: Labels  # (n_stores,), cluster from 1, 0 where the track does not know the store
    values: Floats  # (n_stores, n_components), NaN rows where it does not know the store
    refits: Labels | None = None  # (n_refits, n_stores) labels from 0 on resamples

    @property
    def known(self) -> Bools:
        """Which stores the track knows, (n_stores,)."""
        return self.labels > 0


@dataclass(frozen=True)
class Layout:
    """The stores of a category in the space in which clusters are made and stores are placed."""

    sides: Labels  # (n_stores,) INTERNAL, EXTERNAL or BOTH: which tracks know a store; 0 for none
    makers: Bools  # (n_stores,), the stores that make the clusters; others are placed
    blocks: tuple[Floats, Floats]  # per track (n_stores, n_components), divided by its scale
    scales: tuple[float, float]  # per track, total standard deviation
    space: Space  # of the makers


@dataclass(frozen=True)
class Merged:
    """Final clusters of the stores of a category, None where nothing is known."""

    merged: Names  # (n_stores,) `internal_external`, None for stores that make no clusters
    final: Names  # (n_stores,)
    next_best: Names  # (n_stores,)
    confidence: Floats  # (n_stores,) 0..1, NaN without a next best
    folds: list[Fold]
    names: list[str]  # final clusters
    centres: tuple[Floats, Floats]  # per track (n_final, n_components), NaN where it knows none
    scales: tuple[float, float]  # per track, total standard deviation
    final_of: dict[str, str]  # merged cluster: final cluster, before large ones were split
    layout: Layout


def merge_tracks(
    internal: Track,
    external: Track,
    min_size: int,
    join_above: float = np.inf,
    *,
    max_size: int | None = None,
    max_clusters: int | None = None,
    seed: int = 0,
) -> Merged:
    """Cross the two labelings; fold and split the cells until sizes and number are allowed.

    With refits of both tracks, cells that overlap by ``join_above`` or more in every track are
    joined first: they are not told apart when the stores are drawn anew, so they are one. The
    confidence of a store is then the share of refits that put it with the stores of its final
    cluster; without refits it is (d2 - d1) / d2, d1 and d2 the distances to its own centre and to
    the next best.

    Distances are Euclidean in the joint space, in which each track's components are divided by
    the track's total standard deviation, so that both tracks weigh the same. What is folded and
    split says :func:`methods.fold.fold_cells`. Stores that both tracks know make clusters; stores
    known to one are placed by its distances, in a cluster with room. Where both know no store,
    the stores of each track make clusters of their own.

    Args:
        internal: Clusters by sales mix.
        external: Clusters by surroundings.
        min_size: Stores that a final cluster has at least, unless there are fewer in all.
        join_above: Overlap from which two cells are one.
        max_size: Stores that a final cluster has at most, None for no limit.
        max_clusters: Number of final clusters at most, None for no limit.
        seed: Seed of the k-means that splits.

    Raises:
        ImpossibleLimits: No division of the stores keeps the limits.
    """
    tracks, limits = (internal, external), Limits(min_size, max_size, max_clusters)
    layout = lay_out(internal, external, join_above)
    makers = layout.makers
    merged, final = (np.full(len(makers), None, dtype=object) for _ in range(2))
    merged[makers] = cell_names(internal.labels[makers], external.labels[makers])
    folded = fold_cells(merged[makers], layout.space, limits, seed)
    final[makers] = folded.clusters
    names = sorted(set(folded.clusters), key=by_number)
    centres = (_centres(internal.values, final, names), _centres(external.values, final, names))
    distances = _distances(layout, centres)
    own = _place(final, names, distances, layout, limits)
    if internal.refits is None or external.refits is None:
        next_best, confidence = _runner_up(distances, own, names)
    else:
        next_best, confidence = _vote(tracks, layout, own, distances, names)
    return Merged(
        merged,
        final,
        next_best,
        confidence,
        folded.folds,
        names,
        centres,
        layout.scales,
        folded.final_of,
        layout,
    )


def lay_out(internal: Track, external: Track, join_above: float) -> Layout:
    """Return who makes clusters, and their space; without views where ``join_above`` is infinite.

    Views are the refits of the tracks that have any.
    """
    tracks = (internal, external)
    sides = INTERNAL * internal.known + EXTERNAL * external.known
    makers = sides == BOTH if (sides == BOTH).any() else sides > 0
    scales = (
        _scale(internal.values[makers & internal.known]),
        _scale(external.values[makers & external.known]),
    )
    blocks = (internal.values / scales[0], external.values / scales[1])
    joins = makers.any() and np.isfinite(join_above)
    space = Space(
        values=np.nan_to_num(np.hstack(blocks)[makers]),
        mix=blocks[0][makers],
        sides=sides[makers],
        followers=_followers(blocks, sides, makers),
        views=[t.refits[:, makers] for t in tracks if t.refits is not None] if joins else (),
        join_above=join_above,
    )
    return Layout(sides, makers, blocks, scales, space)


def cell_names(internal: Labels, external: Labels) -> Names:
    """Return the names of the cells of (n_stores,) labels."""
    return np.array(
        [cell_name(i, e) for i, e in zip(internal, external, strict=True)], dtype=object
    )


def _scale(values: Floats) -> float:
    """Total standard deviation; 1 where stores differ by rounding only."""
    if len(values) == 0:
        return 1.0
    deviation = float(np.sqrt(values.var(axis=0).sum()))
    return deviation if deviation > 1e-12 * max(1.0, float(np.abs(values).max())) else 1.0


def _followers(blocks: tuple[Floats, Floats], sides: Labels, makers: Bools) -> Labels:
    """Count for each maker the stores to be placed that are nearest to it."""
    counts = np.zeros(makers.sum(), dtype=np.int64)
    for side, values in zip((INTERNAL, EXTERNAL), blocks, strict=True):
        placed = np.flatnonzero((sides == side) & ~makers)
        for start in range(0, len(placed), BLOCK):
            some = values[placed[start : start + BLOCK]]
            nearest = cdist(some, values[makers]).argmin(axis=1)
            np.add.at(counts, nearest, 1)
    return counts


def _centres(values: Floats, final: Names, names: list[str]) -> Floats:
    """Return the mean of every cluster, (n_final, n_components)."""
    means = [values[final == name].mean(axis=0) for name in names]
    return np.array(means).reshape(len(names), values.shape[1])


def _distances(layout: Layout, centres: tuple[Floats, Floats]) -> Floats:
    """Distances of all stores to all centres, (n_stores, n_final), in what is known of a store.

    Infinite where they have nothing in common.
    """
    inside, outside = (c / scale for c, scale in zip(centres, layout.scales, strict=True))
    distances = np.full((len(layout.sides), len(inside)), np.inf)
    for side, values, targets in (
        (BOTH, np.hstack(layout.blocks), np.hstack([inside, outside])),
        (INTERNAL, layout.blocks[0], inside),
        (EXTERNAL, layout.blocks[1], outside),
    ):
        rows = layout.sides == side
        distances[rows] = np.nan_to_num(cdist(values[rows], targets), nan=np.inf)
    return distances


def _place(
    final: Names, names: list[str], distances: Floats, layout: Layout, limits: Limits
) -> Labels:
    """Place the stores that made no clusters in ``final``; return each store's number, -1 for none.

    A store goes to the nearest cluster; where some have no room for all, the sum of squared
    distances is the least that the limits allow.
    """
    number = {name: index for index, name in enumerate(names)}
    own = np.array([number.get(name, -1) for name in final], dtype=np.int64)
    rows = np.flatnonzero((layout.sides > 0) & ~layout.makers)
    if len(rows):
        sizes = np.bincount(own[layout.makers], minlength=len(names))
        most = (limits.max_size or len(final)) - sizes
        least = np.maximum(0, limits.min_size - sizes) if len(names) > 1 else 0 * sizes
        own[rows] = assign_limited(distances[rows] ** 2, least, most)
        final[rows] = np.array(names, dtype=object)[own[rows]]
    return own


def _runner_up(distances: Floats, own: Labels, names: list[str]) -> tuple[Names, Floats]:
    """Return the nearest other cluster and the margin to it, None and NaN where there is none."""
    next_best, margin = np.full(len(own), None, dtype=object), np.full(len(own), np.nan)
    rows = np.flatnonzero((own >= 0) & (np.isfinite(distances).sum(axis=1) > 1))
    if len(rows):
        mine = distances[rows, own[rows]]
        others = distances[rows]
        others[np.arange(len(rows)), own[rows]] = np.inf
        best = others.argmin(axis=1)
        theirs = others[np.arange(len(rows)), best]
        part = np.divide(theirs - mine, theirs, out=np.zeros(len(rows)), where=theirs > 0)
        next_best[rows] = np.array(names, dtype=object)[best]
        margin[rows] = np.clip(part, 0, 1)
    return next_best, margin


def _vote(
    tracks: tuple[Track, Track], layout: Layout, own: Labels, distances: Floats, names: list[str]
) -> tuple[Names, Floats]:
    """Return next best and confidence by the refits of the tracks that know a store."""
    next_best, confidence = np.full(len(own), None, dtype=object), np.full(len(own), np.nan)
    possible = np.isfinite(distances)
    for side in (BOTH, INTERNAL, EXTERNAL):
        rows = np.flatnonzero((layout.sides == side) & (possible.sum(axis=1) > 1))
        if len(rows) == 0:
            continue
        knowing = [track.refits for bit, track in enumerate(tracks, 1) if side & bit]
        cells = cross_refits([refits for refits in knowing if refits is not None])
        voters = np.flatnonzero(layout.makers & (layout.sides & side == side))
        found = agreement(cells[:, voters], own[voters], cells[:, rows])
        votes = np.zeros((len(rows), len(names)))
        votes[:, : found.shape[1]] = found
        stores = np.arange(len(rows))
        confidence[rows] = votes[stores, own[rows]]
        votes[~possible[rows]] = -1
        votes[stores, own[rows]] = -1
        next_best[rows] = np.array(names, dtype=object)[votes.argmax(axis=1)]
    return next_best, confidence
