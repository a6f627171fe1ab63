"""Final clusters that nest: category > internal cluster > final cluster.

How internal clusters are joined is said in :mod:`store_clusters.clusters.nesting`, how they are
parted in :mod:`store_clusters.clusters.parting`; here clusters get their names, and pairs that
became part of one called otherwise are listed.
"""

from collections.abc import Mapping
from dataclasses import replace
from string import digits

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.nesting import Nest
from store_clusters.clusters.parting import divide
from store_clusters.clusters.steps import Step, Stores
from store_clusters.merge.division import Division, share_apart
from store_clusters.merge.folding import Fold
from store_clusters.merge.layout import Layout, cell_names
from store_clusters.merge.names import by_number, cell_name, internal_of, part_name, whole_name
from store_clusters.merge.wanted import Wanted

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def nest_pairs(stores: Stores, layout: Layout, wanted: Wanted) -> Division:
    """Join internal clusters and part them, see :func:`divide`; name what that makes.

    Raises:
        ImpossibleLimits: The stores cannot be parted into so many clusters as are wanted.
    """
    nest = Nest(stores, wanted.limits, wanted.seed)
    path, chosen = divide(nest, wanted.aim, wanted.target)
    step = path[chosen]
    names, home = _names_of(nest, step)
    moved = _moved(nest, step, names, home)
    folds = _folds(nest, step, names, moved, layout.values[layout.makers])
    numbered = renumbered(step, names)
    path = [*path[:chosen], numbered, *path[chosen + 1 :]]
    return Division(nest, numbered, sorted(names.values(), key=by_number), moved, folds, path)


def renumbered(step: Step, names: Mapping[int, str]) -> Step:
    """Number final clusters in the order of their names."""
    order = {code: i for i, code in enumerate(sorted(names, key=lambda f: by_number(names[f])))}
    final = np.array([[order.get(int(f), -1) for f in row] for row in step.final])
    return replace(step, final=final)


def _names_of(nest: Nest, step: Step) -> tuple[dict[int, str], dict[int, int]]:
    """Name every final cluster after its largest pair; return also its internal cluster.

    Slices of a cluster share the internal cluster of most of its stores, and have letters.
    """
    stores, labels, parts = nest.stores, nest.labels(step), step.parts
    sizes = np.bincount(step.units, minlength=len(parts))
    names, home = {}, {}
    for code in step.names.tolist():
        members = labels == code
        part = parts[int(np.bincount(step.units[members]).argmax())]
        sides = part.lstrip(digits)
        family = members
        if sides:
            units = np.flatnonzero((step.final == code).any(axis=1))
            family = np.isin(stores.internal, [internal_of(parts[unit]) for unit in units])
        first = int(np.bincount(stores.internal[family]).argmax())
        if not (members & (stores.internal == first)).any():
            first = int(np.bincount(stores.internal[members]).argmax())
        outside = np.bincount(stores.external[members & (stores.internal == first)])
        if outside[1:].any():
            outside[0] = 0
        home[code], names[code] = first, cell_name(first, int(outside.argmax()))
        if sides:
            slices = [unit for unit in range(len(parts)) if internal_of(parts[unit]) == first]
            slices.sort(key=lambda unit: (-sizes[unit], unit))
            number = [parts[unit] for unit in slices].index(f"{first}{sides}")
            names[code] = part_name(names[code], number)
    return names, home


def _moved(nest: Nest, step: Step, names: Mapping[int, str], home: Mapping[int, int]) -> Bools:
    """Mark the pairs whose stores went with other clusters than their own.

    Those of an internal cluster that was joined with another; and, where surroundings part an
    internal cluster, the pairs that are too small for a part, but the one that a part is called by.
    """
    stores = nest.stores
    moved = np.zeros(step.final.shape, dtype=bool)
    counts = np.zeros(step.final.shape, dtype=np.int64)
    np.add.at(counts, (step.units, stores.external), 1)
    for unit, row in enumerate(step.final):
        internal = stores.internal[step.units == unit]
        finals = set(row[row >= 0].tolist())
        for external in np.flatnonzero(row >= 0):
            left = len(internal) and int(internal[0]) != home[int(row[external])]
            small = len(finals) > 1 and counts[unit, external] < nest.limits.min_size
            if len(internal):
                pair = cell_name(int(internal[0]), int(external))
                small = small and whole_name(names[int(row[external])]) != pair
            moved[unit, external] = left or (small and external > 0)
    return moved


def _folds(
    nest: Nest, step: Step, names: Mapping[int, str], moved: Bools, values: Floats
) -> list[Fold]:
    """List the pairs that became part of a final cluster called otherwise, the smallest first."""
    stores, labels = nest.stores, nest.labels(step)
    pairs = cell_names(stores.internal, stores.external)
    centres = {f: values[labels == f].mean(axis=0) for f in names}
    errors = None if stores.held_out is None else nest.errors(step)
    reasons = {one.clusters[1]: one.reason for one in nest.joins}
    rows = []
    for pair in sorted(set(pairs), key=by_number):
        of_pair = pairs == pair
        for code in np.unique(labels[of_pair]).tolist():
            members = of_pair & (labels == code)
            unit, internal, external = (
                int(numbers[members][0])
                for numbers in (step.units, stores.internal, stores.external)
            )
            if names[code] == pair or external == 0:
                continue
            if internal != internal_of(names[code]):
                reason = reasons.get(internal, "no_evidence")
            elif whole_name(names[code]) == pair:
                reason = "sells_differently"
            else:
                reason = "too_small" if moved[unit, external] else "not_parted"
            rest = (labels == code) & ~members
            centre = values[members].mean(axis=0)
            others = {f: float(np.linalg.norm(c - centre)) for f, c in centres.items() if f != code}
            next_best = min(others, key=lambda f: (others[f], f), default=None)
            distance = 0.0
            if rest.any():
                distance = float(np.linalg.norm(values[rest].mean(axis=0) - centre))
            rows.append(
                Fold(
                    pair,
                    names[code],
                    int(members.sum()),
                    distance,
                    reason,
                    None if next_best is None else names[next_best],
                    others[next_best] if next_best is not None else np.nan,
                    share_apart(stores.mix, members, rest),
                    _lost(nest, step, (unit, external), errors) if rest.any() else np.nan,
                )
            )
    return sorted(rows, key=lambda fold: fold.stores)


def _lost(nest: Nest, step: Step, pair: tuple[int, int], errors: Floats | None) -> float:
    """Return what a pair as a cluster of its own would explain held out; NaN without dates."""
    held_out = nest.stores.held_out
    if held_out is None or errors is None:
        return np.nan
    final = step.final.copy()
    final[pair] = int(step.names.max()) + 1
    return held_out.gain(errors, nest.errors(replace(step, final=final))).mean
