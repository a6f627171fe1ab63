"""How the stores that make the clusters of a category are divided, and what that is worth."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.nesting import STABLE, Nest
from store_clusters.clusters.steps import Step
from store_clusters.merge.folding import Fold

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Number:
    """What so many final clusters of a category would be."""

    clusters: int
    explained: float  # share of the variance of mixes in months held out; NaN without dates
    stable: float  # share of the clusters that come back on resamples
    smallest: int  # stores
    chosen: bool
    done: str  # what made it of the one before: `join`, `split`, `slice`, `start`


@dataclass(frozen=True)
class Division:
    """Final clusters of the makers: the table that leads there, and how it came about."""

    nest: Nest
    step: Step
    names: list[str]  # of the final clusters 0, 1, ... of ``step``
    moved: Bools  # (n_units, n_external + 1) pairs that were dissolved into another cluster
    folds: list[Fold]
    path: list[Step] = field(default_factory=list)  # divisions into fewer and more clusters

    @property
    def clusters(self) -> Names:
        """The name of each maker's cluster, (n_makers,)."""
        return np.array(self.names, dtype=object)[self.nest.labels(self.step)]

    @property
    def parts(self) -> Names:
        """Each maker's internal cluster, or part of one, as in ``Step.parts``, (n_makers,)."""
        return np.array(self.step.parts, dtype=object)[self.step.units]

    @property
    def reassigned(self) -> Bools:
        """Which makers' pairs were dissolved into another cluster, (n_makers,)."""
        return self.moved[self.step.units, self.nest.stores.external]

    def numbers(self) -> list[Number]:
        """Return what fewer and more clusters would be, from one to as many as may be."""
        return [self._number(step) for step in self.path or [self.step]]

    def _number(self, step: Step) -> Number:
        held_out, evidence = self.nest.stores.held_out, self.nest.evidence(step)
        explained = np.nan if held_out is None else held_out.explained(self.nest.errors(step))
        stable = np.mean([one.jaccard >= STABLE for one in evidence.values()])
        smallest = min(self.nest.sizes(step).values())
        chosen = step is self.step
        return Number(len(step.names), explained, float(stable), smallest, chosen, step.done)

    def split_by_surroundings(self) -> int:
        """Return how many clusters parting by surroundings made."""
        rows = (np.unique(row[row >= 0]) for row in self.step.final)
        return sum(max(0, len(clusters) - 1) for clusters in rows)

    def gain_of_surroundings(self) -> float:
        """Return what parting by surroundings explains held out; NaN without dates."""
        held_out = self.nest.stores.held_out
        if held_out is None:
            return np.nan
        alone = self.step.final.copy()
        for row in alone:
            row[row >= 0] = row[row >= 0].min(initial=self.step.final.max())
        without = self.nest.errors(replace(self.step, final=alone))
        return held_out.gain(without, self.nest.errors(self.step)).mean


def share_apart(mix: Floats, one: Bools, other: Bools) -> float:
    """Return the share of the variance of mixes that parting two sets of stores explains."""
    total = float(mix.var(axis=0).sum()) * len(mix)
    if not other.any() or total <= 1e-9:
        return 0.0
    n, m = one.sum(), other.sum()
    apart = mix[one].mean(axis=0) - mix[other].mean(axis=0)
    return float(np.sum(apart**2) * n * m / (n + m) / total)
