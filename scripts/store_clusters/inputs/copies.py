"""What does not lie on the disk, and the copies that are made of it before anything reads it."""

import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePath
from typing import Any

# What the process that starts the jobs found out, so that jobs elsewhere plan the same.
TODAY = "STORE_CLUSTERS_TODAY"
SPAN = "STORE_CLUSTERS_SPAN"


@dataclass
class Copies:
    """Copies to be made, by source (`external/census`, a mapping in a mapping) and file or part."""

    folder: str = "inputs"
    starts: bool = True  # whether this process starts the run; jobs do as it did
    queries: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)  # of the environment, that jobs need

    def of(self, source: Mapping[str, Any], key: str) -> list[str] | None:
        """Return the copies of a source; None where it lies on the disk."""
        name = key.removeprefix("inputs.").replace(".", "/")
        if source.get("database"):
            parts = self._ask(source, key)
            _put(self.queries, name, parts)
            return [f"{self.folder}/{name}/{part}.parquet" for part in parts]
        if "://" in source["path"]:
            objects = self._list(source, key)
            _put(self.objects, name, objects)
            return [f"{self.folder}/{name}/{file}" for file in objects]
        return None

    def _ask(self, source: Mapping[str, Any], key: str) -> dict[str, Any]:
        from store_clusters.inputs.queries import ask_span, by_month, requests_of  # noqa: PLC0415
        from store_clusters.run.secrets import variables  # noqa: PLC0415, only where they are used

        self.variables += [TODAY, *variables(source["database"])]
        today = os.environ.setdefault(TODAY, date.today().isoformat())
        span = None
        if by_month(key, source):
            self.variables.append(SPAN)
            if self.starts or SPAN not in os.environ:
                os.environ[SPAN] = "/".join(ask_span(key, source))
            first, last = os.environ[SPAN].split("/")
            span = first, last
        return requests_of(key, source, date.fromisoformat(today), span)

    def _list(self, source: Mapping[str, Any], key: str) -> dict[str, Any]:
        from store_clusters.inputs.objects import find_objects, needed  # noqa: PLC0415

        self.variables += needed()
        return {
            file_name(found["url"]): found for found in find_objects(source["path"], f"{key}.path")
        }


def file_name(url: str) -> str:
    """Return a name for the copy of an object: its own, safe in a path, and of no other object."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", PurePath(url).name).lstrip(".-") or "object"
    return f"{zlib.crc32(url.encode()):08x}-{name}"


def _put(kept: dict[str, Any], name: str, parts: dict[str, Any]) -> None:
    *above, last = name.split("/")
    for part in above:
        kept = kept.setdefault(part, {})
    kept[last] = parts


def names(kept: Mapping[str, Any]) -> list[str]:
    """Return the names of the sources of :attr:`Copies.queries` or `objects`."""
    return [name for name in kept if name != "external"] + [
        f"external/{name}" for name in kept.get("external", {})
    ]
