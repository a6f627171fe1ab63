"""Grades of the stores of each category as rows of tables."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.merge.grades import grade_stores
from store_clusters.tables.matrices import column

Rows = list[tuple[Any, ...]]


def grade_group(group: str, stores: pa.Table, names: list[str], seed: int) -> tuple[Rows, Rows]:
    """Return a group's rows of ``tiers`` and of ``tier_breaks``, none where it cannot be graded.

    Args:
        group: A category or all of them.
        stores: Its rows of the table ``stores``.
        names: Of the tiers, the one of the smallest sales first.
        seed: Seed of the grades.
    """
    grades, begins = grade_stores(column(stores, "sales"), len(names), seed)
    ids = column(stores, "store_id")
    tiers = [(group, ids[row], names[grades[row] - 1]) for row in np.flatnonzero(grades)]
    breaks = []
    for number in range(1, len(names) + 1) if tiers else ():
        rows = np.flatnonzero(grades == number)
        sold = sum(stores["sales"].take(pa.array(rows)).to_pylist(), Decimal(0))
        breaks.append((group, number, names[number - 1], begins[number - 1], len(rows), sold))
    return tiers, breaks
