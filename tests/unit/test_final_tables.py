"""Shards merge what one job for all categories does, and refuse what it refuses."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from store_clusters.merge.final_tables import TABLES, FinalTables, merge_category
from store_clusters.merge.options import Merge
from store_clusters.merge.tracks_tables import Categories
from store_clusters.run.errors import InputError
from store_clusters.run.seeds import in_shard
from store_clusters.sales.whole_store import WHOLE_STORE, all_groups
from store_clusters.tables.contracts import contract, write_stream, write_table
from store_clusters.tables.shards import rows_of_shards

CATEGORIES = {"Coffee": range(24), "Milk": range(12, 36), "Tea": range(30)}
OUTSIDE = range(6, 40)
NEEDS = ("a", "b", "c")
SHARDS = [f"shards/{number}-of-3/" for number in (1, 2, 3)]
MERGED = {"clusters": "final_clusters"} | TABLES


class Files(dict):
    """Named files, as Snakemake gives them to a script."""

    def __getattr__(self, name: str) -> str:
        return self[name]


def stores(numbers: range) -> list[str]:
    return [f"S{number:02}" for number in numbers]


def write(path: Path, name: str, rows: list[tuple]) -> str:
    columns = contract(name).schema.names
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    write_table(path, name, dict(zip(columns, map(list, values), strict=True)))
    return str(path)


def track_files(folder: Path, track: str, groups: dict[str, range]) -> dict[str, str]:
    """Clusters by the number of the store: two of each."""
    clusters, values, statuses = [], [], []
    for group, numbers in groups.items():
        for number in numbers:
            store, side = f"S{number:02}", (number // (1 if track == "internal" else 2)) % 2
            clusters.append((group, store, side + 1, 0.0, 2 - side, 1.0, False))
            value = 4.0 * side + np.sin(97.0 * number + len(group))
            values.append((group, store, "one", value))
            statuses.append((group, store, "eligible", 1.0))
    return {
        f"{track}_clusters": write(folder / "clusters.parquet", "clusters", clusters),
        f"{track}_reduced": write(folder / "reduced.parquet", "reduced", values),
        f"{track}_status": write(folder / "store_status.parquet", "store_status", statuses),
    }


def chain(folder: Path, kind: str, shard: str = "", outside: range = OUTSIDE) -> Files:
    """Write what `merge` reads of a shard."""
    whole = range(36)
    sold = {
        (category, f"S{n:02}"): [
            Decimal(40 + 30 * ((n + at) % 2) + (n * 7 + at) % 5) for at in range(3)
        ]
        for category, numbers in CATEGORIES.items()
        for n in numbers
    }
    groups = CATEGORIES | {WHOLE_STORE: whole}
    mine = [group for group in all_groups(list(CATEGORIES), kind) if in_shard(group, shard)]
    rows = [
        (*key, sum(sales) if (sales := sold.get(key)) else Decimal(0), key in sold, None, None)
        for category in CATEGORIES
        for key in ((category, store) for store in stores(whole))
    ]
    needs = [
        (*key, need, amount, amount // 2)
        for key, sales in sold.items()
        for need, amount in zip(NEEDS, sales, strict=True)
    ]
    k = ("all", 2, len(outside), "gap", "chosen", "groups", None, None, 0.01)
    inside = {group: groups[group] for group in mine}
    return Files(
        tiers=[],
        stores=write(folder / "stores.parquet", "stores", rows),
        need_states=write(folder / "need_states.parquet", "need_states", needs),
        external_k=write(folder / "k.parquet", "k", [k]),
        **track_files(folder / "internal" / shard, "internal", inside),
        **track_files(folder / "external", "external", {"all": outside}),
    )


def merged(folder: Path, kind: str, shard: str = "", **options: object) -> list[Path]:
    """Merge a shard and return its tables."""
    wanted = Merge(**{"refits": 4, "min_size": 3, **options})
    params = SimpleNamespace(
        merge={"refits": wanted.refits},
        clustering={
            name: {"algorithm": "kmeans", "min_size": 1} for name in ("internal", "external")
        },
        transform="hellinger",
        groups=kind,
        seed=1,
    )
    categories = Categories(chain(folder, kind, shard), params, wanted.target, shard)
    tables = FinalTables()
    for category in categories:
        tables.add(category, merge_category(category, wanted, 1))
    output = Files({name: str(folder / "merged" / shard / f"{name}.parquet") for name in MERGED})
    tables.write(output, kind)
    return [Path(path) for path in output.values()]


def gathered(folder: Path, kind: str) -> Iterator[bytes]:
    """Yield the tables of all shards, each gathered."""
    of_shards = [merged(folder, kind, shard) for shard in SHARDS]
    for name, *parts in zip(MERGED.values(), *of_shards, strict=True):
        write_stream(folder / "gathered.parquet", name, rows_of_shards(parts, name))
        yield (folder / "gathered.parquet").read_bytes()


@pytest.mark.parametrize("kind", ["category", "store", "both"])
def test_shards_gathered_are_the_whole_byte_by_byte(tmp_path: Path, kind: str) -> None:
    whole = [path.read_bytes() for path in merged(tmp_path, kind)]
    assert list(gathered(tmp_path, kind)) == whole


def test_every_store_of_the_chain_is_in_every_category_of_a_shard(tmp_path: Path) -> None:
    for shard in SHARDS:
        table = pq.read_table(merged(tmp_path, "category", shard)[0])
        here = [category for category in CATEGORIES if in_shard(category, shard)]
        assert table["category"].unique().to_pylist() == here
        assert table.num_rows == 40 * len(here)


def test_a_shard_without_categories_has_empty_tables(tmp_path: Path) -> None:
    empty = next(shard for shard in SHARDS if not in_shard(WHOLE_STORE, shard))
    for path, name in zip(merged(tmp_path, "store", empty), MERGED.values(), strict=True):
        table = pq.read_table(path)
        assert table.num_rows == 0
        assert table.schema.equals(contract(name).schema)


@pytest.mark.parametrize("shard", ["", *SHARDS])
def test_a_target_may_be_for_a_category_of_another_shard_but_for_none_else(
    tmp_path: Path, shard: str
) -> None:
    merged(tmp_path, "category", shard, target=dict.fromkeys(CATEGORIES, 2))
    with pytest.raises(InputError, match=r"merge.target: there is no 'Beer'.*'Coffee', 'Milk'"):
        merged(tmp_path, "category", shard, target={"Beer": 2})


@pytest.mark.parametrize("shard", ["", *SHARDS])
def test_tracks_without_a_common_store_are_refused_in_every_shard(
    tmp_path: Path, shard: str
) -> None:
    files = chain(tmp_path, "category", shard, outside=range(50, 60))
    params = SimpleNamespace(groups="category")
    with pytest.raises(InputError, match=r"Sales: 'S00', .*External: 'S50', "):
        Categories(files, params, {}, shard)


def test_what_categories_explain_and_their_own_history_are_known_with_dates(tmp_path: Path) -> None:
    paths = dict(zip(MERGED, merged(tmp_path, "category"), strict=True))
    table = pq.read_table(paths["categories"])
    assert table["category"].to_pylist() == list(CATEGORIES)
    assert table["internal_clusters"].to_pylist() == [2, 2, 2]
    known = zip(table["explained"].to_pylist(), table["history"].to_pylist(), strict=True)
    assert all(0 < explained <= history <= 1 for explained, history in known)
