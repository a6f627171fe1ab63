"""Wide tables of sales: a column per period or product becomes a row per cell."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.inputs import days
from store_clusters.inputs.options import Source, Wide
from store_clusters.run.errors import InputError, examples
from store_clusters.tables.contracts import MONEY

CELLS = 1 << 21  # at once


def wide_of(source: Source) -> Wide | None:
    """Return how a source is wide; None where it is not."""
    layout = getattr(source, "layout", None)
    return layout.wide if layout else None


def wide_columns(path: str, header: list[str], source: Source, wide: Wide) -> dict[str, str]:
    """Return the columns that hold sales, and what each stands for: a day as text, or a product.

    Raises:
        InputError: There is none, or its name is no day or period.
    """
    others = [name for name in header if name and name not in source.named]
    columns = [name for name in others if fnmatchcase(name, wide.columns)]
    if not columns:
        raise InputError(
            f"{path}: no column is called like {wide.columns!r} (layout.wide.columns). "
            f"The file has {examples(others, 40)} beside those of columns."
        )
    if wide.to == "product_id":
        return {name: name for name in columns}
    first = {name: days.first_day(name, source.date_format) for name in columns}
    if wrong := [name for name, day in first.items() if day is None]:
        raise InputError(
            f"{path}: the names of {len(wrong):,} columns are no days or periods: "
            f"{examples(wrong)}. Expected names such as 2024-01-31, 2024-01, 202401, Jan 2024 or "
            "2024-W05; set date_format, or a narrower pattern in layout.wide.columns. "
            f"{days.cure(wrong)}".rstrip()
        )
    return {name: day.isoformat() for name, day in first.items() if day}


def rows_at_once(columns: Mapping[str, str]) -> int:
    """Return how many rows of a wide table are made long at once."""
    return max(1, CELLS // len(columns))


def unpivoted(
    identifiers: Mapping[str, pa.Array], cells: list[pa.Array], to: str, names: pa.Array
) -> Iterator[dict[str, pa.Array]]:
    """Yield columns of a row per cell that is not empty.

    Args:
        identifiers: Columns of the wide table, by our name.
        cells: Its columns of sales, as money.
        to: Our name of the column that ``names`` are.
        names: What each of ``cells`` stands for.
    """
    sales = pa.concat_arrays([column.cast(MONEY) for column in cells])
    filled = np.flatnonzero(pc.is_valid(sales).to_numpy(zero_copy_only=False))
    of_column, of_row = np.divmod(filled, len(cells[0]))
    if len(filled):
        yield {
            **{name: values.take(pa.array(of_row)) for name, values in identifiers.items()},
            "sales": sales.take(pa.array(filled)),
            to: names.take(pa.array(of_column)),
        }
