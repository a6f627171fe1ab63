"""What the demo retailer plants: how far the stores of a cluster lie from all others, by design."""

from pathlib import Path

import make_demo
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

# Feature, the factor that it follows, and its direction.
FOLLOWS = {
    "demographics.median_income": ("wealth", 1),
    "demographics.house_value": ("wealth", 1),
    "demographics.population_density": ("urbanity", 1),
    "demographics.share_under_18": ("family", 1),
    "demographics.share_over_65": ("family", -1),
    "demographics.household_size": ("family", 1),
    "foot_traffic.visits_weekday": ("urbanity", 1),
    "foot_traffic.visits_weekend": ("wealth", 1),
    "competitors.competitors_1km": ("urbanity", 1),
    "competitors.competitors_5km": ("urbanity", 1),
}
LEVELS = {
    "demographics.area_type": (make_demo.AREA_TYPES, make_demo.AREA_TYPE_SHARES),
    "competitors.anchor_tenant": (make_demo.ANCHORS, make_demo.ANCHOR_SHARES),
}


def planted_mixes(folder: Path) -> dict[str, npt.NDArray[np.float64]]:
    """Make the demo retailer again, and return the mix of every segment by category."""
    mixes: list[npt.NDArray[np.float64]] = []
    draw = make_demo._segment_mixes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            make_demo, "_segment_mixes", lambda *given: mixes.append(draw(*given)) or mixes[-1]
        )
        make_demo.make_demo(folder, 42)
    return dict(zip(make_demo.CATEGORIES, mixes, strict=True))


def planted_differences(
    stores: pd.DataFrame, mixes: npt.NDArray[np.float64], need_states: list[str]
) -> pd.DataFrame:
    """Return the planted difference of every cluster from all other stores, by feature.

    Args:
        stores: Of one category, with ``final_cluster``, ``segment`` and ``external_segment``.
        mixes: (segments, need states).
        need_states: Their names.

    Returns:
        One row per final cluster; shares of sales as square roots, whose spread between stores is
        about the same for all; external features in standard deviations within a segment.
    """
    sold = np.sqrt(mixes)[stores["segment"] - 1]
    table = pd.DataFrame(sold, index=stores.index, columns=need_states)
    centres = make_demo.CENTRES[stores["external_segment"] - 1]
    for feature, (factor, direction) in FOLLOWS.items():
        table[feature] = direction * centres[:, make_demo.FACTORS.index(factor)]
    for feature, (levels, shares) in LEVELS.items():
        for level, share in zip(levels, np.array(shares).T, strict=True):
            chance = share[stores["external_segment"] - 1]
            table[f"{feature}={level}"] = chance / np.sqrt(share.mean() * (1 - share.mean()))
    rows = {}
    for code in stores["final_cluster"].unique():
        own = stores["final_cluster"] == code
        rows[code] = table[own].mean() - table[~own].mean()
    return pd.DataFrame(rows).T
