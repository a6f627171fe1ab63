"""Ways to describe stores by fewer dimensions, of which each is a sum of features.

A member has three functions:

- ``reduce(values: Floats, in_fit: Flags, variance: float) -> Dimensions``: the dimensions of all
  stores (n_stores, n_features), which those ``in_fit`` (n_stores,) decide.
- ``names(features: Names, count: int) -> Names``: what so many dimensions are called, that are made
  of these features.
- ``explained_by_chance(values: Floats, sources: Names, seed: int) -> Floats``: for the first,
  second, ... dimension the share of the variance that it would explain at most if the features
  (n_stores in the fit, n_features) of different ``sources`` were independent; NaN where that is not
  known. There may be more than the dimensions that were kept.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.run.registry import Registry

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]
REDUCERS = Registry(__name__)


@dataclass(frozen=True)
class Dimensions:
    """Scores of all stores and what makes them: ``scores == (values - center) @ loadings.T``."""

    scores: Floats  # (n_stores, n_dimensions)
    loadings: Floats  # (n_dimensions, n_features)
    center: Floats  # (n_features,)
    explained: Floats  # (n_dimensions,) share of the variance of the stores in the fit
