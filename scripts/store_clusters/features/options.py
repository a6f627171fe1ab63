"""Options of what makes features: normalized, imputed, without outliers, reduced."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from store_clusters.features.feature_transforms import FEATURE_TRANSFORMS
from store_clusters.features.imputers import IMPUTERS
from store_clusters.features.mix_transforms import MIX_TRANSFORMS
from store_clusters.features.outlier_detectors import OUTLIER_DETECTORS
from store_clusters.features.reducers import REDUCERS
from store_clusters.run.options import Amount, Correlation, Count, Member, Options, Positive

NumericImputer = Annotated[str, Member(IMPUTERS, serves="numeric")]
CategoricalImputer = Annotated[str, Member(IMPUTERS, serves="categorical")]


@dataclass(frozen=True)
class Eligible(Options):
    """Which stores have enough sales to be clustered; others are placed by the external track."""

    min_history_days: Annotated[int, Ge(0)] = 28
    """Days between a store's first and last sale; a store with fewer is placed by the external
    track, not clustered. Ignored without dates and where the whole input spans less."""
    min_sales: Amount = 0
    """Sales of a store in the category; a store with less is placed by the external track, not
    clustered. Limits that no store keeps in any category end the run."""


@dataclass(frozen=True)
class NormalizeSales(Options):
    """How sales become comparable between stores."""

    transform: Annotated[str, Member(MIX_TRANSFORMS)] = "shrunk_hellinger"
    """What is made of the share of the store's sales in the category."""
    scale: Literal["robust", "standard", "none"] = "none"
    """What numbers are divided by, once centred: the interquartile range (`robust`) or the standard
    deviation (`standard`); with `none` they stay as they are."""
    clip: Positive | None = None
    """Units of scale that values are limited to on either side; null for no limit."""


@dataclass(frozen=True)
class NormalizeFeatures(Options):
    """How external features become comparable with each other."""

    transform: Annotated[str, Member(FEATURE_TRANSFORMS)] = "log_where_skewed"
    """What is made of features that are numbers."""
    scale: Literal["robust", "standard", "none"] = "standard"
    """What numbers are divided by, once centred: the interquartile range (`robust`) or the standard
    deviation (`standard`); with `none` they stay as they are."""
    clip: Positive | None = 3.5
    """Units of scale that values are limited to on either side; null for no limit."""
    max_levels: Annotated[int, Ge(2)] = 12
    """Levels kept of a categorical feature; rarer ones share the level `other`."""


@dataclass(frozen=True)
class Impute(Options):
    """How gaps are filled."""

    numeric: NumericImputer = "knn"
    """How gaps in numbers are filled."""
    categorical: CategoricalImputer = "mode"
    """How gaps in categories are filled."""
    neighbours: Count = 10
    """Nearest stores that `knn` averages."""


@dataclass(frozen=True)
class ImputeFeatures(Impute):
    """How gaps in external features are filled."""

    categorical: CategoricalImputer = "knn"
    """How gaps in categories are filled."""


@dataclass(frozen=True)
class Outliers(Options):
    """Unusual stores, kept out of the fit and placed afterwards."""

    method: Annotated[str, Member(OUTLIER_DETECTORS)] = "nearest_neighbours"
    """How unusual stores are found, which take no part in the fit, but are placed."""
    neighbours: Count = 5
    """Nearest stores that a store is compared with; `isolation_forest` uses them only to say what
    is unusual."""
    threshold: Positive = 2.5
    """Robust standard deviations above the median from which `nearest_neighbours` flags a store."""
    share: Annotated[float, Ge(0), Le(0.5)] = 0.05
    """Share of stores that `isolation_forest` and `local_outlier_factor` flag."""


@dataclass(frozen=True)
class Reduce(Options):
    """Fewer, uncorrelated dimensions."""

    method: Annotated[str, Member(REDUCERS)] = "pca"
    """Dimensions that stores are described by."""
    variance: Correlation = 0.99
    """Share of the variance that the components keep."""
    redundancy: Correlation | None = None
    """Absolute rank correlation from which only one of several features takes part; null for
    all."""
    shared: bool = False
    """Where all features together show no groups, leave out those that share no more with the
    others than chance."""
    alike: Correlation | None = None
    """Mean absolute rank correlation from which features have one vote together, where `shared`
    leaves others out; null for a vote each."""


@dataclass(frozen=True)
class ReduceFeatures(Reduce):
    """Fewer, uncorrelated dimensions of external features."""

    variance: Correlation = 0.9
    """Share of the variance that the components keep."""
    redundancy: Correlation | None = 0.97
    """Absolute rank correlation from which only one of several features takes part; null for
    all."""
    shared: bool = True
    """Where all features together show no groups, leave out those that share no more with the
    others than chance."""
    alike: Correlation | None = 0.7
    """Mean absolute rank correlation from which features have one vote together, where `shared`
    leaves others out; null for a vote each."""
