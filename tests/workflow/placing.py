"""Place a raw store that no run has seen by the tables of a run alone, as docs/data-flow.md says.

Nothing of the project's own code is used: whoever reads the tables can do the same.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.impute import KNNImputer

TABLES = (
    "normalize_parameters",
    "normalized",
    "impute_parameters",
    "loadings",
    "centres",
)
WHOLE_STORE = "<all categories>"
Raw = dict[str, float | str | None]


def read_tables(folder: Path, track: str) -> dict[str, pd.DataFrame]:
    """Read the tables of one track that placing a store needs."""
    return {name: pd.read_parquet(folder / track / f"{name}.parquet") for name in TABLES}


def place(tables: dict[str, pd.DataFrame], group: str, raw: Raw) -> int:
    """Return the cluster of a store in a group.

    ``raw`` are its sales by need state (of whole stores: by `category · need state`), where a need
    state that is not named has no sales; or its external features, where one that is not named is
    not known.
    """
    return highest_score(tables["centres"], group, components_of(tables, group, raw))


def place_finally(
    merged: dict[str, pd.DataFrame],
    category: str,
    clusters: tuple[int, int],
    parts: tuple[pd.Series, pd.Series],
) -> str:
    """Return the final cluster of a store with these clusters and components of both tracks.

    ``merged`` has the tables ``map`` and ``parts``; a cluster is 0 and components are empty where
    a track does not know the store.
    """
    rules = merged["parts"][merged["parts"]["category"] == category]
    own = str(clusters[0])
    while (rules["whole"] == own).any():
        own = highest_part(rules[rules["whole"] == own], parts)
    table = merged["map"][merged["map"]["category"] == category]
    pair = f"{clusters[0]}_{clusters[1]}"
    finals = table[(table["merged_cluster"] == pair) & (table["part"] == own)]["final_cluster"]
    if len(finals) == 1:
        return str(finals.iloc[0])
    return highest_part(rules[rules["part"].isin(finals)], parts)


def highest_part(rules: pd.DataFrame, parts: tuple[pd.Series, pd.Series]) -> str:
    """Return the part with the highest score."""
    scores = rules.groupby("part")["intercept"].first()
    for track, own in zip(("internal", "external"), parts, strict=True):
        rows = rules[rules["track"] == track]
        terms = rows["coefficient"] * rows["component"].map(own).astype(float).fillna(0.0)
        scores = scores.add(terms.groupby(rows["part"]).sum(), fill_value=0.0)
    return str(scores.idxmax())


def components_of(tables: dict[str, pd.DataFrame], group: str, raw: Raw) -> pd.Series:
    """Return the components of a raw store in a group."""
    own = {name: rows[rows["group"] == group] for name, rows in tables.items()}
    values = imputed(own, normalized(own["normalize_parameters"], group, raw))
    return components(own["loadings"], values)


def highest_score(centres: pd.DataFrame, group: str, parts: pd.Series) -> int:
    """Return the cluster with the highest score for a store with these components."""
    centres = centres[centres["group"] == group]
    terms = centres["coefficient"] * centres["component"].map(parts)
    scores = terms.groupby(centres["cluster"]).sum()
    scores += centres.groupby("cluster")["intercept"].first()
    return int(scores.idxmax())


def normalized(parameters: pd.DataFrame, group: str, raw: Raw) -> pd.Series:
    """Return the normalized features of a store, NaN where unknown."""
    rows = parameters.set_index("feature")
    moved = pd.Series(np.nan, rows.index)
    if rows["zero"].isna().all():  # external
        for feature, row in rows.iterrows():
            moved[feature] = transformed(row, raw.get(row["source"]), set(rows["level"]))
    else:
        category = rows.index.to_series().str.split(" · ").str[0] if group == WHOLE_STORE else group
        sales = pd.Series({feature: max(raw.get(feature, 0.0), 0.0) for feature in rows.index})
        for _, part in rows.groupby(category if group == WHOLE_STORE else lambda _: group):
            moved[part.index] = mix(part, sales[part.index])
    scaled = (moved - rows["center"]) / rows["scale"]
    limit = rows["clip"].fillna(np.inf)
    return scaled.clip(-limit, limit)


def mix(rows: pd.DataFrame, sales: pd.Series) -> pd.Series:
    """Return the transformed shares of a store in one category; NaN where it sells nothing."""
    total = sales.sum()
    if total <= 0:
        return sales * np.nan
    share = sales / total
    (transform,) = set(rows["transform"])
    if transform == "shrunk_hellinger":
        share = (share * total + rows["weight"] * rows["chain"]) / (total + rows["weight"])
    if transform in {"hellinger", "shrunk_hellinger"}:
        return share**0.5
    if transform == "log":
        return np.log(1 + 100 * share)
    if transform == "log_ratio":
        logs = np.log(share.where(share > 0, rows["zero"]))
        return logs - logs.mean()
    return share


def transformed(row: pd.Series, value: float | str | None, levels: set[str]) -> float:
    """Return an external feature, or whether it has a level, before scaling; NaN unknown."""
    if value is None or pd.isna(value):
        return np.nan
    if row["transform"] == "level":
        own = value if value in levels else "other"
        return float(own == row["level"])
    if row["transform"] == "log":
        return np.log(value) if value > 0 else np.nan
    if row["transform"] == "signed_log":
        return np.sign(value) * np.log(1 + abs(value))
    return float(value)


def imputed(tables: dict[str, pd.DataFrame], normal: pd.Series) -> pd.Series:
    """Return the features of a store without gaps."""
    fill, filled = tables["impute_parameters"], normal.copy()
    first = fill[fill["step"] == 0].set_index("feature")
    nearest = first.index[first["method"] == "knn"]
    if normal[nearest].isna().any():
        known = tables["normalized"].set_index(["store_id", "feature"])["value"].unstack()  # noqa: PD010
        (neighbours,) = set(first.loc[nearest, "value"])
        imputer = KNNImputer(n_neighbors=int(neighbours), weights="distance")
        imputer.fit(known[normal.index].to_numpy())
        found = pd.Series(imputer.transform(normal.to_numpy()[None])[0], normal.index)
        filled[nearest] = found[nearest]
    filled = filled.fillna(first["value"])
    for _, rows in fill[fill["step"] > 0].groupby("step"):
        feature, constant = rows["feature"].iloc[0], rows["predictor"] == ""
        if np.isnan(normal[feature]):
            terms = rows["value"] * rows["predictor"].map(filled).where(~constant, 1.0)
            filled[feature] = terms.sum()
    return filled


def components(loadings: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Return the components of a store."""
    terms = (loadings["feature"].map(values) - loadings["center"]) * loadings["loading"]
    return terms.groupby(loadings["component"]).sum()
