"""How surely a store belongs to its final cluster, by what its own place had no part in."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from scipy.special import softmax

if TYPE_CHECKING:
    from store_clusters.clusters.steps import Step
    from store_clusters.merge.merging import Track

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def final_chances(
    internal: "Track",
    external: "Track",
    *,
    step: "Step",
    moved: Bools,
    groups: Labels,
    values: Floats,
    own: Labels,
    makers: Bools,
) -> Floats:
    """Return each store's chances of belonging to every final cluster, (n_stores, n_final).

    The chances of the pairs of clusters, by refits without the store, are added up over the pairs
    in a final cluster. Where a track does not know a store, the shares of the stores of its cluster
    in the other track stand in. A store that was moved (its pair was dissolved, it is known to one
    track only, or it is an outlier) counts half by its chances and half by the sizes of the final
    clusters, where that is less.

    Args:
        internal, external: Tracks, with chances.
        step: Which pair is in which cluster; those made it are ``makers`` (n_stores,).
        moved: (n_units, n_external + 1) pairs that were dissolved.
        groups: (n_final,) cluster of ``step`` that each final cluster is, or is a part of.
        values: (n_stores, n_dimensions) in which clusters that are too large were parted.
        own: (n_stores,) final cluster of each store, -1 for none.
        makers: The stores that made the clusters.
    """
    inside, outside = _units(internal, step, makers), np.nan_to_num(external.chances)
    shape = step.final.shape
    counts = np.zeros(shape)
    np.add.at(counts, (step.units, external.labels[makers]), 1.0)
    outside = np.hstack([np.zeros((len(outside), 1)), outside])[:, : shape[1]]
    outside = np.pad(outside, ((0, 0), (0, shape[1] - outside.shape[1])))
    by_unit = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    by_external = counts / np.maximum(counts.sum(axis=0, keepdims=True), 1)
    unknown = ~external.known
    inside_only = internal.known & unknown
    outside_only = external.known & ~internal.known
    inside[outside_only] = outside[outside_only] @ by_external.T
    whole = int(groups.max()) + 1
    found = np.zeros((len(own), whole))
    for unit in range(shape[0]):
        of = np.zeros((shape[1], whole))
        at = step.final[unit] >= 0
        of[np.flatnonzero(at), step.final[unit][at]] = 1.0
        seen = outside @ of
        seen[inside_only] = by_unit[unit] @ of
        found += inside[:, [unit]] * seen
    chances = _parts(found, groups, values, own)
    return _doubt(chances, internal, external, step=step, moved=moved, own=own, makers=makers)


def _units(internal: "Track", step: "Step", makers: Bools) -> Floats:
    """Return chances of units: parts of an internal cluster share its chances by the refits."""
    k = len(step.final)
    found = np.zeros((len(internal.labels), k))
    clusters = np.nan_to_num(internal.chances)
    found[:, 1 : clusters.shape[1] + 1] = clusters[:, : k - 1]
    of_unit = {
        int(u): int(internal.labels[makers][step.units == u][0]) for u in np.unique(step.units)
    }
    for cluster in set(of_unit.values()):
        units = [u for u, c in of_unit.items() if c == cluster]
        if len(units) < 2:
            continue
        share = np.array([(step.refits == u).mean(axis=0) for u in units])
        total = share.sum(axis=0)
        sizes = np.array([(step.units == u).mean() for u in units])
        share = np.where(
            total > 0, share / np.where(total > 0, total, 1), (sizes / sizes.sum())[:, None]
        )
        whole = found[makers, cluster].copy()
        for unit, part in zip(units, share, strict=True):
            column = found[:, unit].copy()
            column[makers] = whole * part
            found[:, unit] = column
    return found


def _parts(found: Floats, groups: Labels, values: Floats, own: Labels) -> Floats:
    """Share the chances of a cluster among its parts, by how near a store is to their centres."""
    chances = found[:, groups].copy()
    for group in np.unique(groups):
        parts = np.flatnonzero(groups == group)
        if len(parts) < 2:
            continue
        centres = np.array([values[own == part].mean(axis=0) for part in parts])
        squares = cdist(values, centres, "sqeuclidean")
        members = np.isin(own, parts)
        within = float(squares[members].min(axis=1).mean()) / values.shape[1] or 1e-12
        chances[:, parts] *= softmax(-squares / (2 * within), axis=1)
    return chances


def _doubt(
    chances: Floats,
    internal: "Track",
    external: "Track",
    *,
    step: "Step",
    moved: Bools,
    own: Labels,
    makers: Bools,
) -> Floats:
    """Halve what is known of stores that were moved."""
    doubtful = internal.outlier | external.outlier | (internal.known != external.known)
    dissolved = np.zeros(len(own), dtype=bool)
    dissolved[makers] = moved[step.units, external.labels[makers]]
    doubtful = (doubtful | dissolved) & (own >= 0)
    sizes = np.bincount(own[own >= 0], minlength=chances.shape[1])
    base = sizes / max(1, sizes.sum())
    result = chances.copy()
    result[doubtful] = np.minimum(chances[doubtful], (chances[doubtful] + base) / 2)
    return result
