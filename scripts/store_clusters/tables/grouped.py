"""A table group by group, in the memory of a few groups."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from store_clusters.tables.contracts import check_contract
from store_clusters.tables.matrices import Matrix, groups, matrices


class Grouped:
    """The rows of each group of a table that is sorted by group, read when they are asked for.

    A file holds its rows in blocks, each decoded as a whole. Only those are read that have rows of
    a group that is asked for, and kept until another is: asking in the order of the table reads
    each once.
    """

    def __init__(
        self, path: str | Path, name: str, by: str = "group", columns: Sequence[str] | None = None
    ):
        """Open the table under contract ``name``, whose groups are in column ``by``.

        ``columns`` are those that are read, all by default.

        Raises:
            InputError: The table was not written under this contract, in this version.
        """
        check_contract(path, name)
        self._file = pq.ParquetFile(path, memory_map=False)
        self._by = by
        self._columns = None if columns is None else list(dict.fromkeys([by, *columns]))
        blocks = range(self._file.num_row_groups if self._file.metadata.num_rows else 0)
        self._ends = [self._ends_of(block) for block in blocks]
        self._blocks: dict[int, dict[str, pa.Table]] = {}

    def __iter__(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield every group with its rows, in the order of the table."""
        for group in self.groups():
            rows = self.rows(group)
            assert rows is not None
            yield group, rows

    def groups(self) -> list[str]:
        """Return the groups, in the order of the table."""
        batches = self._file.iter_batches(columns=[self._by])
        names = (batch.column(0).unique().to_pylist() for batch in batches)
        return list(dict.fromkeys(name for some in names for name in some))

    def rows(self, group: str) -> pa.Table | None:
        """Return the rows of a group; None where the table has none."""
        blocks = [block for block, (a, z) in enumerate(self._ends) if a <= group <= z]
        self._blocks = {x: of for x, of in self._blocks.items() if x in blocks}
        for block in blocks:
            if block not in self._blocks:
                table = self._file.read_row_group(block, columns=self._columns, use_threads=False)
                self._blocks[block] = dict(groups(table, self._by))
        parts = [self._blocks[x][group] for x in blocks if group in self._blocks[x]]
        return pa.concat_tables(parts) if parts else None

    def matrix(self, group: str, feature: str = "feature", value: str = "value") -> Matrix | None:
        """Return a group of a table of stores by features as a matrix; None as for `rows`."""
        rows = self.rows(group)
        return None if rows is None else next(matrices(rows, feature, value))

    def _ends_of(self, block: int) -> tuple[str, str]:
        """Return the first and the last group of a block."""
        column = self._file.schema_arrow.get_field_index(self._by)
        found = self._file.metadata.row_group(block).column(column).statistics
        if found is not None and found.has_min_max:
            return found.min, found.max
        names = self._file.read_row_group(block, columns=[self._by])[self._by]
        return names[0].as_py(), names[-1].as_py()
