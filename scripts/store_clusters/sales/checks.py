"""Hold the account of a run against the limits that the configuration sets, see ``Checks``."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from store_clusters.run.errors import InputError, examples
from store_clusters.run.job import JobLog
from store_clusters.run.options import options_of
from store_clusters.sales.options import Checks, Limit

CURE = "If this is as it should be, raise checks.{name}.limit in the configuration"


@dataclass(frozen=True)
class Found:
    """What a check measures."""

    name: str  # of the check
    value: float
    words: str  # what it is, and where to look


def check_account(
    account: Mapping[str, Any], last: Mapping[str, Any] | None, log: JobLog
) -> list[str]:
    """Warn of what is beyond its limit, and return the warnings.

    Args:
        account: What goes into ``run.json``.
        last: Row of the history of the last run with an account; None where there is none.
        log: Where warnings go.

    Raises:
        InputError: Something is beyond a limit that the configuration holds to be an error.
    """
    checks = options_of(Checks, account["configuration"]["checks"])
    warnings: list[str] = []
    errors: list[str] = []
    for found in measured(account, last):
        limit: Limit = getattr(checks, found.name)
        if message := beyond(found, limit):
            (errors if limit.beyond == "error" else warnings).append(message)
    for message in warnings:
        log.warn(message)
    if errors:
        raise InputError(" ".join(errors))
    return warnings


def beyond(found: Found, limit: Limit) -> str | None:
    """Say what is beyond its limit; None of what is within."""
    if limit.limit is None or found.value <= limit.limit:
        return None
    share = found.name != "missing_months"
    most = f"{limit.limit:.1%}" if share else f"{limit.limit}"
    cure = CURE.format(name=found.name)
    cure += "." if limit.beyond == "warn" else ", or set its `beyond` to warn."
    return f"{found.words} Expected at most {most}. {cure}"


def measured(account: Mapping[str, Any], last: Mapping[str, Any] | None) -> Iterator[Found]:
    """Yield what each check measures, as far as it can be measured."""
    sales, stores, sold = account["sales"], account["stores"], account["configuration"]["inputs"]
    reasons = {reason: Decimal(of) for reason, of in sales["set_aside_by_reason"].items()}
    within = Decimal(sales["read"]) - reasons.pop("outside_window", Decimal(0))
    aside = sum(reasons.values(), Decimal(0))
    if within > 0:
        by_reason = ", ".join(
            f"{reason.replace('_', ' ')} {of / within:.1%}" for reason, of in reasons.items() if of
        )
        yield Found(
            "set_aside",
            float(aside / within),
            f"{aside / within:.1%} of the sales are in no cluster, {aside:,.2f} of {within:,.2f}: "
            f"{by_reason}. internal/set_aside.parquet below the results lists the products; "
            "compare their identifiers with those of inputs.products.",
        )
    without, all_sold = stores["without_external"], stores["seen_in"]["sales"]
    yield Found(
        "without_external",
        without / all_sold if all_sold else 0,
        f"{without:,} of {all_sold:,} stores with sales are in no external source; compare their "
        "identifiers with those of inputs.external.",
    )
    window = sold["sales"]
    months = {month for of in account["inputs"] for month in of.get("months", ())}
    missing = missing_months(months, window.get("from"), window.get("to"))
    yield Found(
        "missing_months",
        len(missing),
        f"{len(missing)} months between the first and the last sale have none: "
        f"{examples(missing)}. A file may be missing from inputs.sales.path.",
    )
    rows = sum(of.get("rows", 0) for of in account["inputs"])
    yield from _falls(rows, Decimal(sales["read"]), last)


def missing_months(
    months: Iterable[str], first: str | None = None, last: str | None = None
) -> list[str]:
    """Return the months between the earliest and the latest that are not there.

    Of a window of days, ``first`` to ``last``, only months within count.
    """
    low, high = (first or "0001-01")[:7], (last or "9999-12")[:7]
    known = sorted(month for month in set(months) if low <= month <= high)
    if not known:
        return []
    begin, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (known[0], known[-1]))
    span = (f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(begin, end + 1))
    return [month for month in span if month not in known]


def _falls(rows: int, sales: Decimal, last: Mapping[str, Any] | None) -> Iterator[Found]:
    if last is None:
        return
    for name, now, then in (("rows", Decimal(rows), Decimal(last["rows_in"])),
                            ("sales", sales, last["sales_in"])):  # fmt: skip
        if then > 0:
            fall = float(1 - now / then)
            yield Found(
                f"fall_of_{name}",
                fall,
                f"The {name} read fell by {fall:.1%} against the last run, {last['run']}: "
                f"{now:,.0f}, {then:,.0f} before. Files may be missing or incomplete.",
            )
