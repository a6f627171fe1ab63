"""Give clusters short names by what sets them apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ALL_STORES = "all stores"
NEAR_AVERAGE = "near the average"
UNNAMED = "differs in features that are not named"
FEW_DRIVERS = 3  # with fewer, a cluster hardly differs from the chain
IN_A_NAME = 2  # drivers of each track
LISTED = 5
ALIKE = 0.8  # correlation from which two features say the same


@dataclass(frozen=True)
class Driver:
    """A feature that sets a cluster apart."""

    words: str  # the feature in plain words
    internal: bool  # a need state, else an external feature
    level: bool  # of a categorical feature
    effect: float
    column: int  # its place in the matrix of correlations
    named: bool = True  # whether texts may name it


def name_clusters(
    drivers: Sequence[Sequence[Driver]], correlation: npt.NDArray[np.float64], codes: Sequence[str]
) -> list[str]:
    """Return a name for every cluster, no two alike.

    Two drivers of each track make a name, those of sales first, the strongest first; of features of
    a track that go together only the first. Features that are never named count as drivers
    and are left out. Equal names get more drivers, at last the cluster's code.

    Args:
        drivers: Of each cluster, strongest first.
        correlation: Between features, (n_features, n_features).
        codes: Of the clusters, such as ``2_1``.
    """
    if len(drivers) == 1:
        return [ALL_STORES]
    different = [_different(some, correlation) for some in drivers]
    length = [IN_A_NAME] * len(drivers)
    for _ in range(LISTED):
        names = [_name(*each) for each in zip(drivers, different, length, strict=True)]
        counts = Counter(names)
        length = [n + (counts[name] > 1) for n, name in zip(length, names, strict=True)]
    return [
        f"{name} ({code})" if counts[name] > 1 else name
        for name, code in zip(names, codes, strict=True)
    ]


def listed(drivers: Sequence[Driver], internal: bool) -> str:
    """Return the strongest drivers of a track: ``more Newborn, less Gifts``."""
    named = [driver for driver in drivers if driver.internal == internal and driver.named]
    return ", ".join(f"{'more' if x.effect > 0 else 'less'} {x.words}" for x in named[:LISTED])


def correlations(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the correlation of the columns of (n_stores, n_features), unknowns at their mean."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0).sum(axis=0) / count
    centred = np.where(known, values - mean, 0.0)
    size = np.sqrt((centred**2).sum(axis=0))
    unit = np.divide(centred, size, out=np.zeros_like(centred), where=size > 0)
    return unit.T @ unit


def _different(drivers: Sequence[Driver], correlation: npt.NDArray[np.float64]) -> list[Driver]:
    """Leave out drivers that say what a stronger one of the same track has said."""
    kept: list[Driver] = []
    for driver in (driver for driver in drivers if driver.named):
        same = [other for other in kept if other.internal == driver.internal]
        related = [abs(correlation[driver.column, other.column]) for other in same]
        if max(related, default=0) < ALIKE:
            kept.append(driver)
    return kept


def _name(drivers: Sequence[Driver], different: Sequence[Driver], length: int) -> str:
    sells = [f"{x.words} {'up' if x.effect > 0 else 'down'}" for x in different if x.internal]
    outside = [x for x in different if not x.internal]
    telling = [x for x in outside if x.effect > 0 or not x.level] or outside
    likes = [_surroundings(x) for x in telling]
    tracks = (", ".join(sells[:length]), ", ".join(likes[:length]))
    name = " · ".join(words for words in tracks if words)
    if len(drivers) >= FEW_DRIVERS and name:
        return name
    if len(drivers) >= FEW_DRIVERS:
        return UNNAMED
    return f"{NEAR_AVERAGE}: {name}" if name else NEAR_AVERAGE


def _surroundings(driver: Driver) -> str:
    if driver.level:
        return driver.words if driver.effect > 0 else f"not {driver.words}"
    return f"{'high' if driver.effect > 0 else 'low'} {driver.words}"
