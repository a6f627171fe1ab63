"""Say what the final clusters of every category are: profiles, names, drivers, rules.

Reads: final clusters, the need states and external features of stores, raw and normalized, and how
features read.
Writes: per cluster and feature the value against the chain; per cluster a name and its size; per
feature how well it separates the clusters; a decision tree as rules.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.describe.contrast import adjusted, separation
from store_clusters.describe.decision_rules import Feature, decision_rules, only_a_sketch
from store_clusters.describe.label_tables import Labels, read_labels
from store_clusters.describe.measured import Measured, measured_sales, measured_surroundings
from store_clusters.describe.naming import FEW_DRIVERS, Driver, correlations, listed, name_clusters
from store_clusters.describe.profiles import (
    drivers,
    long_profile,
    profile_features,
    profile_sales,
    sales_by_cluster,
    shares_of,
    side_by_side,
)
from store_clusters.features.external_tables import external_features
from store_clusters.features.normalization import shares_by_part
from store_clusters.merge.names import by_number
from store_clusters.run.job import JobLog, run
from store_clusters.run.seeds import seed_for
from store_clusters.sales.whole_store import NeedStates
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import Matrix, by_group, column, read_matrices, stack

Part = dict[str, Any]


def main(snakemake: Any, log: JobLog) -> None:
    """Describe the final clusters of every category of ``input.clusters``."""
    files = snakemake.input
    need_states = NeedStates(files.need_states, snakemake.params.groups)
    external = external_features(files.raw_features)
    labels = read_labels(files.labels)
    internal_normalized = by_name(files.internal_normalized)
    external_normalized = by_name(files.external_normalized).get("all")
    parts: dict[str, list[Part]] = {name: [] for name in ("profiles", "names", "drivers", "rules")}
    for category, rows in by_group(files.clusters, "final_clusters", "category").items():
        placed = rows.filter(rows["final_cluster"].is_valid())
        if placed.num_rows == 0:
            continue
        stores = column(placed, "store_id")
        sold = measured_sales(
            need_states.sales(category), internal_normalized.get(category), stores
        )
        like = measured_surroundings(external, external_normalized, stores)
        chosen = Described(category, placed, sold, like, labels)
        parts["profiles"].append(chosen.profiles())
        parts["names"].append(chosen.names())
        parts["drivers"].append(chosen.drivers())
        parts["rules"].append(chosen.rules(seed_for(snakemake.params.seed, category, "describe")))

    output = snakemake.output
    write_table(output.profiles, "final_profiles", stack(parts["profiles"], "final_profiles"))
    for name in ("names", "drivers", "rules"):
        write_table(output[name], name, stack(parts[name], name))
    names = stack(parts["names"], "names")
    log.done(
        f"{len(names['name']):,} clusters named, {int(np.sum(names['drivers'] < FEW_DRIVERS)):,} "
        "of them near the average",
        clusters=len(names["name"]),
    )


class Described:
    """The final clusters of one category with what their stores sell and are like."""

    def __init__(
        self, category: str, placed: pa.Table, sold: Measured, like: Measured, labels: Labels
    ):
        self.category = category
        final = column(placed, "final_cluster")
        self.codes = sorted(set(final), key=by_number)
        place = {code: number for number, code in enumerate(self.codes)}
        self.labels = np.array([place[code] for code in final], dtype=np.int64)
        self.sales = placed["sales"].to_pylist()
        self.sold, self.like = sold, like
        k = len(self.codes)
        internal = profile_sales(
            sold.values,
            sold.normalized,
            self.labels,
            k,
            names=sold.features,
            parts=sold.parts,
            everyone=sold.everyone,
        )
        external = profile_features(
            like.values,
            like.normalized,
            self.labels,
            k,
            names=like.features,
            levels=like.levels,
            everyone=like.everyone,
        )
        self.profile = side_by_side([internal, external])
        self.internal = np.arange(len(self.profile.features)) < len(sold.features)
        self.tracks = np.where(self.internal, "internal", "external").astype(object)
        self.ranks = drivers(self.profile).rank
        self.normalized = np.hstack([sold.normalized, like.normalized])
        told = [labels.of("internal", category, sold.features)]
        told.append(labels.of("external", "all", like.features))
        self.words = [*told[0][0], *told[1][0]]
        self.named = np.concatenate([named for _, named in told])

    def profiles(self) -> Part:
        """Return the columns of ``final_profiles``."""
        k, p = self.profile.value.shape
        return {
            "category": np.full(k * p, self.category, dtype=object),
            "final_cluster": np.repeat(np.array(self.codes, dtype=object), p),
            "track": np.tile(self.tracks, k),
            **long_profile(self.profile),
        }

    def names(self) -> Part:
        """Return the columns of ``names``."""
        lists = [self._drivers_of(number) for number in range(len(self.codes))]
        sums = sales_by_cluster(self.sales, self.labels, len(self.codes))
        return {
            "category": [self.category] * len(self.codes),
            "final_cluster": self.codes,
            "name": name_clusters(lists, correlations(self.normalized), self.codes),
            "stores": np.bincount(self.labels),
            "sales": np.array(sums, dtype=object),
            "share_of_sales": shares_of(sums),
            "drivers": [len(own) for own in lists],
            "internal_drivers": [listed(own, internal=True) for own in lists],
            "external_drivers": [listed(own, internal=False) for own in lists],
        }

    def drivers(self) -> Part:
        """Return the columns of ``drivers``."""
        found = separation(self.normalized, self.labels, len(self.codes))
        order = np.argsort(-np.nan_to_num(found.explained, nan=-1), kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(1, len(order) + 1)
        return {
            "category": np.full(len(order), self.category, dtype=object),
            "track": self.tracks,
            "feature": self.profile.features,
            "explained": found.explained,
            "p_value": adjusted(found.p_value),
            "rank": rank,
        }

    def rules(self, seed: int) -> Part:
        """Return the columns of ``rules``."""
        values = np.hstack([shares_by_part(self.sold.values, self.sold.parts), self.like.values])
        kinds = ["sales"] * len(self.sold.features)
        kinds += ["level" if level else "number" for level in self.like.levels]
        usable = np.flatnonzero(~np.isnan(values).all(axis=0) & self.named)
        features = [Feature(self.words[i], kinds[i]) for i in usable]
        rules, accuracy = decision_rules(values[:, usable], self.labels, features, seed)
        count = len(rules)
        return {
            "category": [self.category] * count,
            "rule": np.arange(1, count + 1),
            "final_cluster": [self.codes[rule.label] for rule in rules],
            "conditions": [rule.conditions for rule in rules],
            "stores": [rule.stores for rule in rules],
            "right": [rule.right for rule in rules],
            "accuracy": np.full(count, np.nan if accuracy is None else accuracy),
            "sketch": np.full(count, only_a_sketch(accuracy)),
        }

    def _drivers_of(self, number: int) -> list[Driver]:
        rank, effect = self.ranks[number], self.profile.contrast.effect[number]
        order = np.argsort(rank, kind="stable")[: np.isfinite(rank).sum()]
        levels = np.concatenate([np.zeros(len(self.sold.features), bool), self.like.levels])
        return [
            Driver(
                self.words[i],
                bool(self.internal[i]),
                bool(levels[i]),
                effect[i],
                int(i),
                named=bool(self.named[i]),
            )
            for i in order
        ]


def by_name(path: str) -> dict[str, Matrix]:
    """Return the normalized features of every group."""
    return {matrix.group: matrix for matrix in read_matrices(path, "normalized")}


if __name__ == "__main__":
    run(main, snakemake)
