"""Write tables.md, the dictionary of every table, from the contracts in workflow/schemas/tables.

python docs/make_tables.py
"""

from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).resolve().parent
CONTRACTS = DOCS.parent / "workflow" / "schemas" / "tables"
PARTS = {
    "<merged>": (
        "Final clusters",
        "Below `results/merged/`, or where `MERGING_DATA_DIR` points: what people use.",
    ),
    "{track}": (
        "Both tracks",
        "Below `results/internal/` and `results/external/`, by the same rules. A *group* is a "
        "category in the internal track and `all` in the external one.",
    ),
    "internal": ("Sales", "Below `results/internal/`."),
    "external": ("Stores", "Below `results/external/`."),
    "history": (
        "Runs",
        "Below `results/`, or in `DAGSTER_HOME`, for all results together, where that is set.",
    ),
}
HEAD = """# Every table, column by column

Written by `make dictionary` from the contracts in `workflow/schemas/tables/`, which every write
and read of a table is checked against. Tables are Parquet files, sorted by their key; the file's
metadata holds the contract's name and version. `money` is an exact decimal with four places.
"""


def dictionary() -> str:
    """Return the page."""
    contracts = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in CONTRACTS.glob("*")}
    parts = [HEAD]
    for folder, (title, about) in PARTS.items():
        files = {
            of["file"]: name for name, of in contracts.items() if of["file"].startswith(folder)
        }
        parts.append(f"## {title}\n\n{about}\n")
        parts += [described(file, contracts[files[file]]) for file in sorted(files)]
    return "\n".join(parts)


def described(file: str, contract: dict[str, Any]) -> str:
    """Return what the dictionary says of a table."""
    lines = [
        f"### `{file.partition('/')[2] or file}`\n",
        f"One row per {contract['row']}. Key: {', '.join(contract['key'])}.\n",
        "| column | type | meaning |",
        "|---|---|---|",
    ]
    for column in contract["columns"]:
        kind = column["type"] + (", may be null" if column.get("nullable") else "")
        meaning = column["meaning"].replace("|", "\\|")
        if "values" in column:
            meaning += f" (one of {', '.join(f'`{value}`' for value in column['values'])})"
        lines.append(f"| {column['name']} | {kind} | {meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (DOCS / "tables.md").write_text(dictionary(), encoding="utf-8")
