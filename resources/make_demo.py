"""Write the demo retailer: made-up inputs with planted segments and the dirt that real files have.

The same seed gives the same bytes. Money is in one currency, months run from 2024-01 to 2025-12.

Files
-----
``internal/sales/2024-Q1.parquet`` ... ``2025-Q4.parquet``: sales per store, product and month, in
no order. STORE_NBR, SKU_NBR, MONTH (its first day), UNITS, TOTAL_SALES (to the cent).

``internal/products.csv``: PRODUCT_ID, PRODUCT_NAME, CATEGORY, NEED_STATE.

``external/demographics.csv``: one row per store. STORE_NBR, STORE_NAME, median_income,
house_value, population_density, share_under_18, share_over_65, household_size, region, area_type,
sales_area_m2, latitude, longitude. Empty cells are missing.

``external/foot_traffic.csv.gz``: eight weeks per store, separated by semicolons. store, week (its
Monday), visits_weekday, visits_weekend, dwell_minutes. NA is missing.

``external/competitors.parquet``: STORE_ID, competitors_1km, competitors_5km,
nearest_competitor_km, anchor_tenant.

``truth/stores.csv``: store_id, external_segment, and a flag for each kind of odd store: outlier,
new, partial, no_external, no_sales, no_foot_traffic. No store has two flags.

``truth/internal.csv``: category, store_id, segment, where the store's mix comes from a segment:
not for outliers, nor for categories that a store does not sell.

The truth is there to compare results with; it is no input.

What is planted
---------------
External segments: three, of 45, 35 and 20 % of the stores. Three latent factors (wealth, urbanity,
family) move ten numeric features; within a segment two features of a factor correlate at about
0.7. The centres of any two segments differ in two of the factors, by three standard deviations.
area_type and anchor_tenant follow the segment. Noise are region, sales_area_m2 (it goes with the
store's volume), dwell_minutes and nearest_competitor_km.

Internal segments: two to four per category, each with a mix of need states of its own; a store's
mix varies around that of its segment. In half of the categories the segment goes with the
external segment, in the others it is independent. Mixes are of sales, not of units.

Volume: stores differ in yearly sales by a factor of about 200; every category has its season.

Dirt
----
- one row of sales in a hundred is a return: negative units and sales
- 5 sold products are not among the products; 3 of the 240 products are never sold
- 4 slow sellers have two need states, that is two rows
- 6 outliers, whose mixes are unrelated to any segment
- 1 new store, with sales in the last month only
- 1 partial store, which sells half of the categories
- 8 stores with sales are in no external file; 6 stores in the external files have no sales
- 3 stores are missing from the foot traffic only
- 4 % of the numeric cells and 3 % of area_type in the demographics are missing, as are 3 % of the
  cells of the foot traffic
- 3 % of the stores have no coordinates
- the rows of 6 stores appear twice among the competitors
"""

import gzip
import io
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))

from store_clusters.run.files import complete

Floats = npt.NDArray[np.float64]


class Category(NamedTuple):
    """A category: its yearly sales in the smallest store, its segments and its need states."""

    sales: float
    segments: int
    follows_external: bool
    need_states: tuple[str, ...]


SALES_FILES = [f"{year}-Q{quarter}" for year in (2024, 2025) for quarter in (1, 2, 3, 4)]
MONTHS = np.arange("2024-01", "2026-01", dtype="datetime64[M]")
WEEKS = np.arange("2025-10-06", "2025-12-01", 7, dtype="datetime64[D]")

CATEGORIES = {
    "Baby Care": Category(
        1400, 3, True, ("Newborn", "Sensitive skin", "On the go", "Bath time", "Night", "Gifts")
    ),
    "Snacks & Sweets": Category(
        3600,
        4,
        True,
        (
            "Chocolate treat",
            "Salty sharing",
            "Nuts and seeds",
            "Protein",
            "Sugar free",
            "Lunchbox",
            "Party",
            "Gum and mints",
            "Premium gift",
            "Seasonal",
            "Organic",
            "World flavours",
        ),
    ),
    "Household": Category(
        2400,
        2,
        False,
        (
            "Laundry",
            "Dishes",
            "Floors",
            "Bathroom",
            "Kitchen paper",
            "Eco refill",
            "Air care",
            "Pest control",
        ),
    ),
    "Kids' Café": Category(
        1200, 2, True, ("Breakfast", "After school", "Hot drinks", "Ice cream", "Birthday")
    ),
    "Health & Beauty": Category(
        3000,
        4,
        False,
        (
            "Face care",
            "Hair care",
            "Oral care",
            "Deodorants",
            "Shaving",
            "Make-up",
            "Sun care",
            "Vitamins",
            "Pain relief",
        ),
    ),
    "Pet Food": Category(
        1600,
        3,
        False,
        ("Puppy", "Adult dog", "Kitten", "Indoor cat", "Senior", "Treats", "Small pets"),
    ),
}
BRANDS = ("Alder", "Birch", "Clover", "Daisy", "Elm", "Fern")
PRODUCTS, NEVER_SOLD, TWO_NEED_STATES, UNLISTED = 240, 3, 4, 5
UNLISTED_SALES = 80.0  # yearly sales of one unlisted product in the smallest store that has it

ORDINARY = 181
ODD_STORES = {
    "outlier": 6,
    "new": 1,
    "partial": 1,
    "no_external": 8,
    "no_sales": 6,
    "no_foot_traffic": 3,
}
LARGEST_TO_SMALLEST = 200.0
EXTERNAL_SHARES = (0.45, 0.35, 0.20)
INTERNAL_SHARES = {2: (0.62, 0.38), 3: (0.47, 0.32, 0.21), 4: (0.36, 0.25, 0.21, 0.18)}
CONCENTRATION = 150.0  # of the stores' mixes around the mix of their segment
APART = 0.2  # the least Hellinger distance between the mixes of two segments
RETURNS = 0.01
TOWNS = ("Ashby", "Brookfield", "Carlow", "Dunmore", "Eastleigh", "Fairview", "Glenn", "Harwood")

FACTORS = ("wealth", "urbanity", "family")
CENTRES = np.array([[1.5, -1.5, 1.5], [1.5, 1.5, -1.5], [-1.5, -1.5, -1.5]])  # segment x factor
LOADING = 0.7**0.5  # of a feature on its factor: two features of a factor correlate at 0.7
AREA_TYPES = ("suburban", "urban", "rural", "small town")
AREA_TYPE_SHARES = ((0.76, 0.08, 0.04, 0.12), (0.12, 0.84, 0.0, 0.04), (0.04, 0.04, 0.6, 0.32))
ANCHORS = ("supermarket", "department store", "hardware store", "standalone")
ANCHOR_SHARES = ((0.7, 0.1, 0.1, 0.1), (0.15, 0.7, 0.0, 0.15), (0.1, 0.0, 0.5, 0.4))
REGIONS = ("north", "east", "south", "west")
REGION_CENTRES = {
    "north": (49.0, -27.5),
    "east": (47.3, -25.5),
    "south": (45.6, -27.5),
    "west": (47.3, -29.5),
}


def make_demo(folder: Path, seed: int) -> dict[str, Any]:
    """Write every file below ``folder``; return how many stores, products and rows, and sales."""
    rng = np.random.Generator(np.random.PCG64(seed))
    stores = _stores(rng)
    selling = stores[~stores["no_sales"]].reset_index(drop=True)
    external = stores[~stores["no_external"]].reset_index(drop=True)
    products = _products(rng)
    segments = _internal_segments(rng, selling)
    sales = _sales(rng, selling, products, _need_state_sales(rng, selling, segments))
    listing = _listing(rng, products, sales)

    _write_sales(folder / "internal" / "sales", sales)
    _write_csv(folder / "internal" / "products.csv", listing)
    scores = _factor_scores(rng, external)
    demographics = _demographics(rng, external, scores)
    where = _coordinates(np.random.Generator(np.random.PCG64([seed, 1])), demographics["region"])
    _write_csv(folder / "external" / "demographics.csv", demographics.join(where))
    _write_csv(
        folder / "external" / "foot_traffic.csv.gz",
        _foot_traffic(rng, external, scores),
        sep=";",
        na_rep="NA",
    )
    competitors = pa.Table.from_pandas(
        _competitors(rng, external, scores), preserve_index=False
    ).replace_schema_metadata()
    with complete(folder / "external" / "competitors.parquet") as beside:
        pq.write_table(competitors, beside)
    _write_csv(folder / "truth" / "stores.csv", stores.drop(columns="size"))
    _write_csv(folder / "truth" / "internal.csv", _internal_truth(selling, segments))
    cents = int(np.rint(sales["TOTAL_SALES"].to_numpy() * 100).astype(np.int64).sum())
    return {
        "stores": len(selling),
        "products": PRODUCTS,
        "rows": len(sales),
        "sales": f"{cents // 100}.{cents % 100:02d}",
    }


def main(snakemake: Any, log: Any) -> None:
    """Write the demo retailer into the folder that ``output.products`` lies in."""
    folder = Path(snakemake.output.products).parents[1]
    summary = make_demo(folder, snakemake.params.seed)
    log.done(
        "made {stores} stores, {products} products, {rows:,} rows of sales".format(**summary),
        **summary,
    )


def _stores(rng: np.random.Generator) -> pd.DataFrame:
    """Every store: its identifier, external segment, flags and size, from 0 to 1 on a log scale."""
    count = ORDINARY + sum(ODD_STORES.values())
    kinds = rng.permutation(np.repeat(["ordinary", *ODD_STORES], [ORDINARY, *ODD_STORES.values()]))
    flags = {kind: kinds == kind for kind in ODD_STORES}
    position = rng.permutation(count)
    size = rng.normal(size=count)
    typical = size[~(flags["outlier"] | flags["new"] | flags["partial"] | flags["no_sales"])]
    return pd.DataFrame(
        {
            "store_id": 1000 + np.cumsum(rng.integers(1, 4, count)),
            "external_segment": _cut(position, EXTERNAL_SHARES),
            **flags,
            "size": ((size - typical.min()) / np.ptp(typical)).clip(0, 1),
        }
    )


def _cut(values: npt.NDArray[Any], shares: tuple[float, ...]) -> npt.NDArray[np.int64]:
    """Group the smallest values as 1, the next as 2 and so on, in groups of the given shares."""
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    bounds = np.rint(np.cumsum(shares[:-1]) * len(values))
    return np.searchsorted(bounds, rank, side="right") + 1


def _internal_segments(
    rng: np.random.Generator, stores: pd.DataFrame
) -> dict[str, npt.NDArray[np.int64]]:
    """The segment of every store, per category."""
    external = stores["external_segment"].to_numpy()
    return {
        name: _cut(
            category.follows_external * external + rng.normal(0, 0.3, len(stores)),
            INTERNAL_SHARES[category.segments],
        )
        for name, category in CATEGORIES.items()
    }


def _segment_mixes(rng: np.random.Generator, segments: int, needs: int) -> Floats:
    """Draw one mix of need states per segment until every two are clearly apart."""
    while True:
        base = rng.dirichlet(np.full(needs, 2.0))
        mixes = np.tile(base, (segments, 1))
        for mix in mixes:
            half = rng.choice(needs, needs // 2, replace=False)
            mix[half] *= np.exp(rng.normal(0, 0.6, len(half)))
        mixes /= mixes.sum(axis=1, keepdims=True)
        roots = np.sqrt(mixes)
        distances = np.linalg.norm(roots[:, None] - roots[None], axis=2) / np.sqrt(2)
        if distances[np.triu_indices(segments, 1)].min() >= APART:
            return mixes


def _need_state_sales(
    rng: np.random.Generator, stores: pd.DataFrame, segments: dict[str, npt.NDArray[np.int64]]
) -> dict[tuple[str, str], Floats]:
    """Expected yearly sales of every store, per category and need state."""
    volume = LARGEST_TO_SMALLEST ** stores["size"].to_numpy()
    sold = _sold_categories(stores)
    expected = {}
    for name, category in CATEGORIES.items():
        needs = len(category.need_states)
        mixes = _segment_mixes(rng, category.segments, needs)
        for_store = [rng.dirichlet(CONCENTRATION * mix) for mix in mixes[segments[name] - 1]]
        unrelated = rng.dirichlet(np.full(needs, 0.5), len(stores))
        mix = np.where(stores[["outlier"]].to_numpy(), unrelated, np.array(for_store))
        sales = (volume * category.sales * sold[name])[:, None] * mix
        expected.update({(name, need): sales[:, i] for i, need in enumerate(category.need_states)})
    return expected


def _sold_categories(stores: pd.DataFrame) -> dict[str, npt.NDArray[np.bool_]]:
    """Whether every store sells a category: the partial store lacks every second one."""
    partial = stores["partial"].to_numpy()
    return {name: ~partial | (i % 2 == 0) for i, name in enumerate(CATEGORIES)}


def _products(rng: np.random.Generator) -> pd.DataFrame:
    """Every product, the unlisted ones last: what it is, its price, popularity, whether sold."""
    needs = [(name, need) for name, each in CATEGORIES.items() for need in each.need_states]
    count = PRODUCTS + UNLISTED
    listed = [needs[i % len(needs)] for i in range(PRODUCTS)]
    never_sold = rng.choice(PRODUCTS, NEVER_SOLD, replace=False)
    return pd.DataFrame(
        {
            "sku": rng.choice(np.arange(100_000, 1_000_000), count, replace=False),
            "name": [f"{BRANDS[i // len(needs)]} {need}" for i, (_, need) in enumerate(listed)]
            + ["unlisted"] * UNLISTED,
            "category": [category for category, _ in listed] + [None] * UNLISTED,
            "need_state": [need for _, need in listed] + [None] * UNLISTED,
            "price": np.round(rng.lognormal(np.log(3.5), 0.45, count), 2),
            "popularity": rng.uniform(0.3, 1, count),
            "sold": ~np.isin(np.arange(count), never_sold),
        }
    )


def _listing(rng: np.random.Generator, products: pd.DataFrame, sales: pd.DataFrame) -> pd.DataFrame:
    """The product file: unlisted products left out, a second row for those with two needs."""
    listing = products.head(PRODUCTS)
    earned = sales.groupby("SKU_NBR")["TOTAL_SALES"].sum().reindex(listing["sku"]).dropna()
    slow_sellers = earned.nsmallest(TWO_NEED_STATES).index
    second = listing[listing["sku"].isin(slow_sellers)].copy()
    second["need_state"] = [
        rng.choice([other for other in CATEGORIES[category].need_states if other != need])
        for category, need in zip(second["category"], second["need_state"], strict=True)
    ]
    listing = pd.concat([listing, second]).sort_values("sku", kind="stable")
    columns = {
        "sku": "PRODUCT_ID",
        "name": "PRODUCT_NAME",
        "category": "CATEGORY",
        "need_state": "NEED_STATE",
    }
    return listing[list(columns)].rename(columns=columns)


def _product_sales(
    rng: np.random.Generator,
    size: Floats,
    products: pd.DataFrame,
    need_state_sales: dict[tuple[str, str], Floats],
) -> Floats:
    """Expected yearly sales, store x product: large stores have more products per need state."""
    expected = np.zeros((len(size), len(products)))
    for (category, need), sales in need_state_sales.items():
        fits = (products["category"] == category) & (products["need_state"] == need)
        of_need = np.flatnonzero(fits & products["sold"])
        popularity = products["popularity"].to_numpy()[of_need]
        appeal = np.log(popularity) + rng.gumbel(size=(len(size), len(of_need)))
        rank = np.argsort(np.argsort(-appeal, axis=1), axis=1)
        assorted = 1 + (rng.random(len(size)) < 0.5 * size)
        weight = popularity * (rank < assorted[:, None])
        expected[:, of_need] = sales[:, None] * weight / weight.sum(axis=1, keepdims=True)
    has_unlisted = rng.random((len(size), UNLISTED)) < 0.4
    expected[:, PRODUCTS:] = UNLISTED_SALES * LARGEST_TO_SMALLEST ** size[:, None] * has_unlisted
    return expected


def _seasons(rng: np.random.Generator, products: pd.DataFrame) -> Floats:
    """The share of a year's sales that falls on each month, product x month."""
    month = np.arange(len(MONTHS))
    seasons = {
        name: 1 + rng.uniform(0.1, 0.3) * np.cos(2 * np.pi * (month - rng.integers(12)) / 12)
        for name in CATEGORIES
    }
    steady = np.ones(len(MONTHS))
    return np.array([seasons.get(category, steady) for category in products["category"]]) / 12


def _sales(
    rng: np.random.Generator,
    stores: pd.DataFrame,
    products: pd.DataFrame,
    need_state_sales: dict[tuple[str, str], Floats],
) -> pd.DataFrame:
    """The rows of sales, returns among them, in no order."""
    yearly = _product_sales(rng, stores["size"].to_numpy(), products, need_state_sales)
    price = products["price"].to_numpy()
    units_per_month = (yearly / price)[:, :, None] * _seasons(rng, products)
    units_per_month[stores["new"].to_numpy(), :, :-1] = 0
    units_per_month[stores["new"].to_numpy(), :, -1] /= 2
    units = rng.poisson(units_per_month)
    store, product, month = np.nonzero(units)
    sold = units[store, product, month]

    returned = rng.choice(len(sold), round(RETURNS * len(sold)), replace=False)
    most = np.maximum(sold[returned] // 4, 1)
    rows = np.concatenate([np.arange(len(sold)), returned])
    amounts = np.concatenate([sold, -rng.integers(1, most, endpoint=True)])
    order = rng.permutation(len(rows))
    rows, amounts = rows[order], amounts[order]
    return pd.DataFrame(
        {
            "STORE_NBR": stores["store_id"].to_numpy()[store[rows]],
            "SKU_NBR": products["sku"].to_numpy()[product[rows]],
            "MONTH": month[rows],
            "UNITS": amounts.astype(np.int32),
            "TOTAL_SALES": np.round(amounts * price[product[rows]], 2),
        }
    )


def _factor_scores(rng: np.random.Generator, stores: pd.DataFrame) -> dict[str, Floats]:
    """The latent factors of every store."""
    centres = CENTRES[stores["external_segment"].to_numpy() - 1]
    scores = centres + LOADING * rng.normal(size=centres.shape)
    return {factor: scores[:, i] for i, factor in enumerate(FACTORS)}


def _feature(rng: np.random.Generator, factor: Floats) -> Floats:
    """A feature of a factor: the factor and something of its own."""
    return factor + rng.normal(0, (1 - LOADING**2) ** 0.5, len(factor))


def _demographics(
    rng: np.random.Generator, stores: pd.DataFrame, scores: dict[str, Floats]
) -> pd.DataFrame:
    count = len(stores)
    wealth, urbanity, family = (scores[factor] for factor in FACTORS)
    area = 900 * np.exp(1.6 * (stores["size"].to_numpy() - 0.5) + rng.normal(0, 0.4, count))
    features = pd.DataFrame(
        {
            "median_income": np.rint(47_000 * np.exp(0.18 * _feature(rng, wealth))),
            "house_value": np.rint(240_000 * np.exp(0.22 * _feature(rng, wealth))),
            "population_density": np.rint(900 * np.exp(0.5 * _feature(rng, urbanity))),
            "share_under_18": (0.19 + 0.025 * _feature(rng, family)).clip(0.02).round(3),
            "share_over_65": (0.20 - 0.03 * _feature(rng, family)).clip(0.02).round(3),
            "household_size": (2.3 + 0.2 * _feature(rng, family)).clip(1).round(2),
            "region": rng.choice(REGIONS, count),
            "area_type": _labels(rng, stores, AREA_TYPES, AREA_TYPE_SHARES),
            "sales_area_m2": np.rint(area),
        }
    )
    whole = ["median_income", "house_value", "population_density", "sales_area_m2"]
    features = features.astype(dict.fromkeys(whole, "Int64"))
    numeric = features.columns.difference(["region", "area_type"], sort=False)
    features[numeric] = features[numeric].mask(rng.random((count, len(numeric))) < 0.04)
    features["area_type"] = features["area_type"].mask(rng.random(count) < 0.03)
    names = [f"{TOWNS[i % len(TOWNS)]} {1 + i // len(TOWNS)}" for i in range(count)]
    features.insert(0, "STORE_NBR", stores["store_id"])
    features.insert(1, "STORE_NAME", names)
    return features


def _coordinates(rng: np.random.Generator, region: pd.Series) -> pd.DataFrame:
    """Where stores are, in a country of five by seven degrees: in towns of their region."""
    town = np.arange(len(region)) % len(TOWNS)
    towns = rng.uniform(-0.8, 0.8, (len(REGIONS), len(TOWNS), 2))
    middle = np.array([REGION_CENTRES[name] for name in region])
    of_region = np.array([REGIONS.index(name) for name in region])
    places = middle + towns[of_region, town] + rng.normal(0, 0.08, (len(region), 2))
    places[rng.random(len(places)) < 0.03] = np.nan
    return pd.DataFrame(places.round(4), columns=["latitude", "longitude"], index=region.index)


def _labels(
    rng: np.random.Generator,
    stores: pd.DataFrame,
    labels: tuple[str, ...],
    shares: tuple[tuple[float, ...], ...],
) -> list[str]:
    """A label for every store, drawn with the shares of its external segment."""
    return [rng.choice(labels, p=shares[segment - 1]) for segment in stores["external_segment"]]


def _foot_traffic(
    rng: np.random.Generator, stores: pd.DataFrame, scores: dict[str, Floats]
) -> pd.DataFrame:
    usual = pd.DataFrame(
        {
            "store": stores["store_id"],
            "visits_weekday": 650 * np.exp(0.25 * _feature(rng, scores["urbanity"])),
            "visits_weekend": 800 * np.exp(0.25 * _feature(rng, scores["wealth"])),
            "dwell_minutes": 18 * rng.lognormal(0, 0.25, len(stores)),
        }
    )[~stores["no_foot_traffic"]]
    weeks = usual.loc[usual.index.repeat(len(WEEKS))].reset_index(drop=True)
    weeks.insert(1, "week", np.tile(WEEKS.astype(str), len(usual)))
    measured = ["visits_weekday", "visits_weekend", "dwell_minutes"]
    weeks[measured] *= rng.lognormal(0, 0.1, (len(weeks), len(measured)))
    weeks["dwell_minutes"] = weeks["dwell_minutes"].round(1)
    weeks = weeks.round({"visits_weekday": 0, "visits_weekend": 0})
    weeks = weeks.astype({"visits_weekday": "Int64", "visits_weekend": "Int64"})
    weeks[measured] = weeks[measured].mask(rng.random((len(weeks), len(measured))) < 0.03)
    return weeks


def _competitors(
    rng: np.random.Generator, stores: pd.DataFrame, scores: dict[str, Floats]
) -> pd.DataFrame:
    urbanity = scores["urbanity"]
    near, far = (_feature(rng, urbanity) for _ in range(2))
    competitors = pd.DataFrame(
        {
            "STORE_ID": stores["store_id"],
            "competitors_1km": np.rint(4 * np.exp(0.35 * near)).astype(np.int64),
            "competitors_5km": np.rint(18 * np.exp(0.35 * far)).astype(np.int64),
            "nearest_competitor_km": (0.8 * rng.lognormal(0, 0.5, len(stores))).round(2),
            "anchor_tenant": _labels(rng, stores, ANCHORS, ANCHOR_SHARES),
        }
    )
    repeated = rng.choice(len(stores), 6, replace=False)
    rows = np.concatenate([np.arange(len(stores)), repeated])
    return competitors.iloc[rng.permutation(rows)]


def _internal_truth(
    stores: pd.DataFrame, segments: dict[str, npt.NDArray[np.int64]]
) -> pd.DataFrame:
    sold = _sold_categories(stores)
    planted = ~stores["outlier"].to_numpy()
    parts = [
        pd.DataFrame({"category": name, "store_id": stores["store_id"], "segment": segment})[
            planted & sold[name]
        ]
        for name, segment in segments.items()
    ]
    return pd.concat(parts)


def _write_sales(folder: Path, sales: pd.DataFrame) -> None:
    """Write one file per quarter."""
    folder.mkdir(parents=True, exist_ok=True)
    for quarter, name in enumerate(SALES_FILES):
        rows = sales[sales["MONTH"] // 3 == quarter]
        days = MONTHS[rows["MONTH"].to_numpy()].astype("datetime64[D]")
        columns = {column: pa.array(rows[column].to_numpy()) for column in rows}
        table = pa.table({**columns, "MONTH": pa.array(days, pa.date32())})
        with complete(folder / f"{name}.parquet") as beside:
            pq.write_table(table, beside, compression="zstd")


def _write_csv(path: Path, table: pd.DataFrame, **options: Any) -> None:
    """Write CSV, compressed when the name ends in .gz, without the time or name in the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = table.to_csv(index=False, lineterminator="\n", **options).encode()
    if path.suffix == ".gz":
        content = _gzip(content)
    with complete(path) as beside:
        beside.write_bytes(content)


def _gzip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


if __name__ == "__main__":
    from store_clusters.run.job import run

    run(main, snakemake)
