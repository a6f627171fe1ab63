"""Options of what is told, or refused, of sales and stores that a run leaves out or misses."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Le

from store_clusters.run.options import Options

Share = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True)
class Limit(Options):
    """A number, and what happens beyond it."""

    limit: Share | Annotated[int, Ge(0)] | None = None
    """Largest number that is as it should be; null for any."""
    beyond: Literal["warn", "error"] = "warn"
    """Whether more than that is a warning at the end of the run and on the page (`warn`), or ends
    the run before its account is made (`error`)."""


@dataclass(frozen=True)
class SetAside(Limit):
    """Sales that are in no final cluster."""

    limit: Share | None = 0.05
    """Largest share of the sales, from `inputs.sales.from` to `to`, that may be in no final
    cluster: of products that the map does not have or gives no need state; null for any."""


@dataclass(frozen=True)
class WithoutExternal(Limit):
    """Stores without external data."""

    limit: Share | None = 0.1
    """Largest share of the stores with sales that may be in no external source; null for any."""


@dataclass(frozen=True)
class MissingMonths(Limit):
    """Months without a sale."""

    limit: Annotated[int, Ge(0)] | None = 0
    """Most months that may be without any sale between the first and the last one; null for
    any."""


@dataclass(frozen=True)
class FallOfRows(Limit):
    """Fewer rows of sales than in the last run."""

    limit: Share | None = 0.2
    """Largest share by which the rows of sales may fall against the last run with these results;
    null for any."""


@dataclass(frozen=True)
class FallOfSales(Limit):
    """Less sales than in the last run."""

    limit: Share | None = 0.2
    """Largest share by which the sales read may fall against the last run with these results; null
    for any."""


@dataclass(frozen=True)
class Checks(Options):
    """What of a run's account needs a look; changes no cluster."""

    set_aside: SetAside = field(default_factory=SetAside)
    """Sales that are in no final cluster."""
    without_external: WithoutExternal = field(default_factory=WithoutExternal)
    """Stores with sales that no external source knows."""
    missing_months: MissingMonths = field(default_factory=MissingMonths)
    """Months without any sale."""
    fall_of_rows: FallOfRows = field(default_factory=FallOfRows)
    """Fewer rows of sales than in the last run."""
    fall_of_sales: FallOfSales = field(default_factory=FallOfSales)
    """Less sales than in the last run."""
