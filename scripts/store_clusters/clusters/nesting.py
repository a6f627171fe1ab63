"""What a division into final clusters is worth, and how clusters without evidence are joined.

Final clusters nest in internal ones: category > internal cluster > final cluster. A division starts
as the internal clusters and loses those that are too small or without evidence here; how it takes
more is said in :mod:`store_clusters.clusters.parting`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from store_clusters.clusters.held_out import Gain
from store_clusters.clusters.limits import Limits
from store_clusters.clusters.placing import Rule, means_of
from store_clusters.clusters.steps import Step, Stores

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
STABLE = 0.75  # Jaccard similarity on resamples from which a cluster is a group, Hennig 2007


@dataclass(frozen=True)
class Evidence:
    """Why a cluster is one of its own."""

    kind: str  # `group`, `slice`, `whole`, `none`
    jaccard: float
    gain: Gain | None  # of parting it from the cluster that sells most alike; None without dates
    neighbour: int  # that cluster, -1 for the only one


@dataclass(frozen=True)
class _FoundAgain:
    """Stores by their pair of unit and external cluster and that on a resample, (n_counts,) each.

    A pair is the number of its place in a table of units and external clusters.
    """

    units: Labels  # those that were counted, and below those on resamples
    refits: Labels
    refit: Labels
    pair: Labels
    again: Labels
    stores: Labels

    @classmethod
    def count(cls, step: Step, stores: Stores) -> "_FoundAgain":
        """Count the stores of a division."""
        pairs, width = step.final.size, step.final.shape[1]
        pair = step.units * width + stores.external
        again = step.refits * width + stores.external_refits
        codes = (np.arange(len(again))[:, None] * pairs + pair) * pairs + again
        used, counts = np.unique(codes, return_counts=True)
        before, last = np.divmod(used, pairs)
        return cls(step.units, step.refits, before // pairs, before % pairs, last, counts)

    def of(self, step: Step) -> bool:
        """Say whether a division has the units that were counted."""
        return self.units is step.units and self.refits is step.refits


class Nest:
    """Divisions of the stores of one category, from one cluster to as many as may be."""

    def __init__(self, stores: Stores, limits: Limits, seed: int):
        self.stores, self.limits, self.seed = stores, limits, seed
        self.joins: list[Step] = []  # from the internal clusters to one
        self.slices: dict[bytes, Rule] = {}  # that cut a cluster of these stores in two
        self._evidence: dict[bytes, dict[int, Evidence]] = {}
        self._again: _FoundAgain | None = None

    def start(self) -> Step:
        """Return the division into internal clusters."""
        stores = self.stores
        count = np.zeros(stores.shape, dtype=np.int64)
        np.add.at(count, (stores.internal, stores.external), 1)
        final = np.where(count > 0, np.arange(len(count))[:, None], -1)
        placed = None if stores.held_out is None else stores.held_out.place(stores.internal)
        return Step(final, stores.internal, placed, stores.internal_refits)

    def labels(self, step: Step) -> Labels:
        """Return the final cluster of every store."""
        return step.final[step.units, self.stores.external]

    def sizes(self, step: Step) -> dict[int, int]:
        """Return the stores of every final cluster."""
        counts = np.bincount(self.labels(step))
        return {int(name): int(counts[name]) for name in np.flatnonzero(counts)}

    # What a division is worth

    def errors(self, step: Step) -> Floats:
        """Return each store's squared errors in months held out."""
        if self.stores.held_out is None or step.placed is None:
            raise ValueError("nothing is held out")
        return self.stores.held_out.errors(self._through(step, step.placed))

    def _through(self, step: Step, units: Labels) -> Labels:
        """Return final clusters of (rows, n_stores) units; a pair without stores goes by unit."""
        table = self.completed(step)
        return table[units, self.stores.external[None]]

    def completed(self, step: Step) -> Labels:
        """Return the table of a division, pairs without stores in the largest of their unit."""
        table = step.final.copy()
        sizes = self.sizes(step)
        for unit, row in enumerate(table):
            known = row[row >= 0]
            if len(known):
                row[row < 0] = max(sorted(set(known.tolist())), key=lambda f: sizes[f])
            else:
                table[unit] = max(sorted(sizes), key=lambda f: sizes[f])
        return table

    def jaccards(self, step: Step) -> dict[int, float]:
        """Return the mean Jaccard similarity of every cluster with its like on resamples."""
        names, times = step.names, len(step.refits)
        k, found = len(names), self._found_again(step)
        first = np.searchsorted(names, step.final.ravel()[found.pair])
        second = np.searchsorted(names, self.completed(step).ravel()[found.again])
        both = np.bincount((found.refit * k + first) * k + second, found.stores, times * k * k)
        both = both.reshape(times, k, k)
        sizes, again = both.sum(axis=2), both.sum(axis=1)
        same = np.diagonal(both, axis1=1, axis2=2)
        total = np.zeros(k)
        for similarity in same / np.maximum(sizes + again - same, 1.0):
            total += similarity
        return dict(zip(names.tolist(), (total / max(1, times)).tolist(), strict=True))

    def _found_again(self, step: Step) -> "_FoundAgain":
        """Count where resamples place the stores of every pair, once for all divisions of units."""
        if self._again is None or not self._again.of(step):
            self._again = _FoundAgain.count(step, self.stores)
        return self._again

    def evidence(self, step: Step) -> dict[int, Evidence]:
        """Return why each final cluster is one of its own."""
        key = step.final.tobytes() + step.units.tobytes()
        if key not in self._evidence:
            self._evidence[key] = dict(self._find_evidence(step))
        return self._evidence[key]

    def _find_evidence(self, step: Step) -> Iterator[tuple[int, Evidence]]:
        jaccards = self.jaccards(step)
        names = step.names.tolist()
        if len(names) == 1:
            yield names[0], Evidence("whole", jaccards[names[0]], None, -1)
            return
        errors = self.errors(step) if self.stores.held_out is not None else None
        neighbours = self.neighbours(step)
        for name in names:
            other, gain = neighbours[name], None
            if self.stores.held_out is not None and errors is not None:
                joined = self.errors(self.join(step, other, name, ""))
                gain = self.stores.held_out.gain(joined, errors)
            kind = "none"
            if jaccards[name] >= STABLE:
                kind = "group"
            elif gain is not None and gain.low > 0:
                kind = "slice"
            yield name, Evidence(kind, jaccards[name], gain, other)

    def neighbours(self, step: Step) -> dict[int, int]:
        """Return for every cluster the one that sells most alike, of its internal cluster first."""
        names = step.names
        centres, _ = self._centres(step)
        apart = cdist(centres, centres)
        np.fill_diagonal(apart, np.inf)
        home = {name: self._home(step, name) for name in names}
        related = np.array([[home[a] == home[b] for b in names] for a in names])
        np.fill_diagonal(related, False)
        best = [
            int(np.where(related[i], apart[i], np.inf).argmin())
            if related[i].any()
            else int(apart[i].argmin())
            for i in range(len(names))
        ]
        return {int(name): int(names[other]) for name, other in zip(names, best, strict=True)}

    def _home(self, step: Step, name: int) -> int:
        """Return the internal cluster of most stores of a final cluster."""
        return int(np.bincount(self.stores.internal[self.labels(step) == name]).argmax())

    def _centres(self, step: Step) -> tuple[Floats, Floats]:
        """Return the mean mix of every final cluster, and the sum of its weights."""
        codes = np.searchsorted(step.names, self.labels(step))
        k = len(step.names)
        total = np.bincount(codes, self.stores.weights, minlength=k).astype(np.float64)
        return means_of(self.stores.mix, codes, k, self.stores.weights), total

    # Steps

    def join(self, step: Step, to: int, gone: int, reason: str) -> Step:
        """Return the division in which one cluster has the stores of two."""
        final = np.where(step.final == gone, to, step.final)
        return replace(step, final=final, done="join", reason=reason, clusters=(to, gone))

    def cheapest(self, step: Step, gone: int) -> int:
        """Return the cluster that should take the stores of another.

        A sibling of the internal cluster, the nearest in surroundings; else the one that sells
        most alike.
        """
        names = [name for name in step.names.tolist() if name != gone]
        siblings = [name for name in names if self._home(step, name) == self._home(step, gone)]
        labels = self.labels(step)
        if siblings:
            centres = {name: self.mean_surroundings(labels == name) for name in [gone, *siblings]}
            return min(siblings, key=lambda f: float(np.linalg.norm(centres[f] - centres[gone])))
        centres_mix, total = self._centres(step)
        places = {name: row for row, name in enumerate(step.names.tolist())}
        return min(names, key=lambda f: _ward(centres_mix, total, places[f], places[gone]))

    def mean_surroundings(self, stores: Bools) -> Floats:
        """Return the mean surroundings of stores, marked in (n_stores,), that have any; else 0."""
        known = self.stores.surroundings[stores]
        known = known[~np.isnan(known).any(axis=1)]
        return known.mean(axis=0) if len(known) else np.zeros(self.stores.surroundings.shape[1])

    def fewer(self, step: Step) -> Step | None:
        """Join two clusters: one that is too small or without evidence, or the two most alike."""
        names = step.names.tolist()
        if len(names) < 2:
            return None
        sizes, evidence = self.sizes(step), self.evidence(step)
        small = [name for name in names if sizes[name] < self.limits.min_size]
        if small:
            gone = min(small, key=lambda f: (sizes[f], f))
            return self._joined(step, gone, self.cheapest(step, gone), "too_small")
        weak = [name for name in names if evidence[name].kind == "none"]
        if weak:
            gone = min(weak, key=lambda f: (_strength(evidence[f]), f))
            return self._joined(step, gone, self._least_lost(step, gone), "no_evidence")
        most = self.limits.max_clusters
        reason = "too_many" if most is not None and len(names) > most else "fewer"
        centres, total = self._centres(step)
        pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
        i, j = min(pairs, key=lambda pair: _ward(centres, total, *pair))
        return self._joined(step, names[i], names[j], reason)

    def _least_lost(self, step: Step, gone: int) -> int:
        """Return the cluster that takes another at the least loss of what is explained held out.

        A sibling of its internal cluster first; without dates, the one that sells most alike.
        """
        neighbour = self.evidence(step)[gone].neighbour
        if self.stores.held_out is None or self._home(step, neighbour) == self._home(step, gone):
            return neighbour
        others = [name for name in step.names.tolist() if name != gone]
        lost = {f: float(self.errors(self.join(step, f, gone, "")).sum()) for f in others}
        return min(others, key=lambda f: (round(lost[f], 12), f))

    def _joined(self, step: Step, one: int, other: int, reason: str) -> Step:
        """Join two clusters; the one with more stores keeps its name, the lower among equals."""
        sizes = self.sizes(step)
        to, gone = sorted((one, other), key=lambda f: (-sizes[f], f))
        return self.join(step, to, gone, reason)

    def sound(self, step: Step) -> bool:
        """Say whether a division keeps the limits and every cluster has its evidence."""
        sizes, most = self.sizes(step), self.limits.max_clusters
        if most is not None and len(sizes) > most:
            return False
        if len(sizes) > 1 and min(sizes.values()) < self.limits.min_size:
            return False
        return all(found.kind != "none" for found in self.evidence(step).values())


def _ward(centres: Floats, total: Floats, i: int, j: int) -> float:
    """Return what joining two clusters adds to the sum of squares."""
    return float(
        np.sum((centres[i] - centres[j]) ** 2) * total[i] * total[j] / (total[i] + total[j])
    )


def _strength(evidence: Evidence) -> float:
    """Order clusters without evidence: the weakest goes first."""
    low = evidence.gain.low if evidence.gain is not None else 0.0
    return min(evidence.jaccard - STABLE, low)
