"""What stores sell and are like, as it was measured and as it was normalized."""

from dataclasses import dataclass

import numpy as np

from store_clusters.features.external_tables import FeatureMatrix
from store_clusters.sales.whole_store import SalesMatrix
from store_clusters.tables.matrices import Matrix, aligned


@dataclass(frozen=True)
class Measured:
    """Some stores by the features of a track; n stores, p features."""

    features: np.ndarray  # (p,) object
    values: np.ndarray  # (n, p) float64, sales or external features, NaN where unknown
    normalized: np.ndarray  # (n, p) float64, NaN where unknown or not used
    parts: np.ndarray  # (p,) object, the category of a need state, the empty text for the external
    levels: np.ndarray  # (p,) bool, which columns hold zeros and ones
    everyone: np.ndarray  # (m, p) float64, the values of all stores, in a cluster or not


def measured_sales(sales: SalesMatrix, normalized: Matrix | None, stores: np.ndarray) -> Measured:
    """Return the sales of ``stores`` by need state."""
    return Measured(
        sales.features,
        aligned(sales, stores, sales.features),
        aligned(normalized, stores, sales.features),
        sales.categories,
        np.zeros(len(sales.features), dtype=bool),
        sales.values,
    )


def measured_surroundings(
    external: FeatureMatrix, normalized: Matrix | None, stores: np.ndarray
) -> Measured:
    """Return the external features of ``stores``; levels are normalized as they are."""
    values = aligned(external, stores, external.features)
    tested = aligned(normalized, stores, external.features)
    return Measured(
        external.features,
        values,
        np.where(external.levels, values, tested),
        np.full(len(external.features), "", dtype=object),
        external.levels,
        external.values,
    )
