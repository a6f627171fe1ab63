"""Find the files of a run: those that exist and those that the demo retailer will provide."""

import difflib
import glob
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from store_clusters.inputs.copies import Copies
from store_clusters.inputs.readers import suffixes
from store_clusters.run.errors import InputError, examples

DEMO = "resources/demo"
DEMO_SALES = [
    f"{DEMO}/internal/sales/{year}-Q{quarter}.parquet"
    for year in (2024, 2025)
    for quarter in range(1, 5)
]
DEMO_FILES = {
    "sales": DEMO_SALES,
    "products": f"{DEMO}/internal/products.csv",
    "demographics": f"{DEMO}/external/demographics.csv",
    "foot_traffic": f"{DEMO}/external/foot_traffic.csv.gz",
    "competitors": f"{DEMO}/external/competitors.parquet",
    "true_stores": f"{DEMO}/truth/stores.csv",
    "true_segments": f"{DEMO}/truth/internal.csv",
}


@dataclass(frozen=True)
class InputFiles:
    """The input files of a run."""

    sales: dict[str, str]  # part: file
    products: list[str]
    external: dict[str, list[str]]  # source: files
    copies: Copies = field(default_factory=Copies)  # of what does not lie on the disk

    def sales_source(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a file of sales is read by; a database was asked for no other days."""
        by_month = any("day" in asked for asked in self.copies.queries.get("sales", {}).values())
        return {**source, "from": None, "to": None} if by_month else dict(source)

    @property
    def external_files(self) -> list[str]:
        """Every external file, without repetition."""
        return list(dict.fromkeys(file for files in self.external.values() for file in files))

    @property
    def files(self) -> list[str]:
        """Every input file, without repetition."""
        return list(dict.fromkeys([*self.sales.values(), *self.products, *self.external_files]))


def find_inputs(
    sections: Mapping[str, Any],
    unnamed: Mapping[str, str] | None = None,
    copies: Copies | None = None,
) -> InputFiles:
    """Expand every path of the ``inputs`` section.

    What does not lie on the disk is represented by its ``copies``, which get to know it.

    A source that is needed but ``unnamed`` has, in place of a file, the sentence that says so: no
    such file exists, so a rule that needs the source cannot run, and the others can.

    Raises:
        InputError: A path or glob matches no file.
    """
    unnamed, copies = unnamed or {}, copies or Copies()
    demo = [
        file for name in DEMO_FILES.values() for file in ([name] if isinstance(name, str) else name)
    ]

    def files(source: Mapping[str, Any], section: str, key: str) -> list[str]:
        if section in unnamed:
            return [unnamed[section]]
        copied = copies.of(source, key)
        return expand(source["path"], f"{key}.path", demo) if copied is None else copied

    sales = files(sections["sales"], "sales", "inputs.sales")
    return InputFiles(
        sales={"unnamed": sales[0]} if "sales" in unnamed else name_parts(sales),
        products=files(sections["products"], "products", "inputs.products"),
        external={
            source["name"]: files(source, "external", f"inputs.external.{source['name']}")
            for source in sections["external"]
        },
        copies=copies,
    )


def expand(pattern: str, key: str, to_be_made: Iterable[str] = ()) -> list[str]:
    """Return the files that a path or glob means, sorted; ``to_be_made`` count as existing."""
    files = (path for path in glob.glob(pattern, recursive=True) if Path(path).is_file())
    found = {str(PurePath(path)) for path in files}  # one name per file: no leading `./`
    whole = str(PurePath("/", pattern))  # else `products.csv` would mean any folder's
    found |= {path for path in to_be_made if PurePath("/", path).match(whole)}
    if not found:
        folder = Path(pattern).parent
        siblings = [str(path) for path in folder.iterdir()] if folder.is_dir() else []
        near = difflib.get_close_matches(pattern, siblings, 3, 0.5)
        hint = f" Did you mean {examples(near)}?" if near else ""
        raise InputError(
            f"Configuration: {key}: no file matches {pattern!r} (looked in {Path.cwd()}).{hint}"
        )
    return sorted(found)


def name_parts(files: Iterable[str]) -> dict[str, str]:
    """Name each file of sales after itself, safe in a path; files of one name get a suffix."""
    ends = "|".join(re.escape(suffix) for suffix in suffixes())
    stems: dict[str, list[str]] = {}
    for file in sorted(files):
        stem = re.sub(f"({ends})+$", "", Path(file).name, flags=re.IGNORECASE)
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-") or "part"
        stems.setdefault(stem, []).append(file)
    return {
        stem if len(same) == 1 else f"{stem}-{zlib.crc32(file.encode()):08x}": file
        for stem, same in stems.items()
        for file in same
    }


def uses_demo(inputs: InputFiles) -> bool:
    """Whether any file of the run belongs to the demo retailer."""
    return any(file.startswith(f"{DEMO}/") for file in inputs.files)


def mixes_demo(inputs: InputFiles) -> str | None:
    """Say which files are the demo retailer's where others are not; None where all are alike."""
    files = {"sales": inputs.sales.values(), "products": inputs.products}
    files["external"] = inputs.external_files
    demo = [name for name, own in files.items() if any(file.startswith(f"{DEMO}/") for file in own)]
    if not demo or len(demo) == len(files):
        return None
    return " and ".join(f"inputs.{name}" for name in demo)
