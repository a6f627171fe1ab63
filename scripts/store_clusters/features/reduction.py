"""Describe stores by fewer, uncorrelated dimensions, and say what each of them means."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.features.shared import (
    explained_by_chance,
    rank_correlations,
    share_something,
    votes,
)

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
    alone: Flags  # (n_features,) left out, as it shares nothing with the others
    chance: Floats  # (n_components,) share that independent features explain at most, NaN unknown


def reduce_features(
    values: Floats,
    in_fit: Flags,
    method: str,
    variance: float,
    redundancy: float | None = None,
    *,
    known: Flags | None = None,
    sources: Names | None = None,
    shared: bool = False,
    shows_groups: Callable[[Floats, int], bool] | None = None,
    alike: float | None = None,
    seed: int = 0,
) -> Reduced:
    """Reduce (n_stores, n_features) values; the stores ``in_fit`` decide, all are projected.

    ``pca`` keeps the fewest principal components, never whitened, that explain the share
    ``variance``; ``none`` keeps the features. Stores without any variance keep one component.
    With ``redundancy``, of features that correlate that much only one takes part (see
    :func:`find_redundant`); ``known`` (n_stores, n_features) and ``sources`` are then needed
    where values have been estimated and where features are the levels of a categorical one.
    With ``shared``, where all features together show no groups (which ``shows_groups`` says of
    scores and a seed), those that share no more with the
    others than chance take no part (see :func:`share_something`; ``seed`` is that
    of its draws). With ``alike``, of those that are left then, features that correlate that much
    on average have one vote (see :func:`votes`).
    """
    features = values.shape[1]
    measured = (values if known is None else np.where(known, values, np.nan))[in_fit]
    made_of = np.arange(features).astype(object) if sources is None else sources
    kept, correlation = np.arange(features), np.ones(features)
    if redundancy is not None:
        kept, correlation = find_redundant(measured, redundancy, sources)
    used = np.unique(kept)
    alone, weights = np.zeros(features, dtype=bool), np.ones(len(used))
    scores, own, own_center, explained = _reduce(values[:, used], in_fit, method, variance)
    grouped = shows_groups is not None and shows_groups(scores[in_fit], seed)
    if shared and not grouped:
        alone[used] = ~share_something(measured[:, used], made_of[used], seed)
    if alone.any():
        used = used[~alone[used]]
        weights = np.ones(len(used))
        if alike is not None:
            weights = votes(measured[:, used], alike, made_of[used])
        taking_part = values[:, used] * weights
        scores, own, own_center, explained = _reduce(taking_part, in_fit, method, variance)
    chance = np.full(len(own), np.nan)
    if alone.any() and method == "pca":
        chance = explained_by_chance(taking_part[in_fit], made_of[used], seed)[: len(own)]
    loadings, center = np.zeros((len(own), features)), np.zeros(features)
    loadings[:, used], center[used] = own * weights, own_center / weights
    return Reduced(scores, loadings, center, explained, kept, correlation, alone, chance)


def beyond_chance(explained: Floats, chance: Floats) -> int:
    """Return how many of the first components explain more than independent features would."""
    return int(np.argmin(np.append(explained > chance, False)))


def find_redundant(
    values: Floats, threshold: float, sources: Names | None = None
) -> tuple[Labels, Floats]:
    """Return for each feature the one that stands for it, and their rank correlation.

    Features are grouped so that within a group *every* two have an absolute Spearman correlation
    of at least ``threshold`` (complete linkage): a chain of features that resemble their
    neighbours only is not one thing. The feature with the largest mean correlation with the
    others stands for its group, as it has least of its own; among equals the one known for more
    stores, then the first. Fewer than ten stores that know both features show no correlation.

    Args:
        values: (n_stores, n_features), NaN unknown.
        threshold: Absolute correlation from which features are redundant, above 0.
        sources: (n_features,), what each is made of; features of one source, the levels of a
            categorical feature, are never redundant with each other: together they weigh as much
            as one number, and one alone would weigh less.
    """
    # slow to import, and not needed without a threshold
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    count = values.shape[1]
    rho = rank_correlations(values)
    if count < 2:
        return np.arange(count), np.ones(count)
    apart = 1 - np.abs(rho)
    if sources is not None:
        apart[sources[:, None] == sources[None, :]] = 2.0
    np.fill_diagonal(apart, 0.0)
    group = fcluster(linkage(squareform(apart), "complete"), 1 - threshold + 1e-9, "distance")
    kept = np.arange(count)
    for label in np.unique(group):
        members = np.flatnonzero(group == label)
        central = np.round(np.abs(rho[np.ix_(members, members)]).mean(axis=1), 9)
        complete = np.sum(~np.isnan(values[:, members]), axis=0)
        kept[members] = members[np.lexsort((members, -complete, -central))[0]]
    return kept, rho[np.arange(count), kept]


def _reduce(
    values: Floats, in_fit: Flags, method: str, variance: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Scores, loadings, center and shares of variance of the features that take part."""
    fit = values[in_fit]
    if method == "none":
        spread = fit.var(axis=0)
        total = spread.sum()
        explained = spread / total if total > 0 else spread
        return values, np.eye(values.shape[1]), np.zeros(values.shape[1]), explained
    if len(fit) < 2 or np.ptp(fit, axis=0).max() < 1e-12:
        loadings = np.eye(1, values.shape[1])
        return np.zeros((len(values), 1)), loadings, fit.mean(axis=0), np.zeros(1)
    shares, directions = principal_components(fit)
    enough = int(np.searchsorted(np.cumsum(shares), variance - 1e-9)) + 1
    kept = min(enough, int(np.sum(shares > 1e-12)))
    loadings, mean = directions[:kept], fit.mean(axis=0)
    return (values - mean) @ loadings.T, loadings, mean, shares[:kept]


def principal_components(values: Floats) -> tuple[Floats, Floats]:
    """Return the components' shares of variance and their directions (n_components, n_features).

    Largest first; the largest loading of each is positive, so that signs do not depend on chance.
    """
    _, spread, directions = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return spread**2 / np.sum(spread**2), directions * signs[:, None]
