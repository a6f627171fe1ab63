"""The tables of all shards as one, in the order of their key, a few rows at a time."""

from collections.abc import Iterator, Sequence
from heapq import merge
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from store_clusters.tables.contracts import check_contract, contract

BATCH = 1 << 16  # rows of a shard that are held at once


def rows_of_shards(paths: Sequence[str | Path], name: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of tables under contract ``name`` in the order of its key.

    A group is the first column of the key, and whole in one of the tables.

    Raises:
        InputError: A table was not written under this contract, in this version.
    """
    for path in paths:
        check_contract(path, name)
    shards = [_by_group(path, contract(name).key[0]) for path in paths]
    for _, rows in merge(*shards, key=lambda part: part[0]):
        yield rows


def _by_group(path: str | Path, key: str) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield the groups of a table that is sorted by them, and their rows, in one piece or more."""
    with pq.ParquetFile(path, memory_map=False) as file:
        for batch in file.iter_batches(BATCH):
            start, groups = 0, batch.column(key)
            while start < batch.num_rows:
                group = groups[start]
                rows = pc.sum(pc.equal(groups, group)).as_py()
                yield group.as_py(), batch.slice(start, rows)
                start += rows
