"""Merge two labelings of stores into final clusters of a usable size that are worth a plan each."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.nesting import Evidence
from store_clusters.clusters.placing import Rule
from store_clusters.merge.confidence import chances_of, next_best
from store_clusters.merge.crossed_pairs import cross_pairs
from store_clusters.merge.division import Number
from store_clusters.merge.final import finish
from store_clusters.merge.folding import Fold
from store_clusters.merge.layout import Layout, lay_out
from store_clusters.merge.nested_pairs import nest_pairs
from store_clusters.merge.tracks import Track
from store_clusters.merge.wanted import Wanted

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Merged:
    """Final clusters of the stores of a category, None where nothing is known."""

    layout: Layout
    merged: Names  # (n_stores,) `internal_external`, None for stores that not both tracks know
    parts: Names  # (n_stores,) internal cluster or part of it, as in ``Step.parts``
    final: Names  # (n_stores,)
    next_best: Names  # (n_stores,)
    confidence: Floats  # (n_stores,) 0..1, NaN without a next best
    reassigned: Bools  # (n_stores,), the pair was dissolved into another cluster
    folds: list[Fold]
    names: list[str]  # final clusters
    evidence: list[Evidence]  # likewise; neighbours are numbers of final clusters
    centres: tuple[Floats, Floats]  # per track (n_final, n_components), NaN where it knows none
    numbers: list[Number]  # from one cluster to as many as may be
    surroundings: float  # what they explain beyond the internal clusters, held out; NaN undated
    split: int  # final clusters that surroundings made
    places: dict[tuple[str, str, str], int]  # stores by pair, part and final cluster
    rules: dict[str, tuple[list[str], Rule]]  # what was parted: its parts, and their rule


def merge_tracks(
    internal: Track,
    external: Track,
    wanted: Wanted,
    *,
    weights: Floats,
    held_out: HeldOut | None = None,
    grouped: bool = True,
) -> Merged:
    """Merge the two labelings of a category's stores.

    Stores with an internal cluster make the final clusters, which **nest** in internal ones: those
    that are too small or without evidence are joined as a whole, then one cluster at a time is
    parted, by surroundings or by what it sells, as long as that pays (see :func:`nest_pairs`). With
    the aim ``joint`` both tracks count alike (see :func:`cross_pairs`), and where no store is known
    to both, the stores of each make clusters of their own.

    What is larger than wanted is split; a store that one track does not know goes with the most
    stores of its cluster in the other, as long as there is room (see :func:`finish`).

    Args:
        internal: Clusters by sales mix.
        external: Clusters by surroundings.
        wanted: Limits and aim.
        weights: (n_stores,), by which a store counts: the square root of its sales.
        held_out: Sales by halves of the months of the stores with an internal cluster, in their
            order; None without dates.
        grouped: Whether external clusters are groups that several features agree on; if not,
            surroundings part only stores that surely sell differently.

    Raises:
        ImpossibleLimits: No division of the stores keeps the limits.
    """
    layout = lay_out(internal, external, wanted.aim)
    if not layout.makers.any():
        return _nothing(layout)
    stores = layout.stores(weights, held_out, grouped)
    division = (nest_pairs if layout.nested else cross_pairs)(stores, layout, wanted)
    final = finish(division, layout, wanted)
    centres = layout.centres(final.labels, len(final.names))
    following, confidence = next_best(final, chances_of(final), layout.distances(centres))

    pairs, parts = layout.pairs(), np.full(len(layout.makers), "0", dtype=object)
    parts[layout.makers] = final.division.parts
    reassigned = np.zeros(len(parts), dtype=bool)
    reassigned[layout.makers] = final.division.reassigned
    return Merged(
        layout,
        pairs,
        parts,
        final.named(final.labels),
        final.named(following),
        confidence,
        reassigned,
        division.folds + final.folds,
        final.names,
        final.evidence(),
        centres,
        division.numbers(),
        final.division.gain_of_surroundings(),
        final.division.split_by_surroundings(),
        final.places(pairs, parts),
        division.step.rules | final.rules,
    )


def _nothing(layout: Layout) -> Merged:
    """Return no clusters."""
    nobody = np.full(len(layout.makers), None, dtype=object)
    nan, none = np.full(len(nobody), np.nan), np.zeros(len(nobody), dtype=bool)
    inside, outside = (np.empty((0, t.values.shape[1])) for t in (layout.internal, layout.external))
    return Merged(
        layout, nobody, nobody.copy(), nobody.copy(), nobody.copy(), nan, none, [], [], [],
        (inside, outside), [], np.nan, 0, {}, {},
    )  # fmt: skip
