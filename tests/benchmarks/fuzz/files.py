"""Files: whatever bytes they hold, they are read or refused, and read alike in either way."""

import gzip
import io
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from target import target

from store_clusters.inputs.external import read_file, read_places
from store_clusters.inputs.options import External, Products, Sales
from store_clusters.run.errors import InputError
from store_clusters.run.options import options_of
from store_clusters.sales.aggregation import sum_sales
from store_clusters.sales.product_map import read_products

COLUMNS = {"store_id": "s", "product_id": "p", "sales": "a", "date": "d"}
WORDS = "S1|7|007|7.0|P2|1.5|-3|$4.00|(2)|1,5|1 000|2024-01-31|Jan 2024|202402|45292|| |NA|nan|inf"
ODD = '1e5|1.2E+05|=A1|#REF!|٣|Total|"|""|\'|"x|\ufeff|\u200f|é|12%|a,b|-|\0|\r|\n'
CELLS = st.sampled_from(f"{WORDS}|{ODD}".split("|"))
PIECES = st.sampled_from(
    b',|\n|\r|\r\n|"|\0|\xff|\xef\xbb\xbf|\xff\xfe|;|\t|s,p,a,d\n|1e999|PAR1|\x1f\x8b\x08|\xe2\x80\x8f|'
    b"99999999999999999999999999999999999|'".split(b"|")
)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=6)
CUTS = st.lists(st.tuples(st.integers(0, 400), PIECES, st.integers(0, 30)), max_size=3)
ENCODINGS = st.sampled_from(["utf-8", "latin-1", "utf-16", "cp1252", "ascii", "nonsense"])
KEYS = st.fixed_dictionaries(
    {"encoding": ENCODINGS, "decimal": st.sampled_from([".", ","]), "skip_rows": st.integers(0, 2)}
)
FOLDER = tempfile.TemporaryDirectory(prefix="fuzz-")


def spoil(content: bytes, cuts: list[tuple[int, bytes, int]]) -> bytes:
    """Put pieces into a file, each in place of some of its bytes."""
    for at, piece, instead in cuts:
        content = content[:at] + piece + content[at + instead :]
    return content


def read_all_ways(path: str, **keys: object) -> None:
    """Read a file as sales, product map and external source; refusals are fine."""
    described = {"path": path, **keys}
    sales = options_of(Sales, {**described, "columns": COLUMNS})
    products = options_of(
        Products,
        {k: v for k, v in described.items() if k in {"path", "format", "encoding", "skip_rows"}}
        | {"columns": {"product_id": "p", "category": "a", "need_state": "s"}},
    )
    places = {"store_id": "s", "store_name": "p", "latitude": "a"}
    external = options_of(External, {**described, "name": "x", "columns": places})
    with duckdb.connect(config={"threads": 1}) as database:
        for read in (
            lambda: sum_sales(database, path, sales, lambda rows: None),
            lambda: read_products([path], products, "both"),
            lambda: read_file(path, external),
            lambda: read_places([path], external),
        ):
            try:
                read()
            except InputError as error:
                assert path in str(error), error


@target(ROWS, CUTS, KEYS, st.booleans())
def text(rows: list, cuts: list, keys: dict, packed: bool) -> None:
    """Text, spoilt."""
    lines = ["s,p,a,d", *(",".join(row) for row in rows), ""]
    content = spoil("\n".join(lines).encode(), cuts)
    path = Path(FOLDER.name, "f.csv.gz" if packed else "f.csv")
    path.write_bytes(spoil(gzip.compress(content), cuts[:1]) if packed else content)
    read_all_ways(str(path), **keys)


@target(ROWS, CUTS, st.sampled_from(["string", "binary", "dictionary", "large_string"]))
def parquet(rows: list, cuts: list, type_: str) -> None:
    """Parquet, spoilt."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 4
    arrays = [pa.array(list(column), pa.string()) for column in columns]
    arrays = [a.dictionary_encode() if type_ == "dictionary" else a.cast(type_) for a in arrays]
    buffer = io.BytesIO()
    pq.write_table(pa.table(arrays, ["s", "p", "a", "d"]), buffer)
    path = Path(FOLDER.name, "f.parquet")
    path.write_bytes(spoil(buffer.getvalue(), cuts))
    read_all_ways(str(path))


AMOUNTS = st.decimals(-(10**9), 10**9, places=2)
SOLD = st.lists(st.tuples(st.integers(1, 3), AMOUNTS), min_size=1, max_size=6)


@target(SOLD, st.sampled_from([".", ","]), st.booleans())
def sums(rows: list[tuple[int, Decimal]], mark: str, dressed: bool) -> None:
    """Sales add up to what was written, to the cent."""
    lines = ["s;p;a;d"]
    for store, sold in rows:
        shown = f"{sold:,f}" if dressed else str(sold)
        shown = shown.translate({ord("."): mark, ord(","): " "})
        lines.append(
            f"S{store};P;{shown} €;2024-01-31" if dressed else f"S{store};P;{shown};202401"
        )
    path = Path(FOLDER.name, "sums.csv")
    path.write_text("\n".join(lines), encoding="utf-8")
    source = options_of(Sales, {"path": "x", "columns": COLUMNS, "delimiter": ";", "decimal": mark})
    with duckdb.connect(config={"threads": 1}) as database:
        total = sum_sales(database, str(path), source, lambda rows: None)
    assert total.sales == sum(sold for _, sold in rows)
