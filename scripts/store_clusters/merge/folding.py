"""Join and fold crossed cells, and split large ones, until all clusters have a usable size."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from store_clusters.clusters.clustering import fit_clusters
from store_clusters.clusters.limits import ImpossibleLimits, Limits, limit_sizes
from store_clusters.clusters.placing import Rule
from store_clusters.merge.names import by_number, part_name
from store_clusters.merge.overlap import count_by_refit, overlap, together

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]
STARTS = 10  # of k-means when a cluster is split


@dataclass(frozen=True)
class Space:
    """The stores that make clusters, and what tells them apart."""

    values: Floats  # (n_stores, n_dimensions), what distances are measured in
    mix: Floats  # (n_stores, n_components) of the internal track, NaN where it does not know them
    sides: Labels  # (n_stores,) stores of different sides have no dimension in common
    followers: Labels  # (n_stores,) further stores that are placed later, by their nearest store
    views: Sequence[Labels] = ()  # per track (refits, n_stores) labels on resamples
    join_above: float = np.inf  # overlap from which two cells are joined whatever their size


@dataclass(frozen=True)
class Fold:
    """A cluster that was dissolved, or a part that was taken from a cluster."""

    from_cluster: str
    to_cluster: str
    stores: int
    distance: float
    reason: str = "too_small"
    next_alternative: str | None = None
    next_distance: float = np.nan
    explained_lost: float = np.nan
    held_out_lost: float = np.nan


@dataclass(frozen=True)
class Folded:
    """The clusters that the cells became."""

    clusters: Names  # (n_stores,)
    final_of: dict[str, str]  # cell: cluster, before large ones were split
    folds: list[Fold] = field(default_factory=list)
    parts: dict[str, tuple[list[str], Rule]] = field(default_factory=dict)  # of those split


def fold_cells(
    clusters: Names, space: Space, limits: Limits, seed: int = 0, *, resample: bool = False
) -> Folded:
    """Join cells that no view tells apart, fold misfits smallest first, split large clusters.

    Without ``views`` a cluster goes to the one with the nearest centre; with them, to the one it
    is told apart from least, the nearest among equals. The larger of the two keeps its name. Ties
    go to the cluster with the lower number. One that needs no more clusters than there would be
    anyway has precedence, so that nothing grows beyond ``max_size`` while another can take it.

    A cluster is a misfit when it has less than ``min_size`` stores or is larger than ``max_size``
    and cannot be divided into parts of allowed size. While there are more than ``max_clusters``,
    the smallest is folded too. In the end every cluster above ``max_size`` is split into the
    fewest parts. ``min_size`` counts the stores in ``clusters``; where these are too few for the
    clusters that ``max_size`` demands, it counts their followers too, as ``max_size`` always does.

    Args:
        clusters: (n_stores,) names such as ``2_1``.
        space: The stores.
        limits: Sizes and number of the clusters.
        seed: Seed of the k-means that splits.
        resample: Split as stores drawn anew would be, which is how stable parts are.

    Raises:
        ImpossibleLimits: No division of the stores keeps the limits.
    """
    counts_all = check_limits(space, limits)
    cells = _Cells(clusters, space, limits, counts_all)
    final_of = {name: name for name in cells.names}
    folds: list[Fold] = []
    for choose in (cells.inseparable, cells.misfit):
        while (move := choose()) is not None:
            folds.append(cells.fold(*move))
            for name, final in final_of.items():
                if final == folds[-1].from_cluster:
                    final_of[name] = folds[-1].to_cluster
    found = np.array([final_of[name] for name in clusters], dtype=object)
    parts = {}
    for cell, name in enumerate(cells.names):
        divided, rule = cells.split(cell, seed, resample)
        for fold, stores in divided:
            found[stores] = fold.to_cluster
            folds.append(fold)
        if rule is not None:
            parts[name] = [fold.to_cluster for fold, _ in divided], rule
    return Folded(found, final_of, folds, parts)


def check_limits(space: Space, limits: Limits) -> Bools:
    """Return for which sides ``min_size`` has to count followers, (largest side + 1,).

    Raises:
        ImpossibleLimits: No division of the stores keeps the limits.
    """
    makers = np.bincount(space.sides, minlength=1)
    followers = np.bincount(space.sides, space.followers, minlength=1).astype(np.int64)
    placed = makers + followers
    parts = limits.parts(placed)
    needed, allowed = int(parts[makers > 0].sum()), limits.max_clusters
    counts_all = (parts > 1) & (parts * limits.min_size > makers)
    if allowed is not None and needed > allowed:
        sizes = f" of at most {limits.max_size} (max_size)" if limits.max_size else ""
        apart = " that no track knows together" if (makers > 0).sum() > 1 else ""
        raise ImpossibleLimits(
            f"{placed.sum()} stores{apart} make at least {needed} clusters{sizes}, more than "
            f"{allowed} (max_clusters)",
            "max_clusters or max_size",
        )
    for stores, known, clusters in zip(placed, makers, parts, strict=True):
        if clusters > 1 and clusters * limits.min_size > stores:
            raise ImpossibleLimits(
                f"{stores} stores cannot be divided into clusters of at least {limits.min_size} "
                f"(min_size) and at most {limits.max_size} (max_size)",
                "min_size or max_size",
            )
        if clusters > 1 and clusters > known:
            raise ImpossibleLimits(
                f"{stores} stores make at least {clusters} clusters of at most {limits.max_size} "
                f"(max_size), but only {known} of them are known to both tracks",
                "max_size",
            )
    return np.asarray(counts_all)


class _Cells:
    """Clusters that are being joined, in the order of their numbers, and sums over their stores."""

    def __init__(self, clusters: Names, space: Space, limits: Limits, counts_all: Bools):
        self.names: list[str] = sorted(set(clusters), key=by_number)
        self.space, self.limits, self.counts_all = space, limits, counts_all
        number = {name: code for code, name in enumerate(self.names)}
        codes = np.array([number[name] for name in clusters], dtype=np.int64)
        self.members = [np.flatnonzero(codes == code) for code in range(len(self.names))]
        self.makers = np.array([len(stores) for stores in self.members], dtype=np.int64)
        self.followers = np.array([space.followers[m].sum() for m in self.members], dtype=np.int64)
        self.sides = np.array([space.sides[m[0]] for m in self.members], dtype=np.int64)
        self.values = _sums(space.values, codes, len(self.names))
        self.mixes = _sums(space.mix, codes, len(self.names))
        self.together = [
            together(count_by_refit(codes, labels)) for labels in space.views if len(codes)
        ]
        known = space.mix[~np.isnan(space.mix).any(axis=1)]
        self.spread = float(known.var(axis=0).sum()) * len(known) if len(known) else 0.0

    def inseparable(self) -> tuple[int, int, str] | None:
        """Return the two cells that overlap most, the smaller first; None when all are apart."""
        if not self.together or len(self.names) < 2:
            return None
        shared = self.overlaps()
        shared[self.ranks() > 0] = -1
        i, j = np.unravel_index(int(shared.argmax()), shared.shape)
        if shared[i, j] < self.space.join_above:
            return None
        small, large = sorted((int(i), int(j)), key=lambda cell: (self.makers[cell], -cell))
        return small, large, "inseparable"

    def misfit(self) -> tuple[int, int, str] | None:
        """Return the smallest cluster that has to go, where it goes and why; None when all fit."""
        if not self.names:
            return None
        parts = self.limits.parts(self.makers + self.followers)
        sizes = self.sizes(self.makers, self.followers, self.sides)
        movable = np.bincount(self.sides)[self.sides] > 1
        wrong = movable & ~self.fit(self.makers, sizes, parts)
        reason = ""
        allowed = self.limits.max_clusters
        if not wrong.any() and allowed is not None and parts.sum() > allowed:
            wrong, reason = movable, "too_many"
        if not wrong.any():
            return None
        gone = int(np.flatnonzero(wrong)[sizes[wrong].argmin()])
        small = sizes[gone] < self.limits.min_size
        return gone, self.partners(gone)[0], reason or ("too_small" if small else "too_large")

    def fold(self, gone: int, to: int, reason: str) -> Fold:
        """Give the stores of one cell to another."""
        distances = self.distances(gone)
        others = [cell for cell in self.partners(gone) if cell != to]
        fold = Fold(
            self.names[gone],
            self.names[to],
            len(self.members[gone]),
            float(distances[to]),
            reason,
            self.names[others[0]] if others else None,
            float(distances[others[0]]) if others else np.nan,
            self.explained(gone, to),
        )
        self.members[to] = np.sort(np.concatenate([self.members[to], self.members[gone]]))
        for sums in (self.makers, self.followers, self.values, self.mixes):
            sums[to] += sums[gone]
        for shared in self.together:
            shared[to] += shared[gone]
            shared[:, to] += shared[:, gone]
        self.forget(gone)
        return fold

    def forget(self, cell: int) -> None:
        """Remove a cell whose stores another has."""
        del self.members[cell], self.names[cell]
        self.makers = np.delete(self.makers, cell)
        self.followers, self.sides = np.delete(self.followers, cell), np.delete(self.sides, cell)
        self.values = np.delete(self.values, cell, axis=0)
        self.mixes = np.delete(self.mixes, cell, axis=0)
        self.together = [
            np.delete(np.delete(shared, cell, axis=0), cell, axis=1) for shared in self.together
        ]

    def split(
        self, cell: int, seed: int, resample: bool
    ) -> tuple[list[tuple[Fold, Labels]], Rule | None]:
        """Return the parts of a cell above ``max_size``, the largest first, and their stores.

        Also the rule that says in which part a store is; None for a cell that stays whole.
        """
        name, stores = self.names[cell], self.members[cell]
        k = int(self.limits.parts(len(stores) + self.space.followers[stores].sum()))
        if k == 1:
            return [], None
        least, most = self.limits.min_size, self.limits.max_size or len(stores)
        if len(stores) < k * least:  # followers will fill the parts
            least, most = 1, least
        values, mix = self.space.values[stores], self.space.mix[stores]
        labels, rule = split_evenly(values, k, (least, most), seed, resample=resample)
        order = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
        parts = []
        for number, label in enumerate(order):
            own = labels == label
            gained = own.sum() * np.sum((mix[own].mean(axis=0) - mix.mean(axis=0)) ** 2)
            fold = Fold(
                name,
                part_name(name, number),
                int(own.sum()),
                float(np.linalg.norm(values[own].mean(axis=0) - values.mean(axis=0))),
                "too_large",
                explained_lost=self.share(-gained),
            )
            parts.append((fold, stores[own]))
        return parts, rule.take(order)

    def partners(self, cell: int) -> list[int]:
        """Return the cells that could take the stores of ``cell``, the best first."""
        distance = self.distances(cell)
        shared = self.overlaps()[cell] if self.together else np.zeros(len(distance))
        order = np.lexsort((distance, -np.round(shared, 9), self.ranks()[cell]))
        return [int(other) for other in order if np.isfinite(distance[other])]

    def ranks(self) -> Labels:
        """Return which pairs make a good cluster, (n_cells, n_cells).

        0 where two of one side need fewer clusters together than each for itself and these are of
        allowed size, or one that may still be small; 1 where they are of allowed size; else 2.
        """
        makers = np.add.outer(self.makers, self.makers)
        followers = np.add.outer(self.followers, self.followers)
        same = np.equal.outer(self.sides, self.sides)
        parts = self.limits.parts(makers + followers)
        fit = self.fit(makers, self.sizes(makers, followers, self.sides[:, None]), parts)
        alone = self.limits.parts(self.makers + self.followers)
        fewer = (parts < np.add.outer(alone, alone)) & (fit | (parts == 1))
        return np.where(fewer & same, 0, np.where(fit & same, 1, 2))

    def sizes(self, makers: Labels, followers: Labels, sides: Labels) -> Labels:
        """Return the stores that ``min_size`` counts."""
        return np.asarray(makers + self.counts_all[sides] * followers)

    def fit(self, makers: Labels, sizes: Labels, parts: Labels) -> Bools:
        """Say whether stores can be divided into so many parts of allowed size."""
        return np.asarray((parts * self.limits.min_size <= sizes) & (parts <= makers))

    def explained(self, first: int, second: int) -> float:
        """Return the share of the mix variance that telling two cells apart explains."""
        n, m = self.makers[first], self.makers[second]
        apart = self.mixes[first] / n - self.mixes[second] / m
        return self.share(float(np.sum(apart**2)) * n * m / (n + m))

    def share(self, squares: float) -> float:
        """Return a sum of squares as a share of the mix variance, 0 where mixes do not differ."""
        return float(squares / self.spread if self.spread > 1e-9 else 0.0 * squares)

    def overlaps(self) -> Floats:
        """Overlap of every pair, -1 with itself."""
        shared = overlap(self.together)
        np.fill_diagonal(shared, -1)
        return shared

    def distances(self, cell: int) -> Floats:
        """Distance of every centre from that of ``cell``, infinite to itself and other sides."""
        centres = self.values / self.makers[:, None]
        distances = np.linalg.norm(centres - centres[cell], axis=1)
        distances[self.sides != self.sides[cell]] = np.inf
        distances[cell] = np.inf
        return distances


def _sums(values: Floats, codes: Labels, cells: int) -> Floats:
    """Return the sums of (n_stores, n_dimensions) values over the stores of each cell."""
    sums = np.zeros((cells, values.shape[1]))
    np.add.at(sums, codes, values)
    return sums


def split_evenly(
    values: Floats, k: int, sizes: tuple[int, int], seed: int, *, resample: bool
) -> tuple[Labels, Rule]:
    """Return labels 0..k-1 of k-means whose clusters have sizes within the limits, and their rule.

    ``values`` is (n_stores, n_dimensions), ``sizes`` the fewest and most stores of a cluster; the
    centres are those of all stores, or of as many drawn anew.
    """
    n = len(values)
    drawn = values[np.random.default_rng(seed).integers(n, size=n)] if resample else values
    fitted, _ = fit_clusters(drawn, k, "kmeans", STARTS, seed)
    used, labels = np.unique(fitted, return_inverse=True)
    centres = np.array([drawn[labels == label].mean(axis=0) for label in range(len(used))])
    centres = np.resize(centres, (k, values.shape[1]))  # repeated where stores are alike
    nearest = cdist(values, centres).argmin(axis=1)
    return limit_sizes(values, nearest, centres, sizes)
