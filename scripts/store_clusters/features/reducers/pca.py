"""Principal components, the fewest that explain the share ``variance``."""

import numpy as np

from store_clusters.features.correlation import centred, permuted
from store_clusters.features.reducers import Dimensions, Flags, Floats, Names

CONSTANT = 1e-12  # range of a feature, and share of a component, that count as none
TAIL = 0.95  # quantile of what components of permuted features explain


def reduce(values: Floats, in_fit: Flags, variance: float) -> Dimensions:
    """Keep the fewest principal components, never whitened, that explain the share ``variance``.

    Stores without any variance keep one component.
    """
    fit = values[in_fit]
    mean = fit.mean(axis=0)
    if len(fit) < 2 or np.ptp(fit, axis=0).max() < CONSTANT:
        loadings = np.eye(1, values.shape[1])
        return Dimensions(np.zeros((len(values), 1)), loadings, mean, np.zeros(1))
    shares, directions = principal_components(fit)
    enough = int(np.searchsorted(np.cumsum(shares), variance - 1e-9)) + 1
    kept = min(enough, int(np.sum(shares > CONSTANT)))
    loadings = directions[:kept]
    return Dimensions((values - mean) @ loadings.T, loadings, mean, shares[:kept])


def names(features: Names, count: int) -> Names:
    """Return ``PC01``, ``PC02``, ..."""
    return np.array([f"PC{number:02d}" for number in range(1, count + 1)], dtype=object)


def explained_by_chance(values: Floats, sources: Names, seed: int) -> Floats:
    """Return the share of variance that components of independent features explain at most.

    Parallel analysis (Horn 1965; with permutations, Buja and Eyuboglu 1992): the 95 % quantile,
    for the first, second, ... component, of 20 sets of the same features with their values
    permuted. Components that explain more say something about several features.
    """
    shares = [_spectrum(centred(other)) for other in permuted(values, sources, seed)]
    return np.asarray(np.quantile(shares, TAIL, axis=0))


def principal_components(values: Floats) -> tuple[Floats, Floats]:
    """Return the components' shares of variance and their directions (n_components, n_features).

    Largest first; the largest loading of each is positive, so that signs do not depend on chance.
    """
    _, spread, directions = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return spread**2 / np.sum(spread**2), directions * signs[:, None]


def _spectrum(around: Floats) -> Floats:
    """Return the shares of variance of the components of centred values, (n_components,)."""
    squares = np.linalg.svd(around, compute_uv=False) ** 2
    return np.asarray(squares / max(float(squares.sum()), 1e-12))
