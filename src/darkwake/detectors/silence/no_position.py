"""No position: a ship that goes on being heard, without saying where it is."""

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
from darkwake.tracks.columns import Ints, instants, ints
from darkwake.tracks.statics import ALIVE_US
from darkwake.tracks.strays import strays

COLUMNS = ("mmsi", "segment", *openings.COLUMNS)
BESIDE = {"tracks": ("mmsi", "segment", "time", "lon", "lat")}
_AROUND = ("before_lon", "before_lat", "after_lon", "after_lat")
STRETCHES = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64()),
        pa.field("reports", pa.int64(), nullable=False),
        *(pa.field(name, pa.float64()) for name in _AROUND),
        *openings.fields(("first", "last")),
    ]
)

KIND = Kind(
    name="no_position",
    noun="stretch without a position",
    nouns="stretches without a position",
    measures=(
        Measure("duration_h", "h", "from the first to the last report without a position, hours"),
        Measure("reports", "", "reports without a position in it"),
        Measure("distance_km", "km", "great-circle distance between the positions before and after; null while open"),
    ),
    main="duration_h",
    observed=True,
    at_least="of {min_duration_h:g} h or longer",
)


class NoPosition(Detector):
    """Ships heard without a position.

    >>> from darkwake import samples
    >>> known = samples.ship(hours=[0, 1, 6, 7])
    >>> mute = samples.heard(hours=[2, 3, 4, 5], segment=1001)
    >>> [event.measures["duration_h"] for event in samples.detect("no_position", known, mute)]
    [3.0]
    """

    kind = KIND
    version = "1.0"
    status = "beta"
    title = "A ship heard without a position"
    definition = (
        "One stretch of reports of one segment without a position (not available, or not on the globe), with none that "
        "has one in between and no silence longer than max_silence_h, from the first to the last of them, at least "
        "min_duration_h long; open while no position follows."
    )
    params = (
        Param("min_duration_h", 1.0, "h", "a stretch is at least so long"),
        Param("min_reports", 3.0, "reports", "and has so many reports"),
        Param("max_silence_h", 6.0, "h", "a longer silence within ends it: that is a gap"),
    )
    innocent_explanations = ("no satellites in view", "interference with satellite navigation in the area")
    known_failures = (
        "What a feed drops (many leave out reports without a position) cannot be told.",
        "Static messages say neither that a position is known nor that it is not, and take no part.",
    )
    needs = Needs()

    def plan(self, values: Mapping[str, float], context: Context) -> Plan:  # noqa: ARG002 - the interface
        arguments = {
            "min_duration_us": round(values["min_duration_h"] * times.HOUR_US),
            "min_reports": int(values["min_reports"]),
            "max_silence_us": round(values["max_silence_h"] * times.HOUR_US),
        }
        return Plan(self.name, "heard", COLUMNS, (Stage("stretches", stretches, STRETCHES),), arguments, BESIDE)

    def finish(self, candidates: pa.Table, values: Mapping[str, float], context: Context) -> list[Event]:
        found = candidates.sort_by([("first_time", "ascending"), ("mmsi", "ascending"), ("segment", "ascending")])
        return [self._event(row, values, context) for row in found.to_pylist()]

    def _event(self, row: dict[str, Any], values: Mapping[str, float], context: Context) -> Event:
        opening = openings.opening(row, "first")
        start, end = opening[1], openings.opening(row, "last")[1]
        hours = (end - start) / times.HOUR_US
        going_on = context.data_end - end <= values["max_silence_h"] * times.HOUR_US
        known = row["after_lon"] is not None
        metres = distance_m(*(row[name] for name in _AROUND)) if known and row["before_lon"] is not None else None
        return Event(
            id=event_id(self.name, self.version, context.profile, [opening]),
            kind=self.name,
            state="closed" if known else "open",
            start=start,
            end=None if going_on and not known else end,
            vessels=(VesselRef(row["mmsi"], row["segment"]),),
            lat=rounded(row["before_lat"], 6),
            lon=rounded(row["before_lon"], 6),
            place=None,
            measures={
                "duration_h": rounded(hours, 2),
                "reports": row["reports"],
                "distance_km": None if metres is None else rounded(metres / 1000.0, 2),
            },
            reasons=(
                f"{row['reports']} reports in {hours:.1f} h without a position: it was heard, and did not say where",
            ),
            innocent=tuple(
                Innocent(name, test, "not tested")
                for name, test in (
                    ("no satellites in view", "the ship's own antenna and what stood over it"),
                    ("interference with satellite navigation in the area", "other ships near without a position"),
                )
            ),
            method=method_of(self, values, context.profile),
            evidence=openings.evidence(row, ("first", "last")),
        )


def stretches(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel: rows of `heard`, whole vessels, and their rows of `tracks` → STRETCHES."""
    placed: pa.Table = arguments["tracks"]
    mmsi, segment, moment = ints(table["mmsi"]), _owners(table, placed), instants(table["time"])
    order = np.lexsort((ints(table["payload_key"]), moment, segment, mmsi))
    edges = np.flatnonzero(np.diff(mmsi[order]) | np.diff(segment[order])) + 1
    number, hull, times_us = ints(placed["mmsi"]), ints(placed["segment"]), instants(placed["time"])
    first: list[int] = []
    last: list[int] = []
    count: list[int] = []
    around: list[tuple[int, int]] = []
    for rows in np.split(order, edges) if len(order) else ():
        low, high = (int(np.searchsorted(number, mmsi[rows[0]], side)) for side in ("left", "right"))
        own = np.arange(low, high)
        if segment[rows[0]] >= 0:
            own = own[hull[low:high] == segment[rows[0]]]
        own = own[np.argsort(times_us[own], kind="stable")]
        for a, b, before in _runs(moment[rows], times_us[own], arguments):
            first.append(int(rows[a]))
            last.append(int(rows[b]))
            count.append(b - a + 1)
            around.append((int(own[before - 1]) if before else -1, int(own[before]) if before < len(own) else -1))
    values: dict[str, Any] = {
        "mmsi": table["mmsi"].take(pa.array(first, pa.int64())),
        "reports": pa.array(count, pa.int64()),
    }
    owner = segment[np.array(first, np.int64)]
    values["segment"] = pa.array(owner, mask=owner < 0)
    beside = np.array(around, np.int64).reshape(-1, 2)
    for k, side in enumerate(("before", "after")):
        at = pa.array(beside[:, k], mask=beside[:, k] < 0)
        values |= {f"{side}_{name}": placed[name].take(at) for name in ("lon", "lat")}
    sides = {"first": np.array(first, np.int64), "last": np.array(last, np.int64)}
    return pa.table(values | openings.columns(table, sides)).select(STRETCHES.names).cast(STRETCHES)


def _owners(table: pa.Table, placed: pa.Table) -> Ints:
    """The segment of each report; of one that is far in time from any position, that of the positions on both sides.

    −1 where several segments of a number can have sent it.
    """
    mmsi, owner, moment = ints(table["mmsi"]), ints(table["segment"], -1).copy(), instants(table["time"])
    number, hull, times_us = ints(placed["mmsi"]), ints(placed["segment"]), instants(placed["time"])
    for each in np.unique(mmsi[owner < 0]):
        low, high = (int(np.searchsorted(number, each, side)) for side in ("left", "right"))
        firm = low + np.flatnonzero(~strays(hull[low:high]))
        firm = firm[np.argsort(times_us[firm], kind="stable")]
        if not len(firm):
            continue
        rows = np.flatnonzero((mmsi == each) & (owner < 0))
        after = np.searchsorted(times_us[firm], moment[rows], side="right")
        sides = [firm[np.clip(at, 0, len(firm) - 1)] for at in (after - 1, after)]
        far = np.minimum(*(np.abs(times_us[side] - moment[rows]) for side in sides)) > ALIVE_US
        same = hull[sides[0]] == hull[sides[1]]
        owner[rows[far & same]] = hull[sides[0][far & same]]
    return owner


def _runs(moment: Ints, placed: Ints, arguments: Mapping[str, Any]) -> list[tuple[int, int, int]]:
    """First and last of each stretch, and how many positions come before it; all in order of time."""
    before = np.searchsorted(placed, moment, side="right")
    parted = (np.diff(before) != 0) | (np.diff(moment) > arguments["max_silence_us"])
    starts = np.concatenate([[0], np.flatnonzero(parted) + 1])
    ends = np.append(starts[1:], len(moment)) - 1
    long = moment[ends] - moment[starts] >= arguments["min_duration_us"]
    long &= ends - starts + 1 >= arguments["min_reports"]
    return [(int(a), int(b), int(before[a])) for a, b in zip(starts[long], ends[long], strict=True)]


DETECTOR = NoPosition()
