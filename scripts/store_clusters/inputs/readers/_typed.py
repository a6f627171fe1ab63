"""What readers of files with types share."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from store_clusters.run.errors import InputError

BATCH_ROWS = 1 << 18
BATCH_VALUES = 1 << 23


def rows_at_once(columns: list[str], most: int = BATCH_ROWS) -> int:
    """Return how many rows a batch has: fewer of a file with very many columns."""
    return max(1, min(most, BATCH_VALUES // max(1, len(columns))))


def refuse_nested(path: Path, fields: Iterable[pa.Field]) -> None:
    """Refuse columns that hold more than one value per row."""
    for field in fields:
        if pa.types.is_nested(field.type):
            raise InputError(
                f"{path}: column {field.name!r} holds lists or structures ({field.type}). "
                "Expected one value per row."
            )


def chosen(batch: pa.RecordBatch, columns: list[str]) -> pa.RecordBatch:
    """Return ``columns`` of a batch; text that is stored as bytes as text."""
    return pa.record_batch([_decoded(batch.column(name)) for name in columns], columns)


def _decoded(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_fixed_size_binary(values.type):
        values = values.cast(pa.binary())
    binary = pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)
    return values.cast(pa.string()) if binary else values
