"""What the project is compared with: the old method, plain k-means, R, and one who knows k."""

import csv
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from simulate import Scenario
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import RobustScaler, StandardScaler

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SMALLEST, LARGEST = 2, 10  # numbers of clusters that are tried
STARTS = 10
LOST = -1  # label of a store that a method drops
R_SCRIPT = Path(__file__).with_name("clusterboot.R")


@dataclass(frozen=True)
class TrackResult:
    """What a method says about the stores of one track."""

    labels: Labels  # (n_stores,), LOST where the store is dropped
    k: int
    groups: bool  # the method takes its clusters for real groups
    outlier: Flags  # (n_stores,)
    matrix: Floats  # (n_stores, n_dimensions) that the method clusters
    in_fit: Flags  # (n_stores,) that shape the clusters
    verdict: str = "untested"  # on whether there are groups


@dataclass(frozen=True)
class Result:
    """What a method says about a scenario."""

    tracks: dict[str, TrackResult]  # `internal`, `external`
    final: Labels | None = None  # (n_stores,), clusters of both tracks merged
    confidence: Floats | None = None  # (n_stores,), of the final clusters
    moved: Flags | None = None  # (n_stores,), flagged, or from a merged cluster that was dissolved


def smallest_cluster(stores: int) -> int:
    """Return how many stores a final cluster needs: 20, but at most a twentieth of the chain."""
    return max(1, min(20, stores // 20))


def old_method(scenario: Scenario, seed: int) -> Result:
    """Scale robustly, drop 5 % of the stores, keep 80 % of the variance, k by silhouette."""
    tracks = {}
    for track, raw in raw_matrices(scenario).items():
        scaled = RobustScaler().fit_transform(raw)
        forest = IsolationForest(contamination=0.05, random_state=seed).fit(scaled)
        kept = forest.predict(scaled) == 1
        pca = PCA(0.8, svd_solver="full").fit(scaled[kept])
        tracks[track] = by_silhouette(pca.transform(scaled), kept, seed)
    return Result(tracks, cross_and_fold(tracks))


def kmeans_silhouette(scenario: Scenario, seed: int) -> Result:
    """k-means on z-scores with the k of the best silhouette."""
    tracks = {
        track: by_silhouette(matrix, np.ones(len(matrix), dtype=bool), seed)
        for track, matrix in z_scores(scenario).items()
    }
    return Result(tracks, cross_and_fold(tracks))


def r_fpc(scenario: Scenario, seed: int) -> Result:
    """k-means in R on z-scores: k by ``cluster::clusGap``, stability by ``fpc::clusterboot``.

    A partition with a cluster of Jaccard stability under 0.6 is taken for no groups.
    """
    tracks = {}
    for track, matrix in z_scores(scenario).items():
        labels, jaccard = run_r(matrix, LARGEST, seed)
        everyone = np.ones(len(matrix), dtype=bool)
        k = len(np.unique(labels))
        groups = k > 1 and min(jaccard) >= 0.6
        tracks[track] = TrackResult(labels, k, groups, ~everyone, matrix, everyone)
    return Result(tracks, cross_and_fold(tracks))


def oracle(matrix: Floats, in_fit: Flags, k: int, seed: int) -> Labels:
    """Return what k-means makes of (n_stores, n_dimensions) when told the true k.

    The stores that do not shape the clusters are placed by the nearest centre.
    """
    return _fit(matrix[in_fit], k, seed).predict(matrix).astype(np.int64)


@cache
def why_no_r() -> str | None:
    """Return what keeps ``r_fpc`` from running, None where it can."""
    if shutil.which("Rscript") is None:
        return "Rscript is not installed"
    check = 'for (p in c("fpc", "cluster")) if (!requireNamespace(p, quietly=TRUE)) cat(p, "")'
    found = subprocess.run(["Rscript", "-e", check], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return f"Rscript fails: {found.stderr.strip()}"
    missing = ", ".join(found.stdout.split())
    return f"R has no package {missing}" if missing else None


def run_r(matrix: Floats, largest: int, seed: int) -> tuple[Labels, list[float]]:
    """Cluster in R; return labels (n_stores,) from 0 and each cluster's bootstrap Jaccard."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "matrix.csv", Path(folder) / "labels.csv"
        np.savetxt(given, matrix, delimiter=",")
        arguments = [str(given), str(found), str(min(largest, len(matrix) - 1)), str(seed)]
        subprocess.run(
            ["Rscript", "--vanilla", str(R_SCRIPT), *arguments], check=True, capture_output=True
        )
        with found.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    labels = np.array([int(row["label"]) - 1 for row in rows])
    stability = {int(row["label"]): float(row["jaccard"]) for row in rows}
    return labels, [stability[label] for label in sorted(stability)]


def raw_matrices(scenario: Scenario) -> dict[str, Floats]:
    """Return a matrix of stores per track: shares of all categories, and encoded features."""
    matrices = {}
    if scenario.sales:
        blocks = []
        for sales in scenario.sales.values():
            total = sales.sum(axis=1, keepdims=True)
            blocks.append(np.where(total > 0, sales / np.maximum(total, 1), 0.0))
        matrices["internal"] = np.hstack(blocks)
    if scenario.external.shape[1]:
        encoded = pd.get_dummies(scenario.external, dtype=float)
        matrices["external"] = encoded.fillna(encoded.median()).to_numpy(float)
    return matrices


def z_scores(scenario: Scenario) -> dict[str, Floats]:
    """Return the raw matrices, each column with mean 0 and standard deviation 1."""
    return {
        track: StandardScaler().fit_transform(raw) for track, raw in raw_matrices(scenario).items()
    }


def by_silhouette(matrix: Floats, kept: Flags, seed: int) -> TrackResult:
    """Cluster the stores that are kept with the k of the best silhouette; the others are lost."""
    best, chosen = -np.inf, np.zeros(int(kept.sum()), np.int64)
    for k in range(SMALLEST, LARGEST + 1):
        labels = _fit(matrix[kept], k, seed).labels_
        score = silhouette_score(matrix[kept], labels)
        if score > best:
            best, chosen = score, labels.astype(np.int64)
    labels = np.full(len(kept), LOST)
    labels[kept] = chosen
    return TrackResult(labels, int(chosen.max()) + 1, True, ~kept, matrix, kept)


def cross_and_fold(tracks: dict[str, TrackResult]) -> Labels | None:
    """Cross both tracks' clusters; give the stores of small ones, once, to the nearest other.

    Only stores that both tracks keep have a final cluster. None with one track.
    """
    if len(tracks) < 2:
        return None
    inside, outside = tracks["internal"], tracks["external"]
    both = (inside.labels != LOST) & (outside.labels != LOST)
    cells = inside.labels * LARGEST + outside.labels
    joint = np.hstack([track.matrix / track.matrix.std() for track in tracks.values()])
    names, sizes = np.unique(cells[both], return_counts=True)
    centres = np.array([joint[both & (cells == name)].mean(axis=0) for name in names])
    large = sizes >= smallest_cluster(len(cells))
    final = np.full(len(cells), LOST)
    for name, centre, stays in zip(names, centres, large, strict=True):
        to = name
        if not stays and large.any():
            to = names[large][np.linalg.norm(centres[large] - centre, axis=1).argmin()]
        final[both & (cells == name)] = to
    return final


def _fit(matrix: Floats, k: int, seed: int) -> KMeans:
    return KMeans(k, n_init=STARTS, random_state=seed).fit(matrix)
