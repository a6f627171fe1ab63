"""The features themselves."""

import numpy as np

from store_clusters.features.reducers import Dimensions, Flags, Floats, Names


def reduce(values: Floats, in_fit: Flags, variance: float) -> Dimensions:
    """Keep the features and say how much each varies."""
    spread = values[in_fit].var(axis=0)
    total = spread.sum()
    features = values.shape[1]
    explained = spread / total if total > 0 else spread
    return Dimensions(values, np.eye(features), np.zeros(features), explained)


def names(features: Names, count: int) -> Names:
    """Return the names of the features."""
    return features


def explained_by_chance(values: Floats, sources: Names, seed: int) -> Floats:
    """Return NaN: each dimension is one feature."""
    return np.full(values.shape[1], np.nan)
