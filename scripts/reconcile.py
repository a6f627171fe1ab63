"""Account for the run: every store, every cent, and what made the result.

Reads: the receipts and sums of all sales files, every other input file, the tables set aside and
the final clusters.
Writes: ``run.json`` with the configuration, package versions, checksums of the inputs, the code
revision and the reconciliation. Stops the run when a store or a cent is missing.
"""

import platform
import subprocess
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from store_clusters.inputs.sources import checksum
from store_clusters.run.files import read_json, write_json
from store_clusters.run.job import JobLog, run
from store_clusters.sales.account import reconcile_sales, reconcile_stores
from store_clusters.sales.whole_store import counted_once
from store_clusters.tables.contracts import read_table
from store_clusters.tables.matrices import column, groups

PACKAGES = ("snakemake", "numpy", "pandas", "scipy", "scikit-learn", "pyarrow", "duckdb")


def main(snakemake: Any, log: JobLog) -> None:
    """Write the account of the run to ``output.run``."""
    files = snakemake.input
    receipts = [read_json(path) for path in files.receipts]
    final = read_table(files.clusters, "final_clusters")
    set_aside = read_table(files.set_aside, "set_aside")
    once = counted_once(final, snakemake.params.settings["internal"]["groups"])
    sales = reconcile_sales([Decimal(receipt["sales"]) for receipt in receipts], set_aside, once)
    seen = {
        "sales": stores_sold(files.parts),
        "external": set(read_table(files.raw_features, "raw_features")["store_id"].to_pylist()),
    }
    stores = reconcile_stores(seen, final) | {"categories": len(once["category"].unique())}
    described = {receipt["file"]: receipt for receipt in receipts}
    account = {
        "revision": revision(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version(name) for name in PACKAGES},
        "configuration": snakemake.params.settings,
        "inputs": [described.get(path) or describe(path) for path in snakemake.params.files],
        "sales": sales,
        "stores": stores,
        "final_clusters": {
            category: len(set(column(rows, "final_cluster")) - {None})
            for category, rows in groups(final, "category")
        },
    }
    write_json(snakemake.output[0], account)
    log.done(
        f"sales read {Decimal(sales['read']):,.2f} = clustered "
        f"{Decimal(sales['clustered']):,.2f} + set aside "
        f"{Decimal(sales['set_aside']):,.2f}; {stores['seen']:,} stores in, none lost",
        sales=sales,
        stores=stores,
    )


def stores_sold(parts: list[str]) -> set[str]:
    """Return the stores of all files of sales."""
    with duckdb.connect() as database:
        rows = database.read_parquet(list(parts)).project("store_id").distinct().fetchall()
    return {store for (store,) in rows}


def describe(path: str) -> dict[str, Any]:
    """Return the size and checksum of an input file."""
    return {"file": path, "bytes": Path(path).stat().st_size, "sha256": checksum(path)}


def revision() -> str | None:
    """Return the code's Git commit, marked when files differ from it; None outside a clone."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None


if __name__ == "__main__":
    run(main, snakemake)
