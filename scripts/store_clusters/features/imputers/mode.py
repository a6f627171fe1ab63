"""The most frequent level."""

import numpy as np

from store_clusters.features.imputers import Floats, Gaps, Parameter, fill_with

SERVES = ("categorical",)


def fill(gaps: Gaps) -> tuple[Floats, list[Parameter]]:
    """Fill the columns of each categorical feature as for a store with its most frequent level."""
    constants, sources = np.zeros(len(gaps.columns)), gaps.sources[gaps.columns]
    for source in dict.fromkeys(sources):
        of_source = np.flatnonzero(sources == source)
        levels = gaps.values[:, gaps.columns[of_source]]
        known = levels[~np.isnan(levels[:, 0])]
        most_frequent = int(np.argmax(known.mean(axis=0) - known.min(axis=0)))
        constants[of_source] = known[np.argmax(known[:, most_frequent])]
    return fill_with(constants, gaps, "mode")
