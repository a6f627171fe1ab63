"""Options of clustering one track."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge

from store_clusters.run.options import Count, Member, Options, Size, sizes_disagree
from store_clusters.run.registry import Registry

# Named here and not imported, so that a criterion counts for no job that only clusters.
ALGORITHMS = Registry("store_clusters.clusters.algorithms")
CRITERIA = Registry("store_clusters.clusters.criteria")


@dataclass(frozen=True)
class ChooseK(Options):
    """How many clusters."""

    min: Annotated[int, Ge(2)] = 2
    """Smallest number of clusters to try."""
    max: Annotated[int, Ge(2)] = 8
    """Largest number of clusters to try."""
    criterion: Annotated[str, Member(CRITERIA)] = "gap"
    """What decides on the number; all scores are written, whichever decides. `prediction` looks for
    slices that explain sales held out, not for groups; it is for the internal track and needs
    dates."""
    no_groups: Literal["by_verdict", "slices", "one"] = "slices"
    """Without groups, with `gap`: as many `slices` as pay by what they explain of sales held out;
    slices only where stores differ by degrees along a direction, else one cluster (`by_verdict`);
    or `one` cluster."""
    min_stores: Count = 5
    """Stores that the smallest cluster should have, for `gap` to prefer a number of clusters."""
    fixed: dict[str, Count] = field(default_factory=dict)
    """Number of clusters by category (or `all`, in the external track), whatever the criterion
    says."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: the smallest and the largest number."""
        if self.min > self.max:
            yield "", f"min ({self.min}) is above max ({self.max})."


@dataclass(frozen=True)
class ChooseExternalK(ChooseK):
    """How many external clusters."""

    max: Annotated[int, Ge(2)] = 10
    """Largest number of clusters to try."""
    no_groups: Literal["by_verdict", "slices", "one"] = "by_verdict"
    """Without groups, with `gap`: as many `slices` as pay by what they explain of sales held out;
    slices only where stores differ by degrees along a direction, else one cluster (`by_verdict`);
    or `one` cluster."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: surroundings have no sales to predict."""
        yield from super().contradictions()
        if self.criterion == "prediction":
            yield "criterion", "prediction is for the internal track only."


@dataclass(frozen=True)
class Cluster(Options):
    """How stores are grouped."""

    algorithm: Annotated[str, Member(ALGORITHMS)] = "kmeans_limited"
    """Algorithm that groups stores."""
    starts: Count = 50
    """Random starts, of which the best is kept; `ward` needs none."""
    min_size: Size | Literal["${merge.min_size}"] | None = "${merge.min_size}"
    """Eligible stores that a cluster has at least, with `kmeans_limited`: as for `merge.min_size`;
    so many numbers of clusters are tried as stores of that size allow; null for no limit."""
    max_size: Count | None = None
    """Eligible stores that a cluster has at most, with `kmeans_limited`; null for no limit."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: the limits of a size, and an algorithm that keeps none."""
        yield from sizes_disagree(self.min_size, self.max_size)
        if self.max_size and self.algorithm != "kmeans_limited":
            yield "", "max_size needs algorithm: kmeans_limited."


@dataclass(frozen=True)
class ClusterByFeatures(Cluster):
    """How stores are grouped by external features."""

    algorithm: Annotated[str, Member(ALGORITHMS)] = "gaussian_mixture"
    """Algorithm that groups stores."""
    min_size: Size | None = None
    """Eligible stores that a cluster has at least, with `kmeans_limited`: as for `merge.min_size`;
    so many numbers of clusters are tried as stores of that size allow; null for no limit."""
