"""What a class of options declares is said, checked and written alike, of any type in use."""

import runpy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from conftest import ROOT
from pydantic import TypeAdapter, ValidationError

from store_clusters.run.options import Day, Member, Options, Pattern, Size, Text, Unique
from store_clusters.run.registry import Registry
from store_clusters.settings.declared import choices, defaults, form, keys, member_of

PACKAGE = "kinds_of_coffee"
KINDS = Registry(PACKAGE)


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A registry with two members, on the path."""
    folder = tmp_path / PACKAGE
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    for name in ("mocha", "java"):
        (folder / f"{name}.py").write_text(f'"""Is grown in {name}."""\n', encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield


@dataclass(frozen=True)
class Cup(Options):
    """What is in a cup."""

    sugar: Annotated[int, Ge(0)] = 1
    """Lumps of sugar."""
    from_: str | None = None
    """Where it comes from."""
    names: list[str] = field(default_factory=list)
    """Who drinks it."""


@dataclass(frozen=True)
class LargeCup(Cup):
    """What is in a large cup."""

    sugar: Annotated[int, Ge(0)] = 2


@dataclass(frozen=True, kw_only=True)
class Order(Options):
    """What is asked for."""

    kind: Annotated[str, Member(KINDS)] = "java"
    """Kind of coffee."""
    cup: LargeCup = field(default_factory=LargeCup)
    """What it comes in."""
    table: int
    """Where it goes."""


@pytest.mark.parametrize(
    ("hint", "words", "right", "wrong"),
    [
        (int, "integer", [-1], [1.5, "1", True, None]),
        (Annotated[int, Ge(2)], "integer of at least 2", [2], [1]),
        (Annotated[int, Ge(1), Le(9)], "integer from 1 to 9", [9], [10]),
        (float, "number", [1, 1.5], ["1", True]),
        (Annotated[float, Gt(0), Le(1)] | None, "number above 0 up to 1 or null", [1, None], [0]),
        (Size, "number above 0 or auto", [0.5, 3, "auto"], [0, "x", None, [3]]),
        (bool, "true or false", [True], [1, "true"]),
        (str, "text", [""], [1, None]),
        (Text, "text", ["a"], [""]),
        (Annotated[str, MinLen(1), MaxLen(1)], "one character", [";"], ["", "||"]),
        (Annotated[str, Pattern("^a+$")], "text that matches ^a+$", ["aa"], ["b"]),
        (
            Annotated[str, Day()] | None,
            "a date such as 2024-01-31 or null",
            ["2024-02-29", None],
            ["2023-02-29", "20240229", "2024-02-29T00", 20240229],
        ),
        (Literal["a", "b"], "one of a, b", ["a"], ["c", 1]),
        (Literal["${x.y}", "a"], "a", ["a"], ["b"]),
        (list[str], "a list", [[], ["a", "a"]], ["a", [1]]),
        (
            Annotated[list[Text], MaxLen(2), Unique()],
            "a list of at most 2, none twice",
            [["a", "b"]],
            [["a", "a"], ["a", "b", "c"], [""]],
        ),
        (dict[str, Annotated[int, Ge(1)]], "{name: integer of at least 1}", [{"a": 1}], [{"a": 0}]),
        (
            Cup,
            "keys and values",
            [{}, {"sugar": 0}, {"from": "a"}],
            [{"milk": 1}, {"from_": "a"}, 1],
        ),
    ],
)
def test_what_is_expected_is_what_is_accepted(
    hint: Any, words: str, right: list, wrong: list
) -> None:
    assert form(hint) == words
    adapter = TypeAdapter(hint)
    for value in right:
        adapter.validate_json(adapter.dump_json(value, warnings=False), strict=True)
    for value in wrong:
        with pytest.raises(ValidationError):
            adapter.validate_json(TypeAdapter(Any).dump_json(value), strict=True)


def test_keys_are_called_as_the_configuration_calls_them() -> None:
    assert list(keys(LargeCup)) == ["sugar", "from", "names"]
    assert [key.meaning for key in keys(LargeCup).values()] == [
        "Lumps of sugar.",  # said of the field that it takes the place of
        "Where it comes from.",
        "Who drinks it.",
    ]


def test_defaults_are_plain_and_new_each_time() -> None:
    assert defaults(Order) == {"kind": "java", "cup": {"sugar": 2, "from": None, "names": []}}
    defaults(Order)["cup"]["names"].append("Ann")
    assert defaults(Order)["cup"]["names"] == []


def test_a_registry_says_what_may_be_chosen_and_what_each_is(family: None) -> None:
    hint = keys(Order)["kind"].hint
    assert member_of(hint) == member_of(hint | None) == Member(KINDS)
    assert member_of(Literal["a"]) is None
    assert choices(hint) == ["java", "mocha"]
    assert form(hint) == "one of java, mocha"
    assert form(hint | None) == "one of java, mocha or null"
    adapter = TypeAdapter(Order)
    assert adapter.validate_json('{"kind": "mocha", "table": 1}', strict=True).kind == "mocha"
    with pytest.raises(ValidationError, match="Input should be 'java' or 'mocha'"):
        adapter.validate_json('{"kind": "tea", "table": 1}', strict=True)


def test_what_is_written_of_a_registry_has_its_sentences(family: None) -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_configuration.py"))
    assert made["_key_schema"](keys(Order)["kind"], False) == {
        "description": "Kind of coffee.",
        "enum": ["java", "mocha"],
        "enumDescriptions": ["Is grown in java.", "Is grown in mocha."],
        "type": "string",
        "default": "java",
    }
    table = made["_table"]([("kind", keys(Order)["kind"])])
    assert "| `kind` | `java`, `mocha` | `java` | Kind of coffee. |" in table
    assert "| `java` | Is grown in java. |" in table
