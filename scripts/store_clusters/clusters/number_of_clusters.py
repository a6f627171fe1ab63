"""Choose the number of clusters."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.criteria import CRITERIA
from store_clusters.clusters.prediction import Prediction
from store_clusters.clusters.trials import Choice, Trial

Floats = npt.NDArray[np.float64]


class TooFewStores(ValueError):
    """A group has fewer stores than the smallest number of clusters asked for."""


def choose_k(
    values: Floats,
    *,
    smallest: int,
    largest: int,
    criterion: str,
    algorithm: str,
    seed: int,
    no_groups: str = "slices",
    min_stores: int = 1,
    fixed: int | None = None,
    usable: int | None = None,
    prediction: Prediction | None = None,
    at_price: Callable[[range], int] | None = None,
    beyond_chance: int = 0,
) -> Choice:
    """Choose k for (n_stores, n_components) values and tell the scores of every number.

    Of the numbers from ``smallest`` to ``largest`` the ``criterion`` takes one, see
    :data:`store_clusters.clusters.criteria.CRITERIA`; what is not said here goes to it in a
    :class:`Trial`. Scores of all criteria are told.

    Stores that are all alike make one cluster, as do those of which there are too few for
    ``smallest`` clusters of a usable size: at most ``usable`` are tried. At most one cluster fewer
    than there are distinct stores is tried, as no score is defined beyond. ``fixed`` overrules what
    the criterion says, but for more clusters than distinct stores.

    Raises:
        TooFewStores: There are at least two distinct stores but fewer than ``smallest``.
    """
    distinct = len(np.unique(np.round(values, 9), axis=0))
    if distinct < 2:
        status = {0: "no_data", 1: "one_store"}.get(len(values), "identical_stores")
        return Choice(distinct, status, "none", [])
    if fixed is None and len(values) < smallest:
        raise TooFewStores(f"{len(values)} stores, fewer than {smallest}")
    if fixed is None and usable is not None and usable < smallest:
        return Choice(1, "too_few_stores", "none", [])
    most = largest if usable is None else max(smallest, min(largest, usable))
    numbers = range(smallest, min(most, distinct - 1) + 1)
    decided = "fixed" if fixed is not None or smallest == largest else "only_choice"
    k = min(fixed or smallest, distinct)
    if not numbers:
        return Choice(k, decided, "none", [])
    trial = Trial(
        values,
        numbers,
        algorithm,
        seed,
        no_groups=no_groups,
        min_stores=min_stores,
        beyond_chance=beyond_chance,
        prediction=prediction,
        at_price=at_price,
    )
    criteria = {name: CRITERIA.load(name) for name in CRITERIA}
    scores = [score for one in criteria.values() for score in one.scores(trial)]
    if fixed is not None or len(numbers) == 1:
        return Choice(k, decided, criterion, scores)
    return criteria[criterion].choose(trial, scores)
