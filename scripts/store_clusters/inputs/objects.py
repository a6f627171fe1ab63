"""Files in object storage: found by a pattern, copied to the disk and from it."""

import os
import re
from pathlib import Path
from typing import Any

from pyarrow import fs

from store_clusters.run.errors import InputError
from store_clusters.run.files import complete
from store_clusters.run.secrets import told

# Variables by which the libraries of the providers know who asks, and where.
NEEDED = ("AWS_", "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_STORAGE_")
CHUNK = 1 << 22
SECOND = 10**9  # in ns; servers tell the time of one object less exactly than of many
WILD = re.compile(r"\*\*/|\*|\?")
MEANS = {"**/": "(.*/)?", "*": "[^/]*", "?": "[^/]"}


def needed() -> list[str]:
    """Return the variables of the environment that jobs need to reach object storage."""
    return sorted(name for name, value in os.environ.items() if value and name.startswith(NEEDED))


def find_objects(pattern: str, key: str) -> list[dict[str, Any]]:
    """Return the objects that a URL means, with `*`, `?` and `**/` for any folders, or none.

    They are plain values that say when a copy is stale: size and time of change.

    Raises:
        InputError: The storage cannot be reached, or there is no such object.
    """
    with told(f"{key} ({pattern})", pattern, pattern):
        files, path = storage(pattern)
        wild = WILD.search(path)
        if wild:
            folder = path[: wild.start()].rpartition("/")[0]
            deep = "/" in path[wild.start() :]
            found = files.get_file_info(fs.FileSelector(folder, True, recursive=deep))
        else:
            found = files.get_file_info([path])
        matches = re.compile(_expression(path)).fullmatch
        found = [one for one in found if one.type == fs.FileType.File and matches(one.path)]
    if not found:
        raise InputError(f"Configuration: {key}: no object matches {pattern!r}.")
    root = pattern.removesuffix(path.partition("/")[2])
    return [
        {
            "key": key,
            "url": root + one.path.partition("/")[2],
            "size": one.size,
            "changed": one.mtime_ns,
        }
        for one in sorted(found, key=lambda one: one.path)
    ]


def fetch(url: str, size: int, changed: int, path: str | Path, key: str) -> None:
    """Copy an object to the disk, in bounded memory.

    Raises:
        InputError: The storage cannot be reached, or the object is another than was planned.
    """
    with complete(path) as beside:
        with told(f"{key} ({url})", url, url):
            files, source = storage(url)
            target = str(beside.absolute())
            fs.copy_files(source, target, files, fs.LocalFileSystem(), chunk_size=CHUNK)
            now = files.get_file_info(source).mtime_ns
        came = beside.stat().st_size
        if came != size or now // SECOND != changed // SECOND:
            raise InputError(
                f"{key} ({url}): {came:,} bytes came, {size:,} were expected. The object was "
                "replaced while the run went on; run the workflow again."
            )


def put(path: str | Path, url: str, key: str) -> None:
    """Copy a file to object storage, where it takes its name when it is complete."""
    with told(f"{key} ({url})", url, url):
        files, target = storage(url)
        fs.copy_files(str(Path(path).absolute()), target, fs.LocalFileSystem(), files)


def storage(url: str) -> tuple[fs.FileSystem, str]:
    """Return the storage of a URL, which may be a pattern, and the path in it."""
    scheme, _, path = url.partition("://")
    bucket, _, rest = path.partition("/")
    if scheme == "az":
        account = os.environ.get("AZURE_STORAGE_ACCOUNT_NAME", "")
        secret = os.environ.get("AZURE_STORAGE_ACCOUNT_KEY") or None
        return fs.AzureFileSystem(account_name=account, account_key=secret), path
    files, root = fs.FileSystem.from_uri(f"{scheme}://{bucket}")  # with AWS_ENDPOINT_URL, too
    return files, f"{root.strip('/')}/{rest}"


def _expression(pattern: str) -> str:
    parts = re.split(f"({WILD.pattern})", pattern)
    return "".join(MEANS.get(part, re.escape(part)) for part in parts)
