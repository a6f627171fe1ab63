"""Nest final clusters in internal ones: category > internal cluster > final cluster.

A division is a table: which final cluster the stores of an internal cluster (or of a part of it)
and an external cluster belong to. It starts as the internal clusters, loses those without evidence,
and then takes the divisions that pay, one at a time; every step is kept, so that one can see what
fewer or more clusters would explain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from store_clusters.clusters.clustering import Rule, canonical_order, fit_clusters, means_of
from store_clusters.clusters.held_out import Gain, HeldOut
from store_clusters.clusters.limits import ImpossibleLimits, Limits
from store_clusters.clusters.stability import jaccard

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
STABLE = 0.75  # Jaccard similarity on resamples from which a cluster is a group, Hennig 2007
STARTS, REFIT_STARTS = 10, 3  # of k-means, when a cluster is divided by its sales
LARGE = 0.05  # of what history explains: what a slice has to add when surroundings count, too


@dataclass(frozen=True)
class Stores:
    """What is known of the stores of a category that have an internal cluster."""

    internal: Labels  # (n_stores,) from 1, 0 where the internal track does not know the store
    external: Labels  # (n_stores,) from 1, 0 where the external track does not know the store
    mix: Floats  # (n_stores, n_components) of the internal track
    surroundings: Floats  # (n_stores, n_components) of the external track, NaN rows where unknown
    weights: Floats  # (n_stores,), square roots of sales
    internal_refits: Labels  # (n_refits, n_stores) clusters on resamples under their names
    external_refits: Labels  # (n_refits, n_stores), likewise, from 1, 0 unknown
    held_out: HeldOut | None  # None without dates
    grouped: bool  # external clusters are groups that several features agree on

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a table of all pairs, those that only resamples make too."""
        inside = self.internal, self.internal_refits
        outside = self.external, self.external_refits
        k, m = (max(int(x.max(initial=0)) for x in track) + 1 for track in (inside, outside))
        return k, m


@dataclass(frozen=True)
class Evidence:
    """Why a cluster is one of its own."""

    kind: str  # `group`, `slice`, `whole`, `none`
    jaccard: float
    gain: Gain | None  # of parting it from the cluster that sells most alike; None without dates
    neighbour: int  # that cluster, -1 for the only one


@dataclass(frozen=True)
class Cut:
    """A line through a cluster: stores on its upper side go to units of their own."""

    units: dict[int, int]  # unit that was cut: the unit of its stores with a score above 0
    coefficients: Floats  # (n_components,) of the internal track
    intercept: float

    def above(self, values: Floats) -> Bools:
        """Say which of (n_stores, n_components) values are on the upper side."""
        return np.asarray(values @ self.coefficients + self.intercept > 0)

    @property
    def rule(self) -> Rule:
        """The rule of both sides, 0 below and 1 above."""
        none = np.zeros_like(self.coefficients)
        return Rule(np.array([none, self.coefficients]), np.array([0.0, self.intercept]))

    def through(self, units: Labels) -> Labels:
        """Return the units above the cut, of any shape; those that were not cut as they are."""
        found = units.copy()
        for below, above in self.units.items():
            found[units == below] = above
        return found


@dataclass(frozen=True)
class Step:
    """One division, and what was done to the one before."""

    final: Labels  # (n_units, n_external + 1) final cluster of each pair, -1 where no store is
    units: Labels  # (n_stores,) internal clusters, or parts of these
    placed: Labels | None  # (2, n_stores) units by one half of the months; None without dates
    refits: Labels  # (n_refits, n_stores) units on resamples
    done: str = "start"  # `start`, `join`, `split`, `slice`
    reason: str = ""  # of a join: `too_small`, `no_evidence`, `too_many`, `fewer`
    clusters: tuple[int, ...] = ()  # that were joined (the first took the second) or made
    cuts: tuple[Cut, ...] = ()  # that made units of internal clusters, in their order

    @property
    def names(self) -> Labels:
        """The final clusters."""
        return np.unique(self.final[self.final >= 0])

    @property
    def parts(self) -> list[str]:
        """The name of each unit: its internal cluster, and its sides of cuts, as in `3ab`."""
        return self._followed()[0]

    @property
    def rules(self) -> dict[str, tuple[list[str], Rule]]:
        """The two parts of each internal cluster, or part of one, that was cut, and their rule."""
        return self._followed()[1]

    def _followed(self) -> tuple[list[str], dict[str, tuple[list[str], Rule]]]:
        known, rules = {unit: str(unit) for unit in range(len(self.final))}, {}
        for cut in self.cuts:
            for below, above in cut.units.items():
                whole = known[below]
                known[below], known[above] = whole + "a", whole + "b"
                rules[whole] = [known[below], known[above]], cut.rule
        return [known[unit] for unit in range(len(self.final))], rules


class Nest:
    """Divisions of the stores of one category, from one cluster to as many as may be."""

    def __init__(self, stores: Stores, limits: Limits, seed: int):
        self.stores, self.limits, self.seed = stores, limits, seed
        self.joins: list[Step] = []  # from the internal clusters to one
        self._evidence: dict[bytes, dict[int, Evidence]] = {}

    def start(self) -> Step:
        """Return the division into internal clusters."""
        stores = self.stores
        count = np.zeros(stores.shape, dtype=np.int64)
        np.add.at(count, (stores.internal, stores.external), 1)
        final = np.where(count > 0, np.arange(len(count))[:, None], -1)
        placed = None if stores.held_out is None else stores.held_out.place(stores.internal)
        return Step(final, stores.internal, placed, stores.internal_refits)

    def labels(self, step: Step) -> Labels:
        """Return the final cluster of every store."""
        return step.final[step.units, self.stores.external]

    def sizes(self, step: Step) -> dict[int, int]:
        """Return the stores of every final cluster."""
        return dict(zip(*np.unique(self.labels(step), return_counts=True), strict=True))

    # What a division is worth

    def errors(self, step: Step) -> Floats:
        """Return each store's squared errors in months held out."""
        if self.stores.held_out is None or step.placed is None:
            raise ValueError("nothing is held out")
        return self.stores.held_out.errors(self._through(step, step.placed))

    def _through(self, step: Step, units: Labels) -> Labels:
        """Return final clusters of (rows, n_stores) units; a pair without stores goes by unit."""
        table = self.completed(step)
        return table[units, self.stores.external[None]]

    def completed(self, step: Step) -> Labels:
        """Return the table of a division, pairs without stores in the largest of their unit."""
        table = step.final.copy()
        sizes = self.sizes(step)
        for unit, row in enumerate(table):
            known = row[row >= 0]
            if len(known):
                row[row < 0] = max(sorted(set(known.tolist())), key=lambda f: sizes[f])
            else:
                table[unit] = max(sorted(sizes), key=lambda f: sizes[f])
        return table

    def jaccards(self, step: Step) -> dict[int, float]:
        """Return the mean Jaccard similarity of every cluster with its like on resamples."""
        own = np.searchsorted(step.names, self.labels(step))
        table = np.searchsorted(step.names, self.completed(step))
        k, total = len(step.names), np.zeros(len(step.names))
        for units, outside in zip(step.refits, self.stores.external_refits, strict=True):
            total += np.diag(jaccard(own, table[units, outside], k))
        return dict(
            zip(step.names.tolist(), (total / max(1, len(step.refits))).tolist(), strict=True)
        )

    def evidence(self, step: Step) -> dict[int, Evidence]:
        """Return why each final cluster is one of its own."""
        key = step.final.tobytes() + step.units.tobytes()
        if key not in self._evidence:
            self._evidence[key] = dict(self._find_evidence(step))
        return self._evidence[key]

    def _find_evidence(self, step: Step) -> Iterator[tuple[int, Evidence]]:
        jaccards = self.jaccards(step)
        names = step.names.tolist()
        if len(names) == 1:
            yield names[0], Evidence("whole", jaccards[names[0]], None, -1)
            return
        errors = self.errors(step) if self.stores.held_out is not None else None
        neighbours = self.neighbours(step)
        for name in names:
            other, gain = neighbours[name], None
            if self.stores.held_out is not None and errors is not None:
                joined = self.errors(self.join(step, other, name, ""))
                gain = self.stores.held_out.gain(joined, errors)
            kind = "none"
            if jaccards[name] >= STABLE:
                kind = "group"
            elif gain is not None and gain.low > 0:
                kind = "slice"
            yield name, Evidence(kind, jaccards[name], gain, other)

    def neighbours(self, step: Step) -> dict[int, int]:
        """Return for every cluster the one that sells most alike, of its internal cluster first."""
        names = step.names
        centres, _ = self._centres(step)
        apart = cdist(centres, centres)
        np.fill_diagonal(apart, np.inf)
        home = {name: self._home(step, name) for name in names}
        related = np.array([[home[a] == home[b] for b in names] for a in names])
        np.fill_diagonal(related, False)
        best = [
            int(np.where(related[i], apart[i], np.inf).argmin())
            if related[i].any()
            else int(apart[i].argmin())
            for i in range(len(names))
        ]
        return {int(name): int(names[other]) for name, other in zip(names, best, strict=True)}

    def _home(self, step: Step, name: int) -> int:
        """Return the internal cluster of most stores of a final cluster."""
        return int(np.bincount(self.stores.internal[self.labels(step) == name]).argmax())

    def _centres(self, step: Step) -> tuple[Floats, Floats]:
        """Return the mean mix of every final cluster, and the sum of its weights."""
        codes = np.searchsorted(step.names, self.labels(step))
        k = len(step.names)
        total = np.bincount(codes, self.stores.weights, minlength=k).astype(np.float64)
        return means_of(self.stores.mix, codes, k, self.stores.weights), total

    # Steps

    def join(self, step: Step, to: int, gone: int, reason: str) -> Step:
        """Return the division in which one cluster has the stores of two."""
        final = np.where(step.final == gone, to, step.final)
        return replace(step, final=final, done="join", reason=reason, clusters=(to, gone))

    def cheapest(self, step: Step, gone: int) -> int:
        """Return the cluster that should take the stores of another.

        A sibling of the internal cluster, the nearest in surroundings; else the one that sells
        most alike.
        """
        names = [name for name in step.names.tolist() if name != gone]
        siblings = [name for name in names if self._home(step, name) == self._home(step, gone)]
        labels = self.labels(step)
        if siblings:
            centres = {name: self._mean_surroundings(labels == name) for name in [gone, *siblings]}
            return min(siblings, key=lambda f: float(np.linalg.norm(centres[f] - centres[gone])))
        centres_mix, total = self._centres(step)
        places = {name: row for row, name in enumerate(step.names.tolist())}
        return min(names, key=lambda f: _ward(centres_mix, total, places[f], places[gone]))

    def _mean_surroundings(self, stores: Bools) -> Floats:
        known = self.stores.surroundings[stores]
        known = known[~np.isnan(known).any(axis=1)]
        return known.mean(axis=0) if len(known) else np.zeros(self.stores.surroundings.shape[1])

    def fewer(self, step: Step) -> Step | None:
        """Join two clusters: one that is too small or without evidence, or the two most alike."""
        names = step.names.tolist()
        if len(names) < 2:
            return None
        sizes, evidence = self.sizes(step), self.evidence(step)
        small = [name for name in names if sizes[name] < self.limits.min_size]
        if small:
            gone = min(small, key=lambda f: (sizes[f], f))
            return self._joined(step, gone, self.cheapest(step, gone), "too_small")
        weak = [name for name in names if evidence[name].kind == "none"]
        if weak:
            gone = min(weak, key=lambda f: (_strength(evidence[f]), f))
            return self._joined(step, gone, self._least_lost(step, gone), "no_evidence")
        most = self.limits.max_clusters
        reason = "too_many" if most is not None and len(names) > most else "fewer"
        centres, total = self._centres(step)
        pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
        i, j = min(pairs, key=lambda pair: _ward(centres, total, *pair))
        return self._joined(step, names[i], names[j], reason)

    def _least_lost(self, step: Step, gone: int) -> int:
        """Return the cluster that takes another at the least loss of what is explained held out.

        A sibling of its internal cluster first; without dates, the one that sells most alike.
        """
        neighbour = self.evidence(step)[gone].neighbour
        if self.stores.held_out is None or self._home(step, neighbour) == self._home(step, gone):
            return neighbour
        others = [name for name in step.names.tolist() if name != gone]
        lost = {f: float(self.errors(self.join(step, f, gone, "")).sum()) for f in others}
        return min(others, key=lambda f: (round(lost[f], 12), f))

    def _joined(self, step: Step, one: int, other: int, reason: str) -> Step:
        """Join two clusters; the one with more stores keeps its name, the lower among equals."""
        sizes = self.sizes(step)
        to, gone = sorted((one, other), key=lambda f: (-sizes[f], f))
        return self.join(step, to, gone, reason)

    def sound(self, step: Step) -> bool:
        """Say whether a division keeps the limits and every cluster has its evidence."""
        sizes, most = self.sizes(step), self.limits.max_clusters
        if most is not None and len(sizes) > most:
            return False
        if len(sizes) > 1 and min(sizes.values()) < self.limits.min_size:
            return False
        return all(found.kind != "none" for found in self.evidence(step).values())

    def splits(self, step: Step) -> Iterator[Step]:
        """Yield divisions in which a cluster is parted by surroundings, both parts large enough."""
        stores, labels = self.stores, self.labels(step)
        new = int(step.names.max()) + 1
        for name in step.names.tolist():
            mine = labels == name
            outside = np.bincount(stores.external[mine], minlength=step.final.shape[1])
            for external in np.flatnonzero(outside >= self.limits.min_size):
                if external == 0 or mine.sum() - outside[external] < self.limits.min_size:
                    continue
                final = step.final.copy()
                final[:, external] = np.where(final[:, external] == name, new, final[:, external])
                self._follow(final, outside, name, new, int(external))
                self._unknown_follow(final, step, name, new)
                made = replace(step, final=final, done="split", reason="", clusters=(name, new))
                sizes = self.sizes(made)
                if {name, new} <= set(sizes) and min(sizes.values()) >= self.limits.min_size:
                    yield made

    def _follow(self, final: Labels, outside: Labels, name: int, new: int, taken: int) -> None:
        """Let external clusters too small for a cluster of their own go with the nearer part."""
        stores = self.stores
        large = np.flatnonzero(outside >= self.limits.min_size).tolist()
        kept = [e for e in large if e not in {0, taken}]
        if not kept:
            return
        centres = {
            int(e): self._mean_surroundings(stores.external == e)
            for e in np.flatnonzero(outside)
            if e > 0
        }
        for e in np.flatnonzero((outside > 0) & (outside < self.limits.min_size)).tolist():
            if e == 0:
                continue
            nearest = min(
                [taken, *kept], key=lambda o: float(np.linalg.norm(centres[o] - centres[e]))
            )
            if nearest == taken:
                final[:, e] = np.where(final[:, e] == name, new, final[:, e])

    def _unknown_follow(self, final: Labels, step: Step, name: int, new: int) -> None:
        """Let stores that the external track does not know go with most stores of their unit."""
        counts = np.zeros(final.shape, dtype=np.int64)
        np.add.at(counts, (step.units, self.stores.external), 1)
        for unit in np.flatnonzero(final[:, 0] == name):
            sizes = [int(counts[unit, 1:][final[unit, 1:] == part].sum()) for part in (name, new)]
            if sizes[1] > sizes[0]:
                final[unit, 0] = new

    def slices(self, step: Step) -> Iterator[Step]:
        """Yield divisions in which a cluster of whole units is cut in two by what it sells."""
        for name in step.names.tolist():
            units = np.flatnonzero((step.final == name).any(axis=1))
            if set(np.unique(step.final[units]).tolist()) <= {-1, name}:
                made = self._slice(step, units, name)
                if made is not None:
                    yield made

    def _slice(self, step: Step, units: Labels, name: int) -> Step | None:
        """Cut the units of a cluster in two by their mix, None where that cannot be."""
        stores, least = self.stores, self.limits.min_size
        mine = np.flatnonzero(np.isin(step.units, units))
        if len(mine) < 2 * least:
            return None
        rule = self._halve(mine, self.seed)
        if len(rule.intercepts) < 2:
            return None
        new, fresh = len(step.final) + np.arange(len(units)), int(step.names.max()) + 1
        cut = Cut(
            dict(zip(units.tolist(), new.tolist(), strict=True)),
            rule.coefficients[1] - rule.coefficients[0],
            float(rule.intercepts[1] - rule.intercepts[0]),
        )
        if 2 * cut.above(stores.mix[mine]).sum() > len(mine):
            cut = replace(cut, coefficients=-cut.coefficients, intercept=-cut.intercept)
        above = cut.above(stores.mix[mine])
        if min(above.sum(), (~above).sum()) < least:
            return None
        parted = step.units.copy()
        parted[mine[above]] = cut.through(parted[mine[above]])
        rows = np.where(step.final[units] >= 0, fresh, -1)
        placed = None
        if stores.held_out is not None and step.placed is not None:
            halves = np.full(len(parted), -1, dtype=np.int64)
            halves[mine] = above
            among = np.where(np.isin(step.placed, units), 0, -1)
            part = stores.held_out.place(halves, among)
            placed = np.where(part == 1, cut.through(step.placed), step.placed)
        return Step(
            np.vstack([step.final, rows]),
            parted,
            placed,
            step.refits,
            "slice",
            "",
            (name, fresh),
            (*step.cuts, cut),
        )

    def _sliced_again(self, step: Step, made: Step) -> Step:
        """Cut the cluster on every resample, too: how far do its slices come back?"""
        cut = made.cuts[-1]
        units, upper = list(cut.units), np.flatnonzero(made.units != step.units)
        refits = step.refits.copy()
        random = np.random.default_rng(self.seed)
        for one in refits:
            here = np.flatnonzero(np.isin(one, units))
            if len(here) < 2:
                continue
            own = here[canonical_order(self.stores.mix[here], self.stores.weights[here])]
            drawn = random.choice(own, len(own))
            rule = self._halve(drawn, int(random.integers(2**31)), REFIT_STARTS)
            above = rule.place(self.stores.mix[here]) == 1
            known = np.isin(step.units[here], units)
            if 2 * np.sum(above[known] != np.isin(here, upper)[known]) > known.sum():
                above = ~above
            one[here[above]] = cut.through(one[here[above]])
        return replace(made, refits=refits)

    def _halve(self, drawn: Labels, seed: int, starts: int = STARTS) -> Rule:
        """Return the rule that cuts the stores ``drawn`` in two."""
        values, weights = self.stores.mix[drawn], self.stores.weights[drawn]
        k = min(2, len(np.unique(values, axis=0)))
        least = min(self.limits.min_size, len(drawn) // 2)
        _, rule = fit_clusters(
            values, k, "kmeans_limited", starts, seed, weights=weights, sizes=(least, len(drawn))
        )
        return rule

    def more(self, step: Step, aim: str, forced: bool = False) -> Step | None:
        """Part one cluster more, the way that serves the aim best; None where none is sound.

        ``balanced`` parts by surroundings, first where the parts surely sell differently, then
        where they are stable groups and cost no sales; and by sales only where that surely explains
        a twentieth of what history explains. ``sales`` parts where that explains most of sales held
        out. With ``forced``, evidence is not asked for, and what explains most is parted. Whether a
        split is sure is judged by as many as there are (Bonferroni): surroundings offer many.
        """
        splits, by_groups = list(self.splits(step)), self.stores.grouped
        candidates = [*splits, *self.slices(step)]
        rated = []
        for number, made in enumerate(candidates):
            gain = self._gain(step, made, len(splits) if made.done == "split" else 1)
            small = made.done == "slice" and aim == "balanced" and gain.mean < self._large()
            if forced:
                rated.append((0.0, gain.mean, -number))
            elif gain.low > 0 and not small:
                rated.append((1.0, gain.mean, -number))
            elif aim == "balanced" and by_groups and made.done == "split" and gain.mean >= 0:
                jaccards = self.jaccards(made)
                rated.append((0.0, min(jaccards[f] for f in made.clusters), -number))
        for *_, number in sorted(rated, reverse=True):
            made = candidates[-number]
            if made.done == "slice":
                made = self._sliced_again(step, made)
            if forced or self.sound(made):
                return made
        return None

    def _large(self) -> float:
        """Return what a slice has to explain where surroundings count, too."""
        held_out = self.stores.held_out
        return np.inf if held_out is None else LARGE * max(held_out.history, 0.0)

    def larger(self, joined: list[Step], clusters: int) -> Step | None:
        """Return the division with one cluster more of those that were joined, if large enough."""
        for step in joined:
            sizes = self.sizes(step)
            if len(sizes) == clusters + 1 and min(sizes.values()) >= self.limits.min_size:
                return step
        return None

    def _gain(self, coarse: Step, fine: Step, candidates: int) -> Gain:
        """Return what a division explains more than another, 0 without dates."""
        if self.stores.held_out is None:
            return Gain(0.0, 0.0)
        return self.stores.held_out.gain(self.errors(coarse), self.errors(fine), candidates)


def divide(nest: Nest, aim: str, target: int | None) -> tuple[list[Step], int]:
    """Return divisions into more and more clusters, from one on, and which of them is chosen.

    Internal clusters that are too small, too many or without evidence are joined until none is;
    then clusters are parted as the ``aim`` says, up to ``max_clusters``. ``target`` asks for a
    number of clusters, whatever the evidence.

    Raises:
        ImpossibleLimits: The stores cannot be parted into ``target`` clusters of ``min_size``.
    """
    step: Step | None = nest.start()
    down = []
    while step is not None:
        down.append(step)
        step = nest.fewer(step)
    sound = next((i for i, one in enumerate(down) if nest.sound(one)), len(down) - 1)
    nest.joins = down[1 : sound + 1]
    up = [down[sound]]
    most = nest.limits.max_clusters or len(nest.stores.internal)
    while len(up[-1].names) < most and (step := nest.more(up[-1], aim)) is not None:
        if len(step.names) <= len(up[-1].names):
            raise RuntimeError("a division parted nothing")
        up.append(step)
    chosen = up[-1]
    wanted = max(target or 0, most if nest.limits.max_clusters else 0)
    while len(up[-1].names) < wanted:
        step = nest.more(up[-1], aim, True) or nest.larger(down[:sound], len(up[-1].names))
        if step is None:
            break
        up.append(step)
    path = [*reversed(down[sound + 1 :]), *up]
    if target is not None:
        fitting = [one for one in path if len(one.names) == target]
        if not fitting:
            raise ImpossibleLimits(
                f"{len(nest.stores.internal)} stores make at most {len(path[-1].names)} clusters "
                f"of at least {nest.limits.min_size} (min_size), not {target} (target)",
                "target or min_size",
            )
        chosen = fitting[0]
        kept = min(target, len(down[sound].names))
        nest.joins = [one for one in down[1:] if len(one.names) >= kept]
    return path, next(i for i, one in enumerate(path) if one is chosen)


def _ward(centres: Floats, total: Floats, i: int, j: int) -> float:
    """Return what joining two clusters adds to the sum of squares."""
    return float(
        np.sum((centres[i] - centres[j]) ** 2) * total[i] * total[j] / (total[i] + total[j])
    )


def _strength(evidence: Evidence) -> float:
    """Order clusters without evidence: the weakest goes first."""
    low = evidence.gain.low if evidence.gain is not None else 0.0
    return min(evidence.jaccard - STABLE, low)
