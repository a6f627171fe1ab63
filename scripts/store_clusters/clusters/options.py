"""Options of clustering one track."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge

from store_clusters.run.options import Count, Member, Options, Size
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
    """What decides: the gap statistic with the stability of the clusters and a test whether there
    are groups at all; what clusters explain of the sales of months held out (internal, with dates);
    or the best value of a score. All scores are written."""
    no_groups: Literal["by_verdict", "slices", "one"] = "slices"
    """With `gap`, where there are no groups: slices that explain sales held out, one cluster, or
    slices only where stores differ by degrees along a direction."""
    min_stores: Count = 5
    """Stores that the smallest cluster should have for `gap` to prefer a number of clusters."""
    fixed: dict[str, Count] = field(default_factory=dict)
    """Number of clusters by category (or `all`, in the external track), whatever the criterion
    says."""


@dataclass(frozen=True)
class ChooseExternalK(ChooseK):
    """How many external clusters."""

    max: Annotated[int, Ge(2)] = 10
    """Largest number of clusters to try."""
    no_groups: Literal["by_verdict", "slices", "one"] = "by_verdict"
    """With `gap`, where there are no groups: slices that explain sales held out, one cluster, or
    slices only where stores differ by degrees along a direction."""


@dataclass(frozen=True)
class Cluster(Options):
    """How stores are grouped."""

    algorithm: Annotated[str, Member(ALGORITHMS)] = "kmeans_limited"
    """Clustering algorithm; `kmeans_limited` keeps the sizes of clusters within limits."""
    starts: Count = 50
    """Random starts of all algorithms but `ward`; the best is kept."""
    min_size: Size | Literal["${merge.min_size}"] | None = "${merge.min_size}"
    """Eligible stores that a cluster of `kmeans_limited` has at least, as for `merge.min_size`, and
    so many numbers of clusters are tried as stores of that size allow; null for no limit."""
    max_size: Count | None = None
    """Eligible stores that a cluster of `kmeans_limited` has at most; null for no limit."""


@dataclass(frozen=True)
class ClusterByFeatures(Cluster):
    """How stores are grouped by external features."""

    algorithm: Annotated[str, Member(ALGORITHMS)] = "gaussian_mixture"
    """Clustering algorithm; `kmeans_limited` keeps the sizes of clusters within limits."""
    min_size: Size | None = None
    """Eligible stores that a cluster of `kmeans_limited` has at least, as for `merge.min_size`, and
    so many numbers of clusters are tried as stores of that size allow; null for no limit."""
