"""Tables of shards, gathered, are the table that one shard would have written, byte by byte."""

from pathlib import Path

import pytest

from store_clusters.run.errors import InputError
from store_clusters.run.seeds import shard_of
from store_clusters.tables import shards
from store_clusters.tables.contracts import contract, write_stream, write_table
from store_clusters.tables.shards import rows_of_shards

NAME = "tiers"
Row = tuple[str, str, str]


def table(rows: list[Row]) -> dict[str, list[str]]:
    names = contract(NAME).schema.names
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def write_shards(folder: Path, rows: list[Row], number: int) -> list[Path]:
    paths = [folder / f"{shard}-of-{number}.parquet" for shard in range(1, number + 1)]
    for shard, path in enumerate(paths, start=1):
        write_table(path, NAME, table([row for row in rows if shard_of(row[0], number) == shard]))
    return paths


@pytest.mark.parametrize("batch", [1, 3, 1000])
@pytest.mark.parametrize(("categories", "number"), [(12, 4), (2, 5), (0, 2), (12, 1)])
def test_the_number_of_shards_and_the_rows_held_at_once_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, categories: int, number: int, batch: int
) -> None:
    monkeypatch.setattr(shards, "BATCH", batch)
    names = [f"{'Ää'[c % 2]}{c}" for c in range(categories)]  # that no alphabet sorts like bytes
    rows = [(name, f"s{store}", "A") for name in names for store in range(1 + len(name) * 2)]
    write_table(tmp_path / "whole.parquet", NAME, table(rows))
    paths = write_shards(tmp_path, rows, number)
    written = write_stream(tmp_path / "gathered.parquet", NAME, rows_of_shards(paths, NAME))
    assert written == len(rows)
    assert (tmp_path / "gathered.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_table_of_another_contract_is_refused(tmp_path: Path) -> None:
    paths = write_shards(tmp_path, [("Tea", "1", "A")], 2)
    with pytest.raises(InputError, match="this is not a 'stores' table"):
        list(rows_of_shards(paths, "stores"))
