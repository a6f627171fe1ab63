"""Why there are these final clusters, in words that people read."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from store_clusters.describe.words import percent
from store_clusters.merge.names import by_number
from store_clusters.merge.options import Merge

Row = Mapping[str, Any]
MOST_CLUSTERS = 8  # with `merge.max_clusters: auto`
JUST_DESCRIBES = 0.0005  # share of the variance of mixes below which parts sell alike
STATUS = {  # how the number of internal or external clusters came about, where `_` is not enough
    "not_predictive": "no slices surely explain held-out sales",
    "too_few_stores": "too few stores for two clusters",
}
MADE_BY = {
    "start": "the internal clusters that have evidence",
    "join": "two of {more} joined",
    "split": "one of {fewer} parted by surroundings",
    "slice": "one of {fewer} parted by what it sells",
}
ONE = {  # why the internal track has one cluster
    "not_predictive": "slices of the stores would not surely explain more of what they sell in "
    "months held out than the mix of the whole chain",
    "no_groups": "stores form no groups by what they sell",
    "too_few_stores": "there are too few stores for two clusters of a usable size",
    "one_need_state": "the category has one need state, so that all stores sell the same mix",
    "identical_stores": "all stores sell the same mix",
    "one_store": "there is one store",
    "fixed": "the configuration fixes one internal cluster",
    "only_choice": "there are too few different stores to try another number",
}


def evidence_words(cluster: Row) -> str:
    """Say why a final cluster is one of its own; ``cluster`` is a row of ``stability``."""
    kind, jaccard = cluster["evidence"], f"Jaccard {cluster['jaccard']:.2f}"
    if kind == "whole":
        return "the whole category"
    gain = _gain_words(cluster)
    if kind == "group":
        return f"a group: comes back on resamples ({jaccard}){f'; {gain}' if gain else ''}"
    if kind == "slice":
        return f"a slice: {gain}; its edges move on resamples ({jaccard})"
    also = f"; {gain}" if gain else ""
    return f"no evidence, a limit or target of yours asks for it ({jaccard}{also})"


def made_by_words(number: Row) -> str:
    """Say what makes so many clusters; ``number`` is a row of ``numbers``."""
    count = number["clusters"]
    if count == 1 and number["made_by"] == "join":
        return "the last two joined"
    return MADE_BY[number["made_by"]].format(more=count + 1, fewer=count - 1)


def _gain_words(cluster: Row) -> str:
    """Say what parting a cluster from its neighbour explains; the empty text without dates."""
    gain, low, other = (cluster[name] for name in ("gain", "gain_low", "neighbour"))
    if _unknown(gain) or _unknown(low) or other is None:
        return ""
    if gain == low == 0:
        return f"it sells as {other} does"
    if low > 0:
        return (
            f"parting it from {other} explains {percent(gain)} more of sales held out "
            f"(at least {percent(low)})"
        )
    return (
        f"whether it sells unlike {other} is not sure ({percent(gain)} of sales held out, at least "
        f"{percent(low)})"
    )


def why_words(
    category: Row, clusters: Sequence[Row], internal: Row | None, external: Row, merge: Merge
) -> str:
    """Say why a category is one cluster, where it is, and what surroundings add to it.

    Arguments are those of :func:`one_cluster_words` and :func:`surroundings_words`; ``internal`` is
    None where no store has sales that can be used.
    """
    if not category["final_clusters"]:
        return "No store has a final cluster here."
    if internal is None or not category["internal_clusters"]:
        return "Surroundings alone make clusters here: no store has sales that can be used."
    one = one_cluster_words(category, internal, merge)
    return f"{one} {surroundings_words(category, clusters, external, merge)}".strip()


def surroundings_words(category: Row, clusters: Sequence[Row], external: Row, merge: Merge) -> str:
    """Say in one sentence what surroundings add to the internal clusters of a category.

    Args:
        category: Its row of ``categories``.
        clusters: Its rows of ``stability``.
        external: The row of ``k`` of the external track.
        merge: The options of the merge.
    """
    added, gain = category["split_by_surroundings"], category["surroundings_gain"]
    if not added:
        return f"Surroundings add nothing here: {_why_nothing(category, external, merge)}."
    words = f"Surroundings part {added} cluster{'' if added == 1 else 's'} more"
    if _unknown(gain):
        words += "; without dates nothing tells whether the parts sell differently"
    elif gain < JUST_DESCRIBES:
        words += ", which only describe: the parts sell alike in months held out"
    elif any(_surely_parted(cluster) for cluster in clusters):
        words += f"; that explains {percent(gain)} more of what stores sell in months held out"
    else:
        words += (
            ", which only describe: that the parts sell differently is not sure "
            f"({percent(gain)} more explained of what stores sell in months held out)"
        )
    return f"{words}."


def _why_nothing(category: Row, external: Row, merge: Merge) -> str:
    """Say why no internal cluster is parted by surroundings."""
    wanted, most = merge.target.get(category["category"]), merge.max_clusters
    if most == "auto":
        most = None if merge.aim == "joint" else MOST_CLUSTERS
    if external["k"] < 2:
        why = "by them, stores are one cluster" if external["k"] else "they are known of no store"
    elif wanted is not None and category["final_clusters"] <= wanted:
        why = "what stores sell makes as many clusters as you ask for"
    elif most is not None and category["final_clusters"] >= most:
        why = f"what stores sell makes as many clusters as there may be, {most}"
    elif _unknown(category["explained"]):
        why = "no division by them has parts that are stable and large enough"
    else:
        why = (
            "no division by them has parts that are large enough and surely sell differently, "
            "or are stable and cost no sales"
        )
    return why


def _surely_parted(cluster: Row) -> bool:
    """Say whether a cluster surely sells unlike one that only surroundings part it from."""
    other = cluster["neighbour"]
    if other is None or _unknown(cluster["gain_low"]):
        return False
    (inside, outside, *_), (internal, external, *_) = (
        by_number(name) for name in (cluster["final_cluster"], other)
    )
    return bool(inside == internal and outside != external and cluster["gain_low"] > 0)


def one_cluster_words(category: Row, internal: Row, merge: Merge) -> str:
    """Say in one sentence why a category is one final cluster; the empty text where it is not.

    Args:
        category: Its row of ``categories``.
        internal: Its row of ``k`` of the internal track.
        merge: The options of the merge.
    """
    if category["final_clusters"] != 1:
        return ""
    count = category["internal_clusters"]
    if count > 1:
        if merge.target.get(category["category"]) == 1 or merge.max_clusters == 1:
            return f"One cluster: you ask for one; what stores sell makes {count}."
        reasons = "stable" if _unknown(category["explained"]) else "stable or sells differently"
        return (
            f"One cluster: no division of the {count} internal clusters has parts that are large "
            f"enough and surely {reasons}."
        )
    status = internal["status"]
    why = ONE.get(status, "one is best by the criterion that decides the number")
    if status == "no_groups":
        degrees = ", but differ by degrees" if internal["verdict"] == "continuum" else ""
        undated = _unknown(category["explained"])
        why += degrees + (", and without dates slices cannot be tested" if undated else "")
    return f"One cluster: {why}."


def _unknown(value: float | None) -> bool:
    return value is None or math.isnan(value)
