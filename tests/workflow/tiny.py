"""A tiny retailer in CSV files, small enough to run the whole workflow in seconds."""

from pathlib import Path

import numpy as np
import pandas as pd

CONFIG = {
    "inputs": {
        "sales": {
            "path": "data/sales-*.csv",
            "columns": {"store_id": "store", "product_id": "sku", "sales": "amount", "date": "day"},
        },
        "products": {
            "path": "data/products.csv",
            "columns": {"product_id": "sku", "category": "category", "need_state": "need"},
        },
        "external": [
            {"name": "stores", "path": "data/stores.csv", "columns": {"store_id": "store"}}
        ],
    },
    "output": {"results": "results"},
    "internal": {"choose_k": {"max": 3}, "cluster": {"starts": 3}},
    "external": {"choose_k": {"max": 3}, "cluster": {"starts": 3}},
    "merge": {"min_size": 3},
}


def write_tiny(
    folder: Path, stores: int = 24, categories: tuple[str, ...] = ("Tea", "Soap")
) -> None:
    """Write ``data/`` below ``folder``: two files of sales, the product map, one external source.

    Every category has three need states and two products in each; odd and even stores have
    opposite mixes, the first and second half of the stores differ in income.
    """
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    products = pd.DataFrame(
        [
            {"sku": f"{c}{n}{i}", "category": category, "need": f"need {n}"}
            for c, category in enumerate(categories)
            for n in range(3)
            for i in range(2)
        ]
    )
    products.to_csv(data / "products.csv", index=False)
    names = [f"S{number:02d}" for number in range(1, stores + 1)]
    rows = [
        (name, product.sku, round(weights[int(product.need[-1])] * random.uniform(9, 11), 2), day)
        for number, name in enumerate(names)
        for weights in [[8, 3, 1] if number % 2 else [1, 3, 8]]
        for product in products.itertuples()
        for day in ("2024-01-15", "2024-02-15", "2024-03-15", "2024-04-15")
    ]
    sales = pd.DataFrame(rows, columns=["store", "sku", "amount", "day"])
    for number, half in enumerate((sales["day"] < "2024-03-01", sales["day"] >= "2024-03-01"), 1):
        sales[half].to_csv(data / f"sales-{number}.csv", index=False)
    pd.DataFrame(
        {
            "store": names,
            "income": [20_000 + 30_000 * (n < stores // 2) + 500 * (n % 5) for n in range(stores)],
            "area": [400 + 300 * (n < stores // 2) + 10 * (n % 7) for n in range(stores)],
            "region": ["north" if n < stores // 2 else "south" for n in range(stores)],
        }
    ).to_csv(data / "stores.csv", index=False)
