"""A file has its name only when it is complete, and one that is damaged is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from store_clusters.run.errors import InputError
from store_clusters.run.files import complete, read_json, write_json, write_text


def test_what_is_written_can_be_read_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "run.json"
    write_json(path, {"Umsatz": "1,5 €"})
    assert read_json(path) == {"Umsatz": "1,5 €"}
    assert list(path.parent.iterdir()) == [path]


def test_an_error_while_writing_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_text(path, "whole")
    with pytest.raises(ZeroDivisionError), complete(path) as beside:
        beside.write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    assert path.read_text(encoding="utf-8") == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_process_that_is_killed_while_writing_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_json(path, {"whole": True})
    killed = (
        "import os\nfrom store_clusters.run.files import complete\n"
        f"with complete({str(path)!r}) as beside:\n"
        "    beside.write_text('{')\n    os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    assert subprocess.run([sys.executable, "-c", killed], env=environment, check=False).returncode
    assert read_json(path) == {"whole": True}


def test_a_library_sees_the_ending_it_goes_by(tmp_path: Path) -> None:
    with complete(tmp_path / "clusters.csv.gz") as beside:
        assert beside.suffixes[-2:] == [".csv", ".gz"]
        beside.touch()


@pytest.mark.parametrize("text", ["", '{"stores": {', "\udcff"])
def test_a_file_that_is_damaged_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"run\.json: the file is damaged, it is no JSON .*Delete"):
        read_json(path)
