"""The tables of a folder: files that belong together, how they are written, what they hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from store_clusters.inputs.find import expand
from store_clusters.inputs.guessing.facts import Column, facts_of
from store_clusters.inputs.guessing.written import FALLBACK, how_written, start_of
from store_clusters.inputs.looking import rows_of, spread
from store_clusters.inputs.options import Source
from store_clusters.inputs.readers import folders, format_of, reader_of, suffixes
from store_clusters.inputs.sources import header, raw_batches
from store_clusters.run.errors import InputError

FILES = 3  # of a table, that are read
READ = 2_000_000  # rows of a file that are read, or a batch more
ROWS = 50_000  # of these are kept, and some of each batch behind them
SOME = 4_000
MOST = 2000  # files of a folder


@dataclass
class Table:
    """Files that are one table, and what was seen of it."""

    files: list[str]
    path: str  # or glob, or folder
    names: list[str]  # of all columns
    how: dict[str, Any]  # keys of a source: how it is written
    columns: list[Column] = field(default_factory=list)
    rows: int = 0
    complete: bool = True  # whether all rows were read

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.path} ({self.how['sheet']})" if "sheet" in self.how else self.path

    def column(self, name: str) -> Column:
        """Return the column of a name."""
        return next(column for column in self.columns if column.name == name)


def find_tables(folder: Path) -> tuple[list[Table], dict[str, str]]:
    """Return the tables of a folder, and why other files are none.

    Raises:
        InputError: There is no such folder, or it holds no file that a reader reads.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder.")
    unused: dict[str, str] = {}
    tables: list[Table] = []
    for files in _groups(folder, unused):
        for table in _opened(files, unused):
            same = next((t for t in tables if _belong_together(t, table)), None)
            if same:
                same.files += table.files
            else:
                tables.append(table)
    for table in list(tables):
        table.files.sort()
        table.path = _pattern(table.files, folder)
        if problem := _look(table):
            unused[table.name] = problem
            tables.remove(table)
    if not tables:
        why = "".join(f" {path}: {reason}." for path, reason in list(unused.items())[:5])
        raise InputError(
            f"{folder}: no file in it is a table. Expected files that end in "
            f"{', '.join(suffixes())}.{why}"
        )
    return tables, unused


def _groups(folder: Path, unused: dict[str, str]) -> Iterator[list[str]]:
    """Yield files whose paths differ in digits only, and the one that stands for a folder."""
    marked = [mark for name in folders() for mark in folder.rglob(name) if mark.is_dir()]
    for mark in marked:
        yield expand(str(mark.parent), "data")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(paths) > MOST:
        raise InputError(
            f"{folder}: there are {len(paths):,} files below it. Expected at most {MOST:,}: name "
            "the folder in which the data is."
        )
    found: dict[str, list[str]] = {}
    for path in paths:
        own = path.relative_to(folder).parts
        is_marked = any(mark.parent in path.parents for mark in marked)
        if is_marked or any(part.startswith((".", "_")) for part in own):
            continue
        if path.name.lower().endswith(tuple(suffixes())):
            found.setdefault(re.sub(r"=[^/]*|\d+", "#", str(path)), []).append(str(path))
        else:
            unused[str(path)] = "no reader has files of this name"
    yield from found.values()


def _opened(files: list[str], unused: dict[str, str]) -> Iterator[Table]:
    """Yield the tables that files hold: one, unless they are workbooks or differ in columns."""
    reader = reader_of(files[0], Source(path=files[0]))
    problems: tuple[type[Exception], ...] = (InputError, *reader.UNREADABLE)
    try:
        sheets = reader.sheets(Path(files[0])) if hasattr(reader, "sheets") else [None]
        how = how_written(Path(files[0])) if _is_csv(files[0]) else {}
    except problems as error:
        unused[files[0]] = str(error)
        sheets = []
    others = set(files) if not sheets else set()
    for sheet in sheets:
        keys = {"sheet": sheet} if sheet and sheet != sheets[0] else {}
        names = _names(files[0], how | keys, unused)
        if len(names) < 2:
            unused.setdefault(files[0], "it has one column only" if names else "it is empty")
            continue
        same = [path for path in files[1:] if set(_names(path, how | keys, {})) == set(names)]
        others |= set(files[1:]) - set(same)
        yield Table([files[0], *same], "", names, how | keys)
    rest = sorted(others - {files[0]})
    if rest:
        yield from _opened(rest, unused)


def _names(path: str, how: dict[str, Any], unused: dict[str, str]) -> list[str]:
    """Return the names that one column has, and one only."""
    try:
        names = header(path, Source(path=_root(path), **how))
    except InputError as error:
        unused[path] = str(error)
        return []
    return [name for name in names if name.strip() and names.count(name) == 1]


def _look(table: Table) -> str | None:
    """Read some rows of a table and note its columns; return what is wrong with it."""
    try:
        rows = _read(table)
    except InputError as error:
        if not _is_csv(table.files[0]) or "encoding" in table.how:
            return str(error)
        try:  # letters of another encoding may come late
            table.how = how_written(Path(table.files[0]), FALLBACK)
            rows = _read(table)
        except InputError:
            return str(error)
    if not rows.num_rows:
        return "it has no rows"
    facts = facts_of(rows, table.how)
    table.columns = [column for column in facts.columns if column.kind != "empty"]
    if facts.decimal != ".":
        table.how["decimal"] = facts.decimal
    if facts.thousands:
        table.how["thousands"] = facts.thousands
    if not table.columns:
        return "its columns are empty"
    return None


def _read(table: Table) -> pa.Table:
    """Read the first rows of some files, and note how many rows there are."""
    source = Source(path=table.path, **table.how)
    chosen = spread(table.files, FILES)
    table.complete = len(chosen) == len(table.files)
    parts, sizes = [], []
    for path in chosen:
        rows = 0
        for batch in raw_batches(path, source, table.names):
            parts.append(pa.Table.from_batches([_some(batch, max(SOME, ROWS - rows))]))
            table.complete &= parts[-1].num_rows == batch.num_rows
            rows += batch.num_rows
            if rows >= READ:
                table.complete = False
                break
        sizes.append(rows_of(path, replace(source)) or rows)  # type: ignore[arg-type]
    table.rows = round(sum(sizes) / len(sizes) * len(table.files))
    return pa.concat_tables(parts, promote_options="permissive") if parts else pa.table({})


def _some(batch: pa.RecordBatch, most: int) -> pa.RecordBatch:
    """Return at most so many rows, from all over a batch, with the last one."""
    if batch.num_rows <= most:
        return batch
    chosen = np.random.default_rng(0).choice(batch.num_rows - 1, most - 1, replace=False)
    return batch.take(pa.array([*np.sort(chosen), batch.num_rows - 1]))


def _belong_together(one: Table, other: Table) -> bool:
    """Say whether tables of the same columns are parts of one."""
    return (
        set(one.names) == set(other.names)
        and one.how == other.how
        and Path(one.files[0]).suffixes[-1:] == Path(other.files[0]).suffixes[-1:]
        and Path(one.files[0]).parent == Path(other.files[0]).parent
    )


def _pattern(files: list[str], folder: Path) -> str:
    """Return the path, the glob or the folder that means these files."""
    marked = Path(files[0]).parent.name in folders()
    if marked or "=" in files[0]:
        return str(Path(files[0]).parents[1]) if marked else _root(files[0])
    if len(files) == 1:
        return files[0]
    parents = [str(Path(path).parent) for path in files]
    top = (
        parents[0]
        if len(set(parents)) == 1
        else str(Path(*start_of([Path(path).parts for path in parents])))
    )
    is_packed = files[0].endswith((".gz", ".zst", ".zip"))
    ends = "".join(Path(files[0]).suffixes[-2 if is_packed else -1 :])
    start = re.sub(r"\d[\d._-]*$", "", start_of([Path(path).name for path in files]))
    digits = re.sub("[0-9]", "?", Path(files[0]).name)
    names = (f"*{ends}", f"{start}*{ends}", f"**/*{ends}", f"**/{start}*{ends}", digits)
    globs = [f"{top}/{name}" for name in names]
    fitting = [glob for glob in globs if set(files) <= set(_meant(glob))]
    return min(fitting, key=lambda glob: len(_meant(glob)), default=globs[2])


def _meant(glob: str) -> list[str]:
    try:
        return expand(glob, "data")
    except InputError:
        return []


def _root(path: str) -> str:
    """Return the folder above those that are called like ``month=2024-01``, else the path."""
    parts = Path(path).parts
    first = next((i for i, part in enumerate(parts[:-1]) if "=" in part), None)
    return path if first is None else str(Path(*parts[:first]))


def _is_csv(path: str) -> bool:
    return format_of(path, Source(path=path)) == "csv"
