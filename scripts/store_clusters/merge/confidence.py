"""How surely a store belongs to its final cluster, by what its own place had no part in."""

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from scipy.special import softmax

from store_clusters.merge.final import Final

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def chances_of(final: Final) -> Floats:
    """Return each store's chances of belonging to every final cluster, (n_stores, n_final).

    The chances of the pairs of clusters, by refits without the store, are added up over the pairs
    in a final cluster. Where a track does not know a store, the shares of the stores of its cluster
    in the other track stand in. A store that was moved (its pair was dissolved, it is known to one
    track only, or it is an outlier) counts half by its chances and half by the sizes of the final
    clusters, where that is less.
    """
    step, layout = final.division.step, final.layout
    internal, external, makers = layout.internal, layout.external, layout.makers
    inside, outside = _chances_of_units(final), np.nan_to_num(external.chances)
    shape = step.final.shape
    counts = np.zeros(shape)
    np.add.at(counts, (step.units, external.labels[makers]), 1.0)
    outside = np.hstack([np.zeros((len(outside), 1)), outside])[:, : shape[1]]
    outside = np.pad(outside, ((0, 0), (0, shape[1] - outside.shape[1])))
    by_unit = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    by_external = counts / np.maximum(counts.sum(axis=0, keepdims=True), 1)
    inside_only = internal.known & ~external.known
    outside_only = external.known & ~internal.known
    inside[outside_only] = outside[outside_only] @ by_external.T
    whole = int(final.wholes.max()) + 1
    chances = np.zeros((len(makers), whole))
    for unit in range(shape[0]):
        of = np.zeros((shape[1], whole))
        at = step.final[unit] >= 0
        of[np.flatnonzero(at), step.final[unit][at]] = 1.0
        seen = outside @ of
        seen[inside_only] = by_unit[unit] @ of
        chances += inside[:, [unit]] * seen
    return _doubted(_shared_among_parts(chances, final), final)


def next_best(final: Final, chances: Floats, distances: Floats) -> tuple[Labels, Floats]:
    """Return the next best final cluster and the chance of the store's, -1 and NaN without.

    Next best is the likeliest other cluster, the nearest of equally likely ones.

    Args:
        final: Final clusters.
        chances: (n_stores, n_final) see :func:`chances_of`.
        distances: (n_stores, n_final) to the clusters' centres.

    Returns:
        (n_stores,) number of a final cluster; (n_stores,) 0..1.
    """
    labels = final.labels
    following = np.full(len(labels), -1, dtype=np.int64)
    confidence = np.full(len(labels), np.nan)
    rows = np.flatnonzero(labels >= 0)
    if len(rows) == 0 or len(final.names) < 2:
        return following, confidence
    stores = np.arange(len(rows))
    confidence[rows] = np.clip(chances[rows, labels[rows]], 0, 1)
    others = np.round(chances[rows], 9)
    others[stores, labels[rows]] = -1
    apart = distances[rows].copy()
    apart[stores, labels[rows]] = np.inf
    likeliest = others.max(axis=1, keepdims=True)
    apart = np.where(others >= likeliest, np.nan_to_num(apart, posinf=1e300), np.inf)
    following[rows] = apart.argmin(axis=1)
    return following, confidence


def _chances_of_units(final: Final) -> Floats:
    """Return chances of units: parts of an internal cluster share its chances by the refits."""
    step, internal, makers = final.division.step, final.layout.internal, final.layout.makers
    k = len(step.final)
    chances = np.zeros((len(internal.labels), k))
    clusters = np.nan_to_num(internal.chances)
    chances[:, 1 : clusters.shape[1] + 1] = clusters[:, : k - 1]
    used, first = np.unique(step.units, return_index=True)
    cluster_of = internal.labels[makers][first]
    for cluster in np.unique(cluster_of):
        units = used[cluster_of == cluster]
        if len(units) < 2:
            continue
        share = np.array([(step.refits == unit).mean(axis=0) for unit in units])
        total = share.sum(axis=0)
        sizes = np.array([(step.units == unit).mean() for unit in units])
        share = np.where(
            total > 0, share / np.where(total > 0, total, 1), (sizes / sizes.sum())[:, None]
        )
        whole = chances[makers, cluster].copy()
        for unit, part in zip(units, share, strict=True):
            chances[makers, unit] = whole * part
    return chances


def _shared_among_parts(found: Floats, final: Final) -> Floats:
    """Share the chances of a cluster among its parts, by how near a store is to their centres."""
    values, labels = final.layout.values, final.labels
    chances = found[:, final.wholes].copy()
    for whole in np.unique(final.wholes):
        parts = np.flatnonzero(final.wholes == whole)
        if len(parts) < 2:
            continue
        centres = np.array([values[labels == part].mean(axis=0) for part in parts])
        squares = cdist(values, centres, "sqeuclidean")
        members = np.isin(labels, parts)
        within = float(squares[members].min(axis=1).mean()) / values.shape[1] or 1e-12
        chances[:, parts] *= softmax(-squares / (2 * within), axis=1)
    return chances


def _doubted(chances: Floats, final: Final) -> Floats:
    """Halve what is known of stores that were moved."""
    layout = final.layout
    internal, external = layout.internal, layout.external
    doubtful = internal.outlier | external.outlier | (internal.known != external.known)
    doubtful[layout.makers] |= final.division.reassigned
    doubtful &= final.labels >= 0
    base = final.sizes / max(1, final.sizes.sum())
    result = chances.copy()
    result[doubtful] = np.minimum(chances[doubtful], (chances[doubtful] + base) / 2)
    return result
