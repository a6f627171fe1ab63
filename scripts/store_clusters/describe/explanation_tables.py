"""Why stores are in their final clusters: from the tables of features, and into a table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.describe.attribution import (
    Centres,
    Stores,
    as_shown,
    clearly_nearer,
    cluster_means,
    contributions,
    counterfactuals,
    interpolated_raw,
    margins,
    strongest,
)
from store_clusters.describe.labels import Labels
from store_clusters.describe.reason_words import fold_path, joined, reason_words, tip_words
from store_clusters.describe.similar_stores import SIMILAR, similar_stores
from store_clusters.features.external_tables import FeatureMatrix
from store_clusters.features.mix_transforms import Fitted
from store_clusters.features.normalization import shares_behind, shares_by_part
from store_clusters.merge.names import by_number
from store_clusters.sales.whole_store import NeedStates, SalesMatrix
from store_clusters.tables.grouped import Grouped
from store_clusters.tables.matrices import Matrix, aligned, column

Columns = dict[str, Any]
ToRaw = Callable[[np.ndarray], np.ndarray]
REASONS, AGAINST = 3, 2  # at most so many are said
KEPT = ("category", "store_id", "final_cluster", "confidence", "next_cluster", "status")
SAID = ("reasons", "against", "tip", "nearer", *(f"similar_{n + 1}" for n in range(SIMILAR)))
ABOUT = {"internal": "sales mix", "external": "surroundings"}


@dataclass(frozen=True)
class Features:
    """The features of the stores of all categories: raw, and as distances are made of them."""

    need_states: NeedStates
    internal: Grouped  # the table `imputed`
    parameters: Grouped  # the table `normalize_parameters`
    external: FeatureMatrix
    surroundings: Matrix | None  # `imputed` of the external track

    def of(
        self, category: str, stores: np.ndarray, scales: Mapping[str, float]
    ) -> tuple[Stores, ToRaw]:
        """Return some stores of a category, and what turns scaled values of theirs into raw ones.

        ``scales`` are what the distances of each track are divided by.
        """
        sales = self.need_states.sales(category)
        scale = scales.get("internal", np.nan)
        inside = aligned(self.internal.matrix(category), stores, sales.features) / scale
        sold = aligned(sales, stores, sales.features)
        shares = shares_by_part(sold, sales.categories)
        outside = self._surroundings(stores, scales.get("external", np.nan))
        shares_back = _shares_back(sales, sold, self.parameters.rows(category), scale)
        p = len(sales.features)

        def to_raw(scaled: np.ndarray) -> np.ndarray:
            of_surroundings = interpolated_raw(outside, scaled[:, p:])
            return np.hstack([shares_back(scaled[:, :p]), of_surroundings])

        together = Stores(
            np.hstack([inside, outside.scaled]),
            np.hstack([shares, outside.raw]),
            [*sales.features, *outside.words],
            ["sales"] * p + list(outside.kinds),
        )
        return together, to_raw

    def _surroundings(self, stores: np.ndarray, scale: float) -> Stores:
        features = self.external.features
        return Stores(
            aligned(self.surroundings, stores, features) / scale,
            aligned(self.external, stores, features),
            list(features),
            ["level" if level else "number" for level in self.external.levels],
        )


@dataclass(frozen=True)
class Clusters:
    """The tables of final clusters, whose groups are categories."""

    final: Grouped
    names: Grouped
    profiles: Grouped
    folds: Grouped
    centres: Grouped


class Unusual:
    """In which features flagged stores are unusual."""

    def __init__(self, internal: Grouped, external: Grouped, labels: Labels):
        """Take the tables ``outliers`` of both tracks."""
        self._internal, self._labels = internal, labels
        self._outside = self._said("external", "all", external.rows("all"))

    def of(self, category: str, stores: np.ndarray) -> np.ndarray:
        """Return what is unusual about some stores; None where nothing is."""
        inside = self._said("internal", category, self._internal.rows(category))
        said = ((inside.get(store), self._outside.get(store)) for store in stores)
        return np.array(["; ".join(filter(None, both)) or None for both in said], dtype=object)

    def _said(self, track: str, group: str, outliers: pa.Table | None) -> dict[str, str]:
        rows = [] if outliers is None else outliers.filter(outliers["outlier"]).to_pylist()
        said = {}
        for row in rows:
            found = [row[f"feature_{n}"] for n in (1, 2, 3) if row[f"feature_{n}"] is not None]
            words, named = self._labels.of(track, group, found)
            text = ", ".join(np.array(words, dtype=object)[named])
            text = f"{ABOUT[track]}: {text or ('what is not named' if found else 'as a whole')}"
            if row["alike"]:
                text += f" (unusual too, of the nearest stores: {row['alike']})"
            said[row["store_id"]] = text
        return said


def explained(
    clusters: Clusters, features: Features, unusual: Unusual, labels: Labels, nested: bool
) -> Iterator[Columns]:
    """Yield the columns of ``store_reasons`` of each category.

    ``nested`` says whether final clusters nest in internal ones.
    """
    for category, rows in clusters.final:
        columns: Columns = {name: column(rows, name) for name in KEPT}
        columns |= _names(columns, clusters.names.rows(category))
        columns["folded"] = folded(rows, clusters.folds.rows(category), nested)
        columns["unusual"] = unusual.of(category, columns["store_id"])
        columns |= {name: np.full(rows.num_rows, None, dtype=object) for name in SAID}
        placed = np.flatnonzero(pc.is_valid(rows["final_cluster"]).to_numpy())
        if len(placed):
            centres, profiles = clusters.centres.rows(category), clusters.profiles.rows(category)
            assert centres is not None
            assert profiles is not None
            scales = dict(zip(column(centres, "track"), column(centres, "scale"), strict=True))
            stores, to_raw = features.of(category, columns["store_id"][placed], scales)
            values = _profile_values(profiles, stores)
            here = {name: columns[name][placed] for name in KEPT}
            for name, said in _reasons(
                here, _in_words(stores, labels, category), values, to_raw
            ).items():
                columns[name][placed] = said
        yield columns


def folded(rows: pa.Table, folds: pa.Table | None, nested: bool) -> np.ndarray:
    """Say of reassigned stores why they moved; ``nested``: only with whole internal clusters.

    A store that only the internal track knows has no pair, and moved with its internal cluster.
    """
    steps: list[Any] = []
    if folds is not None:
        names = ("from_cluster", "to_cluster", "stores", "reason")
        steps = list(zip(*(folds[name].to_pylist() for name in names), strict=True))
    moved = np.flatnonzero(column(rows, "reassigned"))
    said = np.full(rows.num_rows, None, dtype=object)
    paths: dict[Any, str | None] = {}
    where = rows.select(["internal_cluster", "merged_cluster", "final_cluster"]).take(moved)
    places = zip(*(of.to_pylist() for of in where.columns), strict=True)
    for row, place in zip(moved, places, strict=True):
        if place not in paths:
            internal, merged, final = place
            of_internal = (x[0] for x in steps if x[0].split("_")[0] == str(internal))
            pair = merged or next(of_internal, "")
            paths[place] = fold_path(steps, pair, final, nested=nested) or None
        said[row] = paths[place]
    return said


def _reasons(
    placed: Columns, stores: Stores, profile: dict[str, np.ndarray], to_raw: ToRaw
) -> Columns:
    """Return what speaks for and against the clusters of the placed stores, in words.

    ``profile`` holds what that of each final cluster says of the features of ``stores``.
    """
    final, following = placed["final_cluster"], placed["next_cluster"]
    codes = sorted(set(final), key=by_number)
    place = {code: number for number, code in enumerate(codes)}
    labels = np.array([place[code] for code in final], dtype=np.int64)
    after = np.array([place.get(code, -1) for code in following], dtype=np.int64)
    means = cluster_means(stores.scaled, labels, len(codes))
    centres = Centres(*_of_both(means, labels, after))
    quoted = _of_both(np.array([profile[code] for code in codes]), labels, after)

    near = clearly_nearer(stores.scaled, centres.cluster, centres.next_best)
    far = clearly_nearer(stores.scaled, centres.next_best, centres.cluster)
    shown, mine, theirs = (as_shown(x, stores.kinds) for x in (stores.raw, *quoted))
    near &= clearly_nearer(shown, mine, theirs)
    far &= clearly_nearer(shown, theirs, mine)
    speaks = contributions(stores, centres)
    tipped, reached = counterfactuals(stores, centres, to_raw)
    similar = similar_stores(stores.scaled, labels, means)
    nearest = np.where(similar >= 0, placed["store_id"][similar], np.array(None))
    nearer = np.where(after >= 0, (margins(stores, centres) > 0).astype(object), np.array(None))

    def said(columns: np.ndarray) -> np.ndarray:
        rows, order = np.nonzero(columns >= 0)
        i = columns[rows, order]
        values = (stores.raw[rows, i], *(of[rows, i] for of in quoted))
        words, kinds = (np.array(of, dtype=object)[i] for of in (stores.words, stores.kinds))
        return joined(reason_words(words, kinds, values, following[rows]), rows, len(final))

    return {
        "reasons": said(strongest(speaks, REASONS, near)),
        "against": said(strongest(-speaks, AGAINST, far)),
        "tip": _tips(stores, tipped, reached),
        "nearer": nearer,
        **{f"similar_{n + 1}": nearest[:, n] for n in range(SIMILAR)},
    }


def _tips(stores: Stores, tipped: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Return what would tip stores, in words; None where nothing would."""
    said = np.full(len(tipped), None, dtype=object)
    rows = np.flatnonzero(tipped >= 0)
    i = tipped[rows]
    words, kinds = (np.array(of, dtype=object)[i] for of in (stores.words, stores.kinds))
    said[rows] = tip_words(words, kinds, stores.raw[rows, i], reached[rows])
    return said


def _of_both(
    of_clusters: np.ndarray, labels: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (k, p) of each store's cluster and of its next best, NaN where there is none."""
    return of_clusters[labels], np.where(after[:, None] >= 0, of_clusters[after], np.nan)


def _shares_back(
    sales: SalesMatrix, sold: np.ndarray, parameters: pa.Table | None, scale: float
) -> ToRaw:
    """Return what turns scaled values of need states, of some stores, back into shares of sales.

    ``sold`` (n, p) are the sales of these stores.
    """
    rows = {} if parameters is None else {row["feature"]: row for row in parameters.to_pylist()}
    columns = {
        name: np.array([rows.get(x, {}).get(name) for x in sales.features], dtype=float)
        for name in ("center", "scale", "chain", "weight", "zero")
    }
    fitted = Fitted(*(columns[name] for name in ("chain", "weight", "zero")))
    transform = next((row["transform"] for row in rows.values()), "share")

    def back(scaled: np.ndarray) -> np.ndarray:
        values = scaled * scale * columns["scale"] + columns["center"]
        return shares_behind(values, sold, sales.categories, transform, fitted)

    return back


def _in_words(stores: Stores, labels: Labels, category: str) -> Stores:
    """Return stores whose features read as people say; raw values of those never named are NaN."""
    words, raw = [], stores.raw.copy()
    for i, (feature, kind) in enumerate(zip(stores.words, stores.kinds, strict=True)):
        track = "internal" if kind == "sales" else "external"
        words.append(labels.words(track, category, feature))
        if not labels.named(track, category, feature):
            raw[:, i] = np.nan
    return Stores(stores.scaled, raw, words, stores.kinds)


def _profile_values(profiles: pa.Table, stores: Stores) -> dict[str, np.ndarray]:
    """Return the values of the features of ``stores`` in each cluster's profile, (p,)."""
    tracks = ("internal" if kind == "sales" else "external" for kind in stores.kinds)
    place = {key: i for i, key in enumerate(zip(tracks, stores.words, strict=True))}
    columns = ("final_cluster", "track", "feature", "value")
    values: dict[str, np.ndarray] = {}
    for code, track, feature, value in zip(*(column(profiles, c) for c in columns), strict=True):
        row = values.setdefault(code, np.full(len(place), np.nan))
        row[place[track, feature]] = value
    return values


def _names(columns: Columns, names: pa.Table | None) -> Columns:
    """Return the names of the stores' clusters and of the next best ones."""
    name: dict[str | None, str] = {}
    if names is not None:
        name = dict(zip(column(names, "final_cluster"), column(names, "name"), strict=True))
    return {
        words: np.array([name.get(code) for code in columns[codes]], dtype=object)
        for words, codes in (("name", "final_cluster"), ("next_name", "next_cluster"))
    }
