"""Options of merging both tracks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge

from store_clusters.run.options import (
    Correlation,
    Count,
    Options,
    Size,
    sizes_disagree,
)


@dataclass(frozen=True)
class Merge(Options):
    """How the two labelings become one."""

    aim: Literal["balanced", "sales", "joint"] = "balanced"
    """What final clusters are for. `balanced`: the internal clusters, then, up to `max_clusters`,
    parts of them that surely sell differently, and parts by surroundings that are stable groups and
    cost no sales; `sales`: what explains most of sales in months held out; `joint`: both tracks
    count alike."""
    min_size: Size = "auto"
    """Stores that a final cluster has at least: a number, or below 1 a share of the category's
    stores; `auto` is a twentieth of them, at least 3 and at most 20."""
    max_size: Count | None = None
    """Stores that a final cluster has at most; larger ones are split, also beyond an `auto` of
    `max_clusters`; null for no limit."""
    max_clusters: Count | Literal["auto"] | None = "auto"
    """Final clusters that a category has at most; null for no limit; `auto` is 8, and no limit with
    `aim: joint`."""
    target: dict[str, Count] = field(default_factory=dict)
    """Number of final clusters by category: whatever the evidence, and the aim but `joint`.
    `merged/numbers.parquet` says what each number would be; one that the stores cannot make ends
    the run."""
    mode: Literal["separable", "cross"] = "separable"
    """With `joint`, which pairs of clusters are cells: those that resampling tells apart in either
    track, the others being joined first (`separable`), or all (`cross`); small ones are then
    folded."""
    join_above: Correlation = 0.2
    """Overlap from which two cells are one, with `separable`."""
    refits: Annotated[int, Ge(2)] = 40
    """Resamples on which both tracks are clustered again: for the evidence, the confidence and,
    with `aim: joint`, the overlap."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: the limits of a size."""
        yield from sizes_disagree(self.min_size, self.max_size)
