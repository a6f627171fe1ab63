"""Ways to fill gaps in the features of stores.

A member says in ``SERVES`` which columns it can fill: ``numeric``, those of numbers, and
``categorical``, the indicators of the levels of categorical features. It has one function,
``fill(gaps: Gaps) -> tuple[Floats, list[Parameter]]``, which returns the columns ``gaps.columns``
without gaps, (n_stores, n_columns), and what filled them: at step 0 one parameter per column.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.run.registry import Registry

Floats = npt.NDArray[np.float64]
Columns = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]
IMPUTERS = Registry(__name__)


@dataclass(frozen=True)
class Gaps:
    """The features of a group of stores, and which of them one imputer has to fill."""

    values: Floats  # (n_stores, n_features), NaN unknown, every column with a known value
    columns: Columns  # (n_columns,) to be filled
    sources: Names  # (n_features,) raw feature that each column is made of
    neighbours: int  # nearest stores, for those that look at them
    seed: int
    filled: Floats  # (n_stores, n_features), ``values`` with the gaps of other imputers filled


@dataclass(frozen=True)
class Parameter:
    """A number that fills the gaps of a column, or that is a part of what does."""

    column: int
    method: str
    step: int  # 0, or the number of the prediction, in the order in which they are made
    predictor: int | None  # column that the value is the coefficient of
    value: float


def medians(gaps: Gaps) -> Floats:
    """Return the medians of the known values of the columns to be filled, (n_columns,)."""
    return np.array([np.nanmedian(column) for column in gaps.values[:, gaps.columns].T])


def fill_with(constants: Floats, gaps: Gaps, method: str) -> tuple[Floats, list[Parameter]]:
    """Fill each column with a constant (n_columns,)."""
    given = gaps.values[:, gaps.columns]
    rows = [
        Parameter(int(column), method, 0, None, float(constant))
        for column, constant in zip(gaps.columns, constants, strict=True)
    ]
    return np.where(np.isnan(given), constants, given), rows
