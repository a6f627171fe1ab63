"""Arrow IPC, called Feather, too: a file or a stream of batches, plain or compressed."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from store_clusters.inputs.options import Source
from store_clusters.inputs.readers._typed import chosen, refuse_nested, rows_at_once

SUFFIXES = (".feather", ".arrow", ".arrows", ".ipc")
ROW = "row"
UNREADABLE = (pa.ArrowException, OSError, EOFError, LookupError, ValueError)
MAGIC = b"ARROW1"  # begins a file; a stream begins otherwise


def header(path: Path, source: Source) -> list[str]:
    """Return the names of the schema."""
    with pa.memory_map(str(path)) as file:
        return list(_opened(path, file).schema.names)


def batches(path: Path, source: Source, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of ``columns`` in their types; a large batch of the file in slices."""
    with pa.memory_map(str(path)) as file:
        schema = _opened(path, file).schema
        refuse_nested(path, map(schema.field, columns))
        file.seek(0)
        wanted = sorted(schema.get_field_index(name) for name in columns)
        reader = _opened(
            path, file, pa.ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        )
        rows = rows_at_once(columns)
        for batch in _read(reader):
            for start in range(0, batch.num_rows, rows):
                yield chosen(batch.slice(start, rows), columns)


def first_row(source: Source) -> int:
    """Return 1: rows have no other number."""
    return 1


def expected(path: Path, source: Source) -> str:
    """Return that the file should be whole, and of a version in use."""
    return "a complete Arrow IPC file or stream (Feather of version 2)"


def _opened(
    path: Path, file: pa.NativeFile, options: pa.ipc.IpcReadOptions | None = None
) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    with path.open("rb") as beginning:
        is_file = beginning.read(len(MAGIC)) == MAGIC
    return (pa.ipc.open_file if is_file else pa.ipc.open_stream)(file, options=options)


def _read(
    reader: pa.RecordBatchFileReader | pa.RecordBatchStreamReader,
) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.RecordBatchFileReader):
        yield from map(reader.get_batch, range(reader.num_record_batches))
    else:
        yield from reader
