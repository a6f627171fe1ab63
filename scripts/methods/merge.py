"""Merge two labelings of stores into clusters of a usable size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from methods.separation import agreement, count_by_refit, cross_refits, overlap

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Track:
    """What one track knows about the stores."""

    labels: Labels  # (n_stores,), cluster from 1, 0 where the track does not know the store
    values: Floats  # (n_stores, n_components), NaN rows where it does not know the store
    refits: Labels | None = None  # (n_refits, n_stores) labels from 0 on resamples

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which stores the track knows, (n_stores,)."""
        return self.labels > 0


@dataclass(frozen=True)
class Fold:
    """A cluster that was too small and went to its nearest neighbour."""

    from_cluster: str
    to_cluster: str
    stores: int
    distance: float
    reason: str = "too_small"


@dataclass(frozen=True)
class Merged:
    """Final clusters of the stores of a category, None where nothing is known."""

    merged: Names  # (n_stores,) `internal_external`
    final: Names  # (n_stores,)
    next_best: Names  # (n_stores,)
    confidence: Floats  # (n_stores,) 0..1, NaN without a next best
    folds: list[Fold]
    names: list[str]  # final clusters
    centres: tuple[Floats, Floats]  # per track (n_final, n_components)
    scales: tuple[float, float]  # per track, total standard deviation
    final_of: dict[str, str]  # merged cluster: final cluster


def merge_tracks(
    internal: Track, external: Track, min_size: int, join_above: float = np.inf
) -> Merged:
    """Cross the two labelings and fold what has fewer than ``min_size`` stores.

    With refits of both tracks, cells that overlap by ``join_above`` or more in every track are
    joined first: they are not told apart when the stores are drawn anew, so they are one. The
    confidence of a store is then the share of refits that put it with the stores of its final
    cluster; without refits it is (d2 - d1) / d2, d1 and d2 the distances to its own centre and to
    the next best.

    Distances are Euclidean in the joint space, in which each track's components are divided by
    the track's total standard deviation, so that both tracks weigh the same. The smallest cluster
    goes to the nearest one until all are large enough or one is left. Only stores that both
    tracks know make clusters; stores known to one are placed by its distances.
    """
    both = internal.known & external.known
    merged = np.full(len(both), None, dtype=object)
    merged[both] = [
        f"{i}_{e}" for i, e in zip(internal.labels[both], external.labels[both], strict=True)
    ]
    scales = (_scale(internal.values[both]), _scale(external.values[both]))
    blocks = (internal.values / scales[0], external.values / scales[1])
    refits = [track.refits for track in (internal, external) if track.refits is not None]
    joint = np.hstack(blocks)
    final_of, folds = fold_small(
        merged[both],
        joint[both],
        min_size,
        [labels[:, both] for labels in refits] if both.any() and np.isfinite(join_above) else (),
        join_above,
    )

    final = np.array([final_of.get(name) for name in merged], dtype=object)
    names = sorted(set(final_of.values()), key=_numbers)
    centres = tuple(
        np.array([values[both][final[both] == name].mean(axis=0) for name in names]).reshape(
            len(names), values.shape[1]
        )
        for values in (internal.values, external.values)
    )
    next_best = np.full(len(both), None, dtype=object)
    confidence = np.full(len(both), np.nan)
    if names:
        scaled = [centre / scale for centre, scale in zip(centres, scales, strict=True)]
        for stores, values, targets in (
            (both, joint, np.hstack(scaled)),
            (internal.known & ~both, blocks[0], scaled[0]),
            (external.known & ~both, blocks[1], scaled[1]),
        ):
            rows = np.flatnonzero(stores)
            if len(rows):
                distances = cdist(values[rows], targets)
                own = _own_cluster(final[rows], names, distances)
                final[rows] = np.array(names, dtype=object)[own]
                next_best[rows], confidence[rows] = _runner_up(distances, own, names)
    if len(refits) == 2 and len(names) > 1:
        _vote((internal, external), final, names, next_best, confidence)
    return Merged(
        merged,
        final,
        next_best,
        confidence,
        folds,
        names,
        (centres[0], centres[1]),
        scales,
        final_of,
    )


def fold_small(
    clusters: Names,
    values: Floats,
    min_size: int,
    views: Sequence[Labels] = (),
    join_above: float = np.inf,
) -> tuple[dict[str, str], list[Fold]]:
    """Join clusters that no view tells apart, then fold those below ``min_size``, smallest first.

    Without ``views`` a small cluster goes to the one with the nearest centre; with them, to the
    one it is told apart from least, the nearest among equals. The larger of the two keeps its
    name. Ties go to the cluster with the lower number.

    Args:
        clusters: (n_stores,) names such as ``2_1``.
        values: (n_stores, n_dimensions).
        min_size: Stores that a cluster should have.
        views: Per track (refits, n_stores) labels of the stores on resamples.
        join_above: Overlap (see :func:`methods.separation.overlap`) from which two clusters are
            joined whatever their size.

    Returns:
        The final cluster of every cluster, and the folds in their order.
    """
    cells = _Cells(clusters, values, views)
    final_of = {name: name for name in cells.names}
    folds: list[Fold] = []

    def fold(gone: int, to: int, reason: str) -> None:
        fold = Fold(
            cells.names[gone],
            cells.names[to],
            len(cells.members[gone]),
            float(cells.distances(gone)[to]),
            reason,
        )
        folds.append(fold)
        for name, final in final_of.items():
            if final == fold.from_cluster:
                final_of[name] = fold.to_cluster
        cells.join(gone, to)

    while views and len(cells.names) > 1:
        shared = cells.overlaps()
        i, j = np.unravel_index(int(shared.argmax()), shared.shape)
        if shared[i, j] < join_above:
            break
        small, large = sorted((int(i), int(j)), key=lambda cell: (len(cells.members[cell]), -cell))
        fold(small, large, "inseparable")
    while len(cells.names) > 1:
        sizes = [len(stores) for stores in cells.members]
        small = int(np.argmin(sizes))
        if sizes[small] >= min_size:
            break
        distance = cells.distances(small)
        shared = cells.overlaps()[small] if views else np.zeros(len(sizes))
        fold(small, int(np.lexsort((distance, -np.round(shared, 9)))[0]), "too_small")
    return final_of, folds


class _Cells:
    """Clusters that are being joined, in the order of their numbers."""

    def __init__(self, clusters: Names, values: Floats, views: Sequence[Labels]):
        self.names: list[str] = sorted(set(clusters), key=_numbers)
        self.members = [np.flatnonzero(clusters == name) for name in self.names]
        self.values = values
        codes = np.zeros(len(clusters), dtype=np.int64)
        for code, stores in enumerate(self.members):
            codes[stores] = code
        self.counts = [count_by_refit(codes, labels) for labels in views]

    def overlaps(self) -> Floats:
        """Overlap of every pair, -1 with itself."""
        shared = overlap([counts / counts.sum(axis=2, keepdims=True) for counts in self.counts])
        np.fill_diagonal(shared, -1)
        return shared

    def distances(self, cell: int) -> Floats:
        """Distance of every centre from that of ``cell``, infinite to itself."""
        centres = np.array([self.values[stores].mean(axis=0) for stores in self.members])
        distances = np.linalg.norm(centres - centres[cell], axis=1)
        distances[cell] = np.inf
        return distances

    def join(self, gone: int, to: int) -> None:
        """Give the stores of one cell to another."""
        self.members[to] = np.sort(np.concatenate([self.members[to], self.members[gone]]))
        for counts in self.counts:
            counts[:, to] += counts[:, gone]
        self.counts = [np.delete(counts, gone, axis=1) for counts in self.counts]
        del self.members[gone], self.names[gone]


def _scale(values: Floats) -> float:
    """Total standard deviation; 1 where stores differ by rounding only."""
    if len(values) == 0:
        return 1.0
    deviation = float(np.sqrt(values.var(axis=0).sum()))
    return deviation if deviation > 1e-12 * max(1.0, float(np.abs(values).max())) else 1.0


def _own_cluster(final: Names, names: list[str], distances: Floats) -> Labels:
    number = {name: index for index, name in enumerate(names)}
    nearest = distances.argmin(axis=1)
    return np.array(
        [near if name is None else number[name] for name, near in zip(final, nearest, strict=True)]
    )


def _runner_up(distances: Floats, own: Labels, names: list[str]) -> tuple[Names, Floats]:
    stores = np.arange(len(own))
    if len(names) < 2:
        return np.full(len(own), None, dtype=object), np.full(len(own), np.nan)
    mine = distances[stores, own]
    others = distances.copy()
    others[stores, own] = np.inf
    best = others.argmin(axis=1)
    theirs = others[stores, best]
    margin = np.divide(theirs - mine, theirs, out=np.zeros(len(own)), where=theirs > 0)
    return np.array(names, dtype=object)[best], np.clip(margin, 0, 1)


def _vote(
    tracks: tuple[Track, Track],
    final: Names,
    names: list[str],
    next_best: Names,
    confidence: Floats,
) -> None:
    """Set next best and confidence by the refits of the tracks that know a store."""
    internal, external = tracks
    number = {name: index for index, name in enumerate(names)}
    for known, refits in (
        (internal.known & external.known, (internal.refits, external.refits)),
        (internal.known & ~external.known, (internal.refits,)),
        (external.known & ~internal.known, (external.refits,)),
    ):
        rows = np.flatnonzero(known)
        voters = np.flatnonzero(internal.known & external.known)
        if len(rows) == 0:
            continue
        cells = cross_refits([labels for labels in refits if labels is not None])
        own = np.array([number[name] for name in final[rows]])
        votes = agreement(
            cells[:, voters], np.array([number[x] for x in final[voters]]), cells[:, rows]
        )
        stores = np.arange(len(rows))
        confidence[rows] = votes[stores, own]
        votes[stores, own] = -1
        next_best[rows] = np.array(names, dtype=object)[votes.argmax(axis=1)]


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split("_"))
