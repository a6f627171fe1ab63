"""Merge two labelings of stores into clusters of a usable size."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Track:
    """What one track knows about the stores."""

    labels: Labels  # (n_stores,), cluster from 1, 0 where the track does not know the store
    values: Floats  # (n_stores, n_components), NaN rows where it does not know the store

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


def merge_tracks(internal: Track, external: Track, min_size: int) -> Merged:
    """Cross the two labelings and fold what has fewer than ``min_size`` stores.

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
    final_of, folds = fold_small(merged[both], np.hstack(blocks)[both], min_size)

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
            (both, np.hstack(blocks), np.hstack(scaled)),
            (internal.known & ~both, blocks[0], scaled[0]),
            (external.known & ~both, blocks[1], scaled[1]),
        ):
            rows = np.flatnonzero(stores)
            if len(rows):
                distances = cdist(values[rows], targets)
                own = _own_cluster(final[rows], names, distances)
                final[rows] = np.array(names, dtype=object)[own]
                next_best[rows], confidence[rows] = _runner_up(distances, own, names)
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


def fold_small(clusters: Names, values: Floats, min_size: int) -> tuple[dict[str, str], list[Fold]]:
    """Fold clusters below ``min_size``, smallest first, into the one with the nearest centre.

    The larger of the two keeps its name. Ties go to the cluster with the lower number.

    Args:
        clusters: (n_stores,) names such as ``2_1``.
        values: (n_stores, n_dimensions).
        min_size: Stores that a cluster should have.

    Returns:
        The final cluster of every cluster, and the folds in their order.
    """
    names = sorted(set(clusters), key=_numbers)
    members = {name: np.flatnonzero(clusters == name) for name in names}
    final_of = {name: name for name in names}
    folds: list[Fold] = []
    while len(members) > 1:
        small = min(members, key=lambda name: (len(members[name]), _numbers(name)))
        if len(members[small]) >= min_size:
            break
        others = sorted((name for name in members if name != small), key=_numbers)
        centres = np.array([values[members[name]].mean(axis=0) for name in others])
        distances = np.linalg.norm(centres - values[members[small]].mean(axis=0), axis=1)
        nearest = others[int(distances.argmin())]
        folds.append(Fold(small, nearest, len(members[small]), float(distances.min())))
        members[nearest] = np.sort(np.concatenate([members[nearest], members.pop(small)]))
        final_of = {name: nearest if to == small else to for name, to in final_of.items()}
    return final_of, folds


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


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split("_"))
