"""Days as people write them, where they can mean only one.

Without a format: ISO 8601 (2024-01-31, 20240131), with a time of day and a zone, of which neither
counts; a month (2024-01, 202401, Jan 2024) is its first day, a week (2024-W05) its Monday.
"""

import re
from datetime import date, datetime, timedelta

import pyarrow as pa

EXCEL = "excel"  # the format of days that a spreadsheet counts
FIRST_EXCEL, EXCEL_DAYS = (
    date(1899, 12, 30),
    range(61, 2958466),
)  # Excel has a 29th of February 1900
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
# Years from 2013: 201112 may be the 12th of November 2020.
MONTH = re.compile(r"(\d{4})[-/. ](0[1-9]|1[0-2])|(20(?:1[3-9]|[2-9]\d))(0[1-9]|1[0-2])", re.ASCII)
NAMED_MONTH = re.compile(
    r"(?:(?P<day>\d{1,2})[- ])?(?P<name>[a-z]{3,9})[.]?[- ](?P<year>\d{4})"
    r"|(?P<year_before>\d{4})[- ](?P<name_after>[a-z]{3,9})",
    re.ASCII | re.IGNORECASE,
)
WEEK = re.compile(r"(\d{4})[- ]?W(\d{1,2})", re.ASCII | re.IGNORECASE)
SLASHED = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d\d)", re.ASCII)


def first_day(text: str, pattern: str | None = None) -> date | None:
    """Return the day that a text means, of a period its first; None where it means none."""
    text = text.strip()
    try:
        if pattern == EXCEL:
            count = int(float(text)) if re.fullmatch(r"\d+(\.\d*)?", text, re.ASCII) else 0
            return FIRST_EXCEL + timedelta(count) if count in EXCEL_DAYS else None
        if pattern:
            return datetime.strptime(text, pattern).date()
        return _day_or_period(text)
    except (ValueError, StopIteration):  # also for the 30th of February and a week 53
        return None


def to_days(texts: pa.Array, pattern: str | None) -> pa.Array:
    """Return the days that texts mean, null where they mean none, or more than one."""
    different = texts.dictionary_encode()  # few: dates repeat
    days = [first_day(text, pattern) for text in different.dictionary.to_pylist()]
    return pa.array(days, pa.date32()).take(different.indices)


def cure(texts: list[str]) -> str:
    """Return what to set so that texts which mean no day become some, or nothing."""
    if all(re.fullmatch(r"[2-7]\d{4}(\.\d+)?", text, re.ASCII) for text in texts):
        return "These look like days that Excel counts: set date_format: excel."
    found = [match for text in texts if (match := SLASHED.fullmatch(text))]
    if len(found) == len(texts):
        mark, year = found[0][2], "%Y" if len(found[0][4]) == 4 else "%y"
        forms = {"day first": f"%d{mark}%m{mark}{year}", "month first": f"%m{mark}%d{mark}{year}"}
        if any(int(match[1]) > 12 for match in found):
            del forms["month first"]
        if any(int(match[3]) > 12 for match in found):
            forms.pop("day first", None)
        said = [f"date_format: '{form}' ({which})" for which, form in forms.items()]
        return f"Set {' or '.join(said)}." if said else ""
    if all(re.fullmatch(r"\d{6}", text, re.ASCII) for text in texts):
        return "Set date_format: '%Y%m' (months) or '%y%m%d' or '%d%m%y' (days)."
    if all(re.fullmatch(r"[A-Za-z]{3}-\d\d", text, re.ASCII) for text in texts):
        return "Set date_format: '%b-%y' (month and year) or write years with four digits."
    return ""


def _day_or_period(text: str) -> date | None:
    if match := MONTH.fullmatch(text):
        return date(int(match[1] or match[3]), int(match[2] or match[4]), 1)
    if match := NAMED_MONTH.fullmatch(text):
        name = (match["name"] or match["name_after"]).lower()
        month = next(i for i, full in enumerate(MONTHS, 1) if name in {full, full[:3]})
        return date(int(match["year"] or match["year_before"]), month, int(match["day"] or 1))
    if match := WEEK.fullmatch(text):
        return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    return date.fromisoformat(text[:10]) if text[10:11] in {"", "T", " "} else None
