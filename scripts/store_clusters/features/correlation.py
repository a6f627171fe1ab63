"""How features correlate: beyond chance, or so much that they say the same."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]
ABOVE = 2.0  # standard deviations by which a feature correlates more than by chance
STEP = 0.1  # of the features, left out at a time: the fewer are noise, the clearer the others
ROUNDS = 20  # in none of which permuted features may correlate as much: a chance of one in 21
FEWEST_STORES = 10  # fewer show no correlation
OF_ONE_SOURCE = 2.0  # distance between levels of one categorical feature, more than any other


def correlated_beyond_chance(values: Floats, sources: Names, seed: int) -> Flags:
    """Return which features correlate with the others beyond chance, (n_features,).

    Groups of stores differ in several features at once, which therefore correlate over all
    stores; a feature that correlates with none can only blur them. For a feature the squared
    correlations with the others, in units of 1 / (stores - 1), are summed. If all were
    independent the sum would be the number of others, with a variance of twice that. Features that
    correlate least are left out, a tenth at a time, until the sum of each that is left is two
    standard deviations above what is expected by chance of those that are left.

    Some features are always more alike than others. So the same is done with the columns
    permuted, 20 times: where the features that are left correlate as much in one of them, none is
    left out.

    Args:
        values: (n_stores, n_features), NaN unknown.
        sources: (n_features,), what each is made of; levels of one categorical feature stay
            together, and their correlations with each other do not count.
        seed: Seed of the permutations.
    """
    everything = np.ones(values.shape[1], dtype=bool)
    if len(np.unique(sources.astype(str))) < 3 or len(values) < FEWEST_STORES:
        return everything
    kept, common = _eliminate(values, sources)
    if any(_eliminate(other, sources)[1] >= common for other in permuted(values, sources, seed)):
        return everything
    return kept


def find_redundant(
    values: Floats, threshold: float, sources: Names | None = None
) -> tuple[Labels, Floats]:
    """Return for each feature the one that stands for it, and their rank correlation.

    Features are grouped so that within a group *every* two have an absolute Spearman correlation
    of at least ``threshold`` (complete linkage): a chain of features that resemble their
    neighbours only is not one thing. The feature with the largest mean correlation with the
    others stands for its group, as it varies least by itself; among equals the one known for more
    stores, then the first. Fewer than ten stores that know both features show no correlation.

    Args:
        values: (n_stores, n_features), NaN unknown.
        threshold: Absolute correlation from which features are redundant, above 0.
        sources: (n_features,), what each is made of; features of one source, the levels of a
            categorical feature, are never redundant with each other: together they weigh as much
            as one number, and one alone would weigh less.
    """
    count = values.shape[1]
    rho = rank_correlations(values)
    if count < 2:
        return np.arange(count), np.ones(count)
    group = _groups(rho, threshold, "complete", sources)
    kept = np.arange(count)
    for label in np.unique(group):
        members = np.flatnonzero(group == label)
        central = np.round(np.abs(rho[np.ix_(members, members)]).mean(axis=1), 9)
        complete = np.sum(~np.isnan(values[:, members]), axis=0)
        kept[members] = members[np.lexsort((members, -complete, -central))[0]]
    return kept, rho[np.arange(count), kept]


def shared_weights(values: Floats, threshold: float, sources: Names) -> Floats:
    """Return weights (n_features,) with which features that say much the same weigh as one.

    Features are grouped by average linkage of their absolute Spearman correlations, up to a mean
    of ``threshold``; each of m features of a group weighs 1 / sqrt(m), so that together they vary
    as much as one. Levels of one categorical feature are never grouped.
    """
    count = values.shape[1]
    if count < 2 or len(values) < FEWEST_STORES:
        return np.ones(count)
    group = _groups(rank_correlations(values), threshold, "average", sources)
    return np.asarray(1 / np.sqrt(np.bincount(group)[group]))


def rank_correlations(values: Floats) -> Floats:
    """Spearman correlations over the stores that know both; 0 where fewer than ten do."""
    import pandas as pd  # noqa: PLC0415, slow to import

    found = pd.DataFrame(values).corr("spearman", min_periods=FEWEST_STORES).to_numpy()
    rho = np.nan_to_num(np.round(found, 9))  # rounding: equal but for the order of summing
    np.fill_diagonal(rho, 1.0)
    return np.asarray(rho)


def permuted(values: Floats, sources: Names, seed: int, rounds: int = ROUNDS) -> Iterator[Floats]:
    """Yield the values with what is known of each source permuted among the stores that know it.

    Stores are taken in the order of their values, so that their names decide nothing.
    """
    random = np.random.default_rng(seed)
    values = values[np.lexsort(values.T)]
    columns = [np.flatnonzero(sources == source) for source in dict.fromkeys(sources)]
    known = [np.flatnonzero(~np.isnan(values[:, of]).any(axis=1)) for of in columns]
    for _ in range(rounds):
        result = values.copy()
        for of, stores in zip(columns, known, strict=True):
            result[np.ix_(stores, of)] = values[np.ix_(random.permutation(stores), of)]
        yield result


def _groups(rho: Floats, threshold: float, linking: str, sources: Names | None) -> Labels:
    """Return groups of features by their absolute correlation, from ``threshold``, (n_features,).

    Features of one source are in different groups.
    """
    # slow to import, and not needed without a threshold
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    apart = 1 - np.abs(rho)
    if sources is not None:
        apart[sources[:, None] == sources[None, :]] = OF_ONE_SOURCE
    np.fill_diagonal(apart, 0.0)
    merges = linkage(squareform(apart), linking)
    return np.asarray(fcluster(merges, 1 - threshold + 1e-9, "distance"), dtype=np.int64)


def _eliminate(values: Floats, sources: Names) -> tuple[Flags, float]:
    """Leave out what correlates least; return what is kept, and its correlation beyond chance."""
    names, source = np.unique(sources.astype(str), return_inverse=True)
    squares = (len(values) - 1) * _correlations(values) ** 2 - 1  # expected to be 0
    member = (source[:, None] == np.arange(len(names))).astype(float)
    common = member.T @ squares @ member  # between sources, summed over their columns
    np.fill_diagonal(common, 0.0)
    size = member.sum(axis=0)
    left = np.arange(len(names))
    while len(left) > 2:
        pairs = size[left] * (size[left].sum() - size[left])
        above = common[np.ix_(left, left)].sum(axis=1) / np.sqrt(2 * pairs)
        order = np.argsort(above, kind="stable")
        worst = order[: max(1, int(STEP * len(left)))]
        worst = worst[above[worst] < ABOVE]
        if len(worst) == 0:
            break
        left = np.delete(left, worst)
    return np.isin(source, left), float(common[np.ix_(left, left)].sum())


def _correlations(values: Floats) -> Floats:
    """Pearson correlations, an unknown value counting as the mean; 0 for constant columns."""
    around = centred(values)
    length = np.linalg.norm(around, axis=0)
    unit = around / np.where(length > 1e-9, length, 1.0)
    return np.asarray(unit.T @ unit)


def centred(values: Floats) -> Floats:
    """Return values less the mean of what is known of each column, 0 where unknown."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(np.where(known, values - mean, 0.0))
