"""Keys of the configuration that a benchmark is run with, such as ``merge.min_size=10``."""

from typing import Any

import yaml


def assign(config: dict[str, Any], assignment: str) -> None:
    """Set a key of a configuration."""
    path, _, value = assignment.partition("=")
    *parents, key = path.split(".")
    for parent in parents:
        config = config.setdefault(parent, {})
    config[key] = yaml.safe_load(value)
