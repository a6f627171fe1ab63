"""How a division takes one cluster more: a split by surroundings, or a slice by what stores sell.

:func:`divide` tells the whole story: internal clusters without evidence are joined until none is
left, then clusters are parted as long as that pays; every step is kept, so that one can see what
fewer or more clusters would explain.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.clustering import canonical_order, fit_clusters
from store_clusters.clusters.held_out import Gain
from store_clusters.clusters.limits import ImpossibleLimits
from store_clusters.clusters.nesting import Nest
from store_clusters.clusters.placing import Rule
from store_clusters.clusters.steps import Cut, Step

Labels = npt.NDArray[np.int64]
STARTS, REFIT_STARTS = 10, 3  # of k-means, when a cluster is divided by its sales
LARGE = 0.05  # of what history explains: what a slice has to add when surroundings count, too


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
    up, ways = [down[sound]], Ways(nest, down[sound])
    most = nest.limits.max_clusters or len(nest.stores.internal)
    while len(up[-1].names) < most and (step := ways.best(aim)) is not None:
        if len(step.names) <= len(up[-1].names):
            raise RuntimeError("a division parted nothing")
        up.append(step)
        ways = Ways(nest, step)
    chosen = up[-1]
    wanted = max(target or 0, most if nest.limits.max_clusters else 0)
    while len(up[-1].names) < wanted:
        step = ways.largest() or _larger(nest, down[:sound], len(up[-1].names))
        if step is None:
            break
        up.append(step)
        ways = Ways(nest, step)
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


def splits(nest: Nest, step: Step) -> Iterator[Step]:
    """Yield divisions in which a cluster is parted by surroundings, both parts large enough."""
    stores, labels, least = nest.stores, nest.labels(step), nest.limits.min_size
    new = int(step.names.max()) + 1
    for name in step.names.tolist():
        members = labels == name
        outside = np.bincount(stores.external[members], minlength=step.final.shape[1])
        for external in np.flatnonzero(outside >= least):
            if external == 0 or members.sum() - outside[external] < least:
                continue
            final = step.final.copy()
            final[:, external] = np.where(final[:, external] == name, new, final[:, external])
            _small_follow(nest, final, outside, name=name, new=new, taken=int(external))
            _unknown_follow(nest, final, step, name, new)
            made = replace(step, final=final, done="split", reason="", clusters=(name, new))
            sizes = nest.sizes(made)
            if {name, new} <= set(sizes) and min(sizes.values()) >= least:
                yield made


def _small_follow(
    nest: Nest, final: Labels, outside: Labels, *, name: int, new: int, taken: int
) -> None:
    """Let external clusters too small for a cluster of their own go with the nearer part."""
    least = nest.limits.min_size
    large = np.flatnonzero(outside >= least).tolist()
    kept = [e for e in large if e not in {0, taken}]
    if not kept:
        return
    centres = {
        int(e): nest.mean_surroundings(nest.stores.external == e)
        for e in np.flatnonzero(outside)
        if e > 0
    }
    for e in np.flatnonzero((outside > 0) & (outside < least)).tolist():
        if e == 0:
            continue
        nearest = min([taken, *kept], key=lambda o: float(np.linalg.norm(centres[o] - centres[e])))
        if nearest == taken:
            final[:, e] = np.where(final[:, e] == name, new, final[:, e])


def _unknown_follow(nest: Nest, final: Labels, step: Step, name: int, new: int) -> None:
    """Let stores that the external track does not know go with most stores of their unit."""
    counts = np.zeros(final.shape, dtype=np.int64)
    np.add.at(counts, (step.units, nest.stores.external), 1)
    for unit in np.flatnonzero(final[:, 0] == name):
        sizes = [int(counts[unit, 1:][final[unit, 1:] == part].sum()) for part in (name, new)]
        if sizes[1] > sizes[0]:
            final[unit, 0] = new


def slices(nest: Nest, step: Step) -> Iterator[Step]:
    """Yield divisions in which a cluster of whole units is cut in two by what it sells."""
    for name in step.names.tolist():
        units = np.flatnonzero((step.final == name).any(axis=1))
        if set(np.unique(step.final[units]).tolist()) <= {-1, name}:
            made = _slice(nest, step, units, name)
            if made is not None:
                yield made


def _slice(nest: Nest, step: Step, units: Labels, name: int) -> Step | None:
    """Cut the units of a cluster in two by their mix, None where that cannot be."""
    stores, least = nest.stores, nest.limits.min_size
    members = np.flatnonzero(np.isin(step.units, units))
    if len(members) < 2 * least:
        return None
    key = members.tobytes()
    if key not in nest.slices:  # the division before may have had this cluster, too
        nest.slices[key] = _halve(nest, members, nest.seed)
    rule = nest.slices[key]
    if len(rule.intercepts) < 2:
        return None
    new, fresh = len(step.final) + np.arange(len(units)), int(step.names.max()) + 1
    cut = Cut(
        dict(zip(units.tolist(), new.tolist(), strict=True)),
        rule.coefficients[1] - rule.coefficients[0],
        float(rule.intercepts[1] - rule.intercepts[0]),
    )
    if 2 * cut.above(stores.mix[members]).sum() > len(members):
        cut = replace(cut, coefficients=-cut.coefficients, intercept=-cut.intercept)
    above = cut.above(stores.mix[members])
    if min(above.sum(), (~above).sum()) < least:
        return None
    parted = step.units.copy()
    parted[members[above]] = cut.through(parted[members[above]])
    rows = np.where(step.final[units] >= 0, fresh, -1)
    placed = None
    if stores.held_out is not None and step.placed is not None:
        halves = np.full(len(parted), -1, dtype=np.int64)
        halves[members] = above
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


def _sliced_again(nest: Nest, step: Step, made: Step) -> Step:
    """Cut the cluster on every resample, too: how far do its slices come back?"""
    stores, cut = nest.stores, made.cuts[-1]
    units, upper = list(cut.units), np.flatnonzero(made.units != step.units)
    refits = step.refits.copy()
    random = np.random.default_rng(nest.seed)
    for one in refits:
        here = np.flatnonzero(np.isin(one, units))
        if len(here) < 2:
            continue
        ordered = here[canonical_order(stores.mix[here], stores.weights[here])]
        drawn = random.choice(ordered, len(ordered))
        rule = _halve(nest, drawn, int(random.integers(2**31)), REFIT_STARTS)
        above = rule.place(stores.mix[here]) == 1
        members = np.isin(step.units[here], units)
        if 2 * np.sum(above[members] != np.isin(here, upper)[members]) > members.sum():
            above = ~above
        one[here[above]] = cut.through(one[here[above]])
    return replace(made, refits=refits)


def _halve(nest: Nest, drawn: Labels, seed: int, starts: int = STARTS) -> Rule:
    """Return the rule that cuts the stores ``drawn`` in two."""
    values, weights = nest.stores.mix[drawn], nest.stores.weights[drawn]
    k = min(2, len(np.unique(values, axis=0)))
    least = min(nest.limits.min_size, len(drawn) // 2)
    _, rule = fit_clusters(
        values, k, "kmeans_limited", starts, seed, weights=weights, sizes=(least, len(drawn))
    )
    return rule


class Ways:
    """All ways to part one cluster more of a division, and what each explains."""

    def __init__(self, nest: Nest, step: Step):
        self.nest, self.step = nest, step

    @cached_property
    def gains(self) -> list[tuple[Step, Gain]]:
        """Every split by surroundings and every slice, with what it explains held out.

        Whether a split is sure is judged by as many as there are (Bonferroni): surroundings offer
        many. Nothing is explained without dates.
        """
        by_surroundings = list(splits(self.nest, self.step))
        made = [*by_surroundings, *slices(self.nest, self.step)]
        held_out = self.nest.stores.held_out
        if held_out is None:
            return [(one, Gain(0.0, 0.0)) for one in made]
        before = self.nest.errors(self.step)
        tests = {"split": len(by_surroundings), "slice": 1}
        return [
            (one, held_out.gain(before, self.nest.errors(one), tests[one.done])) for one in made
        ]

    def best(self, aim: str) -> Step | None:
        """Return the way that serves the aim best; None where none is sound.

        ``balanced`` parts by surroundings, first where the parts surely sell differently, then
        where they are stable groups and cost no sales; and by sales only where that surely explains
        a twentieth of what history explains. ``sales`` parts where that explains most of sales held
        out.
        """
        rated = []
        for number, (made, gain) in enumerate(self.gains):
            small = made.done == "slice" and aim == "balanced" and gain.mean < self._large()
            stable_may_do = aim == "balanced" and self.nest.stores.grouped
            if gain.low > 0 and not small:
                rated.append((1.0, gain.mean, -number))
            elif stable_may_do and made.done == "split" and gain.mean >= 0:
                jaccards = self.nest.jaccards(made)
                rated.append((0.0, min(jaccards[f] for f in made.clusters), -number))
        for *_, number in sorted(rated, reverse=True):
            made = self._on_resamples(self.gains[-number][0])
            if self.nest.sound(made):
                return made
        return None

    def largest(self) -> Step | None:
        """Return the way that explains most, whatever its evidence; None where there is none."""
        if not self.gains:
            return None
        return self._on_resamples(max(self.gains, key=lambda way: way[1].mean)[0])

    def _on_resamples(self, made: Step) -> Step:
        """Return a division with its units on resamples, too."""
        return _sliced_again(self.nest, self.step, made) if made.done == "slice" else made

    def _large(self) -> float:
        """Return what a slice has to explain where surroundings count, too."""
        held_out = self.nest.stores.held_out
        return np.inf if held_out is None else LARGE * max(held_out.history, 0.0)


def _larger(nest: Nest, joined: list[Step], clusters: int) -> Step | None:
    """Return the division with one cluster more of those that were joined, if large enough."""
    for step in joined:
        sizes = nest.sizes(step)
        if len(sizes) == clusters + 1 and min(sizes.values()) >= nest.limits.min_size:
            return step
    return None
