"""The tables of final clusters: what was merged, category by category, as rows of contracts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.clusters.limits import ImpossibleLimits, usable_size
from store_clusters.clusters.stability import trust_of
from store_clusters.merge.merging import Merged, merge_tracks
from store_clusters.merge.options import Merge
from store_clusters.merge.tracks_tables import Category
from store_clusters.merge.wanted import Wanted
from store_clusters.run.errors import InputError
from store_clusters.sales.whole_store import counted_once
from store_clusters.tables.contracts import contract, sum_of_sales, write_table
from store_clusters.tables.matrices import as_columns

Rows = list[tuple[Any, ...]]
TABLES = {  # contract of each output of rows
    "folds": "folds",
    "centres": "final_centres",
    "map": "merge_map",
    "parts": "parts",
    "stability": "stability",
    "numbers": "numbers",
    "categories": "categories",
}
FOLD = [column["name"] for column in contract("folds").columns[2:]]  # after category and step


def merge_category(category: Category, options: Merge, seed: int) -> Merged:
    """Merge one category.

    Raises:
        InputError: No division of its stores keeps the limits; it says which settings to change.
    """
    wanted = Wanted(
        min_size=usable_size(options.min_size, int(category.internal.known.sum())),
        max_size=options.max_size,
        max_clusters=options.max_clusters,
        aim=options.aim,
        target=options.target.get(category.name),
        join_above=options.join_above if options.mode == "separable" else np.inf,
        seed=seed,
    )
    try:
        return merge_tracks(
            category.internal,
            category.external,
            wanted,
            weights=category.weights,
            held_out=category.held_out,
            grouped=category.grouped,
        )
    except ImpossibleLimits as error:
        keys = " or ".join(f"merge.{name}" for name in error.limit.split(" or "))
        raise InputError(f"merge: category {category.name!r}: {error}. Change {keys}.") from error


@dataclass
class FinalTables:
    """The tables of all categories that were merged."""

    clusters: list[pa.Table] = field(default_factory=list)
    rows: dict[str, Rows] = field(default_factory=lambda: {name: [] for name in TABLES})

    def add(self, category: Category, merged: Merged) -> dict[str, Any]:
        """Add a category; return what is worth a line in the log."""
        self.clusters.append(_clusters(category, merged))
        for name, rows in {
            "folds": _folds(merged),
            "centres": _centres(category, merged),
            "map": ((*place, stores) for place, stores in merged.places.items()),
            "parts": _parts(category, merged),
            "stability": _stability(category, merged),
            "numbers": _numbers(merged),
            "categories": [_summary(category, merged)],
        }.items():
            self.rows[name] += [(category.name, *row) for row in rows]
        return {
            "category": category.name,
            "clusters": len(merged.names),
            "folds": len(merged.folds),
            "folds_by_reason": Counter(fold.reason for fold in merged.folds),
            "stores_by_status": Counter(category.status),
        }

    def write(self, output: Any, groups: str) -> dict[str, Any]:
        """Write every table and return what is worth a line in the log.

        ``groups`` says whether whole stores are beside the categories, see :func:`counted_once`.
        """
        empty = contract("final_clusters").schema.empty_table()
        table = pa.concat_tables(self.clusters or [empty])
        rows = write_table(output.clusters, "final_clusters", table)
        for name, of in TABLES.items():
            write_table(output[name], of, as_columns(self.rows[name], of))
        once = counted_once(table, groups)
        statuses = pc.value_counts(table["status"]).to_pylist()
        return {
            "rows_out": rows,
            "rows_clustered": rows - table["final_cluster"].null_count,
            "categories": len(self.clusters),
            "folds": len(self.rows["folds"]),
            "sales_in": sum_of_sales(once),
            "sales_clustered": sum_of_sales(once.filter(once["final_cluster"].is_valid())),
            "stores_by_status": {one["values"]: one["counts"] for one in statuses},
        }


def _clusters(category: Category, merged: Merged) -> pa.Table:
    """Return the stores as rows of ``final_clusters``."""
    internal, external = category.internal, category.external
    columns = {
        "category": pa.repeat(pa.scalar(category.name), len(category.stores)),
        "store_id": category.stores,
        "internal_cluster": pa.array(internal.labels, mask=~internal.known),
        "external_cluster": pa.array(external.labels, mask=~external.known),
        "merged_cluster": merged.merged,
        "final_cluster": merged.final,
        "reassigned": merged.reassigned,
        "outlier": internal.outlier | external.outlier,
        "confidence": merged.confidence,
        "next_cluster": merged.next_best,
        "sales": category.sales,
        "volume_tier": category.tiers,
        "status": category.status,
    }
    schema = contract("final_clusters").schema
    return pa.table([_typed(columns[field.name], field.type) for field in schema], schema=schema)


def _typed(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values.cast(kind)
    return pa.array(values, kind, from_pandas=True)


def _folds(merged: Merged) -> Iterable[tuple[Any, ...]]:
    return (
        (step, *(getattr(fold, name) for name in FOLD))
        for step, fold in enumerate(merged.folds, start=1)
    )


def _centres(category: Category, merged: Merged) -> Iterable[tuple[Any, ...]]:
    """Yield the centres of the final clusters in the tracks that know them."""
    for track, components, centres, scale in zip(
        ("internal", "external"),
        category.components,
        merged.centres,
        merged.layout.scales,
        strict=True,
    ):
        for name, centre in zip(merged.names, centres, strict=True):
            if not np.isnan(centre).any():
                for component, value in zip(components, centre, strict=True):
                    yield name, track, component, value, scale


def _parts(category: Category, merged: Merged) -> Iterable[tuple[Any, ...]]:
    """Yield the rules that part clusters, as they are for components that are not scaled."""
    components = [
        (track, component, scale)
        for track, names, scale in zip(
            ("internal", "external"), category.components, merged.layout.scales, strict=True
        )
        for component in names
    ]
    for whole, (parts, rule) in merged.rules.items():
        for part, row, intercept in zip(parts, rule.coefficients, rule.intercepts, strict=True):
            for (track, component, scale), coefficient in zip(components, row, strict=False):
                yield whole, part, track, component, coefficient / scale, intercept


def _stability(category: Category, merged: Merged) -> Iterable[tuple[Any, ...]]:
    for name, evidence in zip(merged.names, merged.evidence, strict=True):
        stores, gain = merged.final == name, evidence.gain
        yield (
            name,
            int(stores.sum()),
            pc.sum(category.sales.filter(pa.array(stores.astype(bool)))).as_py(),
            merged.confidence[stores.astype(bool)].mean(),
            evidence.jaccard,
            trust_of(evidence.jaccard),
            evidence.kind,
            merged.names[evidence.neighbour] if evidence.neighbour >= 0 else None,
            np.nan if gain is None else gain.mean,
            np.nan if gain is None else gain.low,
        )


def _numbers(merged: Merged) -> Iterable[tuple[Any, ...]]:
    return (
        (one.clusters, one.explained, one.stable, one.smallest, one.done, one.chosen)
        for one in merged.numbers
    )


def _summary(category: Category, merged: Merged) -> tuple[Any, ...]:
    chosen = next((number for number in merged.numbers if number.chosen), None)
    return (
        len(merged.names),
        int(category.internal.labels.max(initial=0)),
        merged.split,
        np.nan if chosen is None else chosen.explained,
        np.nan if category.held_out is None else category.held_out.history,
        merged.surroundings,
    )
