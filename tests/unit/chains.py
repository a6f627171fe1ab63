"""Chains of stores whose segments are known, for tests of the merge."""

import numpy as np

from store_clusters.clusters.clustering import cluster_stores
from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.limits import usable_size
from store_clusters.clusters.refits import refit
from store_clusters.merge.merging import Merged, merge_tracks
from store_clusters.merge.tracks import Track
from store_clusters.merge.wanted import Wanted

REFITS = 12


def track(values: np.ndarray, k: int, weights: np.ndarray | None = None, seed: int = 0) -> Track:
    """What a track knows whose stores are made into k clusters."""
    n = len(values)
    weights, everyone = np.ones(n) if weights is None else weights, np.ones(n, dtype=bool)
    algorithm, least = "kmeans_limited", min(usable_size("auto", n), n // max(k, 1)) or 1
    labels = cluster_stores(
        values,
        everyone,
        weights=weights,
        k=k,
        algorithm=algorithm,
        starts=5,
        seed=seed,
        min_size=least,
    ).labels
    found = refit(
        values,
        labels - 1,
        everyone,
        REFITS,
        seed,
        algorithm=algorithm,
        weights=np.sqrt(weights),
        min_size=least,
    )
    return Track(labels, values, found.labels + 1, found.chances, np.zeros(n, dtype=bool))


def known_as(labels: list[int] | np.ndarray, values: list[float] | np.ndarray) -> Track:
    """A track whose resamples always find its clusters; one component."""
    own = np.array(labels, dtype=np.int64)
    at = np.array(values, dtype=float).reshape(len(own), 1)
    chances = np.full((len(own), int(own.max(initial=0))), np.nan)
    chances[own > 0] = np.eye(chances.shape[1])[own[own > 0] - 1]
    at[own == 0] = np.nan
    return Track(own, at, np.tile(own, (REFITS, 1)), chances, np.zeros(len(own), dtype=bool))


def sold(mixes: np.ndarray, volume: float | np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sales (n_stores, n_need_states) of odd and of even months, by chance about the mixes."""
    random = np.random.default_rng(seed)
    expected = np.asarray(volume, dtype=float).reshape(-1, 1) * mixes
    return tuple(random.poisson(expected).astype(float) + 0.01 for _ in range(2))


def segments(
    n: int, k: int, seed: int, *, needs: int = 6, spread: float = 60.0, volume: float = 400
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return segments (n,) and sales of both halves of stores that differ from their segment."""
    random = np.random.default_rng(seed)
    segment = np.arange(n) % k
    centres = random.dirichlet(np.full(needs, 2.0), k)
    mixes = np.array([random.dirichlet(spread * centres[s] + 0.2) for s in segment])
    return segment, *sold(mixes, volume * random.lognormal(0, 0.5, n), seed + 1)


def roots(sales: np.ndarray) -> np.ndarray:
    """Square roots of shares."""
    return np.sqrt(sales / sales.sum(axis=1, keepdims=True))


def chain(
    odd: np.ndarray,
    even: np.ndarray,
    k: int,
    outside: Track,
    *,
    dated: bool = True,
    **options: object,
) -> Merged:
    """Merge k clusters of what stores sell with clusters of their surroundings."""
    grouped = bool(options.pop("grouped", True))
    sales = (odd + even).sum(axis=1)
    inside = track(roots(odd + even), k, sales)
    return merge_tracks(
        inside,
        outside,
        Wanted(**{"min_size": usable_size("auto", len(odd)), **options}),
        weights=np.sqrt(sales),
        held_out=HeldOut(odd, even, "hellinger") if dated else None,
        grouped=grouped,
    )


def nothing_outside(n: int) -> Track:
    """One external cluster."""
    return known_as(np.ones(n, dtype=int), np.zeros(n))
