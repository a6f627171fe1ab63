"""Final clusters that both tracks make alike: every pair of clusters is a cell."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from store_clusters.clusters.limits import ImpossibleLimits
from store_clusters.clusters.nesting import Nest
from store_clusters.clusters.steps import Step, Stores
from store_clusters.merge.division import Division, share_apart
from store_clusters.merge.folding import Fold, fold_cells
from store_clusters.merge.layout import Layout, cell_names
from store_clusters.merge.names import by_number
from store_clusters.merge.nested_pairs import renumbered
from store_clusters.merge.wanted import Wanted

Floats = npt.NDArray[np.float64]


def cross_pairs(stores: Stores, layout: Layout, wanted: Wanted) -> Division:
    """Cross the two labelings; join and fold the cells, then what is left without evidence.

    With a ``target`` there are so many clusters, whatever the evidence.

    Raises:
        ImpossibleLimits: The cells do not make so many clusters as are wanted.
    """
    limits = replace(wanted.limits, max_clusters=wanted.target or wanted.most)
    nest = Nest(stores, limits, wanted.seed)
    space = layout.space(wanted.join_above)
    cells = cell_names(stores.internal, stores.external)
    folded = fold_cells(cells, space, replace(limits, max_size=None), wanted.seed)
    names = sorted(set(folded.final_of.values()), key=by_number)
    codes = {name: code for code, name in enumerate(names)}
    final = np.full(stores.shape, -1, dtype=np.int64)
    moved = np.zeros(stores.shape, dtype=bool)
    dissolved = {fold.from_cluster for fold in folded.folds if fold.reason != "inseparable"}
    for pair, name in folded.final_of.items():
        at = tuple(int(number) for number in pair.split("_"))
        final[at], moved[at] = codes[name], pair in dissolved
    step = replace(nest.start(), final=final)
    folds = list(folded.folds)
    apart = (stores.internal == 0).any() or (stores.external == 0).all()  # no store is in both
    while not apart and wanted.target is None and not nest.sound(step):
        following = nest.fewer(step)
        if following is None:
            break
        moved |= step.final == following.clusters[1]
        folds.append(_joined(nest, step, following, names, space.values))
        step = following
    kept = {code: names[code] for code in step.names.tolist()}
    if wanted.target is not None and len(kept) != wanted.target:
        raise ImpossibleLimits(
            f"{len(stores.internal)} stores make {len(kept)} pairs of clusters of at least "
            f"{limits.min_size} (min_size) that can be told apart, not {wanted.target} (target)",
            "target or min_size or join_above",
        )
    listed = sorted(kept.values(), key=by_number)
    return Division(nest, renumbered(step, kept), listed, moved, folds)


def _joined(nest: Nest, step: Step, following: Step, names: list[str], values: Floats) -> Fold:
    """Describe how one cluster took another."""
    to, gone = following.clusters
    labels, held_out = nest.labels(step), nest.stores.held_out
    one, other = labels == gone, labels == to
    lost = np.nan
    if held_out is not None:
        lost = held_out.gain(nest.errors(following), nest.errors(step)).mean
    apart = values[one].mean(axis=0) - values[other].mean(axis=0)
    return Fold(
        names[gone],
        names[to],
        int(one.sum()),
        float(np.linalg.norm(apart)),
        following.reason,
        explained_lost=share_apart(nest.stores.mix, one, other),
        held_out_lost=lost,
    )
