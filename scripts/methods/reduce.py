"""Describe stores by fewer, uncorrelated dimensions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reduced:
    """Scores of all stores and what makes them: ``scores == (values - center) @ loadings.T``."""

    scores: Floats  # (n_stores, n_components)
    loadings: Floats  # (n_components, n_features)
    center: Floats  # (n_features,)
    explained: Floats  # (n_components,) share of the variance of the stores in the fit


def reduce_features(
    values: Floats, in_fit: npt.NDArray[np.bool_], method: str, variance: float
) -> Reduced:
    """Reduce (n_stores, n_features) values; the stores ``in_fit`` decide, all are projected.

    ``pca`` keeps the fewest principal components, never whitened, that explain the share
    ``variance``; ``none`` keeps the features. Stores without any variance keep one component.
    """
    fit = values[in_fit]
    if method == "none":
        spread = fit.var(axis=0)
        total = spread.sum()
        explained = spread / total if total > 0 else spread
        return Reduced(values, np.eye(values.shape[1]), np.zeros(values.shape[1]), explained)
    if len(fit) < 2 or np.ptp(fit, axis=0).max() < 1e-12:
        center = fit.mean(axis=0)
        loadings = np.eye(1, values.shape[1])
        return Reduced(np.zeros((len(values), 1)), loadings, center, np.zeros(1))
    pca = PCA(svd_solver="full").fit(fit)
    shares = pca.explained_variance_ratio_
    enough = int(np.searchsorted(np.cumsum(shares), variance - 1e-9)) + 1
    kept = min(enough, int(np.sum(shares > 1e-12)))
    loadings = pca.components_[:kept]
    return Reduced((values - pca.mean_) @ loadings.T, loadings, pca.mean_, shares[:kept])
