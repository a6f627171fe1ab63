"""The project's methods with the options in ``config/config.yaml``, as its scripts call them."""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from competitors import LOST, Result, TrackResult, smallest_cluster
from simulate import Scenario, even_months

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT / "scripts") not in sys.path:
    sys.path.append(str(ROOT / "scripts"))  # last: scripts/profile.py must not hide the library's

from common.seeds import seed_for  # noqa: E402
from methods.choose_k import choose_k  # noqa: E402
from methods.cluster import cluster_stores  # noqa: E402
from methods.detect_outliers import flag_beyond, flag_share, outlier_scores  # noqa: E402
from methods.impute import impute  # noqa: E402
from methods.merge import Merged, Track, merge_tracks  # noqa: E402
from methods.normalize import (  # noqa: E402
    apply_transform,
    choose_transform,
    comparable_mix,
    encode_levels,
    scale_columns,
    shares,
)
from methods.prediction import Prediction, predict_sold  # noqa: E402
from methods.reduce import beyond_chance, reduce_features  # noqa: E402
from methods.separation import refit_labels  # noqa: E402

Floats = npt.NDArray[np.float64]
Options = dict[str, Any]
Flags = npt.NDArray[np.bool_]
GROUPS_OF = {"internal": "whole_store", "external": "all"}


@cache
def config() -> Options:
    """Return the defaults; the paths in it are not resolved."""
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))


def project_defaults(scenario: Scenario, seed: int) -> Result:
    """Cluster both tracks with the defaults and merge them; only ``seed`` replaces theirs."""
    options = config()
    tracks = {}
    if scenario.sales:
        matrix = np.hstack(
            [normalize_sales(sales, options["internal"]) for sales in scenario.sales.values()]
        )
        tracks["internal"] = cluster_track(
            matrix,
            np.zeros(matrix.shape[1], dtype=bool),
            np.arange(matrix.shape[1]).astype(object),
            weights=np.sum([sales.sum(axis=1) for sales in scenario.sales.values()], axis=0),
            options=options["internal"],
            group=GROUPS_OF["internal"],
            seed=seed,
            predict=lambda in_fit: predict(scenario, in_fit, options["internal"], seed),
        )
    if scenario.external.shape[1]:
        tracks["external"] = cluster_track(
            *normalize_external(scenario.external, options["external"]),
            weights=np.ones(scenario.stores),
            options=options["external"],
            group=GROUPS_OF["external"],
            seed=seed,
        )
    if len(tracks) < 2:
        return Result(tracks)
    merged = merge(tracks, options["merge"], smallest_cluster(scenario.stores), seed)
    number = {name: index for index, name in enumerate(merged.names)}
    final = np.array([number.get(name, LOST) for name in merged.final])
    return Result(tracks, final, merged.confidence)


def normalize_sales(sales: Floats, options: Options) -> Floats:
    """Return a category's mixes, (n_stores, n_need_states), NaN rows for stores without sales."""
    normalize = options["normalize"]
    sold = ~np.isnan(shares(sales)).any(axis=1)
    values, *_ = comparable_mix(sales[sold], normalize["transform"])
    matrix = np.full(sales.shape, np.nan)
    matrix[sold] = scale_columns(values, normalize["scale"], normalize["clip"]).values
    return matrix


def predict(scenario: Scenario, in_fit: Flags, options: Options, seed: int) -> Prediction | None:
    """Measure what clusters of the stores ``in_fit`` foretell from odd to even months."""
    even = even_months(scenario)
    odd = {category: sales - even[category] for category, sales in scenario.sales.items()}
    return predict_sold(
        np.hstack(list(odd.values()))[in_fit],
        np.hstack(list(even.values()))[in_fit],
        range(options["choose_k"]["min"], options["choose_k"]["max"] + 1),
        options["normalize"]["transform"],
        seed_for(seed, GROUPS_OF["internal"], "prediction"),
        parts=np.repeat(list(even), [sales.shape[1] for sales in even.values()]).astype(object),
    )


def normalize_external(
    table: pd.DataFrame, options: Options
) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.object_]]:
    """Return a matrix of the features, which columns are levels, and what each is made of."""
    normalize = options["normalize"]
    blocks, categorical, sources = [], [], []
    for name in sorted(table.columns):
        if pd.api.types.is_float_dtype(table[name]):
            column = table[[name]].to_numpy(float)
            (transform,) = choose_transform(column, normalize["transform"])
            moved = apply_transform(column, transform)
            block = scale_columns(moved, normalize["scale"], normalize["clip"]).values
        else:
            _, block, _, _ = encode_levels(table[name].to_numpy(object), normalize["max_levels"])
        blocks.append(block)
        categorical += [not pd.api.types.is_float_dtype(table[name])] * block.shape[1]
        sources += [name] * block.shape[1]
    return np.hstack(blocks), np.array(categorical), np.array(sources, dtype=object)


def cluster_track(
    matrix: Floats,
    categorical: npt.NDArray[np.bool_],
    sources: npt.NDArray[np.object_],
    *,
    weights: Floats,
    options: Options,
    group: str,
    seed: int,
    predict: Callable[[Flags], Prediction | None] = lambda _: None,
) -> TrackResult:
    """Impute, flag outliers, reduce, choose k and cluster the stores of one group."""
    filling, outliers, reduce = options["impute"], options["outliers"], options["reduce"]
    choosing, clustering = options["choose_k"], options["cluster"]
    filled, _ = impute(
        matrix,
        categorical,
        sources,
        numeric_method=filling["numeric"],
        categorical_method=filling["categorical"],
        neighbours=filling["neighbours"],
    )
    scores = outlier_scores(
        filled, outliers["method"], outliers["neighbours"], seed_for(seed, group, "outliers")
    )
    if outliers["method"] == "nearest_neighbours":
        outlier = flag_beyond(scores, outliers["threshold"])
    else:
        outlier = flag_share(scores, outliers["share"])
    reduced = reduce_features(
        filled,
        ~outlier,
        reduce["method"],
        reduce["variance"],
        reduce["redundancy"],
        known=~np.isnan(matrix),
        sources=sources,
        shared=reduce["shared"],
        alike=reduce["alike"],
        seed=seed_for(seed, group, "reduce"),
    )
    values = reduced.scores
    choice = choose_k(
        values[~outlier],
        smallest=choosing["min"],
        largest=choosing["max"],
        criterion=choosing["criterion"],
        no_groups=choosing["no_groups"],
        min_stores=choosing["min_stores"],
        algorithm=clustering["algorithm"],
        seed=seed_for(seed, group, "choose_k"),
        prediction=predict(~outlier),
        beyond_chance=beyond_chance(reduced.explained, reduced.chance),
    )
    clusters = cluster_stores(
        values,
        ~outlier,
        weights=weights,
        k=choice.k,
        algorithm=clustering["algorithm"],
        starts=clustering["starts"],
        seed=seed_for(seed, group, "cluster"),
        min_size=clustering["min_size"],
        max_size=clustering["max_size"],
    )
    groups = choice.k > 1 and choice.verdict not in {"none", "continuum"}
    return TrackResult(clusters.labels - 1, choice.k, groups, outlier, values, ~outlier)


def merge(tracks: dict[str, TrackResult], options: Options, min_size: int, seed: int) -> Merged:
    """Merge both tracks."""
    join_above = options["join_above"] if options["mode"] == "separable" else np.inf
    sides = []
    for name, track in tracks.items():
        refits = refit_labels(
            track.matrix,
            track.in_fit,
            k=int(track.labels.max()) + 1,
            refits=options["refits"],
            seed=seed_for(seed, GROUPS_OF[name], "merge"),
            algorithm=config()[name]["cluster"]["algorithm"],
        )
        sides.append(Track(track.labels + 1, track.matrix, refits))
    return merge_tracks(sides[0], sides[1], min_size, join_above)
