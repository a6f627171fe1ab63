"""Merge two labelings of stores into final clusters of a usable size that are worth a plan each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from string import digits

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from store_clusters.clusters.clustering import Rule
from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.limits import ImpossibleLimits, assign_limited
from store_clusters.clusters.nesting import STABLE, Evidence, Nest
from store_clusters.clusters.parting import divide
from store_clusters.clusters.stability import jaccard
from store_clusters.clusters.steps import Step, Stores
from store_clusters.merge.confidence import final_chances
from store_clusters.merge.folding import Fold, Folded, Limits, Space, fold_cells
from store_clusters.merge.names import by_number, cell_name, internal_of, part_name, whole_name

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]
BLOCK = 500  # stores whose distances to all others are held at once
INTERNAL, EXTERNAL, BOTH = 1, 2, 3  # sides: the tracks that know a store, added up; 0 for none
MOST_CLUSTERS = 8  # of a category, unless a limit is set: more plans than that are not used


@dataclass(frozen=True)
class Track:
    """What one track knows about the stores."""

    labels: Labels  # (n_stores,), cluster from 1, 0 where the track does not know the store
    values: Floats  # (n_stores, n_components), NaN rows where it does not know the store
    refits: Labels  # (n_refits, n_stores), labels on resamples under the clusters' names
    chances: Floats  # (n_stores, k) of belonging to each cluster, NaN rows where unknown
    outlier: Bools  # (n_stores,)

    @property
    def known(self) -> Bools:
        """Which stores the track knows, (n_stores,)."""
        return self.labels > 0


@dataclass(frozen=True)
class Options:
    """How pairs of clusters become final clusters."""

    min_size: int  # stores of a final cluster at least, unless there are fewer in all
    max_size: int | None = None  # and at most
    max_clusters: int | str | None = "auto"  # of a category; 8, and with `joint` no limit
    aim: str = "balanced"  # or `sales`, `joint`
    target: int | None = None  # number of final clusters, whatever the evidence
    join_above: float = np.inf  # with `joint`: overlap from which two pairs are one
    seed: int = 0

    @property
    def most(self) -> int | None:
        """Final clusters at most; more where ``max_size`` asks for them."""
        if self.max_clusters != "auto":
            return None if self.max_clusters is None else int(self.max_clusters)
        return None if self.aim == "joint" else MOST_CLUSTERS


@dataclass(frozen=True)
class Number:
    """What so many final clusters of a category would be."""

    clusters: int
    explained: float  # share of the variance of mixes in months held out; NaN without dates
    stable: float  # share of the clusters that come back on resamples
    smallest: int  # stores
    chosen: bool
    done: str  # what made it of the one before: `join`, `split`, `slice`, `start`


@dataclass(frozen=True)
class Merged:
    """Final clusters of the stores of a category, None where nothing is known."""

    merged: Names  # (n_stores,) `internal_external`, None for stores that not both tracks know
    final: Names  # (n_stores,)
    next_best: Names  # (n_stores,)
    confidence: Floats  # (n_stores,) 0..1, NaN without a next best
    reassigned: Bools  # (n_stores,), the pair was dissolved into another cluster
    folds: list[Fold]
    names: list[str]  # final clusters
    evidence: list[Evidence]  # likewise; neighbours are numbers of final clusters
    centres: tuple[Floats, Floats]  # per track (n_final, n_components), NaN where it knows none
    scales: tuple[float, float]  # per track, total standard deviation
    numbers: list[Number]  # from one cluster to as many as may be
    surroundings: float  # what they explain beyond the internal clusters, held out; NaN undated
    split: int  # final clusters that surroundings made
    parts: Names  # (n_stores,) internal cluster or part of it, as in ``Step.parts``
    others: dict[tuple[str, str], str]  # final cluster of pairs and parts that no store has
    rules: dict[str, tuple[list[str], Rule]]  # what was parted: its parts, and their rule
    layout: "Layout"


@dataclass(frozen=True)
class Layout:
    """The stores of a category in the space in which clusters are made and stores are placed."""

    sides: Labels  # (n_stores,) INTERNAL, EXTERNAL or BOTH: which tracks know a store; 0 for none
    makers: Bools  # (n_stores,), the stores that make the clusters; others are placed
    blocks: tuple[Floats, Floats]  # per track (n_stores, n_components), divided by its scale
    scales: tuple[float, float]  # per track, total standard deviation
    space: Space  # of the makers


@dataclass(frozen=True)
class _Division:
    """Final clusters of the makers: the table that leads there, and how it came about."""

    nest: Nest
    step: Step
    names: list[str]  # of the final clusters 0, 1, ... of ``step``
    moved: Bools  # (n_units, n_external + 1) pairs that were dissolved into another cluster
    folds: list[Fold]
    path: list[Step] = field(default_factory=list)


def merge_tracks(
    internal: Track,
    external: Track,
    options: Options,
    *,
    weights: Floats,
    held_out: HeldOut | None = None,
    grouped: bool = True,
) -> Merged:
    """Merge the two labelings of a category's stores.

    Stores with an internal cluster make the final clusters. With the aims ``balanced`` and
    ``sales`` final clusters nest in internal ones (see ``clusters.nesting``); with ``joint`` both
    tracks count alike: every pair of clusters is a cell, cells that resampling does not tell apart
    are joined, small ones folded (see :func:`fold_cells`), and those without evidence
    joined with the one that sells most alike. Where no store is known to both tracks, the stores of
    each make clusters of their own.

    A store that only the internal track knows goes with the most stores of its internal cluster; a
    store that only the external track knows goes where most stores of its external cluster are,
    as long as there is room.

    Args:
        internal: Clusters by sales mix.
        external: Clusters by surroundings.
        options: Limits and aim.
        weights: (n_stores,), by which a store counts: the square root of its sales.
        held_out: Sales by halves of the months of the stores with an internal cluster, in their
            order; None without dates.
        grouped: Whether external clusters are groups that several features agree on; if not,
            surroundings part only stores that surely sell differently.

    Raises:
        ImpossibleLimits: No division of the stores keeps the limits.
    """
    nested = options.aim != "joint" and bool((internal.known & external.known).any())
    layout = lay_out(internal, external, np.inf if nested else options.join_above, nested)
    makers = layout.makers
    if not makers.any():
        return _nothing(internal, external, layout)
    alone = bool((makers & ~internal.known).any())  # stores that have no sales make clusters too
    stores = Stores(
        internal.labels[makers],
        external.labels[makers],
        np.nan_to_num(layout.blocks[0][makers]),
        layout.blocks[1][makers],
        np.maximum(weights[makers], 1e-9),
        internal.refits[:, makers],
        external.refits[:, makers],
        None if held_out is None or alone else held_out.of(makers[internal.known]),
        grouped,
    )
    made = (_nest if nested else _fold)(stores, layout, options)
    merged, final = (np.full(len(makers), None, dtype=object) for _ in range(2))
    both = internal.known & external.known
    named = both if both.any() else makers
    merged[named] = cell_names(internal.labels[named], external.labels[named])
    whole = np.array(made.names, dtype=object)[made.nest.labels(made.step)]
    numbers = [_number(made.nest, one, one is made.step) for one in made.path or [made.step]]
    limited = _limited(whole, layout, options)
    made, parts, folds = _joined_by_size(made, limited.final_of), limited.clusters, limited.folds
    final[makers] = parts
    names = sorted(set(parts), key=by_number)
    own = _place(final, names, (internal, external), layout, options)
    chances = final_chances(
        internal,
        external,
        step=made.step,
        moved=made.moved,
        groups=_parts_of(names, made.names),
        values=np.nan_to_num(np.hstack(layout.blocks)),
        own=own,
        makers=makers,
    )
    part_of = np.full(len(makers), "0", dtype=object)
    part_of[makers] = np.array(made.step.parts, dtype=object)[made.step.units]
    reassigned = np.zeros(len(makers), dtype=bool)
    reassigned[makers] = made.moved[made.step.units, stores.external]
    centres = (_centres(internal.values, final, names), _centres(external.values, final, names))
    next_best, confidence = _runner_up(chances, own, names, _distances(layout, centres))
    return Merged(
        merged,
        final,
        next_best,
        confidence,
        reassigned,
        made.folds + folds,
        names,
        _evidence(made, names, layout, options),
        centres,
        layout.scales,
        numbers,
        *_what_surroundings_add(made),
        part_of,
        _others(made, names, own, external, layout, seen=set(zip(merged, part_of, strict=True))),
        made.step.rules | limited.parts,
        layout,
    )


def _nothing(internal: Track, external: Track, layout: Layout) -> Merged:
    """Return no clusters."""
    nobody = np.full(len(layout.makers), None, dtype=object)
    centres = tuple(np.empty((0, track.values.shape[1])) for track in (internal, external))
    nan = np.full(len(nobody), np.nan)
    none = np.zeros(len(nobody), dtype=bool)
    return Merged(
        nobody, nobody.copy(), nobody.copy(), nan, none, [], [], [],
        (centres[0], centres[1]), layout.scales, [], np.nan, 0, nobody.copy(), {}, {}, layout,
    )  # fmt: skip


# From pairs to final clusters


def _nest(stores: Stores, layout: Layout, options: Options) -> _Division:
    """Nest final clusters in internal ones."""
    limits = Limits(options.min_size, options.max_size, options.most)
    nest = Nest(stores, limits, options.seed)
    path, chosen = divide(nest, options.aim, options.target)
    step = path[chosen]
    names, home = _names_of(nest, step)
    moved = _moved(nest, step, names, home)
    folds = _folds(nest, step, names, moved, layout)
    final = _renumbered(step, names)
    listed = sorted(names.values(), key=by_number)
    return _Division(
        nest, final, listed, moved, folds, [*path[:chosen], final, *path[chosen + 1 :]]
    )


def _renumbered(step: Step, names: Mapping[int, str]) -> Step:
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
        mine = labels == code
        part = parts[int(np.bincount(step.units[mine]).argmax())]
        sides = part.lstrip(digits)
        family = mine
        if sides:
            units = np.flatnonzero((step.final == code).any(axis=1))
            family = np.isin(stores.internal, [internal_of(parts[unit]) for unit in units])
        first = int(np.bincount(stores.internal[family]).argmax())
        if not (mine & (stores.internal == first)).any():
            first = int(np.bincount(stores.internal[mine]).argmax())
        outside = np.bincount(stores.external[mine & (stores.internal == first)])
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
    nest: Nest, step: Step, names: Mapping[int, str], moved: Bools, layout: Layout
) -> list[Fold]:
    """List the pairs that became part of a final cluster called otherwise, the smallest first."""
    stores, labels = nest.stores, nest.labels(step)
    pairs = cell_names(stores.internal, stores.external)
    values = layout.space.values
    centres = {f: values[labels == f].mean(axis=0) for f in names}
    reasons = {one.clusters[1]: one.reason for one in nest.joins}
    errors = None if stores.held_out is None else nest.errors(step)
    rows = []
    for pair in sorted(set(pairs), key=by_number):
        for code in np.unique(labels[pairs == pair]).tolist():
            mine = (pairs == pair) & (labels == code)
            if names[code] == pair or stores.external[mine][0] == 0:
                continue
            unit, external = int(step.units[mine][0]), int(stores.external[mine][0])
            if int(stores.internal[mine][0]) != int(names[code].split("_")[0]):
                reason = reasons.get(int(stores.internal[mine][0]), "no_evidence")
            elif whole_name(names[code]) == pair:
                reason = "sells_differently"
            else:
                reason = "too_small" if moved[unit, external] else "not_parted"
            rest = (labels == code) & ~mine
            centre = values[mine].mean(axis=0)
            others = {f: float(np.linalg.norm(c - centre)) for f, c in centres.items() if f != code}
            next_best = min(others, key=lambda f: (others[f], f), default=None)
            lost = np.nan
            if errors is not None and stores.held_out is not None and rest.any():
                final = step.final.copy()
                final[unit, external] = int(step.names.max()) + 1
                apart = nest.errors(replace(step, final=final))
                lost = stores.held_out.gain(errors, apart).mean
            rows.append(
                Fold(
                    pair,
                    names[code],
                    int(mine.sum()),
                    float(np.linalg.norm(values[rest].mean(axis=0) - centre))
                    if rest.any()
                    else 0.0,
                    reason,
                    None if next_best is None else names[next_best],
                    others[next_best] if next_best is not None else np.nan,
                    _explained(stores.mix, mine, rest),
                    lost,
                )
            )
    return sorted(rows, key=lambda fold: fold.stores)


def _explained(mix: Floats, one: Bools, other: Bools) -> float:
    """Return the share of the variance of mixes that telling two sets of stores apart explains."""
    total = float(mix.var(axis=0).sum()) * len(mix)
    if not other.any() or total <= 1e-9:
        return 0.0
    n, m = one.sum(), other.sum()
    apart = mix[one].mean(axis=0) - mix[other].mean(axis=0)
    return float(np.sum(apart**2) * n * m / (n + m) / total)


def _fold(stores: Stores, layout: Layout, options: Options) -> _Division:
    """Cross the two labelings; join and fold the cells, then what is left without evidence.

    With a ``target`` there are so many clusters, whatever the evidence.
    """
    target = options.target
    limits = Limits(options.min_size, options.max_size, target or options.most)
    nest = Nest(stores, limits, options.seed)
    cells = cell_names(stores.internal, stores.external)
    folded = fold_cells(cells, layout.space, replace(limits, max_size=None), options.seed)
    names = sorted(set(folded.final_of.values()), key=by_number)
    codes = {name: code for code, name in enumerate(names)}
    final = np.full(stores.shape, -1, dtype=np.int64)
    moved = np.zeros(stores.shape, dtype=bool)
    dissolved = {fold.from_cluster for fold in folded.folds if fold.reason != "inseparable"}
    for pair, name in folded.final_of.items():
        at = tuple(int(number) for number in pair.split("_"))
        final[at], moved[at] = codes[name], pair in dissolved
    placed = None if stores.held_out is None else stores.held_out.place(stores.internal)
    step = Step(final, stores.internal, placed, stores.internal_refits)
    folds = list(folded.folds)
    apart = (stores.internal == 0).any() or (stores.external == 0).all()  # no store is in both
    while not apart and target is None and not nest.sound(step):
        following = nest.fewer(step)
        if following is None:
            break
        moved |= step.final == following.clusters[1]
        folds.append(_joined(nest, step, following, names, layout.space.values))
        step = following
    kept = {code: names[code] for code in step.names.tolist()}
    if target is not None and len(kept) != target:
        raise ImpossibleLimits(
            f"{len(stores.internal)} stores make {len(kept)} pairs of clusters of at least "
            f"{limits.min_size} (min_size) that can be told apart, not {target} (target)",
            "target or min_size or join_above",
        )
    return _Division(
        nest, _renumbered(step, kept), sorted(kept.values(), key=by_number), moved, folds
    )


def _joined(nest: Nest, step: Step, following: Step, names: list[str], values: Floats) -> Fold:
    """Describe how one cluster took another."""
    to, gone = following.clusters
    labels = nest.labels(step)
    one, other = labels == gone, labels == to
    lost = np.nan
    if nest.stores.held_out is not None:
        lost = nest.stores.held_out.gain(nest.errors(following), nest.errors(step)).mean
    apart = values[one].mean(axis=0) - values[other].mean(axis=0)
    return Fold(
        names[gone],
        names[to],
        int(one.sum()),
        float(np.linalg.norm(apart)),
        following.reason,
        explained_lost=_explained(nest.stores.mix, one, other),
        held_out_lost=lost,
    )


def _limited(whole: Names, layout: Layout, options: Options) -> Folded:
    """Divide clusters above ``max_size``; those that cannot be take another with them."""
    if options.max_size is None:
        return Folded(whole, {name: name for name in whole})
    asked = None if options.max_clusters == "auto" else options.most
    limits = Limits(options.min_size, options.max_size, asked)
    return fold_cells(whole, replace(layout.space, views=()), limits, options.seed)


def _joined_by_size(made: _Division, final_of: Mapping[str, str]) -> _Division:
    """Return the division in which clusters that ``max_size`` dissolved are part of others."""
    kept = sorted(set(final_of.values()), key=by_number)
    if len(kept) == len(made.names):
        return made
    codes = np.array([kept.index(final_of[name]) for name in made.names])
    gone = np.array([name not in kept for name in made.names])
    before = made.step.final
    final = np.where(before >= 0, codes[before], -1)
    moved = made.moved | ((before >= 0) & gone[before])
    return replace(made, step=replace(made.step, final=final), names=kept, moved=moved)


def _parts_of(names: list[str], whole: list[str]) -> Labels:
    """Return for every final cluster the number of the one that it is a part of, (n_final,).

    A part adds letters to the name of the whole, which may end in one itself.
    """
    wholes = {name: number for number, name in enumerate(whole)}
    starts = [next(n[:end] for end in range(len(n), 0, -1) if n[:end] in wholes) for n in names]
    return np.array([wholes[start] for start in starts], dtype=np.int64)


def _number(nest: Nest, step: Step, chosen: bool) -> Number:
    """Describe a division."""
    held_out, jaccards = nest.stores.held_out, nest.evidence(step)
    explained = np.nan if held_out is None else held_out.explained(nest.errors(step))
    stable = np.mean([found.jaccard >= STABLE for found in jaccards.values()])
    smallest = min(nest.sizes(step).values())
    return Number(len(step.names), explained, float(stable), smallest, chosen, step.done)


def _evidence(
    made: _Division, names: list[str], layout: Layout, options: Options
) -> list[Evidence]:
    """Return the evidence of every final cluster; a part of one too large has its own stability."""
    found, whole = made.nest.evidence(made.step), _parts_of(names, made.names)
    place = {name: number for number, name in enumerate(names)}
    listed = []
    for code in whole:
        own = found[int(code)]
        neighbour = -1 if own.neighbour < 0 else place.get(made.names[own.neighbour], -1)
        listed.append(replace(own, neighbour=neighbour))
    if len(names) == len(made.names):
        return listed
    again = _parts_again(made, names, layout, options)
    return [
        replace(
            one, jaccard=min(one.jaccard, share), kind=one.kind if name in made.names else "none"
        )
        for one, name, share in zip(listed, names, again, strict=True)
    ]


def _parts_again(made: _Division, names: list[str], layout: Layout, options: Options) -> Floats:
    """Return how far each final cluster comes back when too large ones are parted again."""
    whole = np.array(made.names, dtype=object)[made.nest.labels(made.step)]
    own = _limited(whole, layout, options).clusters
    first = np.array([names.index(name) for name in own])
    space = replace(layout.space, views=())
    limits = Limits(options.min_size, options.max_size, None)
    total, times = np.zeros(len(names)), 10
    for seed in range(times):
        again = fold_cells(whole, space, limits, seed, resample=True).clusters
        second = np.unique(again.astype(str), return_inverse=True)[1]
        k = max(len(names), int(second.max()) + 1)
        total += jaccard(first, second, k)[: len(names)].max(axis=1)
    return total / times


def _what_surroundings_add(made: _Division) -> tuple[float, int]:
    """Return what parting by surroundings explains held out, and how many clusters it made."""
    nest, step = made.nest, made.step
    alone = step.final.copy()
    made_by = 0
    for row in alone:
        known = row[row >= 0]
        made_by += max(0, len(set(known.tolist())) - 1)
        row[row >= 0] = known.min() if len(known) else -1
    if nest.stores.held_out is None:
        return np.nan, made_by
    without = nest.errors(replace(step, final=alone))
    return nest.stores.held_out.gain(without, nest.errors(step)).mean, made_by


def _others(
    made: _Division,
    names: list[str],
    own: Labels,
    external: Track,
    layout: Layout,
    *,
    seen: set[tuple[str, str]],
) -> dict[tuple[str, str], str]:
    """Return where a store would go whose pair of clusters and part no store has, by both names.

    A store goes with the most stores of its internal cluster, or of its part of one; without an
    internal cluster, where most stores of its external cluster are. Of several parts of a cluster
    that was too large, to the largest.
    """
    stores, table = made.nest.stores, made.nest.completed(made.step)
    sizes = np.bincount(own[own >= 0], minlength=len(names))
    parts = _parts_of(names, made.names)
    largest = {
        int(code): names[max(np.flatnonzero(parts == code), key=lambda f: sizes[f])]
        for code in np.unique(parts)
    }
    found = {}
    known = set(np.unique(stores.internal[stores.internal > 0]).tolist())
    for unit, part in enumerate(made.step.parts):
        internal = internal_of(part)
        for outside in range(table.shape[1] if internal in known else 0):
            place = cell_name(internal, outside), part
            if place not in seen:
                found[place] = largest[int(table[unit, outside])]
    shares = _shares(own, external.labels, layout.makers & external.known, len(names))
    for outside in range(1, len(shares)):
        if (cell_name(0, outside), "0") not in seen:
            found[cell_name(0, outside), "0"] = names[int(shares[outside].argmax())]
    return found


# The space


def lay_out(internal: Track, external: Track, join_above: float, nested: bool) -> Layout:
    """Return who makes clusters, and their space; without views where ``join_above`` is infinite.

    With ``nested`` these are all stores with an internal cluster; else the stores that both tracks
    know, or all where there is none. Views are the refits of the tracks.
    """
    tracks = (internal, external)
    sides = INTERNAL * internal.known + EXTERNAL * external.known
    makers = sides == BOTH if (sides == BOTH).any() else sides > 0
    if nested:
        makers = internal.known
    scales = (
        _scale(internal.values[makers & internal.known]),
        _scale(external.values[makers & external.known]),
    )
    blocks = (internal.values / scales[0], external.values / scales[1])
    joins = makers.any() and np.isfinite(join_above)
    own_sides = np.full(int(makers.sum()), BOTH) if nested else sides[makers]
    space = Space(
        values=np.nan_to_num(np.hstack(blocks)[makers]),
        mix=blocks[0][makers],
        sides=own_sides,
        followers=_followers(blocks, sides, makers),
        views=[t.refits[:, makers] for t in tracks] if joins else (),
        join_above=join_above,
    )
    return Layout(sides, makers, blocks, scales, space)


def cell_names(internal: Labels, external: Labels) -> Names:
    """Return the names of the cells of (n_stores,) labels."""
    return np.array(
        [cell_name(i, e) for i, e in zip(internal, external, strict=True)], dtype=object
    )


def _scale(values: Floats) -> float:
    """Total standard deviation; 1 where stores differ by rounding only."""
    if len(values) == 0:
        return 1.0
    deviation = float(np.sqrt(values.var(axis=0).sum()))
    return deviation if deviation > 1e-12 * max(1.0, float(np.abs(values).max())) else 1.0


def _followers(blocks: tuple[Floats, Floats], sides: Labels, makers: Bools) -> Labels:
    """Count for each maker the stores to be placed that are nearest to it."""
    counts = np.zeros(makers.sum(), dtype=np.int64)
    for side, values in zip((INTERNAL, EXTERNAL), blocks, strict=True):
        placed = np.flatnonzero((sides == side) & ~makers)
        near = np.flatnonzero(makers & (sides & side == side))
        here = np.searchsorted(np.flatnonzero(makers), near)
        for start in range(0, len(placed) if len(near) else 0, BLOCK):
            some = values[placed[start : start + BLOCK]]
            nearest = cdist(some, values[near]).argmin(axis=1)
            np.add.at(counts, here[nearest], 1)
    return counts


def _centres(values: Floats, final: Names, names: list[str]) -> Floats:
    """Return the mean of every cluster over the stores known, (n_final, n_components)."""
    known = ~np.isnan(values).any(axis=1)
    means = [
        values[(final == name) & known].mean(axis=0)
        if ((final == name) & known).any()
        else np.full(values.shape[1], np.nan)
        for name in names
    ]
    return np.array(means).reshape(len(names), values.shape[1])


def _distances(layout: Layout, centres: tuple[Floats, Floats]) -> Floats:
    """Distances of all stores to all centres, (n_stores, n_final), in what is known of a store.

    Infinite where they have nothing in common.
    """
    inside, outside = (c / scale for c, scale in zip(centres, layout.scales, strict=True))
    distances = np.full((len(layout.sides), len(inside)), np.inf)
    for side, values, targets in (
        (BOTH, np.hstack(layout.blocks), np.hstack([inside, outside])),
        (INTERNAL, layout.blocks[0], inside),
        (EXTERNAL, layout.blocks[1], outside),
    ):
        rows = layout.sides == side
        distances[rows] = np.nan_to_num(cdist(values[rows], targets), nan=np.inf)
    return distances


# Stores


def _place(
    final: Names,
    names: list[str],
    tracks: tuple[Track, Track],
    layout: Layout,
    options: Options,
) -> Labels:
    """Place the stores that made no clusters in ``final``; return each store's number, -1 for none.

    A store goes where most stores of its cluster in the track that knows it are; where some final
    clusters have no room for all, as many as possible do.
    """
    number = {name: index for index, name in enumerate(names)}
    own = np.array([number.get(name, -1) for name in final], dtype=np.int64)
    rows = np.flatnonzero((layout.sides > 0) & ~layout.makers)
    if len(rows):
        cost = np.ones((len(rows), len(names)))
        for side, track in zip((INTERNAL, EXTERNAL), tracks, strict=True):
            here = layout.sides[rows] == side
            shares = _shares(own, track.labels, layout.makers & track.known, len(names))
            cost[here] = 1 - shares[np.minimum(track.labels[rows[here]], len(shares) - 1)]
        sizes = np.bincount(own[layout.makers], minlength=len(names))
        most = (options.max_size or len(final)) - sizes
        least = np.maximum(0, options.min_size - sizes) if len(names) > 1 else 0 * sizes
        if least.sum() > len(rows):
            least = 0 * sizes
        own[rows] = assign_limited(cost, least, most)
        final[rows] = np.array(names, dtype=object)[own[rows]]
    return own


def _shares(own: Labels, labels: Labels, counted: Bools, k: int) -> Floats:
    """Return the share of each final cluster in the stores of every cluster of a track.

    Row 0 holds the shares of all stores.
    """
    table = np.zeros((int(labels.max()) + 1, k))
    np.add.at(table, (labels[counted], own[counted]), 1.0)
    table[table.sum(axis=1) == 0] = table.sum(axis=0)
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1.0))


def _runner_up(
    chances: Floats, own: Labels, names: list[str], distances: Floats
) -> tuple[Names, Floats]:
    """Return the next best final cluster and the chance of the own one, None and NaN without.

    Next best is the likeliest other cluster, the nearest of equally likely ones.
    """
    next_best, confidence = np.full(len(own), None, dtype=object), np.full(len(own), np.nan)
    rows = np.flatnonzero(own >= 0)
    if len(rows) == 0 or len(names) < 2:
        return next_best, confidence
    stores = np.arange(len(rows))
    confidence[rows] = np.clip(chances[rows, own[rows]], 0, 1)
    others = np.round(chances[rows], 9)
    others[stores, own[rows]] = -1
    apart = distances[rows].copy()
    apart[stores, own[rows]] = np.inf
    likeliest = others.max(axis=1, keepdims=True)
    apart = np.where(others >= likeliest, np.nan_to_num(apart, posinf=1e300), np.inf)
    next_best[rows] = np.array(names, dtype=object)[apart.argmin(axis=1)]
    return next_best, confidence
