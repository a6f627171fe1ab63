"""A file in pages/ or pictures/ is a part of the report; tables are exported as they are."""

import csv
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import ROOT

from store_clusters.report import contents
from store_clusters.report.contents import STAGES, Member, code_of, pages, pictures
from store_clusters.report.exports import EXPORTS, write_csv
from store_clusters.report.pages import PAGES
from store_clusters.report.pages import page as results_page
from store_clusters.report.pictures import PICTURES
from store_clusters.report.results import Results
from store_clusters.report.sources import source, sources
from store_clusters.run import code
from store_clusters.run.registry import Registry

REPORT = ROOT / "workflow" / "report"
SCORECARD = '''"""The scorecard: one line per category."""

from pathlib import Path

from store_clusters.report.results import Results

FILE = "scorecard.txt"
REPORT = {"category": "1 Pages", "labels": {"page": "scorecard"}}
READS = ["run", "categories", "internal_k"]


def write(results: Results, path: str | Path) -> str:
    """Write it."""
    Path(path).write_text(str(results.run["stores"]), encoding="utf-8")
    return f"{path}"
'''


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_page_declares_itself_and_has_a_caption(page: Member) -> None:
    assert sources(page.reads)
    assert set(page.report) == {"category", "labels"}
    assert (REPORT / "pages" / f"{page.name}.rst").is_file()
    module = PAGES.load(page.name)
    assert callable(module.write)
    assert page.file == module.FILE


@pytest.mark.parametrize("picture", pictures({"latitude"}), ids=lambda picture: picture.name)
def test_every_picture_declares_itself_and_has_a_caption(picture: Member) -> None:
    assert sources(picture.reads)
    assert picture.title
    assert picture.stage in STAGES
    assert (REPORT / "pictures" / f"{picture.name}.rst").is_file()
    assert callable(PICTURES.load(picture.name).draw)


@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_has_a_caption(name: str) -> None:
    assert source(EXPORTS[name].source).contract
    assert (REPORT / "tables" / f"{name}.rst").is_file()


def test_the_page_shows_every_picture_in_its_place() -> None:
    assert set(results_page.FIRST) == {picture.name for picture in pictures({"latitude"})}


def test_without_coordinates_there_is_no_map() -> None:
    with_map, without = ({one.name for one in pictures(x)} for x in ({"latitude"}, set()))
    assert with_map - without == {"map"}


def test_sources_are_found_by_contract_and_track() -> None:
    assert source("final_clusters").file == "<merged>/clusters.parquet"
    assert source("internal_k").file == "<results>/internal/k.parquet"
    assert source("places").file == "<results>/external/places.parquet"
    assert source("run").contract is None
    assert sources(["run", "pictures"]) == {"run": "<results>/run.json"}


def test_a_page_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path.resolve() / "more_pages"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "scorecard.py").write_text(SCORECARD, encoding="utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setattr(contents, "PAGES", Registry("more_pages"))
    (page,) = pages()
    assert page.file == "scorecard.txt"
    assert sources(page.reads)["internal_k"] == "<results>/internal/k.parquet"
    (tmp_path / "run.json").write_text('{"stores": {"seen": 3}}', encoding="utf-8")
    results = Results({"run": str(tmp_path / "run.json")})
    assert page.family.load(page.name).write(results, tmp_path / "out") == f"{tmp_path}/out"
    with pytest.raises(AttributeError, match="no TITLE"):
        assert page.title


def test_a_page_is_stale_when_what_it_is_made_of_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer, page, workbook = pages()
    counted: list[tuple[str, ...]] = []
    monkeypatch.setattr(contents, "code_digest", lambda *files, **_: counted.append(files) or "")
    code_of("write_page.py", explorer)
    assert "../workflow/report/pages/explorer.js" in counted[0]
    assert "../workflow/schemas/tables/k.yaml" in counted[0]
    assert "../workflow/report/pages/page.html.j2" not in counted[0]
    monkeypatch.undo()
    digests = {code_of("write_page.py", one) for one in (explorer, page, workbook)}
    assert len(digests) == 3
    assert all((code.SCRIPTS / file).is_file() for file in counted[0])


def test_tables_read_as_they_are_in_a_spreadsheet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "store": ["007", 'a "b", c', "d\ne", None],
            "sales": pa.array([Decimal("12.3400"), None, Decimal("0"), -1], pa.decimal128(18, 4)),
            "share": [1 / 3, 1234567.8, None, 1.0],
            "stores": pa.array([1, 2_000_000, None, 4], pa.int32()),
            "placed": [True, False, None, True],
        }
    )
    write_csv(tmp_path / "a.csv", table)
    lines = ["store,sales,share,stores,placed", "007,12.3400,0.333333,1,True"]
    lines += ['"a ""b"", c",,1.23457e+06,2000000,False', '"d\ne",0.0000,,,', ",-1.0000,1,4,True"]
    assert (tmp_path / "a.csv").read_bytes().decode() == "\n".join(lines) + "\n"


def test_a_spreadsheet_finds_no_formula_in_a_table(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a=1", "'=1", " =1", "\u2212", ""]
    table = pa.table({"name": texts, "lift": [-1.5] * 11, "gain": [-1] * 11})
    write_csv(tmp_path / "a.csv", table)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    safe = [f"'{text}" for text in texts[:6]] + texts[6:]
    assert rows == [[text, "-1.5", "-1"] for text in safe]
