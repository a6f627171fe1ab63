"""A Delta table: a folder of Parquet files, and of a log that says which of them count."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import deltalake
import deltalake.exceptions
import pyarrow as pa
import pyarrow.dataset as ds

from store_clusters.inputs.options import Source
from store_clusters.inputs.readers._typed import chosen, refuse_nested, rows_at_once

SUFFIXES = ()
FOLDER = "_delta_log"
ROW = "row"
UNREADABLE = (
    deltalake.exceptions.DeltaError,
    pa.ArrowException,
    OSError,
    EOFError,
    LookupError,
    ValueError,
)


def header(path: Path, source: Source) -> list[str]:
    """Return the names of the schema, those of partitions too."""
    return list(_dataset(path).schema.names)


def batches(path: Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of ``columns`` in their types, a few at a time in memory."""
    dataset = _dataset(path)
    refuse_nested(path, map(dataset.schema.field, columns))
    scanner = dataset.scanner(
        columns=columns,
        batch_size=rows_at_once(columns),
        batch_readahead=1,
        fragment_readahead=1,
        use_threads=False,
    )
    for batch in scanner.to_batches():
        yield chosen(batch, columns)


def first_row(source: Source) -> int:
    """Return 1: rows have no other number."""
    return 1


def expected(path: Path, source: Source) -> str:
    """Return that the table should be whole, and need nothing that is not read here."""
    return "a Delta table whose files are all there, without deletion vectors"


def shown(path: Path) -> str:
    """Return the folder of the table and the version that is read."""
    return f"{path.parents[1]} (version {_version(path)})"


def _version(path: Path) -> int:
    return int(path.name.partition(".")[0])


@lru_cache(1)
def _dataset(path: Path) -> ds.Dataset:
    """Return the table as of the commit ``path``, whatever was committed since."""
    table = deltalake.DeltaTable(path.parents[1], version=_version(path))
    return table.to_pyarrow_dataset()
