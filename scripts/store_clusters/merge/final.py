"""The final clusters of a category: of the size that is wanted, with all stores and evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.limits import Limits, assign_limited
from store_clusters.clusters.nesting import Evidence
from store_clusters.clusters.placing import Rule
from store_clusters.clusters.stability import jaccard
from store_clusters.merge.division import Division
from store_clusters.merge.folding import Fold, Folded, fold_cells
from store_clusters.merge.layout import EXTERNAL, INTERNAL, Layout
from store_clusters.merge.names import by_number, cell_name, internal_of
from store_clusters.merge.wanted import Wanted

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]
TIMES = 10  # that clusters above `max_size` are split again, to see how stable their parts are


@dataclass(frozen=True)
class Final:
    """Final clusters, each a cluster of a division or, where that was too large, a part of one."""

    layout: Layout
    division: Division
    wanted: Wanted
    names: list[str]  # of the final clusters 0, 1, ...
    labels: Labels  # (n_stores,) final cluster, -1 for none
    folds: list[Fold] = field(default_factory=list)  # that brought clusters to the size wanted
    rules: dict[str, tuple[list[str], Rule]] = field(default_factory=dict)  # of those split

    @cached_property
    def wholes(self) -> Labels:
        """The cluster of the division that each final cluster is, or is a part of, (n_final,)."""
        return parts_of(self.names, self.division.names)

    @cached_property
    def sizes(self) -> Labels:
        """The stores of each final cluster, (n_final,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.names))

    def named(self, labels: Labels) -> Names:
        """Return the names of final clusters (n_stores,), None for -1."""
        return np.array([*self.names, None], dtype=object)[labels]

    def evidence(self) -> list[Evidence]:
        """Return the evidence of every final cluster; parts of one have their own stability."""
        division, names = self.division, self.names
        found = division.nest.evidence(division.step)
        place = {name: number for number, name in enumerate(names)}
        listed = []
        for whole in self.wholes.tolist():
            neighbour = found[whole].neighbour
            named = -1 if neighbour < 0 else place.get(division.names[neighbour], -1)
            listed.append(replace(found[whole], neighbour=named))
        if len(names) == len(division.names):
            return listed
        return [
            replace(
                one,
                jaccard=min(one.jaccard, share),
                kind=one.kind if name in division.names else "none",
            )
            for one, name, share in zip(listed, names, self._stability_of_parts(), strict=True)
        ]

    def _stability_of_parts(self) -> Floats:
        """Return how far each final cluster comes back when too large ones are split again."""
        names, whole = self.names, self.division.clusters
        first = self.labels[self.layout.makers]
        limits = Limits(self.wanted.min_size, self.wanted.max_size, None)
        total = np.zeros(len(names))
        for seed in range(TIMES):
            again = fold_cells(whole, self.layout.space(), limits, seed, resample=True).clusters
            second = np.unique(again.astype(str), return_inverse=True)[1]
            k = max(len(names), int(second.max()) + 1)
            total += jaccard(first, second, k)[: len(names)].max(axis=1)
        return total / TIMES

    def places(self, pairs: Names, parts: Names) -> dict[tuple[str, str, str], int]:
        """Return where stores of each pair of clusters and part are, and how many.

        Args:
            pairs: (n_stores,) names of pairs, None for stores that not both tracks know.
            parts: (n_stores,) internal cluster or part of it.

        Returns:
            Stores by pair, part and final cluster; 0 where no store has the pair and part, and one
            would go with the most stores of its internal cluster, or of its part of one; without an
            internal cluster, where most stores of its external cluster are. Of several parts of a
            cluster that was too large, to the largest.
        """
        counts: dict[tuple[str, str, str], int] = {}
        for store in zip(pairs, parts, self.named(self.labels), strict=True):
            if store[0] is not None:
                counts[store] = counts.get(store, 0) + 1
        seen = {(pair, part) for pair, part, _ in counts}
        others = self._where_no_store_is()
        new = {(*place, name): 0 for place, name in others.items() if place not in seen}
        return counts | new

    def _where_no_store_is(self) -> dict[tuple[str, str], str]:
        """Return where a store of each pair and part would go, were there none like it."""
        division, layout = self.division, self.layout
        stores, table = division.nest.stores, division.nest.completed(division.step)
        largest = {
            whole: self.names[
                max(np.flatnonzero(self.wholes == whole), key=lambda f: self.sizes[f])
            ]
            for whole in np.unique(self.wholes).tolist()
        }
        found = {}
        clusters = set(np.unique(stores.internal[stores.internal > 0]).tolist())
        for unit, part in enumerate(division.step.parts):
            internal = internal_of(part)
            for outside in range(table.shape[1] if internal in clusters else 0):
                found[cell_name(internal, outside), part] = largest[int(table[unit, outside])]
        external = layout.external
        counted = layout.makers & external.known
        shares = _shares(self.labels, external.labels, counted, len(self.names))
        for outside in range(1, len(shares)):
            found[cell_name(0, outside), "0"] = self.names[int(shares[outside].argmax())]
        return found


def finish(division: Division, layout: Layout, wanted: Wanted) -> Final:
    """Divide clusters above ``max_size``, then place the stores that made no clusters.

    Clusters that cannot be divided take another with them.

    Raises:
        ImpossibleLimits: No division of the stores keeps the limits.
    """
    sized = _sized(division, layout, wanted)
    division = _joined_by_size(division, sized.final_of)
    names = sorted(set(sized.clusters), key=by_number)
    number = {name: index for index, name in enumerate(names)}
    labels = np.full(len(layout.makers), -1, dtype=np.int64)
    labels[layout.makers] = [number[name] for name in sized.clusters]
    _place(labels, len(names), layout, wanted)
    return Final(layout, division, wanted, names, labels, sized.folds, sized.parts)


def parts_of(names: list[str], wholes: list[str]) -> Labels:
    """Return for every final cluster the number of the one that it is a part of, (n_final,).

    A part adds letters to the name of the whole, which may end in one itself.
    """
    number = {name: index for index, name in enumerate(wholes)}
    starts = [next(n[:end] for end in range(len(n), 0, -1) if n[:end] in number) for n in names]
    return np.array([number[start] for start in starts], dtype=np.int64)


def _sized(division: Division, layout: Layout, wanted: Wanted) -> Folded:
    """Divide clusters above ``max_size``; those that cannot be take another with them."""
    clusters = division.clusters
    if wanted.max_size is None:
        return Folded(clusters, {name: name for name in clusters})
    asked = None if wanted.max_clusters == "auto" else wanted.most
    limits = Limits(wanted.min_size, wanted.max_size, asked)
    return fold_cells(clusters, layout.space(), limits, wanted.seed)


def _joined_by_size(made: Division, final_of: Mapping[str, str]) -> Division:
    """Return the division in which clusters that ``max_size`` dissolved are part of others."""
    kept = sorted(set(final_of.values()), key=by_number)
    if len(kept) == len(made.names):
        return made
    codes = np.array([kept.index(final_of[name]) for name in made.names])
    gone = np.array([name not in kept for name in made.names])
    before = made.step.final
    final = np.where(before >= 0, codes[before], -1)
    moved = made.moved | ((before >= 0) & gone[before])
    return replace(made, step=replace(made.step, final=final), names=kept, moved=moved)


def _place(labels: Labels, k: int, layout: Layout, wanted: Wanted) -> None:
    """Place the stores that made no clusters in ``labels`` (n_stores,) of k clusters.

    A store goes where most stores of its cluster in the track that knows it are; where some final
    clusters have no room for all, as many as possible do.
    """
    rows = np.flatnonzero((layout.sides > 0) & ~layout.makers)
    if len(rows) == 0:
        return
    cost = np.ones((len(rows), k))
    for side, track in ((INTERNAL, layout.internal), (EXTERNAL, layout.external)):
        here = layout.sides[rows] == side
        shares = _shares(labels, track.labels, layout.makers & track.known, k)
        cost[here] = 1 - shares[np.minimum(track.labels[rows[here]], len(shares) - 1)]
    sizes = np.bincount(labels[layout.makers], minlength=k)
    most = (wanted.max_size or len(labels)) - sizes
    least = np.maximum(0, wanted.min_size - sizes) if k > 1 else 0 * sizes
    if least.sum() > len(rows):
        least = 0 * sizes
    labels[rows] = assign_limited(cost, least, most)


def _shares(labels: Labels, clusters: Labels, counted: Bools, k: int) -> Floats:
    """Return the share of each final cluster in the stores of every cluster of a track.

    Row 0 holds the shares of all stores.
    """
    table = np.zeros((int(clusters.max()) + 1, k))
    np.add.at(table, (clusters[counted], labels[counted]), 1.0)
    table[table.sum(axis=1) == 0] = table.sum(axis=0)
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1.0))
