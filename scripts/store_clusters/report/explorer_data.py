"""What the explorer shows, as plain lists that become JSON."""

import base64
import gzip
import json
from typing import Any

import pyarrow as pa

from store_clusters.describe.evidence import evidence_words
from store_clusters.describe.labels import Labels
from store_clusters.merge.names import by_number

STRONGEST = 12  # features that separate the clusters
DIGITS = 6
OF_A_STORE = (
    "reasons",
    "against",
    "tip",
    "nearer",
    "similar_1",
    "similar_2",
    "similar_3",
    "unusual",
    "folded",
)


def category_index(
    category: str, tables: dict[str, pa.Table | None], labels: Labels
) -> dict[str, Any]:
    """Return a category's clusters, rules and strongest features.

    ``tables`` holds the category's rows of ``final_clusters``, ``names``, ``stability``,
    ``drivers`` and ``rules``, None where there are none.
    """
    names, rules = (_rows(tables[name]) for name in ("names", "rules"))
    trust = {row["final_cluster"]: row for row in _rows(tables["stability"])}
    clusters = [
        {
            "code": row["final_cluster"],
            "name": row["name"],
            "stores": row["stores"],
            "sales": float(row["sales"]),
            "share": row["share_of_sales"],
            "drivers": row["drivers"],
            "confidence": trust[row["final_cluster"]]["confidence"],
            "jaccard": trust[row["final_cluster"]]["jaccard"],
            "trust": trust[row["final_cluster"]]["trust"],
            "evidence": evidence_words(trust[row["final_cluster"]]),
        }
        for row in sorted(names, key=lambda row: by_number(row["final_cluster"]))
    ]
    drivers = sorted(_rows(tables["drivers"]), key=lambda row: row["rank"])
    drivers = [row for row in drivers if labels.named(row["track"], category, row["feature"])]
    of_stores = tables["final_clusters"]
    placed = sum(cluster["stores"] for cluster in clusters)
    return {
        "name": category,
        "stores": placed,
        "without": (of_stores.num_rows if of_stores is not None else 0) - placed,
        "clusters": clusters,
        "drivers": [
            {
                "words": labels.words(row["track"], category, row["feature"]),
                "explained": row["explained"],
            }
            for row in drivers[:STRONGEST]
            if row["explained"] is not None
        ],
        "rules": [
            {
                "code": row["final_cluster"],
                "conditions": row["conditions"],
                "stores": row["stores"],
                "right": row["right"],
            }
            for row in rules
        ],
        "accuracy": rules[0]["accuracy"] if rules else None,
        "sketch": rules[0]["sketch"] if rules else True,
    }


def category_stores(
    clusters: pa.Table, reasons: pa.Table, codes: list[str]
) -> dict[str, list[Any]]:
    """Return the stores of a category column by column; clusters by their place in ``codes``."""
    place = {code: number for number, code in enumerate(codes)}
    columns = {
        "id": clusters["store_id"].to_pylist(),
        "cluster": [place.get(code, -1) for code in clusters["final_cluster"].to_pylist()],
        "next": [place.get(code, -1) for code in clusters["next_cluster"].to_pylist()],
        "confidence": [_significant(x) for x in clusters["confidence"].to_pylist()],
        "sales": [round(float(x), 2) for x in clusters["sales"].to_pylist()],
        "tier": clusters["volume_tier"].to_pylist(),
        "status": clusters["status"].to_pylist(),
    }
    return columns | {name: reasons[name].to_pylist() for name in OF_A_STORE}


def profile_of(
    profiles: pa.Table | None, codes: list[str], category: str, labels: Labels
) -> dict[str, Any]:
    """Return the features of a category, and each cluster's values in their order.

    Features that are never named are among all features, but not among the first of a cluster.
    """
    by_code: dict[str, list[dict[str, Any]]] = {code: [] for code in codes}
    for row in _rows(profiles):
        by_code[row["final_cluster"]].append(row)
    first = by_code[codes[0]] if codes else []
    return {
        "features": [
            {
                "words": labels.words(row["track"], category, row["feature"]),
                "named": labels.named(row["track"], category, row["feature"]),
                "unit": row["unit"],
                "chain": _significant(row["chain"]),
            }
            for row in first
        ],
        "clusters": [
            {
                "value": [_significant(row["value"]) for row in rows],
                "index": [_significant(row["index"]) for row in rows],
                "told": [row["distinguishable"] for row in rows],
                "driver": [row["driver"] or 0 for row in rows],
            }
            for rows in by_code.values()
        ],
    }


def regions_of(places: pa.Table) -> list[str]:
    """Return the regions that stores are in, sorted."""
    return sorted(set(places["region"].to_pylist()) - {None})


def packed(data: Any) -> str:
    """Return data as JSON, compressed, in base64; the same data gives the same text."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    return [] if table is None else table.to_pylist()


def _significant(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
