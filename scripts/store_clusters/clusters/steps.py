"""What a division into final clusters is: a table of pairs, and the lines that cut through some.

The table says which final cluster the stores of a unit, an internal cluster or a part of one, and
an external cluster belong to.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.placing import Rule

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Stores:
    """What is known of the stores of a category that have an internal cluster."""

    internal: Labels  # (n_stores,) from 1, 0 where the internal track does not know the store
    external: Labels  # (n_stores,) from 1, 0 where the external track does not know the store
    mix: Floats  # (n_stores, n_components) of the internal track
    surroundings: Floats  # (n_stores, n_components) of the external track, NaN rows where unknown
    weights: Floats  # (n_stores,), square roots of sales
    internal_refits: Labels  # (n_refits, n_stores) clusters on resamples under their names
    external_refits: Labels  # (n_refits, n_stores), likewise, from 1, 0 unknown
    held_out: HeldOut | None  # None without dates
    grouped: bool  # external clusters are groups that several features agree on

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a table of all pairs, those that only resamples make too."""
        inside = self.internal, self.internal_refits
        outside = self.external, self.external_refits
        k, m = (max(int(x.max(initial=0)) for x in track) + 1 for track in (inside, outside))
        return k, m


@dataclass(frozen=True)
class Cut:
    """A line through a cluster: stores on its upper side go to units of their own."""

    units: dict[int, int]  # unit that was cut: the unit of its stores with a score above 0
    coefficients: Floats  # (n_components,) of the internal track
    intercept: float

    def above(self, values: Floats) -> Bools:
        """Say which of (n_stores, n_components) values are on the upper side."""
        return np.asarray(values @ self.coefficients + self.intercept > 0)

    @property
    def rule(self) -> Rule:
        """The rule of both sides, 0 below and 1 above."""
        none = np.zeros_like(self.coefficients)
        return Rule(np.array([none, self.coefficients]), np.array([0.0, self.intercept]))

    def through(self, units: Labels) -> Labels:
        """Return the units above the cut, of any shape; those that were not cut as they are."""
        found = units.copy()
        for below, above in self.units.items():
            found[units == below] = above
        return found


@dataclass(frozen=True)
class Step:
    """One division, and what was done to the one before."""

    final: Labels  # (n_units, n_external + 1) final cluster of each pair, -1 where no store is
    units: Labels  # (n_stores,) internal clusters, or parts of these
    placed: Labels | None  # (2, n_stores) units by one half of the months; None without dates
    refits: Labels  # (n_refits, n_stores) units on resamples
    done: str = "start"  # `start`, `join`, `split`, `slice`
    reason: str = ""  # of a join: `too_small`, `no_evidence`, `too_many`, `fewer`
    clusters: tuple[int, ...] = ()  # that were joined (the first took the second) or made
    cuts: tuple[Cut, ...] = ()  # that made units of internal clusters, in their order

    @property
    def names(self) -> Labels:
        """The final clusters."""
        return np.unique(self.final[self.final >= 0])

    @property
    def parts(self) -> list[str]:
        """The name of each unit: its internal cluster, and its sides of cuts, as in `3ab`."""
        return self._followed()[0]

    @property
    def rules(self) -> dict[str, tuple[list[str], Rule]]:
        """The two parts of each internal cluster, or part of one, that was cut, and their rule."""
        return self._followed()[1]

    def _followed(self) -> tuple[list[str], dict[str, tuple[list[str], Rule]]]:
        known, rules = {unit: str(unit) for unit in range(len(self.final))}, {}
        for cut in self.cuts:
            for below, above in cut.units.items():
                whole = known[below]
                known[below], known[above] = whole + "a", whole + "b"
                rules[whole] = [known[below], known[above]], cut.rule
        return [known[unit] for unit in range(len(self.final))], rules
