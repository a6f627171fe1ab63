"""Input files are read as retailers write them, and what cannot be read is told in one message."""

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from descriptions import read_content

from store_clusters.inputs.options import Source
from store_clusters.inputs.readers import csv, parquet
from store_clusters.inputs.sources import checksum, header, raw_batches
from store_clusters.run.errors import InputError, examples

PLAINLY = Source("file")
COLUMNS = {"store_id": "store", "sales": "amount"}
KINDS = {"store_id": "identifier", "sales": "money"}
Read = Callable[..., dict[str, list]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write text, bytes or a table to a file and read `columns` of it as `kinds`."""

    def write_and_read(
        content: str | bytes | pa.Table,
        name: str = "file.csv",
        columns: dict[str, str | None] = COLUMNS,
        kinds: dict[str, str] = KINDS,
        **keys: object,
    ) -> dict[str, list]:
        return read_content(tmp_path, content, name, columns, kinds, **keys)

    return write_and_read


# How files are written

PLAIN = "store,amount\nS1,1.5\nS2,-2\n"
EXPECTED = {"store_id": ["S1", "S2"], "sales": [Decimal("1.5000"), Decimal("-2.0000")]}


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        pytest.param(PLAIN, {}, id="plain"),
        pytest.param(PLAIN.replace("\n", "\r\n"), {}, id="carriage return and line feed"),
        pytest.param(PLAIN.replace("\n", "\r"), {}, id="bare carriage returns"),
        pytest.param(PLAIN.rstrip(), {}, id="no end of the last line"),
        pytest.param("\n\n" + PLAIN, {}, id="blank lines above the header"),
        pytest.param(PLAIN.encode("utf-8-sig"), {}, id="byte-order mark"),
        pytest.param('"store","amount"\n"S1","1.5"\n"S2","-2"\n', {}, id="quoted"),
        pytest.param('"store","amount"\nS1,1.5\nS2,-2'.encode("utf-8-sig"), {}, id="mark, quoted"),
        pytest.param(PLAIN.encode("utf-16"), {"encoding": "utf-16"}, id="utf-16"),
        pytest.param(PLAIN.replace(",", ";"), {"delimiter": ";"}, id="semicolons"),
        pytest.param(PLAIN.replace(",", "\t"), {"delimiter": "\t"}, id="tabs"),
        pytest.param("Report\n\n" + PLAIN, {"skip_rows": 2}, id="lines above the header"),
        pytest.param(("Report\n" + PLAIN).encode("utf-8-sig"), {"skip_rows": 1}, id="mark, lines"),
        pytest.param("store,amount,,\nS1,1.5,,\nS2,-2,,\n", {}, id="trailing empty columns"),
        pytest.param("note,amount,store\nx,1.5,S1\n,-2,S2\n", {}, id="other order, more columns"),
        pytest.param("store,amount\n S1 ,  1.5\nS2,-2 \n", {}, id="blanks around values"),
    ],
)
def test_csv_may_be_written_in_many_ways(read: Read, content: str | bytes, keys: dict) -> None:
    assert read(content, **keys) == EXPECTED
    packed = gzip.compress(content.encode() if isinstance(content, str) else content)
    assert read(packed, "file.csv.gz", **keys) == EXPECTED


def test_the_declared_format_outweighs_the_name(read: Read) -> None:
    assert read(PLAIN, "export.dat", format="csv") == EXPECTED
    table = pa.table({"store": ["S1", "S2"], "amount": [1.5, -2.0]})
    assert read(table, "export.dat", format="parquet") == EXPECTED


def test_latin_1_keeps_umlauts(read: Read) -> None:
    content = "Geschäft,amount\nMüßig,1\n".encode("latin-1")
    columns = {"store_id": "Geschäft", "sales": "amount"}
    assert read(content, columns=columns, encoding="latin-1")["store_id"] == ["Müßig"]
    with pytest.raises(InputError, match=r"Expected text in utf-8.*can't decode byte 0xe4"):
        read(content, columns=columns)


def test_a_byte_that_is_no_utf_8_is_told_wherever_it_stands(read: Read) -> None:
    content = b"store,amount\n" + b"S1,1\n" * 1000 + b"M\xfc,1\n"
    with pytest.raises(InputError, match=r"cannot be read. Expected text in utf-8"):
        read(content)


def test_constants_stand_for_columns_the_file_does_not_have(read: Read) -> None:
    rows = read(
        PLAIN,
        columns={"product_id": "store", "category": None},
        kinds={"product_id": "identifier", "category": "text"},
        constants={"category": "all"},
    )
    assert rows == {"product_id": ["S1", "S2"], "category": ["all", "all"]}


def test_rows_survive_the_borders_of_blocks(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv, "BLOCK_BYTES", 64)
    content = "store,amount\n" + "".join(f"S{n},{n}.25\n" for n in range(500))
    rows = read(content)
    assert rows["store_id"] == [f"S{n}" for n in range(500)]
    with pytest.raises(InputError, match="'oops' in line 502"):
        read(content + "S500,oops\n")


def test_rows_survive_the_borders_of_parquet_batches(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BATCH_ROWS", 7)
    amounts = [float(n) for n in range(20)]
    table = pa.table({"amount": amounts, "store": [f"S{n}" for n in range(20)]})
    assert read(table, "file.parquet")["store_id"] == [f"S{n}" for n in range(20)]
    amounts[18] = np.inf
    with pytest.raises(InputError, match=r"inf in row 19\."):
        read(table.set_column(0, "amount", [amounts]), "file.parquet")


def test_files_without_rows_are_empty_tables(read: Read) -> None:
    empty = {"store_id": [], "sales": []}
    assert read("store,amount\n") == empty
    assert read("store,amount") == empty
    assert (
        read(pa.table({"store": pa.array([], "string"), "amount": pa.array([], "double")}), "e.pq")
        == empty
    )


# What cannot be read


def problem(read: Read, *arguments: object, **keys: object) -> str:
    with pytest.raises(InputError) as error:
        read(*arguments, **keys)
    return str(error.value)


@pytest.mark.parametrize(
    ("content", "name", "keys", "expected"),
    [
        (b"", "f.csv", {}, "f.csv: the file is empty (0 bytes)"),
        (gzip.compress(b"", mtime=0), "f.csv.gz", {}, "f.csv.gz: the file has no text."),
        (PLAIN, "f.csv", {"skip_rows": 9}, "the file has no text below 9 lines (skip_rows)"),
        (PLAIN, "f.parquet", {}, "Expected a complete Parquet file"),
        (PLAIN, "f.csv", {"format": "parquet"}, "Expected a complete Parquet file"),
        (PLAIN, "f.csv.gz", {}, "Expected gzip-compressed text in utf-8"),
        (gzip.compress(PLAIN.encode(), mtime=0), "f.csv", {}, "Expected text in utf-8"),
        (
            gzip.compress(PLAIN.encode(), mtime=0)[:-9],
            "f.csv.gz",
            {},
            "Expected gzip-compressed text",
        ),
        (
            gzip.compress(b"", mtime=0)[:10] + b"\xff" * 50,
            "f.csv.gz",
            {},
            "Expected gzip-compressed text",
        ),
        (PLAIN, "f.csv", {"encoding": "latin-99"}, "unknown encoding: latin-99"),
        (PLAIN.replace(",", "§"), "f.csv", {"delimiter": "§"}, "columns separated by '§'"),
        (PLAIN + "S3,1,2\n", "f.csv", {}, "Row #4: Expected 2 columns, got 3"),
        (PLAIN, "f.csv", {"delimiter": ";"}, "'store' is missing. The file has 'store,amount'."),
        ("store,amount,store\n1,2,3\n", "f.csv", {}, "column 'store' appears more than once"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_what_was_expected(
    read: Read, content: str | bytes, name: str, keys: dict, expected: str
) -> None:
    assert expected in problem(read, content, name, **keys)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.csv: there is no such file"):
        header(tmp_path / "none.csv", PLAINLY)


def test_parquet_damaged_in_the_middle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"store": [f"S{n}" for n in range(9999)]}), path)
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"f\.parquet: the file cannot be read. Expected a compl"):
        list(raw_batches(path, PLAINLY, ["store"]))


def test_columns_of_lists_are_refused(read: Read) -> None:
    table = pa.table({"store": [["S1"], ["S2"]], "amount": [1, 2]})
    assert "column 'store' holds lists or structures" in problem(read, table, "f.parquet")


def test_a_message_names_file_column_and_rows(read: Read) -> None:
    rows = "".join(f"S{n},bad {n}\n" for n in range(1200))
    message = problem(read, "title\nstore,amount\n" + rows, skip_rows=1)
    assert "file.csv: column 'amount' holds what cannot be used: 'bad 0' in line 3," in message
    assert "'bad 4' in line 7 and 1,195 more. Expected a finite number below 10^14." in message


def test_a_missing_identifier_is_told_by_its_line(read: Read) -> None:
    assert "column 'store'" in problem(read, "store,amount\nS1,1\n,2\n")
    assert "nothing in line 3. Expected an identifier" in problem(read, "store,amount\nS1,1\n,2\n")


def test_examples_are_few_and_say_how_many_more() -> None:
    assert examples(["a", "b"]) == "'a', 'b'"
    assert examples(range(1005), 3) == "0, 1, 2 and 1,002 more"
    assert examples([]) == ""


def test_the_checksum_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert checksum(tmp_path / "f").startswith("ba7816bf8f01cfea414140de5dae2223")
