"""The whole configuration: the sections of all stages, put together."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Le, MaxLen

from store_clusters.clusters.options import ChooseExternalK, ChooseK, Cluster, ClusterByFeatures
from store_clusters.describe.options import Labels
from store_clusters.features.options import (
    Eligible,
    Impute,
    ImputeFeatures,
    NormalizeFeatures,
    NormalizeSales,
    Outliers,
    Reduce,
    ReduceFeatures,
)
from store_clusters.inputs.options import Inputs
from store_clusters.merge.options import Merge
from store_clusters.report.options import Destination
from store_clusters.run.logging_options import Logging
from store_clusters.run.options import (
    Options,
    Text,
    Unique,
)
from store_clusters.sales.options import Checks


@dataclass(frozen=True)
class Output(Options):
    """Where results go."""

    results: Text | None = None
    """Folder for everything a run writes; null is `results`, or `results/<name>` with a
    `--configfile <name>.yaml` that names sources of its own (`results/own-data` with
    `--config`)."""
    merged: Text = "${oc.env:MERGING_DATA_DIR,${output.results}/merged}"
    """Folder for the final tables."""


@dataclass(frozen=True)
class Internal(Options):
    """The track of the need-state mix, per category."""

    groups: Literal["category", "store", "both"] = "category"
    """What is clustered: the stores of each category by its need states (`category`), whole stores
    by those of all categories side by side (`store`; in the tables: category `<all categories>`),
    or both."""
    tiers: Annotated[list[Text], MaxLen(6), Unique()] = field(default_factory=list)
    """Names of grades by sales, the smallest first: two to six, such as `[small, medium, large]`,
    or none for no grades. They are `volume_tier` in the final table and change no cluster."""
    eligible: Eligible = field(default_factory=Eligible)
    """Which stores have enough sales to be clustered; the others are placed by the external
    track."""
    normalize: NormalizeSales = field(default_factory=NormalizeSales)
    """How sales become comparable between stores."""
    impute: Impute = field(default_factory=Impute)
    """How gaps are filled."""
    outliers: Outliers = field(default_factory=Outliers)
    """Unusual stores, kept out of the fit and placed afterwards."""
    reduce: Reduce = field(default_factory=Reduce)
    """Fewer, uncorrelated dimensions."""
    choose_k: ChooseK = field(default_factory=ChooseK)
    """How many clusters."""
    cluster: Cluster = field(default_factory=Cluster)
    """How stores are grouped."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: one grade for all."""
        if len(self.tiers) == 1:
            yield "tiers", f"one grade, {self.tiers[0]!r}, parts nothing: name two to six, or none."


@dataclass(frozen=True)
class ExternalTrack(Options):
    """The track of the external features, all stores at once."""

    normalize: NormalizeFeatures = field(default_factory=NormalizeFeatures)
    """How features become comparable with each other."""
    impute: ImputeFeatures = field(default_factory=ImputeFeatures)
    """How gaps are filled."""
    outliers: Outliers = field(default_factory=Outliers)
    """Unusual stores, kept out of the fit and placed afterwards."""
    reduce: ReduceFeatures = field(default_factory=ReduceFeatures)
    """Fewer, uncorrelated dimensions."""
    choose_k: ChooseExternalK = field(default_factory=ChooseExternalK)
    """How many clusters."""
    cluster: ClusterByFeatures = field(default_factory=ClusterByFeatures)
    """How stores are grouped."""


@dataclass(frozen=True)
class Settings(Options):
    """Configuration of the store-clustering workflow."""

    inputs: Inputs
    """Where the data is and how the files are written."""
    output: Output = field(default_factory=Output)
    """Where results go."""
    internal: Internal = field(default_factory=Internal)
    """The track of the need-state mix, per category."""
    external: ExternalTrack = field(default_factory=ExternalTrack)
    """The track of the external features, all stores at once."""
    merge: Merge = field(default_factory=Merge)
    """How the two labelings become one."""
    labels: Labels = field(default_factory=Labels)
    """How people read features: in names, reasons, rules, pages and pictures; changes no
    cluster."""
    publish: list[Destination] = field(default_factory=list)
    """Where final tables go beside the results: files, object storage, tables of databases."""
    seed: Annotated[int, Ge(0)] = 42
    """Seed of everything random; each step and group draws from a seed of its own, made from it."""
    shards: Annotated[int, Ge(1), Le(10_000)] = 1
    """Jobs that the categories are spread over; changes no result."""
    checks: Checks = field(default_factory=Checks)
    """What of a run's account needs a look: a warning at the end, or an error; changes no
    cluster."""
    logging: Logging = field(default_factory=Logging)
    """What a run says on the console, and where else; changes no result and re-runs nothing."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: names, a method that needs dates and sales without."""
        names = [destination.name for destination in self.publish]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield "publish", f"two destinations are called {name!r}."
        if self.internal.choose_k.criterion == "prediction" and not self.inputs.sales.dated:
            needs = "prediction needs dates: set inputs.sales.columns.date."
            yield "internal.choose_k.criterion", needs
