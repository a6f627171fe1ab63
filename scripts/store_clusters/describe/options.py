"""Options of how features read."""

from dataclasses import dataclass, field
from typing import Annotated

from store_clusters.run.options import (
    Options,
    Text,
    Unique,
)


@dataclass(frozen=True)
class Labels(Options):
    """How people read features: in names, reasons and rules, on pages; changes no cluster."""

    features: dict[str, Text] = field(default_factory=dict)
    """Words for features: for `source.column` or `source.column=level` of the external sources, a
    need state, or `category · need state`."""
    never_name: Annotated[list[Text], Unique()] = field(default_factory=list)
    """Features that names, reasons and rules leave out: as above, or patterns such as `*.race_*`;
    they take part in the clustering all the same."""
