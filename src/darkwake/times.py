"""Instants and intervals. Inside, an instant is an `int`: microseconds since 1970-01-01 UTC."""

from __future__ import annotations

import datetime as dt
import re
from calendar import isleap, monthrange
from dataclasses import dataclass

from darkwake.errors import UsageError

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: The first and the last instant that has a date here: the years 1 to 9999, UTC.
EARLIEST_US = (dt.datetime.min.replace(tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(microseconds=1)
LATEST_US = (dt.datetime.max.replace(tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(microseconds=1)
_SPAN = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)
_WEEK = re.compile(r"W\d{2}$", re.ASCII)


def from_datetime(moment: dt.datetime) -> int:
    """Microseconds since 1970 of an aware datetime. A naive one is refused: its zone would be a guess."""
    if moment.tzinfo is None:
        raise UsageError(f"time without a zone: {moment.isoformat()}", expected="a time with a zone, such as …Z")
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def to_datetime(instant_us: int) -> dt.datetime:
    """The aware datetime of an instant; one outside the years 1 to 9999 is refused."""
    if not EARLIEST_US <= instant_us <= LATEST_US:
        raise UsageError(f"{instant_us} µs since 1970 has no date", expected="a time in the years 1 to 9999, UTC")
    return _EPOCH + dt.timedelta(microseconds=int(instant_us))


def parse(text: str) -> int:
    """ISO 8601 to an instant. A date alone is its first moment, UTC; a time without a zone is read as UTC."""
    text = text.strip()
    span = _SPAN.fullmatch(text)
    try:
        if span:
            moment = dt.datetime(int(span[1]), int(span[2] or 1), 1, tzinfo=dt.UTC)
        else:
            moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"not a time: {text!r}", expected="ISO 8601 such as 2019-02-01 or 2019-02-01T06:00:00Z"
        ) from error
    instant = from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
    if not EARLIEST_US <= instant <= LATEST_US:  # by its zone: 0001-01-01T00:00+14:00 is a time before the year 1
        raise UsageError(f"the time {text!r} is out of range", expected="a time in the years 1 to 9999, UTC")
    return instant


def parse_end(text: str) -> int:
    """Like `parse`, but a year, month, week or day alone means its end: the first moment after it.

    What ends after the year 9999 ends at the last instant that has a date.
    """
    text = text.strip()
    start = to_datetime(parse(text))
    days = 0
    if span := _SPAN.fullmatch(text):
        days = monthrange(start.year, start.month)[1] if span[2] else 365 + isleap(start.year)
    elif _is_date(text):
        days = 7 if _WEEK.search(text) else 1
    return min(from_datetime(start) + days * DAY_US, LATEST_US)


def parse_period(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """The instants of [since, until) as they were given; an empty text is no time: a script's unset variable."""
    start = None if since is None else parse(since)
    end = None if until is None else parse_end(until)
    if start is not None and end is not None and end <= start:
        raise UsageError(f"--until {until} is not after --since {since}")
    return start, end


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def iso(instant_us: int | None) -> str | None:
    """ISO 8601 UTC with Z; whole seconds are written without a fraction."""
    if instant_us is None:
        return None
    text = to_datetime(instant_us).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def told(when: int | str | None) -> str:
    """The one form of a time for people, to the second: `2026-01-05 04:10:00Z`. From an instant or ISO 8601 text."""
    if when is None:
        return "not known"
    instant_us = parse(when) if isinstance(when, str) else when
    text = iso(instant_us - instant_us % SECOND_US)
    assert text is not None
    return text.replace("T", " ")


def now() -> int:
    """Wall time. Only for `recorded_at`; no detector may call it."""
    return from_datetime(dt.datetime.now(dt.UTC))


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time [start, end); either side may be unknown (None)."""

    start: int | None
    end: int | None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise UsageError(f"interval ends before it starts: {iso(self.start)} … {iso(self.end)}")

    def contains(self, instant_us: int) -> bool:
        return (self.start is None or self.start <= instant_us) and (self.end is None or instant_us < self.end)

    def overlap_us(self, other: Interval) -> int | None:
        """Length of the common part; 0 if none; None if it is unbounded."""
        starts = [s for s in (self.start, other.start) if s is not None]
        ends = [e for e in (self.end, other.end) if e is not None]
        if not starts or not ends:
            return None
        return max(0, min(ends) - max(starts))


def parse_interval(text: str) -> Interval:
    """`DATE` or `FROM..TO`, either side of which may be left out: from the first moment of FROM to the end of TO."""
    start, dots, end = text.partition("..")
    end = end if dots else start
    if not start.strip() and not end.strip():
        raise UsageError(f"not a date or interval: {text!r}", expected="such as 2019-02-01 or 2019-02-01..2019-03-05")
    if start.strip() and end.strip() and parse(end) < parse(start) and parse_end(end) <= parse(start):
        raise UsageError(f"an interval that ends before it starts: {text!r}", expected="FROM..TO, the earlier first")
    return Interval(parse(start) if start.strip() else None, parse_end(end) if end.strip() else None)
