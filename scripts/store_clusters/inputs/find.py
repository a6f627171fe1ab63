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
from store_clusters.inputs.readers import AUTO, folders, suffixes
from store_clusters.run.errors import InputError, examples
from store_clusters.run.unchanged import state

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

    def sizes(self, files: Iterable[str]) -> list[int | None]:
        """Return the bytes of files, by which a rule knows another file that is not newer.

        Without those that the run makes, whose rules know.
        """
        made = (f"{DEMO}/", f"{self.copies.folder}/")
        states = [None if file.startswith(made) else state(file) for file in files]
        return [found[0] if found else None for found in states]

    @property
    def by_source(self) -> dict[str, Any]:
        """The files of the sales, of the product map, and of each external source."""
        return {
            "sales": list(self.sales.values()),
            "products": self.products,
            "external": self.external,
        }

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
        if copied is not None:
            return copied
        return expand(source["path"], f"{key}.path", demo, source.get("format", AUTO) != AUTO)

    sales = files(sections["sales"], "sales", "inputs.sales")
    folder = sections["sales"].get("path")
    return InputFiles(
        sales={"unnamed": sales[0]} if "sales" in unnamed else name_parts(sales, folder),
        products=files(sections["products"], "products", "inputs.products"),
        external={
            source["name"]: files(source, "external", f"inputs.external.{source['name']}")
            for source in sections["external"]
        },
        copies=copies,
    )


def expand(
    pattern: str, key: str, to_be_made: Iterable[str] = (), of_any_name: bool = False
) -> list[str]:
    """Return the files that a path, glob or folder means, sorted.

    ``to_be_made`` count as existing. Of a folder these are the files in it and in its folders whose
    names say that a reader reads them, or ``of_any_name``.
    """
    if Path(pattern).is_dir():
        found = set(_in_folder(Path(pattern), of_any_name))
    else:
        files = (path for path in glob.glob(pattern, recursive=True) if Path(path).is_file())
        found = {str(PurePath(path)) for path in files}  # one name per file: no leading `./`
    whole = str(PurePath("/", pattern))  # else `products.csv` would mean any folder's
    found |= {path for path in to_be_made if PurePath("/", path).match(whole)}
    if not found:
        folder = Path(pattern).parent
        siblings = [str(path) for path in folder.iterdir()] if folder.is_dir() else []
        near = difflib.get_close_matches(pattern, siblings, 3, 0.5)
        hint = f" Did you mean {examples(near)}?" if near else ""
        if Path(pattern).is_dir():
            hint = " No name in this folder says that a reader reads the file; set format."
        raise InputError(
            f"Configuration: {key}: no file matches {pattern!r} (looked in {Path.cwd()}).{hint}"
        )
    return sorted(found)


def _in_folder(folder: Path, of_any_name: bool) -> Iterable[str]:
    """Return the files of a folder, or the newest one of the log that makes it one table.

    That is the one of the highest version, which is the beginning of its name; it is another one
    whenever the table has changed. Names that begin with a dot or `_` are those of programs.
    """
    for name in folders():
        if (folder / name).is_dir():
            log = [path for path in (folder / name).iterdir() if re.match(r"\d+\.", path.name)]
            versions = {int(path.name.partition(".")[0]): str(path) for path in sorted(log)}
            return [versions[max(versions)]] if versions else []
    ends = tuple(suffixes())
    found = []
    for path in folder.rglob("*"):
        own = path.relative_to(folder).parts
        if not path.is_file() or any(part.startswith((".", "_")) for part in own):
            continue
        if of_any_name or path.name.lower().endswith(ends):
            found.append(str(path))
    return found


def name_parts(files: Iterable[str], folder: str | None = None) -> dict[str, str]:
    """Name each file of sales after itself, safe in a path; files of one name get a suffix.

    Files in folders of ``folder`` are named after these too, and one that stands for a folder
    after that.
    """
    ends = "|".join(re.escape(suffix) for suffix in suffixes())
    stems: dict[str, list[str]] = {}
    for file in sorted(files):
        name = Path(file).name
        if Path(file).parent.name in folders():
            name = Path(file).parents[1].name
        elif folder and Path(folder) in Path(file).parents:
            name = "-".join(Path(file).relative_to(folder).parts)
        stem = re.sub(f"({ends})+$", "", name, flags=re.IGNORECASE)
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
