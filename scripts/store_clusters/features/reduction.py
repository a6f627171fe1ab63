"""Describe stores by fewer, uncorrelated dimensions of the features that matter."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.features.correlation import (
    correlated_beyond_chance,
    find_redundant,
    shared_weights,
)
from store_clusters.features.reducers import REDUCERS

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Reduced:
    """Scores of all stores and what makes them: ``scores == (values - center) @ loadings.T``."""

    scores: Floats  # (n_stores, n_components)
    loadings: Floats  # (n_components, n_features), 0 for features that are left out
    center: Floats  # (n_features,)
    explained: Floats  # (n_components,) share of the variance of the stores in the fit
    kept: Labels  # (n_features,) feature that stands for each one: itself, if not redundant
    correlation: Floats  # (n_features,) rank correlation with that feature
    unrelated: Flags  # (n_features,) left out, as it correlates with no other beyond chance
    chance: Floats  # (n_components,) share that independent features explain at most, NaN unknown

    @property
    def redundant(self) -> Flags:
        """Which features are left out as another one stands for them, (n_features,)."""
        return self.kept != np.arange(len(self.kept))


def reduce_features(
    values: Floats,
    in_fit: Flags,
    method: str,
    variance: float,
    redundancy: float | None = None,
    *,
    observed: Flags | None = None,
    sources: Names | None = None,
    shows_groups: Callable[[Floats, int], bool] | None = None,
    alike: float | None = None,
    seed: int = 0,
) -> Reduced:
    """Reduce (n_stores, n_features) values; the stores ``in_fit`` decide, all are projected.

    Args:
        values: (n_stores, n_features), without gaps.
        in_fit: (n_stores,)
        method: The reducer.
        variance: Share of the variance that its dimensions explain.
        redundancy: Correlation from which only one of several features takes part, see
            :func:`find_redundant`; None for all.
        observed: (n_stores, n_features), False for imputed values: they show no correlation.
        sources: (n_features,), what each feature is made of, where some are the levels of a
            categorical one.
        shows_groups: Says of the scores of the stores in the fit, made of all features, and a seed
            whether they show groups. Where they do not, features that correlate with the others no
            more than by chance take no part, see :func:`correlated_beyond_chance`; None to leave
            none out.
        alike: Where some are left out for that, the mean correlation from which the features that
            take part weigh as one, see :func:`shared_weights`; None to weigh each by itself.
        seed: Of what is drawn.
    """
    features = values.shape[1]
    measured = (values if observed is None else np.where(observed, values, np.nan))[in_fit]
    made_of = np.arange(features).astype(object) if sources is None else sources
    kept, correlation = np.arange(features), np.ones(features)
    if redundancy is not None:
        kept, correlation = find_redundant(measured, redundancy, sources)
    used, unrelated = np.unique(kept), np.zeros(features, dtype=bool)
    reducer = REDUCERS.load(method)
    reduced, weights = reducer.reduce(values[:, used], in_fit, variance), np.ones(len(used))
    if shows_groups is not None and not shows_groups(reduced.scores[in_fit], seed):
        unrelated[used] = ~correlated_beyond_chance(measured[:, used], made_of[used], seed)
    chance = np.full(len(reduced.loadings), np.nan)
    if unrelated.any():
        used = used[~unrelated[used]]
        weights = np.ones(len(used))
        if alike is not None:
            weights = shared_weights(measured[:, used], alike, made_of[used])
        weighted = values[:, used] * weights
        reduced = reducer.reduce(weighted, in_fit, variance)
        chance = reducer.explained_by_chance(weighted[in_fit], made_of[used], seed)
        chance = chance[: len(reduced.loadings)]
    loadings, center = np.zeros((len(reduced.loadings), features)), np.zeros(features)
    loadings[:, used], center[used] = reduced.loadings * weights, reduced.center / weights
    return Reduced(
        reduced.scores,
        loadings,
        center,
        reduced.explained,
        kept,
        correlation,
        unrelated,
        chance,
    )


def beyond_chance(explained: Floats, chance: Floats) -> int:
    """Return how many of the first components explain more than independent features would."""
    return int(np.argmin(np.append(explained > chance, False)))
