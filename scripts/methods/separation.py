"""Which cells of two crossed labelings are real: clusters refitted on resampled stores tell."""

import numpy as np
import numpy.typing as npt

from methods.cluster import fit_clusters

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
MOST_STORES = 500  # more are sampled for a refit
STARTS = 3


def refit_labels(
    values: Floats,
    in_fit: npt.NDArray[np.bool_],
    k: int,
    refits: int,
    seed: int,
    *,
    algorithm: str = "kmeans",
) -> Labels:
    """Cluster resamples of the stores and place all stores by each.

    Args:
        values: (n_stores, n_components).
        in_fit: (n_stores,), stores that may be drawn, with replacement, at most 500 of them.
        k: Number of clusters, as chosen on all stores.
        refits: Number of resamples.
        seed: Seed of the draws and starts.
        algorithm: As the clusters were made, see :func:`methods.cluster.fit_clusters`.

    Returns:
        (refits, n_stores) labels from 0; their numbers mean nothing across refits.
    """
    if k < 2:
        return np.zeros((refits, len(values)), dtype=np.int64)
    random = np.random.default_rng(seed)
    candidates = np.flatnonzero(in_fit)
    labels = np.empty((refits, len(values)), dtype=np.int64)
    for number in range(refits):
        drawn = random.choice(candidates, min(len(candidates), MOST_STORES))
        distinct = len(np.unique(values[drawn], axis=0))
        own = int(random.integers(2**31))
        _, rule = fit_clusters(values[drawn], min(k, distinct), algorithm, STARTS, own)
        labels[number] = rule.place(values)
    return labels


def together(counts: Floats) -> Floats:
    """Count over all refits the pairs of stores of two cells that share a refitted cluster.

    ``counts`` is (refits, n_cells, k), the result (n_cells, n_cells); for a cell that two others
    are joined to, rows and columns are added up.
    """
    refits, cells, k = counts.shape
    flat = counts.transpose(1, 0, 2).reshape(cells, refits * k)
    return np.asarray(flat @ flat.T)


def overlap(pairs: list[Floats]) -> Floats:
    """Return how little pairs of cells are told apart in the view that parts them most.

    With S the mean over refits of the chance that a store of A and one of B share a cluster, a
    view's overlap is S(A, B) / sqrt(S(A, A) S(B, B)): 1 where the view cannot tell A from B, 0
    where it always does. The numbers of stores cancel out, so pairs can be counted instead.

    Args:
        pairs: Per view, :func:`together` of the cells.

    Returns:
        (n_cells, n_cells), the smallest overlap over the views.
    """
    alone = [np.sqrt(np.diag(shared)) for shared in pairs]
    return np.minimum.reduce(
        [shared / np.outer(own, own) for shared, own in zip(pairs, alone, strict=True)]
    )


def count_by_refit(cells: Labels, refits: Labels) -> Floats:
    """Count the stores of each cell per refitted cluster, (refits, n_cells, k).

    ``cells`` (n_stores,) runs from 0, ``refits`` is (refits, n_stores).
    """
    n, k = int(cells.max()) + 1, int(refits.max()) + 1
    counts = [np.bincount(cells * k + labels, minlength=n * k) for labels in refits]
    return np.reshape(counts, (len(refits), n, k)).astype(np.float64)


def cross_refits(refits: list[Labels]) -> Labels:
    """Cross (refits, n_stores) labels of one or two tracks to the cells of each refit."""
    if len(refits) == 1:
        return refits[0]
    return refits[0] * (int(refits[1].max()) + 1) + refits[1]


def agreement(cells: Labels, final: Labels, placed: Labels) -> Floats:
    """Return how often refits put stores with each final cluster, (n_placed, n_final).

    For every refit, the stores that share a store's refitted cell vote with their final cluster;
    a row holds the mean shares of the votes, which sum to 1 where every cell has voters.

    Args:
        cells: (refits, n_stores) refitted cells, from 0, of the stores that vote.
        final: (n_stores,) their final clusters, from 0.
        placed: (refits, n_placed) refitted cells of the stores that are placed.
    """
    votes = np.zeros((placed.shape[1], int(final.max()) + 1))
    size = int(max(cells.max(), placed.max())) + 1
    for voters, stores in zip(cells, placed, strict=True):
        table = np.zeros((size, votes.shape[1]))
        np.add.at(table, (voters, final), 1.0)
        votes += (table / np.maximum(table.sum(axis=1, keepdims=True), 1.0))[stores]
    return votes / len(cells)
