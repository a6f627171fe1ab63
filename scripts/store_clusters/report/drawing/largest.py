"""Which categories have a panel, and how features read in pictures."""

from functools import cache
from typing import Any

import pyarrow.compute as pc

from store_clusters.report.drawing.style import MOST_PANELS
from store_clusters.report.results import Results


@cache
def largest(results: Results) -> list[str]:
    """Return the categories with most sales, as many as have a panel, sorted by name."""
    final = results.table("final_clusters", ["category", "sales"])
    sums = final.group_by("category").aggregate([("sales", "sum")]).to_pylist()
    sums.sort(key=lambda row: (float(row["sales_sum"]), row["category"]))
    return sorted(row["category"] for row in sums[-MOST_PANELS:])


@cache
def placed(results: Results) -> list[str]:
    """Return those of the largest categories that have final clusters."""
    known = set(results.table("stability", ["category"])["category"].to_pylist())
    return [category for category in largest(results) if category in known]


def clustered(results: Results, track: str) -> list[str]:
    """Return the groups of a track that have a panel: the largest ones that have clusters."""
    known = set(pc.unique(results.table(f"{track}_clusters", ["group"])["group"]).to_pylist())
    wanted = largest(results) if track == "internal" else ["all"]
    return [group for group in wanted if group in known]


def with_words(results: Results, track: str, profiles: Any) -> Any:
    """Return profiles with the words for their features, and whether titles may name these."""
    keys = list(zip(profiles["group"], profiles["feature"], strict=True))
    return profiles.assign(
        words=[results.labels.words(track, *key) for key in keys],
        named=[results.labels.named(track, *key) for key in keys],
    )
