"""Elongated groups of one common shape: Gaussians with the same covariance."""

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.algorithms.kmeans import fitted_model
from store_clusters.clusters.placing import Rule

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
LIMITS_SIZES = False
KMEANS = False
RIDGE = 0.2  # of the mean variance in k-means clusters, added to all: few stores tell little


def fit(
    values: Floats,
    k: int,
    *,
    starts: int,
    seed: int,
    weights: Floats | None = None,
    sizes: tuple[int, int] | None = None,
) -> tuple[Labels, Rule]:
    """Keep the best of ``starts`` mixtures; place in the likeliest Gaussian.

    To the variances a share is added of what k-means leaves within clusters; where that is
    nothing, its clusters are the answer. In the mixture all stores count alike.
    """
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415, slow to import

    model = fitted_model(values, k, starts, seed, weights)
    within = model.inertia_ / values.size
    if within <= 1e-12 * values.var():
        return np.asarray(model.labels_, dtype=np.int64), Rule.nearest(model.cluster_centers_)
    middle = values.mean(axis=0)
    mixture = GaussianMixture(
        k,
        covariance_type="tied",
        n_init=starts,
        reg_covar=RIDGE * within,
        max_iter=1000,
        random_state=seed,
    ).fit(values - middle)
    coefficients = mixture.means_ @ mixture.precisions_
    halves = np.sum(coefficients * (0.5 * mixture.means_ + middle), axis=1)
    rule = Rule(coefficients, np.log(mixture.weights_) - halves)
    return rule.place(values), rule
