"""What the demo retailer plants: how far the stores of a cluster lie from all others, by design."""

from itertools import product
from pathlib import Path

import make_demo
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

Floats = npt.NDArray[np.float64]

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


def planted_mixes(folder: Path) -> dict[str, Floats]:
    """Make the demo retailer again, and return the mix of every segment by category."""
    mixes: list[Floats] = []
    draw = make_demo._segment_mixes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            make_demo, "_segment_mixes", lambda *given: mixes.append(draw(*given)) or mixes[-1]
        )
        make_demo.make_demo(folder, 42)
    return dict(zip(make_demo.CATEGORIES, mixes, strict=True))


def planted_differences(stores: pd.DataFrame, mixes: dict[str, Floats]) -> pd.DataFrame:
    """Return how far the stores of every final cluster lie from all others, by design.

    Args:
        stores: ``category``, ``final_cluster``, ``segment`` and ``external_segment``.
        mixes: As from :func:`planted_mixes`.

    Returns:
        ``category``, ``final_cluster``, ``track``, ``feature`` and ``planted``: the difference, of
        shares of sales as square roots, whose spread between stores is about the same for all, of
        external features in standard deviations within a segment.
    """
    surroundings = pd.DataFrame(_surroundings(stores), index=stores.index)
    parts = []
    for category, own in stores.groupby("category"):
        needs = make_demo.CATEGORIES[category].need_states
        sold = np.sqrt(mixes[category])[own["segment"] - 1]
        tracks = {
            "internal": pd.DataFrame(sold, index=own.index, columns=list(needs)),
            "external": surroundings.loc[own.index],
        }
        for (track, table), code in product(tracks.items(), own["final_cluster"].unique()):
            member = own["final_cluster"] == code
            difference = (table[member].mean() - table[~member].mean()).rename("planted")
            part = difference.rename_axis("feature").reset_index()
            parts.append(part.assign(category=category, final_cluster=code, track=track))
    return pd.concat(parts)


def _surroundings(stores: pd.DataFrame) -> dict[str, Floats]:
    """Return what is planted of the external features of stores, from their segments."""
    segment = stores["external_segment"].to_numpy() - 1
    features = {
        feature: direction * make_demo.CENTRES[segment, make_demo.FACTORS.index(factor)]
        for feature, (factor, direction) in FOLLOWS.items()
    }
    for feature, (levels, shares) in LEVELS.items():
        for level, share in zip(levels, np.array(shares).T, strict=True):
            spread = np.sqrt(share.mean() * (1 - share.mean()))
            features[f"{feature}={level}"] = share[segment] / spread
    return features
