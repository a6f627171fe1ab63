"""Write what people read of the configuration from the classes that declare it.

That is the schema for editors, the file of defaults and the tables of keys in config/README.md:

python docs/make_configuration.py
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "scripts"))

from store_clusters.inputs.options import External, Products, Sales, Source  # noqa: E402
from store_clusters.run.options import Member  # noqa: E402
from store_clusters.run.registry import Registry  # noqa: E402
from store_clusters.settings.declared import (  # noqa: E402
    Key,
    choices,
    defaults,
    form,
    keys,
    member_of,
)
from store_clusters.settings.options import ExternalTrack, Internal, Settings  # noqa: E402

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
DEFAULTS = ROOT / "config" / "config.yaml"
README = ROOT / "config" / "README.md"
WIDTH = 100
COMMENT = 32  # the column where comments begin

SCHEMA_HEAD = """\
# What a configuration may hold, for editors; written by `make reference` from the classes of
# options in scripts/store_clusters, which say how values depend on each other, too.
"""
DEFAULTS_HEAD = """\
# yaml-language-server: $schema=../workflow/schemas/config.schema.yaml
#
# Every default. An environment (dev.yaml, staging.yaml, prod.yaml) only says what differs:
#   snakemake --configfile config/prod.yaml
# Maps are laid over these key by key; lists are replaced whole. `inputs` are in demo.yaml as long
# as no configuration names its own. ${oc.env:NAME,default} is the environment variable NAME.
# config/README.md explains each key. This file states what the classes of options in
# scripts/store_clusters declare, and is written from them by `make reference`.
"""


def schema_page() -> str:
    """Return the schema for editors."""
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "config.schema.yaml",
        "title": "Configuration of the store-clustering workflow",
        **_section_schema(Settings),
    }
    return SCHEMA_HEAD + yaml.safe_dump(
        whole, sort_keys=False, width=WIDTH, allow_unicode=True, default_flow_style=False
    )


def _section_schema(section: type, whole: bool = False) -> dict[str, Any]:
    """Describe a section; ``whole`` where nothing is laid under it, as in a list."""
    described: dict[str, Any] = {"type": "object", "additionalProperties": False}
    if whole:
        described["required"] = [key.name for key in keys(section).values() if key.needed]
    described["properties"] = {key.name: _key_schema(key, whole) for key in keys(section).values()}
    return described


def _key_schema(key: Key, whole: bool) -> dict[str, Any]:
    described = {"description": key.meaning}
    if key.section and key.is_list:
        described |= TypeAdapter(key.hint).json_schema()
        del described["$defs"]
        return {**described, "items": _section_schema(key.section, whole=True)}
    if key.section:
        return {**described, **_section_schema(key.section, whole)}
    described |= _with_sentences(TypeAdapter(key.hint).json_schema(), member_of(key.hint))
    return described if key.needed else {**described, "default": key.default()}


def _with_sentences(part: Any, member: Member | None) -> Any:
    """Say of each member of a family what it is, where a schema lists them."""
    if isinstance(part, list):
        return [_with_sentences(each, member) for each in part]
    if not isinstance(part, dict):
        return part
    part = {name: _with_sentences(each, member) for name, each in part.items()}
    if member and part.get("enum") == member.names:
        part["enumDescriptions"] = [_sentence(member.registry, name) for name in member.names]
    return part


def _sentence(registry: Registry, name: str) -> str:
    """Return what a member is; nothing of a word that stands for none."""
    return registry.sentence(name).replace("``", "`") if name in registry else ""


def defaults_page() -> str:
    """Return the file of defaults."""
    lines = [DEFAULTS_HEAD.rstrip()]
    for key in keys(Settings).values():
        if key.name == "inputs":
            continue
        if key.section and not key.is_list:
            lines += ["", *_commented(f"{key.name}:", key)]
            for inner in keys(key.section).values():
                lines += _inner(inner)
        else:
            before = [] if lines[-1].partition(":")[0] in keys(Settings) else [""]
            lines += [*before, *_commented(f"{key.name}: {_flow(key.default())}", key)]
    return "\n".join(lines) + "\n"


def _inner(key: Key) -> list[str]:
    """Return the lines of a key within a section; of a section in it one line where it fits."""
    if not key.section:
        return _commented(f"  {key.name}: {_flow(key.default())}", key)
    line = f"  {key.name}: {_flow(defaults(key.section))}"
    if len(line) <= WIDTH:
        return _commented(line, key)
    lines = _commented(f"  {key.name}:", key)
    for name, value in defaults(key.section).items():
        lines += _commented(f"    {name}: {_flow(value)}", keys(key.section)[name])
    return lines


def _commented(line: str, key: Key) -> list[str]:
    """Return a line with a comment behind it, or above where it is too long."""
    said = short(key)
    whole = f"{line:{COMMENT}}# {said}"
    if len(line) < COMMENT and len(whole) <= WIDTH:
        return [whole]
    indent = " " * (len(line) - len(line.lstrip()))
    return [f"{indent}# {said}", line]


def short(key: Key) -> str:
    """Return the first words of a meaning, and what may be chosen."""
    words = re.split(r"[.:;] |[.:;]$| \(", key.meaning)[0].replace("`", "")
    if not words[:2].isupper():
        words = words[0].lower() + words[1:]
    texts = choices(key.hint) if len(choices(key.hint)) > 1 else []
    return words + (f": {', '.join(texts[:-1])} or {texts[-1]}" if texts else "")


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("...\n").strip()


def tables() -> dict[str, str]:
    """Return the tables of keys, by the name that README gives them."""
    parts = keys(Settings)
    inputs = {"inputs.sales": Sales, "inputs.products": Products, "inputs.external": External}
    return {
        "every source": _table(_leaves(Source)),
        **{
            name: _table(
                row for row in _leaves(section) if row[0].partition(".")[0] not in keys(Source)
            )
            for name, section in inputs.items()
        },
        "internal and external": _track_table(),
        "labels": _table(_leaves(parts["labels"].section, "labels.")),
        "output": _table(_leaves(parts["output"].section, "output.")),
        "merge": _table(_leaves(parts["merge"].section, "merge.")),
        "checks": _table(_leaves(parts["checks"].section, "checks.")),
        "logging": _table(_leaves(parts["logging"].section, "logging.")),
        "publish": _table(_leaves(parts["publish"].section)),
        "seed and shards": _table((name, parts[name]) for name in ("seed", "shards")),
    }


def _leaves(section: Any, path: str = "") -> Iterator[tuple[str, Key]]:
    """Yield the keys that hold values, by their path."""
    for key in keys(section).values():
        if key.section and not key.is_list:
            yield from _leaves(key.section, f"{path}{key.name}.")
        else:
            yield path + key.name, key


def _table(rows: Any) -> str:
    rows = [(f"`{name}`", key) for name, key in rows]
    cells = [(name, _values(key), _default(key), key.meaning) for name, key in rows]
    return _markdown(("key", "values", "default", "meaning"), cells) + _members(rows)


def _track_table() -> str:
    tracks = {"internal": dict(_leaves(Internal)), "external": dict(_leaves(ExternalTrack))}
    cells = []
    names = dict.fromkeys([*tracks["internal"], *tracks["external"]])
    parts = list(dict.fromkeys(name.partition(".")[0] for name in names))
    for name in sorted(names, key=lambda name: parts.index(name.partition(".")[0])):
        given = {track: of[name] for track, of in tracks.items() if name in of}
        only = f" ({next(iter(given))})" if len(given) == 1 else ""
        cells.append(
            (
                f"`{name}`{only}",
                _each({track: _values(key) for track, key in given.items()}, "<br>"),
                _each({track: _default(key) for track, key in given.items()}, ", "),
                _each({track: key.meaning for track, key in given.items()}, "<br>"),
            )
        )
    rows = []
    for track, name, key in ((track, *row) for track, of in tracks.items() for row in of.items()):
        families = [member_of(of[name].hint) for of in tracks.values() if name in of]
        only = f" ({track})" if any(family != families[0] for family in families) else ""
        rows.append((f"`{name}`{only}", key))
    return _markdown(("key", "values", "default", "meaning"), cells) + _members(rows)


def _each(texts: dict[str, str], between: str) -> str:
    """Return a text that all tracks share, or each track's own."""
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return between.join(f"{track}{':' * (between != ', ')} {text}" for track, text in texts.items())


def _members(rows: list[tuple[str, Key]]) -> str:
    """Return a table of the members of each family that keys choose from."""
    chosen: dict[str, dict[str, Member]] = {}
    for name, key in rows:
        if member := member_of(key.hint):
            chosen.setdefault(member.registry.package, {})[name] = member
    tables = []
    for names in chosen.values():
        registry = next(iter(names.values())).registry
        used = sorted({name for member in names.values() for name in member.names} & {*registry})
        sentences = [(f"`{name}`", _sentence(registry, name)) for name in used]
        tables.append("\n" + _markdown((" and ".join(names), "what it is"), sentences))
    return "".join(tables)


def _values(key: Key) -> str:
    return form(key.hint, "`{}`".format).removeprefix("one of ")


def _default(key: Key) -> str:
    return "needed" if key.needed else f"`{_flow(key.default())}`"


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        cells = (cell.replace("|", "\\|") for cell in row)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def readme_page(text: str) -> str:
    """Return README with its tables between the marks written anew."""
    for name, table in tables().items():
        begin, end = f"<!-- keys: {name} -->\n", "<!-- end -->\n"
        before, found, after = text.partition(begin)
        if not found:
            raise SystemExit(f"config/README.md: there is no mark {begin.strip()}.")
        text = f"{before}{begin}\n{table}\n{end}{after.partition(end)[2]}"
    return text


def pages() -> dict[Path, str]:
    """Return what each file should hold."""
    return {
        SCHEMA: schema_page(),
        DEFAULTS: defaults_page(),
        README: readme_page(README.read_text("utf-8")),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
