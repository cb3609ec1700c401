"""Frozen: a position repeated while the ship says that it is under way. Two of its fields contradict each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake import times
from darkwake.detectors import openings
from darkwake.detectors.base import Context, Detector, Needs, Param, method_of
from darkwake.engine.base import Plan, Stage
from darkwake.events.kinds import Kind, Measure
from darkwake.events.model import Event, Innocent, VesselRef, event_id, rounded
from darkwake.geo.sphere import distance_m
from darkwake.jit import kernel
from darkwake.tracks.columns import Floats, Ints, floats, instants, ints
from darkwake.tracks.strays import strays
from darkwake.units import m_to_nm

COLUMNS = ("mmsi", "segment", "lon", "lat", "sog_knots", *openings.COLUMNS)
_SIDES = ("first", "last", "after")
EPISODES = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64(), nullable=False),
        pa.field("lon", pa.float64(), nullable=False),
        pa.field("lat", pa.float64(), nullable=False),
        pa.field("reports", pa.int64(), nullable=False),
        pa.field("sent_knots", pa.float64(), nullable=False),  # mean over the reports
        pa.field("after_lon", pa.float64()),
        pa.field("after_lat", pa.float64()),
        *openings.fields(_SIDES),
    ]
)

KIND = Kind(
    name="frozen",
    noun="frozen position",
    nouns="frozen positions",
    measures=(
        Measure("duration_h", "h", "from the first to the last report with the repeated position, hours"),
        Measure("reports", "", "reports with it"),
        Measure("sent_speed_knots", "kn", "mean speed that they sent"),
        Measure("offset_km", "km", "from the repeated position to the next one; null while open"),
        Measure(
            "implied_speed_knots",
            "kn",
            "speed from the first report to that next position; null while open. Near the speed sent: she sailed on",
        ),
    ),
    main="duration_h",
    observed=True,
    at_least="of {min_duration_h:g} h or longer",
)


class Frozen(Detector):
    """Positions repeated under way.

    >>> from darkwake import samples
    >>> stuck = samples.ship(hours=samples.every(10, 0, 3), sog=13.2)
    >>> [found] = samples.detect("frozen", stuck)
    >>> found.measures["duration_h"], found.measures["sent_speed_knots"]
    (3.0, 13.2)
    """

    kind = KIND
    version = "1.0"
    status = "beta"
    title = "A position repeated under way"
    definition = (
        "One stretch of consecutive reports of one segment within repeated_m of the first, each sending min_knots or "
        "more, at least min_duration_h long; open while its number sends no other position."
    )
    params = (
        Param("repeated_m", 10.0, "m", "a position this near to the first one repeats it"),
        Param("min_knots", 3.0, "kn", "slower ones may lie still: a speed of zero that drifts"),
        Param("min_duration_h", 1.0, "h", "a stretch is at least so long"),
        Param("min_reports", 4.0, "reports", "and has so many reports"),
    )
    innocent_explanations = ("a receiver of the ship that holds its last fix",)
    known_failures = (
        "A feed that fills missing positions with the last known one looks like its ships.",
        "Which of the two fields is wrong, position or speed, is not said: what follows may say it.",
        "A position that creeps by more than repeated_m is not found.",
    )
    needs = Needs()

    def plan(self, values: Mapping[str, float], context: Context) -> Plan:  # noqa: ARG002 - the interface
        arguments = {
            "repeated_m": values["repeated_m"],
            "min_knots": values["min_knots"],
            "min_duration_us": round(values["min_duration_h"] * times.HOUR_US),
            "min_reports": int(values["min_reports"]),
        }
        return Plan(self.name, "tracks", COLUMNS, (Stage("episodes", episodes, EPISODES),), arguments)

    def finish(self, candidates: pa.Table, values: Mapping[str, float], context: Context) -> list[Event]:
        found = candidates.sort_by([("first_time", "ascending"), ("mmsi", "ascending"), ("segment", "ascending")])
        return [self._event(row, values, context) for row in found.to_pylist()]

    def _event(self, row: dict[str, Any], values: Mapping[str, float], context: Context) -> Event:
        opening = openings.opening(row, "first")
        start, end = opening[1], openings.opening(row, "last")[1]
        after = openings.time_of(row, "after")
        hours, knots = (end - start) / times.HOUR_US, rounded(row["sent_knots"], 1)
        offset_m = implied = None
        if after is not None:
            offset_m = distance_m(row["lon"], row["lat"], row["after_lon"], row["after_lat"])
            implied = m_to_nm(offset_m) / ((after - start) / times.HOUR_US)
        return Event(
            id=event_id(self.name, self.version, context.profile, [opening]),
            kind=self.name,
            state="open" if after is None else "closed",
            start=start,
            end=None if after is None else end,
            vessels=(VesselRef(row["mmsi"], row["segment"]),),
            lat=rounded(row["lat"], 6),
            lon=rounded(row["lon"], 6),
            place=None,
            measures={
                "duration_h": rounded(hours, 2),
                "reports": row["reports"],
                "sent_speed_knots": knots,
                "offset_km": None if offset_m is None else rounded(offset_m / 1000.0, 2),
                "implied_speed_knots": rounded(implied, 1),
            },
            reasons=(
                f"{row['reports']} reports in {hours:.1f} h repeat one position while they send {knots} kn: the two "
                "contradict each other",
            ),
            innocent=(
                Innocent(
                    "a receiver of the ship that holds its last fix",
                    "speed from the first of them to the next position, against the speed sent",
                    "not tested: no other position follows"
                    if implied is None
                    else f"{implied:.1f} kn, sent {knots} kn",
                ),
            ),
            method=method_of(self, values, context.profile),
            evidence=openings.evidence(row, _SIDES),
        )


def episodes(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel: rows of `tracks`, whole vessels → EPISODES."""
    segment, moment = ints(table["segment"]), instants(table["time"])
    lon, lat, sog = (floats(table[name]) for name in ("lon", "lat", "sog_knots"))
    first, last, knots = _repeated(
        segment, moment, lon, lat, sog, arguments["repeated_m"], arguments["min_knots"], arguments["min_duration_us"],
        arguments["min_reports"],
    )  # fmt: skip
    after = _next(ints(table["mmsi"]), segment, moment, last)
    at = pa.array(first)
    then = pa.array(after, mask=after < 0)
    values = {name: table[name].take(at) for name in ("mmsi", "segment", "lon", "lat")}
    values |= {f"after_{name}": table[name].take(then) for name in ("lon", "lat")}
    values |= {"reports": pa.array(last - first + 1), "sent_knots": pa.array(knots)}
    sides = dict(zip(_SIDES, (first, last, after), strict=True))
    return pa.table(values | openings.columns(table, sides)).select(EPISODES.names).cast(EPISODES)


def _next(mmsi: Ints, segment: Ints, moment: Ints, last: Ints) -> Ints:
    """Per row, the next one of its number, of whatever segment that is no stray; −1 if there is none.

    A ship that is heard elsewhere at once, after hours at one position, goes on under a new segment.
    """
    found = np.full(len(last), -1, np.int64)
    for k, row in enumerate(last):
        low, high = np.searchsorted(mmsi, mmsi[row]), np.searchsorted(mmsi, mmsi[row], "right")
        later = low + np.flatnonzero((moment[low:high] > moment[row]) & ~strays(segment[low:high]))
        if len(later):
            found[k] = later[np.argmin(moment[later])]
    return found


@kernel
def _repeated(
    segment: Ints, time_us: Ints, lon: Floats, lat: Floats, sog: Floats, repeated_m: float, min_knots: float,
    min_duration_us: int, min_reports: int,
) -> tuple[Ints, Ints, Floats]:  # fmt: skip  # pragma: no cover - compiled
    """First and last row of each stretch, and its mean speed as sent."""
    n = len(segment)
    first, last = np.empty(n, np.int64), np.empty(n, np.int64)
    knots = np.empty(n, np.float64)
    found = 0
    i = 0
    while i < n:
        j = i
        total = 0.0
        while (
            j < n
            and segment[j] == segment[i]
            and sog[j] >= min_knots
            and distance_m(lon[i], lat[i], lon[j], lat[j]) <= repeated_m
        ):
            total += sog[j]
            j += 1
        if j - i >= min_reports and time_us[j - 1] - time_us[i] >= min_duration_us:
            first[found], last[found], knots[found] = i, j - 1, total / (j - i)
            found += 1
        i = max(j, i + 1)
    return first[:found], last[:found], knots[:found]


DETECTOR = Frozen()
