"""Chains of another make than those of ``simulate``, that nothing is tuned on.

Everything is drawn from the seed, the settings too: how many categories, segments and columns there
are, how far apart, and whether there are groups at all. A store's mix is logistic-normal around
that of its segment, with directions in which all stores differ more than in others; it drifts from
month to month, and need states have seasons. Sales are overdispersed counts (gamma-Poisson), store
sizes have Pareto's tail, segments are unequal. External features follow a factor model; up to 60 %
of the columns tell segments apart, the others are noise, half of them correlated. Two years are
made: what is clustered, and what is foretold.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from simulate import GRADIENT, GROUPS, JOINT_AIM, NONE, Entry, Scenario

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SIZES = (30, 60, 120, 250, 400, 900, 1500)  # stores of a chain
MONTHS = 12  # of a year
DIRECTIONS = 3  # in which all stores differ more than in others
SMALLEST = 0.06  # share of the stores that a segment has at least


@dataclass(frozen=True)
class Settings:
    """What a chain is like; numbers of logits are standard deviations."""

    structure: str  # of sales: groups, gradient or none
    segments: int  # by sales
    surroundings: int  # segments by external features
    relation: float  # chance that the surroundings of a store follow from its sales segment
    categories: int
    shift: float  # of logits between segments
    within: float  # of logits between stores of a segment
    gradient: float  # of logits from the middle of the chain to either end
    drift: float  # of logits within a year
    season: float  # largest change of logits by season
    volume: float  # sales of the smallest store in a year
    tail: float  # Pareto's exponent of store sizes
    dispersion: float  # shape of the gamma that counts vary by
    outliers: float  # share of stores with unrelated mixes
    columns: int
    factors: int
    informative: float  # share of the columns
    strength: float  # of factors between segments, in those between stores of a segment
    missing: float  # share of the values


def draw_settings(random: np.random.Generator) -> Settings:
    """Draw what a chain is like."""
    return Settings(
        structure=str(random.choice([GROUPS, GRADIENT, NONE], p=[0.6, 0.2, 0.2])),
        segments=int(random.integers(2, 7)),
        surroundings=int(random.integers(2, 6)),
        relation=float(random.choice([0.0, random.uniform(0.3, 1.0)])),
        categories=int(random.integers(1, 7)),
        shift=random.uniform(0.5, 1.2),
        within=random.uniform(0.15, 0.5),
        gradient=random.uniform(0.5, 1.5),
        drift=random.uniform(0.0, 0.3),
        season=random.uniform(0.0, 0.5),
        volume=float(np.exp(random.uniform(np.log(40), np.log(2000)))),
        tail=random.uniform(1.1, 3.0),
        dispersion=random.uniform(0.5, 10.0),
        outliers=float(random.choice([0.0, 0.02, 0.05])),
        columns=int(random.integers(3, 81)),
        factors=int(random.integers(1, 6)),
        informative=float(random.choice([0.0, random.uniform(0.05, 0.6)], p=[0.3, 0.7])),
        strength=random.uniform(1.0, 2.5),
        missing=random.uniform(0.0, 0.2),
    )


def size(seed: int) -> int:
    """Return how many stores the chain of a seed has."""
    return int(_random("size", seed).choice(SIZES))


def chain(name: str, seed: int, stores: int, **fixed: Any) -> Scenario:
    """Make a chain; ``fixed`` settings are not drawn."""
    random = _random(name, seed, stores)
    settings = replace(draw_settings(random), **fixed)
    groups = settings.structure == GROUPS
    inside = _unequal(settings.segments if groups else 1, stores, random)
    telling = round(settings.informative * settings.columns)
    outside = _unequal(settings.surroundings if telling else 1, stores, random)
    follow = random.random(stores) < settings.relation
    if telling and groups:
        outside = np.where(follow, inside % settings.surroundings, outside)
    outlier = random.random(stores) < settings.outliers
    place = random.uniform(-1, 1, stores) * (settings.structure == GRADIENT)
    sizes = settings.volume * (1 + random.pareto(settings.tail, stores))
    years = {
        f"category_{number}": _sales(settings, inside, outlier, random, place=place, sizes=sizes)
        for number in range(settings.categories)
    }
    _, both = np.unique(np.column_stack([inside, outside]), axis=0, return_inverse=True)
    table = _features(settings, outside, telling, random)
    return Scenario(
        name,
        seed,
        {category: sales[:MONTHS].sum(axis=0) for category, sales in years.items()},
        table,
        dict.fromkeys(years, inside),
        outside,
        both.ravel(),
        outlier,
        {
            "internal": settings.structure,
            "external": GROUPS if len(np.unique(outside)) > 1 else NONE,
        },
        {category: sales[MONTHS:].sum(axis=0) for category, sales in years.items()},
        tuple(table.filter(like="telling").select_dtypes(float)) if telling else (),
        even={category: sales[1:MONTHS:2].sum(axis=0) for category, sales in years.items()},
    )


# Planted segments that confidence is judged by; all else is drawn.
CONFIDENCE: dict[str, dict[str, Any]] = {
    "confidence_joint": {
        "structure": GROUPS,
        "segments": 3,
        "surroundings": 3,
        "relation": 0.0,
        "categories": 2,
        "shift": 0.7,
        "columns": 16,
        "factors": 3,
        "informative": 0.5,
        "strength": 2.0,
    },
    "confidence_sales": {
        "structure": GROUPS,
        "segments": 4,
        "categories": 1,
        "shift": 0.7,
        "within": 0.45,
        "informative": 0.0,
    },
}
INDEPENDENT = "independent"


def entries() -> dict[str, Entry]:
    """Return the scenarios that can be made."""

    def maker(name: str) -> Callable[[int, int], Scenario]:
        return lambda seed, stores: chain(name, seed, stores, **CONFIDENCE.get(name, {}))

    return {
        "confidence_joint": Entry("confidence", maker("confidence_joint"), settings=JOINT_AIM),
        "confidence_sales": Entry("confidence", maker("confidence_sales")),
        INDEPENDENT: Entry(INDEPENDENT, maker(INDEPENDENT)),
    }


def _random(name: str, *seed: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(f"another {name}".encode()), *seed])


def _unequal(segments: int, stores: int, random: np.random.Generator) -> Labels:
    """Draw which segment each store is of; every segment has a store."""
    shares = SMALLEST + (1 - SMALLEST * segments) * random.dirichlet(np.full(segments, 2.0))
    drawn = random.choice(segments, stores - segments, p=shares / shares.sum())
    return random.permutation(np.concatenate([np.arange(segments), drawn]))


def _sales(
    settings: Settings,
    labels: Labels,
    outlier: Flags,
    random: np.random.Generator,
    *,
    place: Floats,
    sizes: Floats,
) -> Floats:
    """Draw sales of a category, (2 years of months, n_stores, n_need_states)."""
    stores, p = len(labels), int(random.integers(2, 21))
    differ = random.random(p) < 0.6
    differ[random.integers(p)] = True
    logits = random.normal(0, 1, p) + place[:, None] * random.normal(0, settings.gradient, p)
    if len(np.unique(labels)) > 1:
        logits += (random.normal(0, settings.shift, (labels.max() + 1, p)) * differ)[labels]
    along = random.normal(size=(stores, DIRECTIONS)) @ random.normal(size=(DIRECTIONS, p))
    own = 0.7 * along / np.sqrt(DIRECTIONS) + 0.7 * random.normal(size=(stores, p))
    logits += settings.within * own
    logits[outlier] = random.normal(0, 1.5, (int(outlier.sum()), p))
    months = np.arange(2 * MONTHS)[:, None, None]
    steps = random.normal(0, settings.drift / np.sqrt(MONTHS), (2 * MONTHS, stores, p))
    turn = np.cos(2 * np.pi * (months / MONTHS - random.random(p)))
    monthly = np.exp(logits + np.cumsum(steps, axis=0) + settings.season * turn)
    mix = monthly / monthly.sum(axis=2, keepdims=True)
    expected = mix * (sizes * random.lognormal(0, 0.5))[:, None] / MONTHS
    varied = expected * random.gamma(settings.dispersion, 1 / settings.dispersion, expected.shape)
    sales = random.poisson(varied).astype(float)
    empty = np.flatnonzero(sales[:MONTHS].sum(axis=(0, 2)) == 0)
    sales[0, empty, mix[0, empty].argmax(axis=1)] = 1  # a store without sales says nothing
    return sales


def _features(
    settings: Settings, labels: Labels, telling: int, random: np.random.Generator
) -> pd.DataFrame:
    """Draw external columns, of which the first ``telling`` differ by segment."""
    stores, factors = len(labels), settings.factors
    hidden = random.normal(size=(stores, factors))
    if telling:
        hidden += random.normal(0, settings.strength, (labels.max() + 1, factors))[labels]
    nuisance = random.normal(size=(stores, factors))
    columns: dict[str, Any] = {}
    for number in range(settings.columns):
        shared = hidden if number < telling else nuisance * (number % 2)
        weights = random.dirichlet(np.full(factors, 0.5)) * random.choice([-1, 1], factors)
        values = shared @ weights + random.normal(0, random.uniform(0.3, 1.0), stores)
        name = f"{'telling' if number < telling else 'other'}_{number:02d}"
        kind = random.choice(["plain", "skewed", "binary", "levels"], p=[0.65, 0.15, 0.1, 0.1])
        unknown = random.random(stores) < settings.missing
        if kind == "levels":
            levels = np.digitize(values, np.quantile(values, [0.3, 0.6, 0.85]))
            text = np.array([f"level {level}" for level in levels], dtype=object)
            columns[name] = pd.Series(np.where(unknown, None, text), dtype=object)
            continue
        if kind == "skewed":
            values = np.exp(0.8 * values)
        elif kind == "binary":
            values = (values > np.quantile(values, random.uniform(0.3, 0.7))) * 1.0
        columns[name] = np.where(unknown, np.nan, values)
    return pd.DataFrame(columns)
