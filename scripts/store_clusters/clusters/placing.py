"""Where stores belong: the rule that places any store in a cluster, and the clusters' centres."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """Where stores belong: to the cluster whose score, linear in the components, is highest."""

    coefficients: Floats  # (k, n_components)
    intercepts: Floats  # (k,)

    @classmethod
    def nearest(cls, centres: Floats, offsets: Floats | float = 0.0) -> "Rule":
        """Return the rule of the nearest of (k, n_components) centres.

        ``offsets`` (k,) are taken off the squared distances, see
        :func:`store_clusters.clusters.limits.offsets_of`.
        """
        return cls(centres, -0.5 * np.sum(centres**2, axis=1) + 0.5 * offsets)

    def place(self, values: Floats) -> Labels:
        """Return the cluster 0..k-1 of each of (n_stores, n_components) values."""
        return np.asarray((values @ self.coefficients.T + self.intercepts).argmax(axis=1))

    def take(self, clusters: Labels) -> "Rule":
        """Return the rule of some of the clusters, in their order."""
        return Rule(self.coefficients[clusters], self.intercepts[clusters])


def means_of(values: Floats, labels: Labels, k: int, weights: Floats | None = None) -> Floats:
    """Return the mean of each of k clusters, (k, n_components), stores counting by ``weights``.

    Where none of a cluster's stores counts, all of them do; 0 for a cluster without stores.
    """
    counted = np.ones(len(values)) if weights is None else weights
    idle = np.bincount(labels, counted, minlength=k) <= 0
    counted = np.where(idle[labels], 1.0, counted)
    sums = np.zeros((k, values.shape[1]))
    np.add.at(sums, labels, values * counted[:, None])
    total = np.bincount(labels, counted, minlength=k)
    return np.asarray(sums / np.where(total > 0, total, 1.0)[:, None])
