"""How far final clusters can be trusted: would they be found among other stores?"""

import numpy as np
import numpy.typing as npt

from methods.fold import Limits, fold_cells
from methods.merge import Merged, Track, cell_names
from methods.stability import jaccard

Floats = npt.NDArray[np.float64]
WORDS = ("do_not_trust", "doubtful", "stable", "highly_stable")
FROM = (0.6, 0.75, 0.85)  # Hennig


def final_stability(
    merged: Merged, internal: Track, external: Track, limits: Limits, seed: int = 0
) -> Floats:
    """Return the mean over refits of each final cluster's largest Jaccard similarity.

    For every refit the refitted labels of both tracks are crossed, and the cells joined, folded
    and split as the result was, with the same limits. A final cluster is compared with every
    cluster of the refit, and the largest Jaccard similarity counts (Hennig 2007). Only stores
    that made the clusters count.

    Args:
        merged: Final clusters.
        internal: Track with refits.
        external: Track with refits.
        limits: Limits that the clusters were made with.
        seed: Seed of the stores drawn anew to split what is too large.

    Returns:
        (n_final,) values from 0 to 1: :func:`trust_of` has words for them.
    """
    if internal.refits is None or external.refits is None:
        raise ValueError("stability needs refits of both tracks")
    makers = merged.layout.makers
    number = {name: index for index, name in enumerate(merged.names)}
    final = np.array([number[name] for name in merged.final[makers]], dtype=np.int64)
    total = np.zeros(len(number))
    if not number:
        return total
    pairs = zip(internal.refits, external.refits, strict=True)
    for refit, (inside, outside) in enumerate(pairs, seed):
        cells = cell_names(
            np.where(internal.known, inside + 1, 0)[makers],
            np.where(external.known, outside + 1, 0)[makers],
        )
        found = np.unique(
            fold_cells(cells, merged.layout.space, limits, refit, resample=True).clusters.astype(
                str
            ),
            return_inverse=True,
        )[1]
        most = max(len(number), int(found.max()) + 1)
        total += jaccard(final, found, most)[: len(number)].max(axis=1)
    return total / len(internal.refits)


def trust_of(stability: float) -> str:
    """Return Hennig's words for a stability, with two decimals as it is shown."""
    return WORDS[int(np.searchsorted(FROM, round(stability, 2), side="right"))]
