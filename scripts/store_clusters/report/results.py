"""The tables of a run that a page or a picture reads."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from store_clusters.describe.label_tables import read_labels
from store_clusters.describe.labels import Labels
from store_clusters.report.sources import RUN, source
from store_clusters.run.files import read_json
from store_clusters.tables.contracts import read_table
from store_clusters.tables.matrices import groups


class Results:
    """The sources that a page or a picture declares, each read when it is asked for."""

    def __init__(
        self,
        files: Mapping[str, str],
        pictures: Mapping[str, tuple[str, str | Path]] | None = None,
    ):
        """Take the paths of sources, and titles and paths of pictures, by name."""
        self.files = files
        self.pictures = pictures or {}

    @cached_property
    def run(self) -> dict[str, Any]:
        """The account of the run."""
        return read_json(self.files[RUN])

    @cached_property
    def labels(self) -> Labels:
        """How features read."""
        return read_labels(self.files["labels"])

    def table(self, name: str, columns: Sequence[str] | None = None, **options: Any) -> pa.Table:
        """Read a table, or some of its columns; ``options`` as for ``read_table``."""
        kind = source(name).contract
        if kind is None:
            raise KeyError(f"{name}: no table")
        return read_table(self.files[name], kind, columns=columns, **options)

    def frame(self, name: str, columns: Sequence[str] | None = None, **options: Any) -> Any:
        """Read a table, or some of its columns, as a data frame of pandas."""
        return self.table(name, columns, **options).to_pandas()

    def groups(self, name: str, wanted: Sequence[str]) -> dict[str, pa.Table]:
        """Read the rows of some groups of a track."""
        only = pc.field("group").isin(pa.array(wanted, pa.string()))
        return dict(groups(self.table(name, filters=only)))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Read the rows of a small table."""
        return self.table(name).to_pylist()

    def by_category(self, name: str, columns: Sequence[str] | None = None) -> dict[str, pa.Table]:
        """Read a table of final clusters and return its rows per category, in their order."""
        return dict(groups(self.table(name, columns), "category"))
