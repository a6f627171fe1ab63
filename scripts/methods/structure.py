"""Are there groups of stores at all, and how many: gap statistic and a test of unimodality."""

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist

Floats = npt.NDArray[np.float64]
MOST_STORES = 500  # more are sampled: the answer does not sharpen, the cost grows with the square
SMALLEST_SIDE = 8  # held-out stores on either side of a gap, fewer say nothing

# Quantiles of sqrt(n) * dip for n = 400 uniform values, 3,000 draws; smaller n have smaller ones.
DIP_TAIL = np.array([1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005])
DIP_QUANTILES = np.array([0.0, 0.3689, 0.4441, 0.4907, 0.5375, 0.5838, 0.6198, 0.6415])


def gap_statistic(
    values: Floats, largest: int, references: int, seed: int
) -> tuple[Floats, Floats]:
    """Return the gap for 1..largest clusters, and its standard error.

    The gap (Tibshirani, Walther and Hastie 2001) is how much less the logarithm of the sum of
    squares within clusters is than in uniform data in the box of the principal components. The
    clusters are Ward's: one tree gives the sums for all numbers of clusters.

    Args:
        values: (n_stores, n_components), more than ``largest`` stores; at most 500 are used.
        largest: Largest number of clusters.
        references: Number of uniform data sets.
        seed: Seed of the sample and the references.
    """
    random = np.random.default_rng(seed)
    sample = _sample(values, random)
    centred = sample - sample.mean(axis=0)
    scores = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    low, high = scores.min(axis=0), scores.max(axis=0)
    expected = np.array(
        [_log_within(random.uniform(low, high, scores.shape), largest) for _ in range(references)]
    )
    gap = expected.mean(axis=0) - _log_within(scores, largest)
    return gap, expected.std(axis=0) * np.sqrt(1 + 1 / references)


def share_explained(values: Floats, largest: int, seed: int) -> Floats:
    """Return the share of the sum of squares that Ward's 1..largest clusters explain."""
    within = np.exp(_log_within(_sample(values, np.random.default_rng(seed)), largest))
    return np.asarray(1 - within / within[0])


def choose_by_gap(gap: Floats, error: Floats) -> int:
    """Return the smallest number of clusters within one standard error of the largest gap."""
    best = int(gap.argmax())
    return int(np.flatnonzero(gap >= gap[best] - error[best])[0]) + 1


def grouped_p_value(values: Floats, k: int, splits: int, seed: int) -> float:
    """Return how easily stores without groups would look as if they had k of them.

    Centres are fitted on one half of the stores; the other half, projected on the line between
    two neighbouring centres, is tested for a gap between them with the dip test. A smooth
    gradient has none, however long it is. The smallest p-value of a split is multiplied by the
    number of pairs tested; the median over the splits is returned. Held-out stores make the test
    honest: the centres were not chosen to part them.

    Args:
        values: (n_stores, n_components); at most 500 stores are used.
        k: Number of clusters, at least 2.
        splits: Number of random halvings, each used both ways.
        seed: Seed of the sample and the halvings.
    """
    random = np.random.default_rng(seed)
    sample = _sample(values, random)
    p_values = []
    for _ in range(splits):
        order = random.permutation(len(sample))
        halves = order[: len(order) // 2], order[len(order) // 2 :]
        for fit, held_out in (halves, halves[::-1]):
            p_values.append(_split_p_value(sample[fit], sample[held_out], k))
    return float(np.median(p_values))


def dip_statistic(values: Floats) -> float:
    """Return the dip of Hartigan and Hartigan (1985).

    It is the largest distance between the distribution of the values (n,) and the nearest
    unimodal one: at least 1 / 2n, at most 1/4. The modal interval shrinks until the greatest
    convex minorant to its left and the least concave majorant to its right are nearer to the
    distribution than they are to each other inside.
    """
    x, counts = np.unique(values, return_counts=True)
    above = np.cumsum(counts) / len(values)
    below = above - counts / len(values)
    dip = 0.5 / len(values)
    first, last = 0, len(x) - 1
    while last > first:
        inside = slice(first, last + 1)
        at, low, high = x[inside], below[inside], above[inside]
        convex, concave = _hull(at, low, 1), _hull(at, high, -1)
        minorant = np.interp(at, at[convex], low[convex])
        majorant = np.interp(at, at[concave], high[concave])
        at_convex = majorant[convex] - low[convex]
        at_concave = high[concave] - minorant[concave]
        apart = max(at_convex.max(), at_concave.max())
        if apart <= 2 * dip:
            break
        if at_convex.max() >= at_concave.max():
            left = int(convex[at_convex.argmax()])
            right = int(concave[np.searchsorted(concave, left)])
        else:
            right = int(concave[at_concave.argmax()])
            left = int(convex[np.searchsorted(convex, right, side="right") - 1])
        outside_left = np.max(high[: left + 1] - minorant[: left + 1])
        outside_right = np.max(majorant[right:] - low[right:])
        dip = max(dip, outside_left / 2, outside_right / 2)
        if (left, right) == (0, last - first) or apart <= 2 * dip:
            break
        first, last = first + left, first + right
    return float(dip)


def dip_p_value(values: Floats) -> float:
    """Return how often uniform values, the unimodal ones hardest to tell, have as large a dip."""
    scaled = np.sqrt(len(values)) * dip_statistic(values)
    if scaled <= DIP_QUANTILES[-1]:
        return float(np.exp(np.interp(scaled, DIP_QUANTILES, np.log(DIP_TAIL))))
    middle, end = DIP_QUANTILES[4], DIP_QUANTILES[-1]  # beyond, like a normal tail
    rate = np.log(DIP_TAIL[4] / DIP_TAIL[-1]) / (end**2 - middle**2)
    return float(DIP_TAIL[-1] * np.exp(-rate * (scaled**2 - end**2)))


def _sample(values: Floats, random: np.random.Generator) -> Floats:
    if len(values) <= MOST_STORES:
        return values
    return values[np.sort(random.choice(len(values), MOST_STORES, replace=False))]


def _log_within(values: Floats, largest: int) -> Floats:
    """Logarithm of the sum of squares within 1..largest clusters of Ward's tree."""
    added = linkage(values, "ward")[:, 2] ** 2 / 2
    within = added.sum() - np.concatenate([[0.0], np.cumsum(added[::-1])])[:largest]
    return np.asarray(np.log(np.maximum(within, 1e-12)))


def _split_p_value(fit: Floats, held_out: Floats, k: int) -> float:
    labels = fcluster(linkage(fit, "ward"), k, "maxclust")
    centres = np.array([fit[labels == label].mean(axis=0) for label in np.unique(labels)])
    nearest = cdist(held_out, centres).argmin(axis=1)
    between = cdist(centres, centres)
    np.fill_diagonal(between, np.inf)
    p_values = []
    for i, j in zip(*np.triu_indices(len(centres), 1), strict=True):
        neighbours = between[i].argmin() == j or between[j].argmin() == i
        if not neighbours or min(np.sum(nearest == i), np.sum(nearest == j)) < SMALLEST_SIDE:
            continue
        stores = held_out[(nearest == i) | (nearest == j)]
        p_values.append(dip_p_value(stores @ (centres[j] - centres[i])))
    return min(1.0, min(p_values) * len(p_values)) if p_values else 1.0


def _hull(x: Floats, y: Floats, side: int) -> npt.NDArray[np.int64]:
    """Indices of the lower (side 1) or upper (side -1) convex hull of points sorted by x."""
    hull: list[int] = []
    for i in range(len(x)):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            turn = (x[b] - x[a]) * (y[i] - y[a]) - (y[b] - y[a]) * (x[i] - x[a])
            if side * turn > 0:
                break
            hull.pop()
        hull.append(i)
    return np.array(hull)
