"""Assign stores to clusters at the least cost when clusters have a smallest and largest size."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import eye_array, kron, vstack

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


class ImpossibleLimits(ValueError):
    """No assignment of the stores keeps the limit on the size of clusters, ``min`` or ``max``."""

    def __init__(self, message: str, limit: str):
        super().__init__(message)
        self.limit = limit


def assign_limited(distances: Floats, smallest: int | Labels, largest: int | Labels) -> Labels:
    """Return the cluster, from 0, of each store: the least sum of distances within the limits.

    This is a transport problem, whose linear programme has whole numbers at its corners (Bradley,
    Bennett and Demiriz 2000); HiGHS solves it. Where the nearest clusters keep the limits, they
    are the answer.

    Args:
        distances: (n_stores, k) cost of a store in a cluster, such as its squared distance.
        smallest: Stores that each of the k clusters has at least; one number, or one per cluster.
        largest: Stores that each cluster has at most, likewise.

    Raises:
        ImpossibleLimits: The stores are too few for ``smallest`` or too many for ``largest``.
    """
    stores, k = distances.shape
    least, most = (np.broadcast_to(limit, k) for limit in (smallest, largest))
    if least.sum() > stores:
        few = f"{stores} stores are too few for {k} clusters of at least {smallest}"
        raise ImpossibleLimits(few, "min")
    if most.sum() < stores:
        many = f"{stores} stores are too many for {k} clusters of at most {largest}"
        raise ImpossibleLimits(many, "max")
    nearest = np.asarray(distances.argmin(axis=1), dtype=np.int64)
    sizes = np.bincount(nearest, minlength=k)
    if (sizes >= least).all() and (sizes <= most).all():
        return nearest
    extra = distances - distances.min(axis=1, keepdims=True)
    extra /= extra.mean() or 1.0  # the solver's tolerances are absolute
    size_of = kron(np.ones((1, stores)), eye_array(k))
    for method in ("highs-ipm", "highs-ds"):  # the first is faster, the second never in between
        share = linprog(
            extra.ravel(),
            A_ub=vstack([size_of, -size_of], format="csc"),
            b_ub=np.concatenate([most, -least]),
            A_eq=kron(eye_array(stores), np.ones((1, k)), format="csc"),
            b_eq=np.ones(stores),
            method=method,
        ).x
        if share is not None and np.abs(share - np.round(share)).max() < 1e-6:
            return np.asarray(share.reshape(stores, k).argmax(axis=1), dtype=np.int64)
    raise RuntimeError(f"no assignment of {stores} stores to {k} clusters was found")
