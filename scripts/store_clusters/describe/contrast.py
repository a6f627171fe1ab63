"""Say which features set clusters apart, and whether chance could do the same."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import fdtrc, gammaln, stdtr

Floats = npt.NDArray[np.float64]
LARGEST_EFFECT = 100.0  # where stores of one cluster do not differ at all


@dataclass(frozen=True)
class Contrast:
    """How far the stores of each cluster lie from all others, (k, n_features) each."""

    effect: Floats  # in standard deviations between stores of one cluster; NaN where unknown
    p_value: Floats  # of one comparison; NaN where it cannot be made


@dataclass(frozen=True)
class Separation:
    """How well each feature separates the clusters, (n_features,) each; NaN where unknown."""

    explained: Floats  # share of the variance between stores that lies between clusters
    p_value: Floats


@dataclass(frozen=True)
class Sums:
    """Counts, means and sums of squares of known values by cluster, (k, n_features) each."""

    count: Floats
    mean: Floats
    squares: Floats  # of deviations from the mean


def contrast(values: Floats, labels: npt.NDArray[np.int64], k: int) -> Contrast:
    """Compare each cluster with all other stores, by Welch's t test.

    No p value is smaller than the share of all ways to draw as many stores, so that two stores
    that happen to be equal prove nothing.

    Args:
        values: (n_stores, n_features), NaN where unknown.
        labels: (n_stores,), from 0 to k - 1.
        k: Clusters.
    """
    inside = sums_by(values, labels, k)
    outside = _all_others(inside)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside_error, outside_error = (
            x.squares / (x.count - 1) / x.count for x in (inside, outside)
        )
        error = inside_error + outside_error
        freedom = error**2 / (
            inside_error**2 / (inside.count - 1) + outside_error**2 / (outside.count - 1)
        )
        difference = inside.mean - outside.mean
        t = np.abs(difference) / np.sqrt(error)
        exact = np.where(difference == 0, 1.0, 0.0)  # no spread on either side
        p_value = np.where(error > 0, 2 * stdtr(np.maximum(freedom, 1), -t), exact)
        within = np.sqrt(inside.squares.sum(axis=0) / (inside.count.sum(axis=0) - k))
        effect = np.where(difference == 0, 0.0, difference / within)
    total = inside.count + outside.count
    draws = gammaln(total + 1) - gammaln(inside.count + 1) - gammaln(outside.count + 1)
    unknown = (inside.count < 2) | (outside.count < 2)
    return Contrast(
        np.where(unknown, np.nan, np.clip(effect, -LARGEST_EFFECT, LARGEST_EFFECT)),
        np.where(unknown, np.nan, np.maximum(p_value, np.exp(-draws))),
    )


def separation(values: Floats, labels: npt.NDArray[np.int64], k: int) -> Separation:
    """Compare all clusters at once, by the F test of equal means; arguments as in `contrast`."""
    sums = sums_by(values, labels, k)
    total = sums.count.sum(axis=0)
    clusters = (sums.count > 0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.nansum(sums.count * sums.mean, axis=0) / total
        between = np.nansum(sums.count * (sums.mean - middle) ** 2, axis=0)
        within = sums.squares.sum(axis=0)
        explained = np.where(between + within > 0, between / (between + within), np.nan)
        f = between / (clusters - 1) / (within / (total - clusters))
        p_value = fdtrc(clusters - 1, total - clusters, f)
    unknown = (clusters < 2) | (total <= clusters) | np.isnan(explained)
    return Separation(explained, np.where(unknown, np.nan, p_value))


def adjusted(p_values: Floats) -> Floats:
    """Return p values adjusted for their number (Benjamini and Hochberg 1995); NaN stays NaN."""
    result = np.full(p_values.shape, np.nan)
    known = ~np.isnan(p_values)
    p = p_values[known]
    order = np.argsort(-p, kind="stable")
    rank = np.arange(len(p), 0, -1)
    ordered = np.minimum.accumulate(p[order] * len(p) / rank)
    back = np.empty(len(p))
    back[order] = np.minimum(ordered, 1)
    result[known] = back
    return result


def driver_ranks(effect: Floats, distinguishable: npt.NDArray[np.bool_]) -> Floats:
    """Return 1 for the distinguishable feature with the largest effect, 2, ...; NaN for others.

    Both arguments are (k, n_features); every cluster is ranked by itself.
    """
    ranks = np.full(effect.shape, np.nan)
    for row, (size, ranked) in enumerate(zip(np.abs(effect), distinguishable, strict=True)):
        columns = np.flatnonzero(ranked)
        order = columns[np.argsort(-size[columns], kind="stable")]
        ranks[row, order] = np.arange(1, len(order) + 1)
    return ranks


def sums_by(values: Floats, labels: npt.NDArray[np.int64], k: int) -> Sums:
    """Return the sums of each cluster's known values; the mean of none is NaN."""
    known = ~np.isnan(values)
    member = (labels == np.arange(k)[:, None]).astype(float)
    count = member @ known
    filled = np.where(known, values, 0.0)
    with np.errstate(invalid="ignore"):
        mean = member @ filled / count
    deviation = np.where(known, values - np.nan_to_num(mean)[labels], 0.0)
    return Sums(count, mean, member @ deviation**2)


def _all_others(sums: Sums) -> Sums:
    """Return the sums of all other clusters together, for every cluster."""
    count = sums.count.sum(axis=0) - sums.count
    total = np.nan_to_num(sums.mean) * sums.count
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (total.sum(axis=0) - total) / count
    squares = np.empty(count.shape)
    for row in range(len(count)):
        others = np.arange(len(count)) != row
        away = sums.count[others] * (np.nan_to_num(sums.mean[others]) - mean[row]) ** 2
        squares[row] = sums.squares[others].sum(axis=0) + np.nan_to_num(away).sum(axis=0)
    return Sums(count, mean, squares)
