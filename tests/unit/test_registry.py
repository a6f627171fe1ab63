"""A file in a family's folder is a member; a change of any member is a change of the family."""

import sys
from pathlib import Path

import pytest

from store_clusters.run import code
from store_clusters.run.options import Member
from store_clusters.run.registry import Registry


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two members, on the path."""
    folder = tmp_path.resolve() / "kinds_of_tea"
    folder.mkdir()
    first = "from store_clusters.run.registry import Registry\n\nKINDS = Registry(__name__)\n"
    (folder / "__init__.py").write_text(first, encoding="utf-8")
    for name, sentence in (("green", "Is not fermented."), ("black", "Is fermented.\n\nWholly.")):
        text = f'"""{sentence}"""\n\nNAME = "{name}"\n'
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "_shared.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    for name in [name for name in sys.modules if name.partition(".")[0] == folder.name]:
        monkeypatch.delitem(sys.modules, name)
    return folder


def test_members_are_the_files_and_say_what_they_are(family: Path) -> None:
    kinds = Registry("kinds_of_tea")
    assert list(kinds) == ["black", "green"]
    assert kinds.sentence("black") == "Is fermented."
    assert kinds.load("green").NAME == "green"
    assert "white" not in kinds
    with pytest.raises(KeyError, match="'white': not one of black, green"):
        kinds.load("white")


def test_a_new_file_is_a_new_member(family: Path) -> None:
    (family / "white.py").write_text('"""Is dried."""\n', encoding="utf-8")
    assert list(Registry("kinds_of_tea")) == ["black", "green", "white"]


def test_members_that_serve_a_purpose_are_found_without_importing_them(family: Path) -> None:
    for name, serves in (("green", '("hot", "cold")'), ("black", '("hot",)')):
        text = f'"""Tea."""\n\nimport no_such_package\n\nSERVES = {serves}\n'
        (family / f"{name}.py").write_text(text, encoding="utf-8")
    kinds = Registry("kinds_of_tea")
    assert kinds.declared("green") == {"SERVES": ("hot", "cold")}
    assert Member(kinds, serves="cold").names == ["green"]
    assert Member(kinds, serves="hot").names == Member(kinds).names == ["black", "green"]


def test_options_that_only_name_members_do_not_change_with_them(
    family: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "SCRIPTS", family.parent)
    (family.parent / "options.py").write_text("from kinds_of_tea import KINDS\n", encoding="utf-8")
    (family.parent / "drink.py").write_text("import options\n", encoding="utf-8")
    code._imported.cache_clear()
    before = code.code_digest("drink.py")
    (family / "green.py").write_text('"""Changed."""\n', encoding="utf-8")
    code._imported.cache_clear()
    assert code.code_digest("drink.py") == before


def test_what_a_member_declares_is_known_without_importing_it(family: Path) -> None:
    text = '"""Is mixed."""\n\nimport no_such_module\n\nCUPS = ["a", 2]\nMORE = len(CUPS)\n'
    (family / "blend.py").write_text(text, encoding="utf-8")
    assert Registry("kinds_of_tea").declared("blend") == {"CUPS": ["a", 2]}


def test_every_member_counts_for_the_digest_of_what_uses_the_family(
    family: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "SCRIPTS", family.parent)
    script = family.parent / "drink.py"
    script.write_text("from kinds_of_tea import KINDS\n", encoding="utf-8")
    digests = {code.code_digest("drink.py")}
    for name in ("green", "_shared", "white"):
        (family / f"{name}.py").write_text('"""Changed."""\n', encoding="utf-8")
        code._imported.cache_clear()
        digests.add(code.code_digest("drink.py"))
    assert len(digests) == 4
