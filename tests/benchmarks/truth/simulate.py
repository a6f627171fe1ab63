"""Chains of stores whose segments are known, so that what a method finds can be judged.

Sales are counts: a store's mix of need states is drawn around the mix of its segment (Dirichlet),
its sales around that mix (multinomial). External features are driven by a few factors whose means
differ by segment. The same seed, name and number of stores always make the same scenario.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

GROUPS, NONE, GRADIENT = "groups", "none", "gradient"
DRAWS = 500  # of segments, until they are far enough apart
LEVELS = 4  # of a categorical feature


@dataclass(frozen=True)
class Scenario:
    """A chain and the truth about it; a track without data is not in ``structure``."""

    name: str
    seed: int
    sales: dict[str, Floats]  # category: (n_stores, n_need_states)
    external: pd.DataFrame  # n_stores rows; float columns with NaN, object columns with None
    truth_internal: dict[str, Labels]  # category: (n_stores,), all 0 without groups
    truth_external: Labels  # (n_stores,), all 0 without groups
    truth_joint: Labels  # (n_stores,), both tracks' segments combined
    outlier: Flags  # (n_stores,), stores that belong nowhere
    structure: dict[str, str]  # `internal`, `external`: `groups`, `none` or `gradient`
    coming: dict[str, Floats] = field(default_factory=dict)  # sales of the same stores, next year
    informative: tuple[str, ...] = ()  # external columns that differ by segment, where known
    months: bool = True  # the sales have dates
    settings: tuple[str, ...] = ()  # keys of the configuration to run with, `merge.min_size=10`
    even: dict[str, Floats] = field(default_factory=dict)  # of the sales, in even months

    @property
    def stores(self) -> int:
        """Number of stores."""
        return len(self.outlier)

    def truth(self, track: str) -> Labels:
        """Segments of the ``internal`` track, which all categories share, or the ``external``."""
        return (
            next(iter(self.truth_internal.values()))
            if track == "internal"
            else (self.truth_external)
        )


@dataclass(frozen=True)
class Mixes:
    """How the stores of one category differ."""

    segments: tuple[float, ...] = (1.0,)  # their shares of the stores
    need_states: int = 10
    base: float = 0.8  # Dirichlet of the chain's mix; smaller leaves more need states near zero
    shifted: float = 0.5  # share of need states in which the segments differ
    shift: float = 1.0  # standard deviation of that difference, on the log scale
    concentration: float = 60.0  # Dirichlet of a store's mix around that of its segment
    apart: float = 3.0  # least distance between two segments, in spreads of a typical store
    sales: float = 150.0  # of a typical store
    sales_spread: float = 1.1  # standard deviation of the logarithm of stores' sales
    outliers: float = 0.05  # share of stores with unrelated mixes
    gradient: float = 0.0  # how far mixes move from one end of the chain to the other, log scale


@dataclass(frozen=True)
class Features:
    """How external features come about."""

    segments: tuple[float, ...] = (1.0,)
    factors: int = 3
    signals: int = 12  # a third as they are, a third lognormal, a third heavy-tailed
    noise: int = 6
    categoricals: int = 3  # the last one is noise
    spread: float = 2.2  # of segment means on each factor, in standard deviations of stores
    correlation: float = 0.7  # of the signals of one factor, among stores of a segment
    apart: float = 3.0  # least distance between two segments on the factors
    purity: float = 0.6  # chance that a categorical feature has its segment's level
    tail: float = 3.0  # degrees of freedom of heavy-tailed features; fewer are heavier
    all_heavy: bool = False
    all_normal: bool = False
    missing: float = 0.1  # share of missing values
    missing_high: bool = False  # high values are missing more often
    copies: int = 0  # near copies of noise columns
    copied: int = 1  # noise columns that are copied
    blur: float = 0.1  # standard deviation of what a copy adds
    binary: int = 0  # columns of 0 and 1 that say nothing
    outliers: float = 0.0  # share of stores far from every segment
    gradient: float = 0.0  # length of the chain along one direction, in standard deviations


CATEGORIES: dict[str, Mixes] = {
    "two_segments": Mixes((0.5, 0.5), need_states=6),
    "three_segments": Mixes((1 / 3,) * 3, need_states=8),
    "four_skewed": Mixes((0.45, 0.3, 0.15, 0.1), need_states=10, shift=1.2),
    "five_segments": Mixes((0.2,) * 5, need_states=12, shift=1.2),
    "six_skewed": Mixes((0.35, 0.2, 0.15, 0.1, 0.1, 0.1), need_states=15, shift=1.2),
    "eight_segments": Mixes((1 / 8,) * 8, need_states=20, shift=1.2, concentration=100),
    "close_segments": Mixes((1 / 3,) * 3, need_states=8, shift=0.5, apart=2.5),
    "low_volume": Mixes((0.4, 0.35, 0.25), need_states=8, sales=30),
    "uneven_volume": Mixes((0.25,) * 4, need_states=10, shift=1.2, sales_spread=2.0),
    "many_zeros": Mixes((0.4, 0.2, 0.2, 0.2), need_states=30, base=0.15, shift=2.0, sales=60),
    "many_outliers": Mixes((0.25,) * 4, need_states=10, shift=1.2, outliers=0.1),
    "small_segment": Mixes((0.6, 0.32, 0.08), need_states=8, shift=1.2, outliers=0.0),
    "fifty_stores": Mixes((0.4, 0.35, 0.25), need_states=8, shift=1.2),
    "five_thousand_stores": Mixes((0.3, 0.2, 0.2, 0.15, 0.1, 0.05), need_states=15, shift=1.2),
}
SIZES = {"fifty_stores": 50, "five_thousand_stores": 5000}  # scenarios of one size
NULL_CATEGORIES: dict[str, Mixes] = {
    "cloud": Mixes(outliers=0.0),
    "cloud_outliers": Mixes(),
    "cloud_low_volume": Mixes(sales=30, outliers=0.0),
    "cloud_many_zeros": Mixes(need_states=30, base=0.15, sales=60, outliers=0.0),
    "gradient": Mixes(gradient=2.0, outliers=0.0),
    "gradient_long": Mixes(gradient=4.0, need_states=15, outliers=0.0),
    "gradient_low_volume": Mixes(gradient=3.0, sales=30, outliers=0.0),
}
NULL_EXTERNALS: dict[str, Features] = {
    "external_cloud": Features(),
    "external_gradient": Features(gradient=6.0),
}
EXTERNALS: dict[str, Features] = {
    "external_complete": Features((0.25,) * 4, missing=0.0),
    "external_missing": Features((0.25,) * 4, missing=0.2),
    "external_missing_high": Features((0.25,) * 4, missing=0.2, missing_high=True),
    "external_copies": Features((0.25,) * 4, copies=8),
    "external_heavy_tails": Features((0.25,) * 4, tail=1.5, all_heavy=True),
    "external_outliers": Features((0.4, 0.3, 0.2, 0.1), outliers=0.05),
}
# Groups of shapes and sizes for which clusters of equal spread are not made.
HARDER_CATEGORIES: dict[str, Mixes] = {
    "four_unequal": Mixes((0.6, 0.25, 0.1, 0.05), need_states=10, outliers=0.0),
    "three_along_a_gradient": Mixes((1 / 3,) * 3, shift=1.2, gradient=2.0, outliers=0.0),
}
# Few stores: 12 to 60, in 2 to 4 segments of equal size.
FEW_STORES: dict[str, Mixes] = {
    f"{stores}_stores_{segments}_segments": Mixes(
        (1 / segments,) * segments, need_states=8, outliers=0.0
    )
    for stores in (12, 20, 30, 45, 60)
    for segments in (2, 3, 4)
}
SIZES |= {name: int(name.split("_")[0]) for name in FEW_STORES}
# Categories of few need states, all of which differ by segment.
FEW_NEED_STATES: dict[str, Mixes] = {
    "two_need_states": Mixes((0.5, 0.5), need_states=2, shifted=1.0, apart=2.5),
    "three_need_states": Mixes((1 / 3,) * 3, need_states=3, shifted=1.0, apart=2.5),
    "five_need_states": Mixes((0.25,) * 4, need_states=5, shifted=1.0, apart=2.5),
}
# Few columns that tell among many that do not; all normal, none missing.
_WIDE = Features(
    all_normal=True, categoricals=0, missing=0.0, signals=12, noise=58, spread=1.7, apart=2.5
)
WIDE_EXTERNALS: dict[str, Features] = {
    "external_12_of_70_three": replace(_WIDE, segments=(0.4, 0.35, 0.25)),
    "external_12_of_70": replace(_WIDE, segments=(0.25,) * 4),
    "external_12_of_70_five": replace(_WIDE, segments=(0.2,) * 5),
    "external_5_of_50": replace(_WIDE, segments=(1 / 3,) * 3, signals=5, noise=45),
    "external_rare": replace(_WIDE, segments=(0.95, 0.05), noise=12, apart=7.0),
    "external_blurred_copies": replace(  # r = 0.86 with what they copy
        _WIDE, segments=(0.25,) * 4, noise=4, copies=24, copied=4, blur=0.6
    ),
}
# External data that says nothing.
NOISE_EXTERNALS: dict[str, Features] = {
    "noise_normal": replace(_WIDE, signals=0, noise=12),
    "noise_binary": replace(_WIDE, signals=0, noise=0, binary=2),
    "noise_70": replace(_WIDE, signals=0, noise=70),
    "noise_correlated": replace(_WIDE, signals=20, noise=10),
}
# Sales segments beside external data that says nothing of them: noise, or weak segments of its own.
BESIDE: dict[str, Features] = {
    "binary": NOISE_EXTERNALS["noise_binary"],
    "normal": NOISE_EXTERNALS["noise_normal"],
    "weak": replace(_WIDE, segments=(1 / 3,) * 3, noise=6, spread=1.3, apart=0.0),
}
BESIDE_CATEGORIES = {"one": 1, "several": 6}
JOINTS = ("independent", "dependent", "identical", "internal_absent", "external_absent")
OCCUPIED = np.array([(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)])  # of 3 x 3, where dependent


def category(name: str, seed: int, stores: int) -> Scenario:
    """Make one of the ``CATEGORIES`` of any kind: sales of one category and no more."""
    mixes = (CATEGORIES | NULL_CATEGORIES | HARDER_CATEGORIES | FEW_STORES | FEW_NEED_STATES)[name]
    random = _random(name, seed, stores)
    labels = _assign(mixes.segments, stores, random)
    outlier = _some(mixes.outliers, stores, random)
    sizes = mixes.sales * random.lognormal(0, mixes.sales_spread, stores)
    sales, coming = _sales(mixes, labels, outlier, sizes, random)
    empty = sales.sum(axis=1) == 0
    sales[empty, 0] = 1  # a store without sales says nothing
    return Scenario(
        name,
        seed,
        {"category": sales},
        pd.DataFrame(index=range(stores)),
        {"category": labels},
        np.zeros(stores, np.int64),
        labels,
        outlier,
        {"internal": _structure(mixes)},
        {"category": coming},
    )


def external(name: str, seed: int, stores: int) -> Scenario:
    """Make one of the ``EXTERNALS`` of any kind: external features, no sales."""
    features = (EXTERNALS | NULL_EXTERNALS | WIDE_EXTERNALS | NOISE_EXTERNALS)[name]
    random = _random(name, seed, stores)
    labels = _assign(features.segments, stores, random)
    outlier = _some(features.outliers, stores, random)
    table = _features(features, labels, outlier, random)
    structure = {"external": _structure(features)}
    known = features.all_normal and len(features.segments) > 1
    informative = tuple(table.filter(like="signal")) if known else ()
    return Scenario(
        name, seed, {}, table, {}, labels, labels, outlier, structure, informative=informative
    )


def joint(variant: str, seed: int, stores: int) -> Scenario:
    """Make ten categories and external features whose segments relate as one of ``JOINTS``.

    No segments are drawn again because they are close: some cannot be told apart.
    """
    name = f"joint_{variant}"
    random = _random(name, seed, stores)
    inside, outside = random.integers(3, size=(2, stores))
    if variant == "dependent":
        inside, outside = OCCUPIED[random.integers(len(OCCUPIED), size=stores)].T
    elif variant == "identical":
        outside = inside
    elif variant == "internal_absent":
        inside = np.zeros(stores, np.int64)
    elif variant == "external_absent":
        outside = np.zeros(stores, np.int64)
    outlier = _some(0.05, stores, random)
    store_factor = random.lognormal(0, 1.1, stores)
    segments = (1.0,) * (int(inside.max()) + 1)
    sales, coming = {}, {}
    for number in range(10):
        mixes = Mixes(
            segments,
            need_states=int(random.integers(4, 10)),
            shift=0.5,
            apart=0.0,
        )
        sizes = mixes.sales * store_factor * random.lognormal(0, 0.5)
        sold = _sales(mixes, inside, outlier, sizes, random)
        sales[f"category_{number}"], coming[f"category_{number}"] = sold
    features = Features((1.0,) * (int(outside.max()) + 1), apart=0.0)
    table = _features(features, outside, np.zeros(stores, bool), random)
    _, both = np.unique(inside * 3 + outside, return_inverse=True)
    return Scenario(
        name,
        seed,
        sales,
        table,
        dict.fromkeys(sales, inside),
        outside,
        both,
        outlier,
        {"internal": _structure(mixes), "external": _structure(features)},
        coming,
    )


def beside(name: str, seed: int, stores: int) -> Scenario:
    """Make sales of planted segments, and external data ``BESIDE`` them that does not know them."""
    kind, categories = name.removeprefix("beside_").split("_")
    random = _random(name, seed, stores)
    segments = (0.4, 0.25, 0.2, 0.15)
    labels, outlier = _assign(segments, stores, random), _some(0.05, stores, random)
    sizes = 150.0 * random.lognormal(0, 1.1, stores)
    sales, coming = {}, {}
    for number in range(BESIDE_CATEGORIES[categories]):
        mixes = Mixes(segments, need_states=8, apart=3.0 if categories == "one" else 1.5)
        sold = _sales(mixes, labels, outlier, sizes, random)
        sales[f"category_{number}"], coming[f"category_{number}"] = sold
    features = BESIDE[kind]
    outside = _assign(features.segments, stores, random)
    _, both = np.unique(labels * len(features.segments) + outside, return_inverse=True)
    return Scenario(
        name,
        seed,
        sales,
        _features(features, outside, np.zeros(stores, bool), random),
        dict.fromkeys(sales, labels),
        outside,
        both,
        outlier,
        {"internal": GROUPS, "external": _structure(features)},
        coming,
    )


@dataclass(frozen=True)
class Entry:
    """A scenario that can be made, by (seed, stores)."""

    family: str  # those of USUAL count in the table of goals, others have a table of their own
    make: Callable[[int, int], Scenario]
    stores: int | None = None  # the only size that it comes in
    settings: tuple[str, ...] = ()  # keys of the configuration that it is run with


JOINT_AIM = ("merge.aim=joint",)  # where the segments of both tracks together are planted
USUAL = ("category", "external", "null", "joint")


def _entries() -> dict[str, Entry]:
    def maker(make: Callable[[str, int, int], Scenario], name: str) -> Callable[..., Scenario]:
        return lambda seed, stores: make(name, seed, stores)

    entries = {}
    for family, names, make in (
        ("category", CATEGORIES, category),
        ("external", EXTERNALS, external),
        ("null", NULL_CATEGORIES, category),
        ("null", NULL_EXTERNALS, external),
        ("harder", HARDER_CATEGORIES, category),
        ("few stores", FEW_STORES, category),
        ("few need states", FEW_NEED_STATES, category),
        ("wide external", WIDE_EXTERNALS, external),
        ("noise external", NOISE_EXTERNALS, external),
        ("beside noise", [f"beside_{k}_{c}" for k in BESIDE for c in BESIDE_CATEGORIES], beside),
    ):
        for name in names:
            entries[name] = Entry(family, maker(make, name), SIZES.get(name))
    for variant in JOINTS:
        entries[f"joint_{variant}"] = Entry("joint", maker(joint, variant), settings=JOINT_AIM)
    return entries


SCENARIOS = _entries()


def even_months(scenario: Scenario) -> dict[str, Floats]:
    """Draw which of the sales fall in even months, half of them on average, where not known."""
    if scenario.even:
        return scenario.even
    random = _random(f"{scenario.name} even months", scenario.seed, scenario.stores)
    return {
        category: random.binomial(sales.astype(np.int64), 0.5).astype(float)
        for category, sales in scenario.sales.items()
    }


def _random(name: str, seed: int, stores: int) -> np.random.Generator:
    return np.random.default_rng([seed, stores, zlib.crc32(name.encode())])


def _structure(of: Mixes | Features) -> str:
    if len(of.segments) > 1:
        return GROUPS
    return GRADIENT if of.gradient else NONE


def _assign(shares: tuple[float, ...], stores: int, random: np.random.Generator) -> Labels:
    """Give every segment its share of the stores, to the nearest store, in random order."""
    ends = np.rint(np.cumsum(shares) * stores).astype(np.int64)
    sizes = np.diff(ends, prepend=0)
    return random.permutation(np.repeat(np.arange(len(shares)), sizes))


def _some(share: float, stores: int, random: np.random.Generator) -> Flags:
    """Mark a share of the stores, to the nearest store."""
    flags = np.zeros(stores, dtype=bool)
    flags[random.permutation(stores)[: round(share * stores)]] = True
    return flags


def _sales(
    mixes: Mixes, labels: Labels, outlier: Flags, sizes: Floats, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw sales (n_stores, n_need_states) of stores with expected sales ``sizes``.

    They come twice: of this year, and of the next, in which each store's own mix is the same.
    """
    (next_year,) = random.spawn(1)
    stores, p = len(labels), mixes.need_states
    base = np.maximum(random.dirichlet(np.full(p, mixes.base)), 1e-4)
    moved = random.permutation(p)[: int(np.ceil(mixes.shifted * p))]
    means = _segment_mixes(mixes, base, moved, random)[labels]
    if mixes.gradient:
        direction = np.zeros(p)
        direction[moved] = random.normal(size=len(moved))
        direction /= np.abs(direction).max()
        place = mixes.gradient * random.uniform(-0.5, 0.5, stores)
        means = _mix(means, place[:, None] * direction)
    own = random.standard_gamma(mixes.concentration * means)
    own[outlier] = random.standard_gamma(mixes.base, (int(outlier.sum()), p))
    own = np.maximum(own, 1e-300)
    chances = own / own.sum(axis=1, keepdims=True)
    this, following = (
        draw.multinomial(draw.poisson(sizes), chances).astype(float) for draw in (random, next_year)
    )
    return this, following


def _segment_mixes(
    mixes: Mixes, base: Floats, moved: Labels, random: np.random.Generator
) -> Floats:
    """Draw the segments' mixes, (n_segments, n_need_states), until they are far enough apart.

    The square root of a share varies by about 1 / (4 (concentration + 1)) + 1 / (4 sales).
    """
    spread = np.sqrt(1 / (mixes.concentration + 1) + 1 / mixes.sales) / 2
    best, farthest = np.tile(base, (len(mixes.segments), 1)), -1.0
    for _ in range(DRAWS):
        shifts = np.zeros((len(mixes.segments), len(base)))
        if len(shifts) > 1:
            shifts[:, moved] = random.normal(0, mixes.shift, (len(shifts), len(moved)))
        means = _mix(base, shifts)
        nearest = _nearest(np.sqrt(means)) / spread
        if nearest > farthest:
            best, farthest = means, nearest
        if farthest >= mixes.apart:
            break
    return best


def _mix(base: Floats, shifts: Floats) -> Floats:
    moved = base * np.exp(shifts)
    return np.asarray(moved / moved.sum(axis=1, keepdims=True))


def _nearest(points: Floats) -> float:
    """Distance of the two points that are nearest to each other, infinite for one."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())


def _features(
    features: Features, labels: Labels, outlier: Flags, random: np.random.Generator
) -> pd.DataFrame:
    """Draw external features of stores whose segments are ``labels``."""
    stores = len(labels)
    hidden = _factors(features, labels, outlier, random)
    columns: dict[str, np.ndarray | pd.Series] = {}
    own, shared = np.sqrt(1 - features.correlation), np.sqrt(features.correlation)
    for number in range(features.signals):
        kind = 2 if features.all_heavy else number * 3 // features.signals
        kind = 0 if features.all_normal else kind
        noise = random.normal(size=stores)
        if kind == 2:
            noise = random.standard_t(features.tail, stores)
        signal = shared * hidden[:, number % features.factors] + own * noise
        scale = 10.0 ** random.integers(-1, 4)  # features come in all units
        if kind == 1:
            signal = np.exp(signal)
        columns[f"signal_{number:02d}"] = scale * signal
    for number in range(features.noise):
        columns[f"noise_{number:02d}"] = random.normal(size=stores)
    for number in range(features.copies):
        source = columns[f"noise_{number % features.copied:02d}"]
        blurred = source + random.normal(0, features.blur, stores)
        columns[f"copy_{number:02d}"] = random.uniform(0.5, 50) * blurred
    for number in range(features.binary):
        columns[f"binary_{number}"] = (random.random(stores) < random.uniform(0.3, 0.5)) * 1.0
    for name, values in columns.items():
        columns[name] = np.where(_gaps(features, values, random), np.nan, values)
    for number in range(features.categoricals):
        levels = random.integers(LEVELS, size=stores)
        if number < features.categoricals - 1:
            usual = random.permutation(max(LEVELS, len(features.segments)))[labels] % LEVELS
            levels = np.where(random.random(stores) < features.purity, usual, levels)
        text = np.array([f"level_{level}" for level in levels], dtype=object)
        text[random.random(stores) < features.missing] = None
        columns[f"categorical_{number}"] = pd.Series(text, dtype=object)
    return pd.DataFrame(columns)


def _factors(
    features: Features, labels: Labels, outlier: Flags, random: np.random.Generator
) -> Floats:
    """Draw the factors that the features have in common, (n_stores, n_factors)."""
    shape = (len(features.segments), features.factors)
    means, farthest = np.zeros(shape), -1.0
    for _ in range(DRAWS if shape[0] > 1 else 0):
        drawn = random.normal(0, features.spread, shape)
        if _nearest(drawn) > farthest:
            means, farthest = drawn, _nearest(drawn)
        if farthest >= features.apart:
            break
    hidden = means[labels] + random.normal(size=(len(labels), features.factors))
    if features.gradient:
        direction = random.normal(size=features.factors)
        direction /= np.linalg.norm(direction)
        place = features.gradient * random.uniform(-0.5, 0.5, len(labels))
        hidden = hidden + place[:, None] * direction
    directions = random.normal(size=(int(outlier.sum()), features.factors))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    away = random.uniform(8, 14, (len(directions), 1))
    hidden[outlier] = means.mean(axis=0) + away * directions
    return hidden


def _gaps(features: Features, values: Floats, random: np.random.Generator) -> Flags:
    """Choose the values to hide: anywhere, or the more likely the higher they rank."""
    chance = np.full(len(values), features.missing)
    if features.missing_high:
        chance = 2 * features.missing * (values.argsort().argsort() + 0.5) / len(values)
    return np.asarray(random.random(len(values)) < chance)
