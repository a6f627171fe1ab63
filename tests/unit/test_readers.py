"""A reader is one file; it declares which files it reads and how they are spoken of."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from descriptions import sales

from store_clusters.inputs import readers
from store_clusters.inputs.columns import read_columns
from store_clusters.inputs.find import name_parts
from store_clusters.inputs.options import Source
from store_clusters.inputs.readers import AUTO, READERS, format_of, suffixes
from store_clusters.inputs.sources import header
from store_clusters.run.errors import InputError
from store_clusters.run.options import Member

JSON_LINES = '''"""One JSON object a line."""

import json

import pyarrow as pa

SUFFIXES = (".jsonl", ".json.gz")
ROW = "object"
UNREADABLE = (OSError, ValueError)


def header(path, source):
    with path.open(encoding="utf-8") as lines:
        return list(json.loads(next(lines)))


def batches(path, source, columns):
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    yield pa.table({name: [row[name] for row in rows] for name in columns}).to_batches()[0]


def first_row(source):
    return 1


def expected(path, source):
    return "JSON objects"
'''


@pytest.fixture
def json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more file among the readers."""
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "json_lines.py").write_text(JSON_LINES, encoding="utf-8")
    places = list(readers.__path__)
    readers.__path__.append(str(folder))
    suffixes.cache_clear()
    yield
    readers.__path__[:] = places
    suffixes.cache_clear()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.parquet", "parquet"),
        ("a.PQ", "parquet"),
        ("a.csv", "csv"),
        ("a.CSV.gz", "csv"),
        ("a.tsv", "csv"),
        ("a.parquet.csv", "csv"),
        ("csv.parquet", "parquet"),
        ("a.dat", "csv"),
        ("parquet", "csv"),
    ],
)
def test_the_name_of_a_file_says_its_format(name: str, expected: str) -> None:
    assert format_of(Path("x.parquet", name), Source("x")) == expected
    assert format_of(name, Source("x", format="parquet")) == "parquet"


def test_no_two_readers_claim_the_same_names() -> None:
    claimed = [suffix for name in READERS for suffix in READERS.declared(name)["SUFFIXES"]]
    assert sorted(claimed) == sorted(suffixes())
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in claimed)


def test_every_reader_has_what_a_reader_has() -> None:
    promised = {name for name in vars(readers.Reader) if not name.startswith("_")}
    promised |= set(readers.Reader.__annotations__)
    for name in READERS:
        assert promised <= set(vars(READERS.load(name)))
        assert READERS.sentence(name)


def test_one_more_file_is_one_more_format(json_lines: None, tmp_path: Path) -> None:
    choices = Member(READERS, also=(AUTO,)).names
    assert choices == ["auto", *sorted(READERS)]
    assert "json_lines" in choices
    assert name_parts(["in/May.JSONL"]) == {"May": "in/May.JSONL"}
    assert format_of("x.json.gz", Source("x")) == "json_lines"  # not text because of .gz
    path = tmp_path / "May.jsonl"
    path.write_text('{"shop": "a", "paid": 1}\n{"shop": "b", "paid": 2}\n')
    source = sales({"store_id": "shop", "sales": "paid"})
    kinds = {"store_id": "identifier", "sales": "money"}
    assert read_columns(path, source, kinds)["sales"].to_pylist() == [1, 2]
    path.write_text('{"shop": "a", "paid": "x"}\n{"shop": "b", "paid": "2"}\n')
    with pytest.raises(InputError, match=r"column 'paid' .*: 'x' in object 1\. Expected a finite"):
        read_columns(path, source, kinds)
    path.write_text("a,b\n")
    with pytest.raises(
        InputError, match=r"cannot be read\. Expected JSON objects\. Found: Expecting"
    ):
        header(path, source)


def test_parquet_that_is_called_text_is_told(tmp_path: Path) -> None:
    pq.write_table(pa.table({"shop": ["a"]}), tmp_path / "sales.csv")
    with pytest.raises(InputError, match="Found: the file is Parquet, not text"):
        header(tmp_path / "sales.csv", Source("x"))
