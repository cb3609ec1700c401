"""Queries and bounds in words: what is asked, what is known, and how sure. No word here accuses anybody."""

from __future__ import annotations

from collections.abc import Mapping

from darkwake import times
from darkwake.answers.query import (
    Comparison,
    Count,
    Counted,
    Exists,
    Filter,
    Moment,
    Present,
    Query,
    Sum,
    Where,
    Within,
)
from darkwake.detectors import registry

_COMPARED: dict[Comparison, str] = {"at_least": "at least", "at_most": "at most", "exactly": "exactly"}


def noun(kind: str, number: float = 1) -> str:
    """The kind as a noun: `port call`, `port calls`."""
    known = registry.kind(kind)
    return known.noun if number == 1 else known.nouns


def compared(compare: Comparison, number: float) -> str:
    return f"{_COMPARED[compare]} {number:g}"


def moment(instant_us: int | None) -> str:
    """A time for a reader: the date alone at midnight, else the one form that times have."""
    if instant_us is None:
        return "an unknown time"
    if instant_us % times.DAY_US == 0:
        return f"{times.to_datetime(instant_us):%Y-%m-%d}"
    return times.told(instant_us)


def hours(duration_us: float) -> str:
    """A duration: hours below two days, days above."""
    h = duration_us / times.HOUR_US
    return f"{h:.1f} h" if h < 48 else f"{h / 24:.1f} days"


def hours_counted(number: int) -> str:
    return f"{number:,} hour{'' if number == 1 else 's'}"


def period(since: int | None, until: int | None, counted: Counted | None = None) -> str:
    """A period in words; `counted`: how what is spoken of belongs to it."""
    if since is None and until is None:
        return "at any time in the data"
    how = {"overlaps": "in any part of the time ", "begins": "beginning ", None: ""}[counted]
    return how + _from_to(since, until)


def _from_to(since: int | None, until: int | None) -> str:
    if since is not None and until is not None:
        return f"from {moment(since)} up to, not including, {moment(until)}"
    if since is not None:
        return f"from {moment(since)} on"
    return f"before {moment(until)}"


def subject(given: Filter, number: float, places: Mapping[str, str] | None = None) -> str:
    """`port calls of MMSI 299000001 at Nampo (KPNAM) from …`, with every condition of the filter in it."""
    parts = [noun(given.kind, number)]
    if given.vessel is not None:
        parts.append(f"of {vessel(given)}")
    if given.place is not None or given.bbox is not None:
        parts.append(where(given, places))
    if given.minimum:
        least = ", ".join(f"{name.replace('_', ' ')} of {value:g} or more" for name, value in given.minimum)
        parts.append(f"with {least}")
    parts.append(period(given.since, given.until, given.counted))
    return " ".join(parts)


def vessel(given: Filter | Where) -> str:
    """`MMSI 299000001`, `segment seg:…` or, where none is named, `any vessel`."""
    if given.mmsi is not None:
        return f"MMSI {given.mmsi:09d}"
    return "any vessel" if given.vessel is None else f"segment {given.vessel}"


def where(given: Filter | Where, places: Mapping[str, str] | None = None) -> str:
    """`at Nampo (KPNAM)`, `between 30° and 40° latitude, …`, both, or `anywhere`."""
    parts = []
    if given.place is not None:
        name = (places or {}).get(given.place)
        parts.append(f"at {name} ({given.place})" if name else f"at {given.place}")
    if given.bbox is not None:
        west, south, east, north = given.bbox
        parts.append(f"between {south:g}° and {north:g}° latitude, {west:g}° and {east:g}° longitude")
    return " ".join(parts) or "anywhere"


def query(asked: Query, places: Mapping[str, str] | None = None) -> str:
    """The query as one sentence without its full stop."""
    match asked:
        case Count():
            return f"{compared(asked.compare, asked.number)} {subject(asked.of, asked.number, places)}"
        case Exists():
            return f"at least one {subject(asked.of, 1, places)}"
        case Sum():
            what = subject(asked.of, 2, places)
            return (
                f"the sum of {asked.measure.replace('_', ' ')} over {what} is {compared(asked.compare, asked.number)}"
            )
        case Moment():
            bounds = []
            if asked.not_before is not None:
                bounds.append(f"not before {moment(asked.not_before)}")
            if asked.not_after is not None:
                bounds.append(f"not after {moment(asked.not_after)}")
            return f"the {asked.which} of the {subject(asked.of, 2, places)} started {' and '.join(bounds)}"
        case Present():
            of = asked.of
            return f"{vessel(of)} was {where(of, places)} at some time {period(of.since, of.until)}"
        case Within():
            reach = f"within {asked.hours:g} h" + (f" and {asked.km:g} km" if asked.km is not None else "")
            same = " of the same vessel" if asked.same_vessel else ""
            near = subject(asked.near, 1, places)
            what = subject(asked.of, asked.number, places)
            return f"{compared(asked.compare, asked.number)} {what}, each {reach} of a {near}{same}"


def bound(lower: float | None, upper: float | None) -> str:
    """A bound in words: `exactly 4`, `between 4 and 6`, `at least 4`, `at most 6`, `any number`."""
    if lower is not None and upper is not None:
        return f"exactly {lower:g}" if lower == upper else f"between {lower:g} and {upper:g}"
    if lower is not None:
        return f"at least {lower:g}, with no upper bound"
    return f"at most {upper:g}" if upper is not None else "not bounded by this data"


def time_bound(lower: int | None, upper: int | None) -> str:
    if lower is not None and upper is not None:
        return f"at {moment(lower)}" if lower == upper else f"between {moment(lower)} and {moment(upper)}"
    if lower is not None:
        return f"not before {moment(lower)}"
    return f"not after {moment(upper)}" if upper is not None else "at a time this data does not bound"
