"""Say of every store and category why it is in its final cluster.

Reads: final clusters, their names, profiles and centres, folds; the features of stores, raw and
imputed, and how shares were normalized; what is unusual about stores.
Writes: reasons for the cluster and against it, what would tip it, the most similar stores.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.describe.label_tables import Labels, read_labels
from store_clusters.describe.reasons import (
    AGAINST,
    REASONS,
    SIMILAR,
    Stores,
    as_shown,
    centres_of,
    clearly_nearer,
    fold_path,
    margin_of,
    most_similar,
    read_off,
    reason,
    strongest,
    tip,
    tipping_points,
    what_speaks,
)
from store_clusters.features.external_tables import External, external_features
from store_clusters.features.mix_transforms import Fitted
from store_clusters.features.normalization import shares_behind, shares_by_part
from store_clusters.merge.names import by_number
from store_clusters.run.job import JobLog, run
from store_clusters.sales.whole_store import NeedStates, Sales
from store_clusters.tables.contracts import write_table
from store_clusters.tables.matrices import Matrix, aligned, by_group, column, read_matrices, stack

ABOUT = {"internal": "sales mix", "external": "surroundings"}
Reader = Callable[[np.ndarray], np.ndarray]
KEPT = ("category", "store_id", "final_cluster", "confidence", "next_cluster", "status")


def main(snakemake: Any, log: JobLog) -> None:
    """Explain the stores of every category of ``input.clusters``."""
    files = snakemake.input
    need_states = NeedStates(files.need_states, snakemake.params.groups)
    external = external_features(files.raw_features)
    labels = read_labels(files.labels)
    inside = {matrix.group: matrix for matrix in read_matrices(files.internal_imputed, "imputed")}
    outside = {matrix.group: matrix for matrix in read_matrices(files.external_imputed, "imputed")}
    names = by_group(files.names, "names", "category")
    folds = by_group(files.folds, "folds", "category")
    profiles = by_group(files.profiles, "final_profiles", "category")
    made_of = by_group(files.internal_parameters, "normalize_parameters")
    centres = by_group(files.centres, "final_centres", "category")
    unusual = {track: by_group(files[f"{track}_outliers"], "outliers") for track in ABOUT}
    parts = []
    for category, rows in by_group(files.clusters, "final_clusters", "category").items():
        stores = column(rows, "store_id")
        part = {name: column(rows, name) for name in KEPT}
        part |= named(part, names.get(category))
        part["folded"] = folded(rows, folds.get(category), snakemake.params.aim != "joint")
        flagged = {"internal": unusual["internal"].get(category)}
        flagged["external"] = unusual["external"].get("all")
        part["unusual"] = what_is_unusual(stores, flagged, labels, category)
        placed = np.flatnonzero(rows["final_cluster"].is_valid())
        part |= {name: np.full(len(stores), None, dtype=object) for name in REASONED}
        if len(placed):
            scales = scales_of(centres[category])
            sales = need_states.sales(category)
            surroundings = like(external, outside.get("all"), stores[placed], scales)
            known = together(
                sold(sales, inside.get(category), stores[placed], scales), surroundings
            )
            known = in_words(known, labels, category)
            shown = profile_values(profiles[category], sales.features, external.features)
            back = shares_back(sales, stores[placed], made_of.get(category), scales)
            read = reader(back, surroundings)
            for name, values in reasoned(part, placed, known, shown, read).items():
                part[name][placed] = values
        parts.append(part)
    count = write_table(snakemake.output[0], "store_reasons", stack(parts, "store_reasons"))
    log.done(f"{count:,} stores x categories explained", rows_out=count)


REASONED = ("reasons", "against", "tip", "nearer", *(f"similar_{n}" for n in range(1, SIMILAR + 1)))


def reasoned(
    part: dict[str, np.ndarray],
    placed: np.ndarray,
    known: Stores,
    shown: dict[str, np.ndarray],
    read: Reader,
) -> dict[str, Any]:
    """Return what speaks for and against the clusters of the placed stores, in words.

    ``shown`` holds what the profile of each final cluster says of the features of ``known``, and
    ``read`` turns values into what people know.
    """
    final, following = part["final_cluster"][placed], part["next_cluster"][placed]
    codes = sorted(set(final), key=by_number)
    place = {code: number for number, code in enumerate(codes)}
    labels = np.array([place[code] for code in final], dtype=np.int64)
    after = np.array([place.get(code, -1) for code in following], dtype=np.int64)
    centres = centres_of(known.values, labels, len(codes))
    quoted = np.array([shown[code] for code in codes])
    mine, theirs = quoted[labels], np.where(after[:, None] >= 0, quoted[after], np.nan)
    own, other = centres[labels], np.where(after[:, None] >= 0, centres[after], np.nan)
    speaks = what_speaks(known, own, other)
    tipped, reached = tipping_points(known, own, other, read)

    def words(row: int, columns: list[int]) -> str | None:
        said = []
        for i in columns:
            values = (known.natural[row, i], mine[row, i], theirs[row, i])
            said.append(reason(known.words[i], known.kinds[i], values, following[row]))
        return "; ".join(said) or None

    def tips(row: int, i: int) -> str | None:
        if i < 0:
            return None
        value = float(known.natural[row, i])
        return tip(known.words[i], known.kinds[i], value, float(reached[row]))

    stores = part["store_id"][placed]
    similar = most_similar(known.values, labels, centres)
    nearest = np.where(similar >= 0, stores[similar], None)
    rows = range(len(placed))
    near, nearer = clearly_nearer(known.values, own, other), margin_of(known, own, other) > 0
    read, mine_read, theirs_read = (as_shown(x, known.kinds) for x in (known.natural, mine, theirs))
    near &= clearly_nearer(read, mine_read, theirs_read)
    far = clearly_nearer(known.values, other, own) & clearly_nearer(read, theirs_read, mine_read)
    pro, contra = strongest(speaks, REASONS, near), strongest(-speaks, AGAINST, far)
    return {
        "reasons": [words(row, pro[row]) for row in rows],
        "against": [words(row, contra[row]) for row in rows],
        "tip": [tips(row, int(tipped[row])) for row in rows],
        "nearer": np.where(after >= 0, nearer, None),
        **{f"similar_{n + 1}": nearest[:, n] for n in range(SIMILAR)},
    }


def sold(
    sales: Sales, imputed: Matrix | None, stores: np.ndarray, scales: dict[str, float]
) -> Stores:
    """Return the need states of some stores."""
    values = aligned(imputed, stores, sales.features) / scales.get("internal", np.nan)
    shares = shares_by_part(aligned(sales, stores, sales.features), sales.categories)
    return Stores(values, shares, list(sales.features), ["sales"] * len(sales.features))


def like(
    external: External, imputed: Matrix | None, stores: np.ndarray, scales: dict[str, float]
) -> Stores:
    """Return the external features of some stores."""
    values = aligned(imputed, stores, external.features) / scales.get("external", np.nan)
    natural = aligned(external, stores, external.features)
    kinds = ["level" if level else "number" for level in external.levels]
    return Stores(values, natural, list(external.features), kinds)


def shares_back(
    sales: Sales, stores: np.ndarray, made_of: pa.Table | None, scales: dict[str, float]
) -> Reader:
    """Return what turns values of need states, of some stores, back into shares of sales."""
    rows = {} if made_of is None else {row["feature"]: row for row in made_of.to_pylist()}
    columns = {
        name: np.array([rows.get(x, {}).get(name) for x in sales.features], dtype=float)
        for name in ("center", "scale", "chain", "weight", "zero")
    }
    fitted = Fitted(*(columns[name] for name in ("chain", "weight", "zero")))
    transform = next((row["transform"] for row in rows.values()), "share")
    sold = aligned(sales, stores, sales.features)

    def back(values: np.ndarray) -> np.ndarray:
        values = values * scales.get("internal", np.nan) * columns["scale"] + columns["center"]
        return shares_behind(values, sold, sales.categories, transform, fitted)

    return back


def reader(back: Reader, surroundings: Stores) -> Reader:
    """Return what turns values of both tracks, side by side, into what people know."""
    outside = len(surroundings.kinds)

    def read(values: np.ndarray) -> np.ndarray:
        inside = values.shape[1] - outside
        known = read_off(surroundings, values[:, inside:])
        return np.hstack([back(values[:, :inside]), known])

    return read


def together(inside: Stores, outside: Stores) -> Stores:
    """Return the features of both tracks side by side."""
    return Stores(
        np.hstack([inside.values, outside.values]),
        np.hstack([inside.natural, outside.natural]),
        [*inside.words, *outside.words],
        [*inside.kinds, *outside.kinds],
    )


def in_words(stores: Stores, labels: Labels, category: str) -> Stores:
    """Return stores whose features read as people say; values of those never named are not told."""
    words, natural = [], stores.natural.copy()
    for i, (feature, kind) in enumerate(zip(stores.words, stores.kinds, strict=True)):
        track = "internal" if kind == "sales" else "external"
        words.append(labels.words(track, category, feature))
        if not labels.named(track, category, feature):
            natural[:, i] = np.nan
    return Stores(stores.values, natural, words, stores.kinds)


def profile_values(
    profiles: pa.Table, need_states: np.ndarray, features: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the values of need states, then of external features, in each cluster's profile."""
    keys = [*(("internal", name) for name in need_states), *(("external", x) for x in features)]
    place = {key: number for number, key in enumerate(keys)}
    columns = ("final_cluster", "track", "feature", "value")
    values: dict[str, np.ndarray] = {}
    for code, track, feature, value in zip(*(column(profiles, c) for c in columns), strict=True):
        own = values.setdefault(code, np.full(len(place), np.nan))
        own[place[track, feature]] = value
    return values


def scales_of(centres: pa.Table) -> dict[str, float]:
    """Return what the distances of each track are divided by."""
    return dict(zip(column(centres, "track"), column(centres, "scale"), strict=True))


def named(part: dict[str, np.ndarray], names: pa.Table | None) -> dict[str, np.ndarray]:
    """Return the names of the stores' clusters and of the next best ones."""
    name: dict[str | None, str] = {}
    if names is not None:
        name = dict(zip(column(names, "final_cluster"), column(names, "name"), strict=True))
    columns = {"name": "final_cluster", "next_name": "next_cluster"}
    return {
        words: np.array([name.get(code) for code in part[code_column]], dtype=object)
        for words, code_column in columns.items()
    }


def folded(rows: pa.Table, folds: pa.Table | None, nested: bool) -> np.ndarray:
    """Say of reassigned stores why they moved; ``nested``: only with whole internal clusters.

    A store that only the internal track knows has no pair, and moved with its internal cluster.
    """
    steps: list[Any] = []
    if folds is not None:
        names = ("from_cluster", "to_cluster", "stores", "reason")
        steps = list(zip(*(folds[name].to_pylist() for name in names), strict=True))
    names = ("reassigned", "internal_cluster", "merged_cluster", "final_cluster")
    said: list[str | None] = []
    for moved, internal, merged, final in zip(
        *(rows[name].to_pylist() for name in names), strict=True
    ):
        pair = merged or next((of[0] for of in steps if of[0].split("_")[0] == str(internal)), "")
        said.append((fold_path(steps, pair, final, nested=nested) or None) if moved else None)
    return np.array(said, dtype=object)


def what_is_unusual(
    stores: np.ndarray, flagged: dict[str, pa.Table | None], labels: Labels, category: str
) -> np.ndarray:
    """Say in which features flagged stores are unusual, by track."""
    said: dict[str, list[str]] = {}
    for track, table in flagged.items():
        rows = [] if table is None else table.filter(table["outlier"]).to_pylist()
        for row in rows:
            found = [row[f"feature_{n}"] for n in (1, 2, 3) if row[f"feature_{n}"] is not None]
            words, named = labels.of(track, category, found)
            text = ", ".join(np.array(words, dtype=object)[named])
            text = f"{ABOUT[track]}: {text or ('what is not named' if found else 'as a whole')}"
            if row["alike"]:
                text += f" (unusual too, of the nearest stores: {row['alike']})"
            said.setdefault(row["store_id"], []).append(text)
    return np.array(["; ".join(said[s]) if s in said else None for s in stores], dtype=object)


if __name__ == "__main__":
    run(main, snakemake)
