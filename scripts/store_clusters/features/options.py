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
    """Days between a store's first and last sale; ignored without dates and where the whole input
    spans less."""
    min_sales: Amount = 0
    """Sales of a store in the category."""


@dataclass(frozen=True)
class NormalizeSales(Options):
    """How sales become comparable between stores."""

    transform: Annotated[str, Member(MIX_TRANSFORMS)] = "shrunk_hellinger"
    """Square root of the share of the store's sales in the category, first drawn towards the
    chain's where the store sells little; the square root as it is; the share; log(1 + 100 share);
    the centred log-ratio."""
    scale: Literal["robust", "standard", "none"] = "none"
    """Divide by the interquartile range, by the standard deviation, or not; all but `none` centre
    first."""
    clip: Positive | None = None
    """Limit to this many units of scale on either side; null for no limit."""


@dataclass(frozen=True)
class NormalizeFeatures(Options):
    """How external features become comparable with each other."""

    transform: Annotated[str, Member(FEATURE_TRANSFORMS)] = "log_where_skewed"
    """Leave numbers as they are or take the signed logarithm of features whose skewness exceeds
    1."""
    scale: Literal["robust", "standard", "none"] = "standard"
    """Divide by the interquartile range, by the standard deviation, or not; all but `none` centre
    first."""
    clip: Positive | None = 3.5
    """Limit to this many units of scale on either side; null for no limit."""
    max_levels: Annotated[int, Ge(2)] = 12
    """Levels kept of a categorical feature; rarer ones share the level `other`."""


@dataclass(frozen=True)
class Impute(Options):
    """How gaps are filled."""

    numeric: NumericImputer = "knn"
    """Median, mean of the nearest stores weighted by distance, or regression on the other features
    in turn."""
    categorical: CategoricalImputer = "mode"
    """Most frequent level, or mix of levels among the nearest stores."""
    neighbours: Count = 10
    """Nearest stores that `knn` averages."""


@dataclass(frozen=True)
class ImputeFeatures(Impute):
    """How gaps in external features are filled."""

    categorical: CategoricalImputer = "knn"
    """Most frequent level, or mix of levels among the nearest stores."""


@dataclass(frozen=True)
class Outliers(Options):
    """Unusual stores, kept out of the fit and placed afterwards."""

    method: Annotated[str, Member(OUTLIER_DETECTORS)] = "nearest_neighbours"
    """How unusual a store is."""
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
    """Principal components or the features themselves."""
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
