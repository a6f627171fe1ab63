"""What final clusters are: from the tables of features, and into tables of each category."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.describe.cluster_names import (
    FEW_DRIVERS,
    Driver,
    correlations,
    listed,
    name_clusters,
)
from store_clusters.describe.contrast import adjusted, separation
from store_clusters.describe.decision_rules import decision_rules, only_a_sketch
from store_clusters.describe.labels import Labels
from store_clusters.describe.measured_tables import (
    Measured,
    measured_sales,
    measured_surroundings,
)
from store_clusters.describe.profiles import (
    long_profile,
    profile_features,
    profile_sales,
    sales_by_cluster,
    shares_of,
    side_by_side,
)
from store_clusters.features.external_tables import FeatureMatrix
from store_clusters.features.normalization import shares_by_part
from store_clusters.merge.names import by_number
from store_clusters.run.seeds import seed_for
from store_clusters.sales.whole_store import NeedStates
from store_clusters.tables.contracts import write_table
from store_clusters.tables.grouped import Grouped
from store_clusters.tables.matrices import Matrix, column, stack

Columns = dict[str, Any]
CONTRACTS = {"profiles": "final_profiles", "names": "names", "drivers": "drivers", "rules": "rules"}


@dataclass(frozen=True)
class Features:
    """The features of the stores of all categories, as measured and as normalized."""

    need_states: NeedStates
    internal: Grouped  # the table `normalized`
    external: FeatureMatrix
    surroundings: Matrix | None  # `normalized` of the external track

    def of(self, category: str, stores: np.ndarray) -> tuple[Measured, Measured]:
        """Return what some stores sell in a category, and what they are like."""
        sales = self.need_states.sales(category)
        return (
            measured_sales(sales, self.internal.matrix(category), stores),
            measured_surroundings(self.external, self.surroundings, stores),
        )


class Descriptions:
    """The tables that say what final clusters are, category by category."""

    def __init__(self, features: Features, labels: Labels, seed: int):
        self._features, self._labels, self._seed = features, labels, seed
        self._parts: dict[str, list[Columns]] = {name: [] for name in CONTRACTS}

    def add(self, category: str, clusters: pa.Table) -> None:
        """Describe a category, whose rows of ``final_clusters`` are given."""
        placed = clusters.filter(pc.is_valid(clusters["final_cluster"]))
        if placed.num_rows == 0:
            return
        sold, like = self._features.of(category, column(placed, "store_id"))
        described = _Category(category, placed, sold, like, self._labels)
        self._parts["profiles"].append(described.profiles())
        self._parts["names"].append(described.names())
        self._parts["drivers"].append(described.drivers())
        self._parts["rules"].append(described.rules(seed_for(self._seed, category, "describe")))

    def write(self, paths: Any) -> tuple[int, int]:
        """Write the tables; return how many clusters there are, and how many near the average."""
        for name, contract in CONTRACTS.items():
            write_table(paths[name], contract, stack(self._parts[name], contract))
        drivers = [count for part in self._parts["names"] for count in part["drivers"]]
        return len(drivers), sum(count < FEW_DRIVERS for count in drivers)


class _Category:
    """The final clusters of one category with what their stores sell and are like."""

    def __init__(
        self, category: str, placed: pa.Table, sold: Measured, like: Measured, labels: Labels
    ):
        self._category = category
        final = column(placed, "final_cluster")
        self._codes = sorted(set(final), key=by_number)
        place = {code: number for number, code in enumerate(self._codes)}
        self._labels = np.array([place[code] for code in final], dtype=np.int64)
        self._sales = placed["sales"].to_pylist()
        self._sold, self._like = sold, like
        k = len(self._codes)
        internal = profile_sales(
            sold.values,
            sold.normalized,
            self._labels,
            k,
            names=sold.features,
            parts=sold.parts,
            everyone=sold.everyone,
        )
        external = profile_features(
            like.values,
            like.normalized,
            self._labels,
            k,
            names=like.features,
            levels=like.levels,
            everyone=like.everyone,
        )
        self._profile = side_by_side([internal, external])
        self._long = long_profile(self._profile)
        self._internal = np.arange(len(self._profile.features)) < len(sold.features)
        self._tracks = np.where(self._internal, "internal", "external").astype(object)
        self._normalized = np.hstack([sold.normalized, like.normalized])
        inside, inside_named = labels.of("internal", category, sold.features)
        outside, outside_named = labels.of("external", "all", like.features)
        self._words = [*inside, *outside]
        self._named = np.concatenate([inside_named, outside_named])

    def profiles(self) -> Columns:
        """Return the columns of ``final_profiles``."""
        k, p = self._profile.value.shape
        return {
            "category": np.full(k * p, self._category, dtype=object),
            "final_cluster": np.repeat(np.array(self._codes, dtype=object), p),
            "track": np.tile(self._tracks, k),
            **self._long,
        }

    def names(self) -> Columns:
        """Return the columns of ``names``."""
        lists = self._drivers()
        sums = sales_by_cluster(self._sales, self._labels, len(self._codes))
        return {
            "category": [self._category] * len(self._codes),
            "final_cluster": self._codes,
            "name": name_clusters(lists, correlations(self._normalized), self._codes),
            "stores": np.bincount(self._labels),
            "sales": np.array(sums, dtype=object),
            "share_of_sales": shares_of(sums),
            "drivers": [len(some) for some in lists],
            "internal_drivers": [listed(some, internal=True) for some in lists],
            "external_drivers": [listed(some, internal=False) for some in lists],
        }

    def drivers(self) -> Columns:
        """Return the columns of ``drivers``."""
        found = separation(self._normalized, self._labels, len(self._codes))
        order = np.argsort(-np.nan_to_num(found.explained, nan=-1), kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(1, len(order) + 1)
        return {
            "category": np.full(len(order), self._category, dtype=object),
            "track": self._tracks,
            "feature": self._profile.features,
            "explained": found.explained,
            "p_value": adjusted(found.p_value),
            "rank": rank,
        }

    def rules(self, seed: int) -> Columns:
        """Return the columns of ``rules``."""
        values = np.hstack([shares_by_part(self._sold.values, self._sold.parts), self._like.values])
        usable = np.flatnonzero(~np.isnan(values).all(axis=0) & self._named)
        kinds = ["sales"] * len(self._sold.features)
        kinds += ["level" if level else "number" for level in self._like.levels]
        words, kinds = ([of[i] for i in usable] for of in (self._words, kinds))
        rules, accuracy = decision_rules(values[:, usable], self._labels, words, kinds, seed)
        count = len(rules)
        return {
            "category": [self._category] * count,
            "rule": np.arange(1, count + 1),
            "final_cluster": [self._codes[rule.label] for rule in rules],
            "conditions": [rule.conditions for rule in rules],
            "stores": [rule.stores for rule in rules],
            "right": [rule.right for rule in rules],
            "accuracy": np.full(count, np.nan if accuracy is None else accuracy),
            "sketch": np.full(count, only_a_sketch(accuracy)),
        }

    def _drivers(self) -> list[list[Driver]]:
        """Return the drivers of each cluster, strongest first."""
        shape = self._profile.value.shape
        ranks, effects = (self._long[name].reshape(shape) for name in ("driver", "effect"))
        levels = np.concatenate([np.zeros(len(self._sold.features), bool), self._like.levels])
        return [
            [
                Driver(
                    self._words[i],
                    bool(self._internal[i]),
                    bool(levels[i]),
                    effect[i],
                    int(i),
                    named=bool(self._named[i]),
                )
                for i in np.argsort(rank, kind="stable")[: np.isfinite(rank).sum()]
            ]
            for rank, effect in zip(ranks, effects, strict=True)
        ]
