"""Say where a file of configuration is no YAML: Snakemake says only that it is none.

    python -m store_clusters.settings.readable my-chain.yaml

Exits with 2, as for any wrong configuration.
"""

import sys
from pathlib import Path

import yaml

from store_clusters.run.ending import WRONG_CONFIGURATION


def problem(path: str) -> str | None:
    """Return what is wrong with the writing of a file, and where; None where nothing is."""
    try:
        yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        why = getattr(error, "problem", None) or " ".join(str(error).split())
        return f"{path}{where}: this is no YAML: {why}. Expected keys as in config/README.md."
    except (OSError, ValueError) as error:
        return f"{path}: the file cannot be read: {error}."
    return None


if __name__ == "__main__":
    found = [said for said in map(problem, sys.argv[1:]) if said]
    for said in found:
        print(f"Configuration: {said}", file=sys.stderr)
    sys.exit(WRONG_CONFIGURATION if found else 0)
