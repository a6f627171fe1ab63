"""Which cells of two crossed labelings are real: clusters refitted on resampled stores tell."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


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
