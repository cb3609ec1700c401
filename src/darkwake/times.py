"""Instants and intervals. Inside, an instant is an `int`: microseconds since 1970-01-01 UTC."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from darkwake.errors import UsageError

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SPAN = re.compile(r"^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$")


def from_datetime(moment: dt.datetime) -> int:
    """Microseconds since 1970 of an aware datetime. A naive one is refused: its zone would be a guess."""
    if moment.tzinfo is None:
        raise UsageError(f"time without a zone: {moment.isoformat()}", expected="a time with a zone, such as …Z")
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def to_datetime(instant_us: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=int(instant_us))


def parse(text: str) -> int:
    """ISO 8601 to an instant. A date alone is its first moment, UTC; a time without a zone is read as UTC."""
    span = _SPAN.match(text.strip())
    try:
        if span:
            year, month, day = span.groups()
            return from_datetime(dt.datetime(int(year), int(month or 1), int(day or 1), tzinfo=dt.UTC))
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f"not a time: {text!r}", expected="ISO 8601 such as 2019-02-01 or 2019-02-01T06:00:00Z"
        ) from error
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))


def parse_end(text: str) -> int:
    """Like `parse`, but a year, month or day alone means its end (the first moment after it)."""
    span = _SPAN.match(text.strip())
    if not span:
        return parse(text)
    year, month, day = span.groups()
    start = to_datetime(parse(text))
    if day:
        return from_datetime(start + dt.timedelta(days=1))
    if month:
        return from_datetime((start.replace(day=28) + dt.timedelta(days=4)).replace(day=1))
    return from_datetime(dt.datetime(int(year) + 1, 1, 1, tzinfo=dt.UTC))


def iso(instant_us: int | None) -> str | None:
    """ISO 8601 UTC with Z; whole seconds are written without a fraction."""
    if instant_us is None:
        return None
    moment = to_datetime(instant_us)
    form = "%Y-%m-%dT%H:%M:%S.%f" if moment.microsecond else "%Y-%m-%dT%H:%M:%S"
    text = moment.strftime(form)
    if moment.year < 1000:  # strftime does not pad years on every platform
        text = text.rjust(len(text) + 4 - text.index("-"), "0")
    return (text.rstrip("0") if moment.microsecond else text) + "Z"


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
    return Interval(parse(start) if start.strip() else None, parse_end(end) if end.strip() else None)
