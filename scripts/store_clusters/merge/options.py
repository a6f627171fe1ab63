"""Options of merging both tracks."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge

from store_clusters.run.options import (
    Correlation,
    Count,
    Options,
    Size,
)


@dataclass(frozen=True)
class Merge(Options):
    """How the two labelings become one."""

    aim: Literal["balanced", "sales", "joint"] = "balanced"
    """What final clusters are for: internal clusters that pay, parted by surroundings where that
    makes stable groups; what explains most of sales held out; or both tracks alike."""
    min_size: Size = "auto"
    """Stores that a final cluster has at least: a number, or below 1 a share of the category's
    stores; `auto` is a twentieth of them, at least 3 and at most 20."""
    max_size: Count | None = None
    """Stores that a final cluster has at most; null for no limit."""
    max_clusters: Count | Literal["auto"] | None = "auto"
    """Final clusters that a category has at most; null for no limit; `auto` is 8, and no limit with
    `aim: joint`."""
    target: dict[str, Count] = field(default_factory=dict)
    """Number of final clusters by category, whatever the evidence; `numbers.parquet` says what each
    would be."""
    mode: Literal["separable", "cross"] = "separable"
    """With `aim: joint`: join cells of the crossed labelings that resampling does not tell apart in
    either track, or keep every cell; both then fold small ones."""
    join_above: Correlation = 0.2
    """Overlap from which `separable` joins two cells."""
    refits: Annotated[int, Ge(2)] = 40
    """Resamples on which both tracks are clustered again, for the overlap and the confidence."""
