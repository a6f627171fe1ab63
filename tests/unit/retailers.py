"""A small retailer whose data people keep in five ways, in folders laid out differently."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

STORES, DAYS = 30, [f"2024-{month:02d}-{day:02d}" for month in range(1, 5) for day in (4, 17, 31)]
MONTHS = ["2024-01", "2024-02", "2024-03", "2024-04"]


def tables(numeric: bool = False) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return sales (store, product, day, units, sales), products and stores."""
    random = np.random.default_rng(3)
    products = pd.DataFrame(
        [
            {"product": 4000 + 7 * (12 * c + 2 * n + i) if numeric else f"P{c}{n}{i}",
             "title": f"{category} {need} no. {i}", "category": category, "need": need,
             "maker": ["Acme", "Blue", "Cork"][(c + n + i) % 3]}
            for c, category in enumerate(("Tea", "Soap"))
            for n, need in enumerate(("basic", "family", "treat"))
            for i in range(2)
        ]
    )  # fmt: skip
    names = [100 + n if numeric else f"S{n:02d}" for n in range(1, STORES + 1)]
    kind = [n % 2 for n in range(STORES)]
    stores = pd.DataFrame(
        {
            "store": names,
            "title": [f"Town {n} Main Street" for n in range(STORES)],
            "land": ["north" if n < STORES // 2 else "south" for n in range(STORES)],
            "income": [
                20_000 + 30_000 * (n < STORES // 2) + 501.5 * (n % 5) for n in range(STORES)
            ],
            "area": [400 + 300 * (n < STORES // 2) + 10 * (n % 7) for n in range(STORES)],
        }
    )
    mix = {"basic": (8, 1), "family": (3, 3), "treat": (1, 8)}
    rows = [
        (store, product.product, day, units, round(units * random.uniform(1.4, 1.6), 2))
        for store, one in zip(names, kind, strict=True)
        for product in products.itertuples()
        for day in DAYS
        if not (day.endswith("31") and day[5:7] in {"02", "04"})
        for units in [int(mix[product.need][one] * random.integers(3, 6))]
    ]
    sales = pd.DataFrame(rows, columns=["store", "product", "day", "units", "sales"])
    return sales, products, stores


def english(folder: Path) -> None:
    """Comma, English names, a file per month."""
    sales, products, stores = tables()
    named = sales.rename(columns={"store": "Store", "product": "SKU", "day": "Date",
                                  "units": "Quantity", "sales": "Net Sales"})  # fmt: skip
    for month in MONTHS:
        named[named["Date"].str.startswith(month)].to_csv(folder / f"pos_{month}.csv", index=False)
    products.columns = ["SKU", "Description", "Category", "Need State", "Brand"]
    products.to_csv(folder / "products.csv", index=False)
    stores.columns = ["Store", "Store Name", "Region", "Median Income", "Sales Area"]
    stores.to_csv(folder / "stores.csv", index=False)


def german(folder: Path) -> None:
    """Semicolon, decimal comma, 31.01.2024, German names, a total at the end."""
    sales, products, stores = tables()
    sales["day"] = pd.to_datetime(sales["day"]).dt.strftime("%d.%m.%Y")
    sales.columns = ["Filiale", "Artikel", "Datum", "Menge", "Umsatz"]
    total = pd.DataFrame([{"Filiale": "Summe", "Umsatz": sales["Umsatz"].sum().round(2)}])
    form = {"sep": ";", "decimal": ",", "index": False}
    pd.concat([sales, total]).to_csv(folder / "umsaetze.csv", **form)
    products.columns = ["Artikelnr", "Bezeichnung", "Warengruppe", "Bedürfnis", "Hersteller"]
    products.to_csv(folder / "artikelstamm.csv", **form)
    stores.columns = ["Filialnr", "Filialname", "Bundesland", "Kaufkraft", "Fläche"]
    stores.to_csv(folder / "filialen.csv", **form)


def warehouse(folder: Path) -> None:
    """Folders of Parquet with numbers for identifiers, and a workbook of products."""
    sales, products, stores = tables(numeric=True)
    sales.columns = ["loc_key", "itm_key", "cal_dt", "qty", "net_amt"]
    sales["cal_dt"] = pd.to_datetime(sales["cal_dt"]).dt.date
    for month in MONTHS:
        (folder / "fact" / month).mkdir(parents=True)
        of_month = sales[sales["cal_dt"].astype(str).str.startswith(month)]
        of_month.to_parquet(folder / "fact" / month / "part-0.parquet", index=False)
    products.columns = ["itm_key", "itm_desc", "grp_lvl1", "grp_lvl2", "mfr"]
    with pd.ExcelWriter(folder / "items.xlsx") as book:
        pd.DataFrame({"About": ["Items of the chain"]}).to_excel(book, sheet_name="Read me")
        products.to_excel(book, sheet_name="Items", index=False, startrow=2)
    stores.columns = ["loc_key", "loc_nm", "zone", "med_inc", "sqm"]
    stores.to_parquet(folder / "dim_location.parquet", index=False)
    days = pd.DataFrame({"cal_dt": sorted(set(sales["cal_dt"]))})
    days.assign(week=range(1, len(days) + 1)).to_parquet(folder / "dim_date.parquet")


def wide(folder: Path) -> None:
    """A column per month, and a sheet of LibreOffice with the stores."""
    sales, products, stores = tables()
    sales["month"] = sales["day"].str[:7].str.replace("-", "")
    by_month = sales.pivot_table("sales", ["store", "product"], "month", "sum").round(2)
    by_month = by_month.reset_index().rename(columns={"store": "Outlet", "product": "Article"})
    by_month.to_csv(folder / "sales by month.csv", index=False, sep="\t")
    products[["product", "need", "category"]].set_axis(
        ["Article", "Occasion", "Family"], axis=1
    ).to_csv(folder / "articles.txt", index=False, sep="|")
    stores.columns = ["Outlet", "Name", "County", "Income", "Floor space"]
    stores.to_excel(folder / "outlets.ods", index=False, engine="odf")


def export(folder: Path) -> None:
    """Titles above headers, UTF-16 and Latin-1, zeros in front, and files of other things."""
    sales, products, stores = tables(numeric=True)
    padded = sales["store"].astype(str).str.zfill(6)
    sales = pd.DataFrame({"Numéro magasin": padded, "Code article": sales["product"],
                          "Jour": pd.to_datetime(sales["day"]).dt.strftime("%d/%m/%Y"),
                          "Quantité": sales["units"], "Montant": sales["sales"]})  # fmt: skip
    text = "Ventes par magasin et article\n\n" + sales.to_csv(index=False, sep="\t")
    (folder / "ventes.txt").write_text(text, encoding="utf-16")
    products.columns = ["Code article", "Désignation", "Catégorie", "Besoin", "Marque"]
    text = "Référentiel;;;;\n" + products.to_csv(index=False, sep=";")
    (folder / "articles.csv").write_text(text, encoding="latin-1")
    stores.columns = ["Magasin", "Nom", "Région", "Revenu médian", "Surface"]
    text = "Magasins\n" + stores.to_csv(index=False, sep=";", decimal=",")
    (folder / "magasins.csv").write_text(text, encoding="latin-1")
    (folder / "lisez-moi.txt").write_text("Export of the system.\nAsk the office.\n")
    (folder / "rates.csv").write_text("currency,rate\nCHF,0.95\nUSD,1.08\n")
    (folder / "staff.csv").write_text("badge,role\n1,till\n2,office\n3,till\n")
    (folder / "logo.png").write_bytes(b"\x89PNG")


RETAILERS: dict[str, Callable[[Path], None]] = {
    "english": english, "german": german, "warehouse": warehouse, "wide": wide, "export": export,
}  # fmt: skip
