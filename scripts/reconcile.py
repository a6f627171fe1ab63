"""Account for the run: every store, every cent, and what made the result.

Reads: the receipts and sums of all sales files, every other input file, the tables set aside and
the final clusters.
Writes: ``run.json`` with versions, the code revision, the configuration, checksums of the inputs,
the reconciliation and what needs a look. Stops the run when a store or a cent is missing.
"""

from decimal import Decimal
from typing import Any

from store_clusters.run.files import read_json, write_json
from store_clusters.run.job import JobLog, run
from store_clusters.run.version import made_by
from store_clusters.sales.account import (
    count_clusters,
    describe_files,
    reconcile_sales,
    reconcile_stores,
    stores_sold,
)
from store_clusters.sales.checks import check_account
from store_clusters.sales.whole_store import counted_once
from store_clusters.tables.contracts import read_table
from store_clusters.tables.history import last_account


def main(snakemake: Any, log: JobLog) -> None:
    """Write the account of the run to ``output.run``."""
    files, params = snakemake.input, snakemake.params
    receipts = [read_json(path) for path in files.receipts]
    final = read_table(files.clusters, "final_clusters")
    once = counted_once(final, params.settings["internal"]["groups"])
    read = [Decimal(receipt["sales"]) for receipt in receipts]
    sales = reconcile_sales(read, read_table(files.set_aside, "set_aside"), once)
    external = read_table(files.raw_features, "raw_features", columns=["store_id"])
    seen = {"sales": stores_sold(files.parts), "external": set(external["store_id"].to_pylist())}
    stores = reconcile_stores(seen, final) | {
        "categories": len(once["category"].unique()),
        "without_external": len(seen["sales"] - seen["external"]),
    }
    used = [receipt["file"] for receipt in receipts] + [*files.products, *files.external]
    account = made_by() | {
        "configuration": params.settings,
        "inputs": describe_files(dict.fromkeys(used), receipts),
        "sales": sales,
        "stores": stores,
        "final_clusters": count_clusters(final),
    }
    before = last_account(params.settings["output"]["results"], account["run"])
    account["warnings"] = check_account(account, before, log)
    write_json(snakemake.output[0], account)
    amounts = {name: f"{Decimal(sales[name]):,.2f}" for name in ("read", "clustered", "set_aside")}
    said = f"sales read {amounts['read']} = clustered {amounts['clustered']} + set aside "
    said += f"{amounts['set_aside']}; {stores['seen']:,} stores in, none lost"
    log.done(said, sales=sales, stores=stores)


if __name__ == "__main__":
    run(main, snakemake)
