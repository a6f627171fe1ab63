"""The project's methods with the options in ``config/config.yaml``, as its scripts call them."""

import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from competitors import LOST, Result, TrackResult
from settings import assign
from simulate import Scenario, even_months

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT / "scripts") not in sys.path:
    sys.path.append(str(ROOT / "scripts"))

from store_clusters.clusters.clustering import cluster_stores  # noqa: E402
from store_clusters.clusters.held_out import HeldOut  # noqa: E402
from store_clusters.clusters.independence import chance_independent  # noqa: E402
from store_clusters.clusters.limits import usable_size  # noqa: E402
from store_clusters.clusters.number_of_clusters import choose_k  # noqa: E402
from store_clusters.clusters.prediction import Fit, best_at_price, predict_sold  # noqa: E402
from store_clusters.clusters.refits import refit  # noqa: E402
from store_clusters.clusters.structure import shows_groups  # noqa: E402
from store_clusters.features.imputation import impute  # noqa: E402
from store_clusters.features.normalization import (  # noqa: E402
    comparable_mix,
    encode_levels,
    scale_columns,
    shares,
    transform_feature,
)
from store_clusters.features.outliers import find_outliers  # noqa: E402
from store_clusters.features.reduction import beyond_chance, reduce_features  # noqa: E402
from store_clusters.merge.merging import Merged, merge_tracks  # noqa: E402
from store_clusters.merge.tracks import Track  # noqa: E402
from store_clusters.merge.wanted import Wanted  # noqa: E402
from store_clusters.run.seeds import seed_for  # noqa: E402

Floats = npt.NDArray[np.float64]
Options = dict[str, Any]
Flags = npt.NDArray[np.bool_]
GROUPS_OF = {"internal": "whole_store", "external": "all"}
GROUPED = {"groups", "untested"}  # verdicts on external clusters that may part stores


@cache
def config(settings: tuple[str, ...] = ()) -> Options:
    """Return the defaults, but for ``settings``; the paths in it are not resolved."""
    options = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    for assignment in settings:
        assign(options, assignment)
    return options


def project_defaults(scenario: Scenario, seed: int) -> Result:
    """Cluster both tracks with the defaults and merge them; only ``seed`` replaces theirs."""
    options = config(scenario.settings)
    tracks, sales = {}, np.ones(scenario.stores)
    halves = halves_of(scenario)
    if scenario.sales:
        sales = np.sum([sold.sum(axis=1) for sold in scenario.sales.values()], axis=0)
        matrix = np.hstack(
            [normalize_sales(sold, options["internal"]) for sold in scenario.sales.values()]
        )
        tracks["internal"] = cluster_track(
            matrix,
            np.zeros(matrix.shape[1], dtype=bool),
            np.arange(matrix.shape[1]).astype(object),
            weights=sales,
            options=options,
            track="internal",
            seed=seed,
            halves=halves,
        )
    if scenario.external.shape[1]:
        tracks["external"] = cluster_track(
            *normalize_external(scenario.external, options["external"]),
            weights=np.ones(scenario.stores),
            options=options,
            track="external",
            seed=seed,
        )
    if len(tracks) < 2:
        return Result(tracks)
    merged = merge(tracks, options, sales, halves, seed)
    number = {name: index for index, name in enumerate(merged.names)}
    final = np.array([number.get(name, LOST) for name in merged.final])
    moved = merged.reassigned | np.any([track.outlier for track in tracks.values()], axis=0)
    return Result(tracks, final, merged.confidence, moved)


def normalize_sales(sales: Floats, options: Options) -> Floats:
    """Return a category's mixes, (n_stores, n_need_states), NaN rows for stores without sales."""
    normalize = options["normalize"]
    sold = ~np.isnan(shares(sales)).any(axis=1)
    values, *_ = comparable_mix(sales[sold], normalize["transform"])
    matrix = np.full(sales.shape, np.nan)
    matrix[sold] = scale_columns(values, normalize["scale"], normalize["clip"]).values
    return matrix


def halves_of(scenario: Scenario) -> tuple[Floats, Floats, npt.NDArray[np.object_]] | None:
    """Return sales of odd and even months, and each need state's category; None without months."""
    if not scenario.months or not scenario.sales:
        return None
    even = even_months(scenario)
    odd = [sales - even[category] for category, sales in scenario.sales.items()]
    parts = np.repeat(list(even), [sales.shape[1] for sales in even.values()]).astype(object)
    return np.hstack(odd), np.hstack(list(even.values())), parts


def normalize_external(
    table: pd.DataFrame, options: Options
) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.object_]]:
    """Return a matrix of the features, which columns are levels, and what each is made of."""
    normalize = options["normalize"]
    blocks, categorical, sources = [], [], []
    for name in sorted(table.columns):
        if pd.api.types.is_float_dtype(table[name]):
            moved, _ = transform_feature(table[name].to_numpy(float), normalize["transform"])
            block = scale_columns(moved[:, None], normalize["scale"], normalize["clip"]).values
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
    track: str,
    seed: int,
    halves: tuple[Floats, Floats, npt.NDArray[np.object_]] | None = None,
) -> TrackResult:
    """Impute, flag outliers, reduce, choose k and cluster the stores of one group."""
    group, transform = GROUPS_OF[track], options[track]["normalize"]["transform"]
    filling, outliers = options[track]["impute"], options[track]["outliers"]
    reduce, choosing = options[track]["reduce"], options[track]["choose_k"]
    clustering = options[track]["cluster"]
    filled, _ = impute(
        matrix,
        categorical,
        sources,
        numeric_method=filling["numeric"],
        categorical_method=filling["categorical"],
        neighbours=filling["neighbours"],
        seed=seed_for(seed, group, "impute"),
    )
    _, outlier = find_outliers(filled, **outliers, seed=seed_for(seed, group, "outliers"))
    reduced = reduce_features(
        filled,
        ~outlier,
        reduce["method"],
        reduce["variance"],
        reduce["redundancy"],
        observed=~np.isnan(matrix),
        sources=sources,
        shows_groups=shows_groups if reduce["shared"] else None,
        alike=reduce["alike"],
        seed=seed_for(seed, group, "reduce"),
    )
    values = reduced.scores
    least = min_size(options, track, len(values))
    numbers = range(choosing["min"], choosing["max"] + 1)
    fit = Fit(
        values, weights, clustering["algorithm"], min(10, clustering["starts"]),
        seed_for(seed, group, "cluster"), least,
    )  # fmt: skip
    prediction, at_price = None, None
    if halves is not None:
        odd, even, parts = halves
        prediction = predict_sold(
            odd[~outlier], even[~outlier], numbers, transform, seed_for(seed, group, "prediction"),
            parts=parts, min_size=least,
        )  # fmt: skip
    if halves is not None and prediction is not None:
        at_price = partial(best_at_price, fit, HeldOut(odd, even, transform, parts), prediction)
    choice = choose_k(
        values[~outlier],
        smallest=choosing["min"],
        largest=choosing["max"],
        usable=int((~outlier).sum()) // least,
        criterion=choosing["criterion"],
        no_groups=choosing["no_groups"],
        min_stores=choosing["min_stores"],
        algorithm=clustering["algorithm"],
        seed=seed_for(seed, group, "choose_k"),
        prediction=prediction,
        at_price=at_price,
        beyond_chance=beyond_chance(reduced.explained, reduced.chance),
    )
    everyone = track == "internal" and choice.status == "slices"
    clusters = cluster_stores(
        values,
        ~outlier | everyone,
        weights=weights,
        k=choice.k,
        algorithm=clustering["algorithm"],
        starts=clustering["starts"],
        seed=seed_for(seed, group, "cluster"),
        min_size=least,
        max_size=clustering["max_size"],
    )
    groups = choice.k > 1 and choice.verdict not in {"none", "continuum"}
    verdict = choice.verdict
    if track == "external" and choice.k > 1:
        copies = reduced.redundant & ~reduced.unrelated
        measured, own = np.where(np.isnan(matrix), np.nan, filled)[:, ~copies], sources[~copies]
        seed = seed_for(seed, group, "independence")
        if chance_independent(measured[~outlier], own, choice.k, 40, seed) > 0.05:
            verdict = "independent"
    return TrackResult(clusters.labels - 1, choice.k, groups, outlier, values, ~outlier, verdict)


def min_size(options: Options, track: str, stores: int) -> int:
    """Return the stores of a cluster at least; the default refers to that of final clusters."""
    size = options[track]["cluster"]["min_size"]
    return usable_size(
        options["merge"]["min_size"] if size == "${merge.min_size}" else size, stores
    )


def merge(
    tracks: dict[str, TrackResult],
    options: Options,
    sales: Floats,
    halves: tuple[Floats, Floats, npt.NDArray[np.object_]] | None,
    seed: int,
) -> Merged:
    """Merge both tracks."""
    settings, sides, n = options["merge"], [], len(sales)
    for name, track in tracks.items():
        found = refit(
            track.matrix,
            track.labels,
            track.in_fit,
            settings["refits"],
            seed_for(seed, GROUPS_OF[name], "merge"),
            algorithm=options[name]["cluster"]["algorithm"],
            weights=np.sqrt(sales) if name == "internal" else None,
            min_size=min_size(options, name, n),
        )
        sides.append(
            Track(track.labels + 1, track.matrix, found.labels + 1, found.chances, track.outlier)
        )
    held_out = None
    if halves is not None:
        odd, even, parts = halves
        held_out = HeldOut(odd, even, options["internal"]["normalize"]["transform"], parts)
    return merge_tracks(
        sides[0],
        sides[1],
        Wanted(
            min_size=usable_size(settings["min_size"], n),
            max_size=settings["max_size"],
            max_clusters=settings["max_clusters"],
            aim=settings["aim"],
            join_above=settings["join_above"] if settings["mode"] == "separable" else np.inf,
            seed=seed_for(seed, GROUPS_OF["internal"], "merge"),
        ),
        weights=np.sqrt(sales),
        held_out=held_out,
        grouped=tracks["external"].verdict in GROUPED,
    )
