"""What is wanted of the final clusters of a category."""

from dataclasses import dataclass

import numpy as np

from store_clusters.clusters.limits import Limits

MOST_CLUSTERS = 8  # of a category, unless a limit is set: more plans than that are not used


@dataclass(frozen=True)
class Wanted:
    """How pairs of clusters become final clusters."""

    min_size: int  # stores of a final cluster at least, unless there are fewer in all
    max_size: int | None = None  # and at most
    max_clusters: int | str | None = "auto"  # of a category; 8, and with `joint` no limit
    aim: str = "balanced"  # or `sales`, `joint`
    target: int | None = None  # number of final clusters, whatever the evidence
    join_above: float = np.inf  # with `joint`: overlap from which two pairs are one
    seed: int = 0

    @property
    def most(self) -> int | None:
        """Final clusters at most; more where ``max_size`` asks for them."""
        if self.max_clusters != "auto":
            return None if self.max_clusters is None else int(self.max_clusters)
        return None if self.aim == "joint" else MOST_CLUSTERS

    @property
    def limits(self) -> Limits:
        """The limits on sizes and number."""
        return Limits(self.min_size, self.max_size, self.most)
