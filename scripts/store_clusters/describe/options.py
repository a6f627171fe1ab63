"""Options of how features read."""

from dataclasses import dataclass, field

from store_clusters.run.options import (
    Options,
    Text,
)


@dataclass(frozen=True)
class Labels(Options):
    """How people read features in names, reasons, rules, pages and pictures; changes no cluster."""

    features: dict[str, Text] = field(default_factory=dict)
    """From features to the words that people use: external `source.column` (or
    `source.column=level`), a need state, or `category · need state`."""
    never_name: list[Text] = field(default_factory=list)
    """Features that names, reasons and rules leave out, or patterns such as `*.race_*`; they take
    part in the clustering all the same."""
