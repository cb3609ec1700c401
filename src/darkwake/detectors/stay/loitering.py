"""Loitering: a ship that stays slow for hours away from shore, ports and anchorages, and not only to meet another.

"Slow on hourly average" is taken over every hour that begins at one of its reports, not over clock hours: a stay is
the longest stretch covered by slow hours without a break. See docs/methods/loitering.md.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.detectors import areas, openings
from darkwake.detectors.areas import Areas, areas_of, nearest_place
from darkwake.detectors.base import Context, Detector, Needs, Param, method_of
from darkwake.detectors.stay.kernels.beside import Stays, beside
from darkwake.engine.base import Plan, Stage
from darkwake.events.kinds import Kind, Measure
from darkwake.events.model import Event, Innocent, VesselRef, event_id, rounded
from darkwake.geo.sphere import distance_m
from darkwake.jit import kernel
from darkwake.places.grid import occupied
from darkwake.tracks.columns import flat, floats, ints
from darkwake.units import KNOTS_TO_METRES_PER_SECOND, nm_to_m

COLUMNS = ("mmsi", "segment", "lon", "lat", "sog_knots", "nav_status", *openings.COLUMNS)
#: Reports nearer in time than this are passed over: the path between them is mostly noise of GNSS.
_LEG_US = 300_000_000
#: Between reports farther apart than this nobody saw the path: the speeds that both send count as well.
_UNSEEN_US = 3_600_000_000
#: A ship that sends this speed, and hardly moves, contradicts itself.
_UNDER_WAY_KNOTS = 3.0
#: Sailing in or out, of a ship that sent no speed.
_ASSUMED_KNOTS = 10.0
#: Reports farther apart than encounters bridge.
_SELDOM_H = 0.9
#: Positions at which the distance to shore is taken: start, quarters, end.
_SAMPLES = 5
#: Navigational status in words (ITU-R M.1371-5).
_STATUSES = {
    0: "under way using engine", 1: "at anchor", 2: "not under command", 3: "restricted in its ability to manoeuvre",
    4: "constrained by its draught", 5: "moored", 6: "aground", 7: "fishing", 8: "under way sailing",
    11: "towing astern", 12: "pushing ahead or towing alongside", 14: "AIS-SART is active", 15: "undefined",
}  # fmt: skip

STAYS = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64(), nullable=False),
        pa.field("mean_speed_knots", pa.float64(), nullable=False),
        pa.field("likely_h", pa.float64(), nullable=False),  # with what lay unseen before the first and after the last
        pa.field("longest_unheard_h", pa.float64(), nullable=False),
        pa.field("nav_status", pa.int8(), nullable=False),  # the one sent most often, −1 if none
        pa.field("nav_share", pa.float64(), nullable=False),
        pa.field("lons", pa.list_(pa.float64(), _SAMPLES), nullable=False),
        pa.field("lats", pa.list_(pa.float64(), _SAMPLES), nullable=False),
        pa.field("heard", pa.list_(pa.float64()), nullable=False),  # time (µs), lon, lat … about an hour apart
        *openings.fields(("first", "last")),
    ]
)

#: Disjoint spans in order: their starts and their ends.
Spans = tuple[list[int], list[int]]


def _possible_only(event: Event) -> str | None:
    other = event.measures.get("beside")
    return None if other is None else f"MMSI {other} lay beside it, and so few reports do not show whether the two met"


KIND = Kind(
    name="loitering",
    noun="loitering episode",
    nouns="loitering episodes",
    measures=(
        Measure("duration_h", "h", "from the first to the last report of the stay, hours; of an open one, so far"),
        Measure(
            "likely_h",
            "h",
            "duration with the time before and after that the reports around it leave, at the speeds they send, hours; "
            "that of the stay where reports come every hour or more often",
        ),
        Measure("longest_unheard_h", "h", "longest time between two reports of the stay, hours", "doubt"),
        Measure("mean_speed_knots", "kn", "length of the path over its duration, knots"),
        Measure("distance_from_shore_km", "km", "nearest distance to shore at five moments of the stay, kilometres"),
        Measure(
            "beside",
            "",
            "MMSI of a ship that lay beside it, where reports about an hour apart or more cannot tell a meeting from a "
            "wait; null else",
            "told",
        ),
    ),
    main="duration_h",
    been_there=True,
    least_stay_h=8.0,
    unseen="Loitering is seen only where a ship is heard every 6 h or more often, so one can go unseen",
    possible_only=_possible_only,
)


class Loitering(Detector):
    """Ships adrift far from shore.

    >>> from darkwake import samples
    >>> adrift = samples.ship(hours=samples.every(10, 0, 10))
    >>> [event.measures["duration_h"] for event in samples.detect("loitering", adrift)]
    [10.0]
    """

    kind = KIND
    version = "1.2"
    status = "stable"
    title = "Slow for hours away from shore"
    definition = (
        "One stay of one segment's ship slower than max_speed_knots on average over every hour (or between reports "
        "farther apart, if their places and speeds allow nothing but a slow drift), for at least min_duration_h, "
        "nowhere nearer than min_shore_distance_nm to shore, outside ports and known anchorages, and not the whole of "
        "an encounter. A silence longer than max_report_gap_h ends it: a stay is what was heard."
    )
    params = (
        Param("max_speed_knots", 2.0, "kn", "mean speed over an hour must be below"),
        Param("min_duration_h", 8.0, "h", "a stay is at least so long, with what reports around it leave unseen"),
        Param("min_shore_distance_nm", 5.0, "nm", "nearest distance to shore at five moments of the stay"),
        Param("port_margin_km", 1.0, "km", "outside ports and known anchorages by so much"),
        Param("max_report_gap_h", 6.0, "h", "reports farther apart than this break a stay"),
        Param("encounter_share", 0.9, "share", "a stay covered by encounters to this share is not loitering"),
    )
    innocent_explanations = ("waiting for a berth", "what the ship says it does")
    known_failures = (
        "Fishing at less than 2 kn loiters by this definition.",
        "Where reports come more than max_report_gap_h apart no stay is seen; a long one may be found in pieces.",
        "Between reports hours apart a ship may have done something else; longest_unheard_h says how long.",
        "An anchorage that the gazetteer does not know, farther than 5 nm from shore, gives stays.",
    )
    needs = Needs(events=("encounter",), places=True, decided_by_places=True, coast=True, other_ships=True)

    def plan(self, values: Mapping[str, float], context: Context) -> Plan:
        arguments = {
            **{name: values[name] for name in ("max_speed_knots", "min_duration_h", "max_report_gap_h")},
            "port_margin_m": values["port_margin_km"] * 1000.0,
            **areas.place_arguments(areas.harbours(context.places)),
        }
        return Plan(self.name, "tracks", COLUMNS, (Stage("slow_stays", slow_stays, STAYS),), arguments)

    def finish(self, candidates: pa.Table, values: Mapping[str, float], context: Context) -> list[Event]:
        if not candidates.num_rows:
            return []
        meetings = _meetings(context)
        candidates = candidates.append_column("beside", _beside(candidates)).drop_columns(["heard"])
        stays = (ints(candidates[name]).tolist() for name in ("first_time", "last_time", "segment"))
        covered = np.array(
            [_covered(start, end, meetings.get(segment, ([], []))) for start, end, segment in zip(*stays, strict=True)]
        )
        alone = candidates.append_column("share", pa.array(covered)).filter(covered < values["encounter_share"])
        found = alone.sort_by([(name, "ascending") for name in ("first_time", "mmsi", "segment")])
        lons, lats = (flat(found[name]).flatten().to_numpy().reshape(-1, _SAMPLES) for name in ("lons", "lats"))
        shore = np.asarray(context.coast.distance_to_shore_m(lons.ravel(), lats.ravel()))
        shore = shore.reshape(lons.shape).min(axis=1)
        far = np.flatnonzero(shore >= nm_to_m(values["min_shore_distance_nm"]))
        found = found.drop_columns(["lons", "lats"]).take(pa.array(far))
        lon, lat = lons[far, _SAMPLES // 2], lats[far, _SAMPLES // 2]
        port_m = context.places.distance_to_port_m(lon, lat, ints(found["first_time"]))
        around = zip(lon.tolist(), lat.tolist(), shore[far].tolist(), port_m.tolist(), strict=True)
        method = method_of(self, values, context.profile)
        return [
            self._event(row, numbers, method, context) for row, numbers in zip(found.to_pylist(), around, strict=True)
        ]

    def _event(
        self, row: dict[str, Any], around: tuple[float, float, float, float], method: Mapping[str, Any],
        context: Context,
    ) -> Event:  # fmt: skip
        """`around`: lon, lat, metres to shore and to the nearest port."""
        lon, lat, shore_m, port_m = around
        values, share = method["params"], row["share"]
        opening = openings.opening(row, "first")
        start, end = opening[1], openings.opening(row, "last")[1]
        is_open = context.data_end - end < values["max_report_gap_h"] * times.HOUR_US
        hours = (end - start) / times.HOUR_US
        reasons = [
            f"below {values['max_speed_knots']:g} kn on average over every hour of {hours:.1f} h"
            if row["longest_unheard_h"] <= 1.0
            else f"its reports, up to {row['longest_unheard_h']:.1f} h apart, allow nothing but a drift below "
            f"{values['max_speed_knots']:g} kn for {hours:.1f} h",
            f"never nearer than {shore_m / 1000:.1f} km to shore",
        ]
        if row["likely_h"] >= hours + 0.1:
            reasons.append(f"about {row['likely_h']:.1f} h by the reports before and after it, at the speeds they send")
        if row["beside"] is not None:
            reasons.append(f"MMSI {row['beside']} lay beside it")
        if share > 0:
            reasons.append(f"{share:.0%} of it in encounters")
        return Event(
            id=event_id(self.name, self.version, context.profile, [opening]),
            kind=self.name,
            state="open" if is_open else "closed",
            start=start,
            end=None if is_open else end,
            vessels=(VesselRef(row["mmsi"], row["segment"]),),
            lat=rounded(lat, 6),
            lon=rounded(lon, 6),
            place=None,
            measures={
                "duration_h": rounded(hours, 2),
                "likely_h": rounded(row["likely_h"], 2),
                "longest_unheard_h": rounded(row["longest_unheard_h"], 2),
                "mean_speed_knots": rounded(row["mean_speed_knots"], 2),
                "distance_from_shore_km": rounded(shore_m / 1000.0, 2),
                "beside": row["beside"],
            },
            reasons=tuple(reasons),
            innocent=_checks(row, port_m),
            method=method,
            evidence=openings.evidence(row, ("first", "last")),
        )


@kernel
def _thinned(
    mmsi: np.ndarray, segment: np.ndarray, time: np.ndarray, lon: np.ndarray, lat: np.ndarray, gap_us: int,
    ports: Areas, margin_m: float, kept: np.ndarray, starts: np.ndarray,
) -> int:  # fmt: skip
    """Reports at least five minutes apart, outside ports; `starts` tells where a stretch without break begins."""
    count = 0
    broken = True
    first = ports.grid.approach_first
    for i in range(len(time)):
        if i > 0 and (segment[i] != segment[i - 1] or mmsi[i] != mmsi[i - 1] or time[i] - time[i - 1] > gap_us):
            broken = True
        if not broken and time[i] - time[kept[count - 1]] < _LEG_US:
            continue
        if occupied(lon[i], lat[i], first) and nearest_place(ports, lon[i], lat[i], time[i], margin_m)[0] >= 0:
            broken = True
            continue
        kept[count], starts[count] = i, broken
        count += 1
        broken = False
    return count


@kernel
def _leg_m(i: int, j: int, time: np.ndarray, lon: np.ndarray, lat: np.ndarray, sog: np.ndarray) -> float:
    """Length of the way between two reports: by their places, or by the speeds that they send where these tell more."""
    metres = distance_m(lon[i], lat[i], lon[j], lat[j])
    if np.isnan(sog[i]) and np.isnan(sog[j]):
        return metres
    one, other = (sog[j] if np.isnan(sog[i]) else sog[i]), (sog[i] if np.isnan(sog[j]) else sog[j])
    seconds = (time[j] - time[i]) * 1e-6
    if time[j] - time[i] > _UNSEEN_US:
        return max(metres, 0.5 * (one + other) * KNOTS_TO_METRES_PER_SECOND * seconds)
    sent = min(one, other) * KNOTS_TO_METRES_PER_SECOND * seconds
    return sent if min(one, other) >= _UNDER_WAY_KNOTS and metres < 0.5 * sent else metres


@kernel
def _unseen_us(
    slow: int, under_way: int, time: np.ndarray, lon: np.ndarray, lat: np.ndarray, sog: np.ndarray
) -> int:  # fmt: skip
    """How long a ship lay before its first slow report, or after its last, by the report beside it under way."""
    between = abs(time[slow] - time[under_way])
    if between <= _UNSEEN_US:
        return 0
    knots = sog[under_way] if sog[under_way] >= _UNDER_WAY_KNOTS else _ASSUMED_KNOTS
    metres = distance_m(lon[slow], lat[slow], lon[under_way], lat[under_way])
    return max(0, between - int(metres / (knots * KNOTS_TO_METRES_PER_SECOND) * 1e6))


@kernel
def _slow_runs(
    kept: np.ndarray, starts: np.ndarray, time: np.ndarray, lon: np.ndarray, lat: np.ndarray, sog: np.ndarray,
    max_knots: float, min_us: int, first: np.ndarray, last: np.ndarray, metres: np.ndarray, likely_us: np.ndarray,
    unheard_us: np.ndarray,
) -> int:  # fmt: skip
    """Longest stretches covered by hours slower than `max_knots`; returns how many last `min_us`, as is likely."""
    hour = 3_600_000_000
    count = len(kept)
    path = np.zeros(count)
    for k in range(1, count):
        i, j = kept[k - 1], kept[k]
        if not starts[k]:  # from 0 in each stretch: sums must not hang on who else is in the call
            path[k] = path[k - 1] + _leg_m(i, j, time, lon, lat, sog)
    found = 0
    run, reach = -1, -1
    ahead = 0
    for k in range(count + 1):
        new_stretch = k == count or starts[k]
        if run >= 0 and (new_stretch or k > reach):  # no slow hour leads on
            likely = time[kept[reach]] - time[kept[run]]
            if not starts[run]:
                likely += _unseen_us(kept[run], kept[run - 1], time, lon, lat, sog)
            if reach + 1 < count and not starts[reach + 1]:
                likely += _unseen_us(kept[reach], kept[reach + 1], time, lon, lat, sog)
            if likely >= min_us:
                first[found], last[found] = kept[run], kept[reach]
                metres[found], likely_us[found] = path[reach] - path[run], likely
                longest = 0
                for at in range(kept[run], kept[reach]):
                    longest = max(longest, time[at + 1] - time[at])
                unheard_us[found] = longest
                found += 1
            run = -1
        if k == count:
            break
        ahead = max(ahead, k)
        while ahead + 1 < count and not starts[ahead + 1] and time[kept[ahead]] - time[kept[k]] < hour:
            ahead += 1
        length = time[kept[ahead]] - time[kept[k]]
        if length >= hour and path[ahead] - path[k] < max_knots * KNOTS_TO_METRES_PER_SECOND * length * 1e-6:
            if run < 0:
                run = k
            reach = ahead
    return found


def slow_stays(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel: rows of `tracks`, whole vessels → STAYS.

    Arguments: `max_speed_knots`, `min_duration_h`, `max_report_gap_h`, `port_margin_m`, and the places.
    """
    margin_m = float(arguments["port_margin_m"])
    ports = areas_of(arguments, margin_m)
    mmsi, segment, time = (ints(table[name]) for name in ("mmsi", "segment", "time"))
    lon, lat, sog = (floats(table[name]) for name in ("lon", "lat", "sog_knots"))
    kept, starts = np.empty(len(time), np.int64), np.empty(len(time), np.bool_)
    gap_us = int(arguments["max_report_gap_h"] * times.HOUR_US)
    thin = _thinned(mmsi, segment, time, lon, lat, gap_us, ports, margin_m, kept, starts)
    first, last, likely_us, unheard_us = (np.empty(thin + 1, np.int64) for _ in range(4))
    metres = np.empty(thin + 1)
    found = _slow_runs(
        kept[:thin], starts[:thin], time, lon, lat, sog, float(arguments["max_speed_knots"]),
        int(arguments["min_duration_h"] * times.HOUR_US), first, last, metres, likely_us, unheard_us,
    )  # fmt: skip
    first, last, metres = first[:found], last[:found], metres[:found]
    status = ints(table["nav_status"], -1)
    common = [_most_common(status[a : b + 1]) for a, b in zip(first, last, strict=True)]
    samples = _moments(time, first, last)
    values = {
        "mmsi": pa.array(mmsi[first], pa.int32()),
        "segment": pa.array(segment[first]),
        "mean_speed_knots": pa.array(metres / ((time[last] - time[first]) * 1e-6) / KNOTS_TO_METRES_PER_SECOND),
        "likely_h": pa.array(likely_us[:found] / times.HOUR_US),
        "longest_unheard_h": pa.array(unheard_us[:found] / times.HOUR_US),
        "nav_status": pa.array([status for status, _ in common], pa.int8()),
        "nav_share": pa.array([share for _, share in common], pa.float64()),
        "lons": pa.FixedSizeListArray.from_arrays(pa.array(lon[samples].ravel()), _SAMPLES),
        "lats": pa.FixedSizeListArray.from_arrays(pa.array(lat[samples].ravel()), _SAMPLES),
        "heard": _heard(time, lon, lat, first, last),
        **openings.columns(table, {"first": first, "last": last}),
    }
    return pa.table(values, schema=STAYS)


def _moments(time: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Rows of the reports at (or next after) the start, the quarters and the end of each stay."""
    rows = np.empty((len(first), _SAMPLES), np.int64)
    for k, (a, b) in enumerate(zip(first, last, strict=True)):
        wanted = time[a] + (time[b] - time[a]) * np.arange(_SAMPLES) // (_SAMPLES - 1)
        rows[k] = a + np.searchsorted(time[a : b + 1], wanted)
    return rows


def _heard(time: np.ndarray, lon: np.ndarray, lat: np.ndarray, first: np.ndarray, last: np.ndarray) -> pa.Array:
    """Of each stay the reports at which another hour has begun, and the last, as time, lon, lat, time, …"""
    parts, offsets = [], [0]
    for a, b in zip(first, last, strict=True):
        hour = (time[a : b + 1] - time[a]) // 3_600_000_000
        rows = a + np.flatnonzero(np.diff(hour, prepend=-1, append=-1)[:-1])
        rows = np.unique(np.append(rows, b))
        parts.append(np.column_stack([time[rows], lon[rows], lat[rows]]).ravel())
        offsets.append(offsets[-1] + len(parts[-1]))
    values = np.concatenate(parts) if parts else np.empty(0)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values, pa.float64()))


def _beside(candidates: pa.Table) -> pa.Array:
    """Of each stay that was seldom heard the ship that lay beside it; null where none did, or it was heard hourly."""
    heard = candidates["heard"].combine_chunks()
    values = heard.flatten().to_numpy().reshape(-1, 3)
    first = np.concatenate([[0], np.cumsum(pc.list_value_length(heard).to_numpy() // 3)])
    start, end = ints(candidates["first_time"]), ints(candidates["last_time"])
    moments = values[:, 0].astype(np.int64)
    stays = Stays(
        ints(candidates["mmsi"]), start, end, first.astype(np.int64), moments, values[:, 1].copy(), values[:, 2].copy()
    )
    seldom = np.flatnonzero(floats(candidates["longest_unheard_h"]) > _SELDOM_H)
    found = beside(stays, seldom)
    return pa.array([found.get(k) for k in range(candidates.num_rows)], pa.int32())


def _most_common(status: np.ndarray) -> tuple[int, float]:
    known = status[status >= 0]
    if not len(known):
        return -1, 0.0
    counts = np.bincount(known)
    return int(counts.argmax()), float(counts.max() / len(status))


def _meetings(context: Context) -> dict[int, Spans]:
    """When each segment was in an encounter."""
    meetings: dict[int, list[tuple[int, int]]] = {}
    for event in context.events.get("encounter", ()):
        for vessel in event.vessels:
            if vessel.segment is not None:
                end = context.data_end if event.end is None else event.end
                meetings.setdefault(vessel.segment, []).append((event.start, end))
    return {segment: _union(spans) for segment, spans in meetings.items()}


def _union(spans: list[tuple[int, int]]) -> Spans:
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(spans):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def _covered(start: int, end: int, spans: Spans) -> float:
    """Share of a stay that lies in these spans."""
    starts, ends = spans
    total = 0
    for k in range(bisect_right(ends, start), bisect_left(starts, end)):
        total += min(ends[k], end) - max(starts[k], start)
    return total / (end - start)


def _checks(row: dict[str, Any], port_m: float) -> tuple[Innocent, ...]:
    status = row["nav_status"]
    words = _STATUSES.get(status, f"status {status}")
    said = "none sent" if status < 0 else f"{words}, in {row['nav_share']:.0%} of reports"
    return (
        Innocent(
            "waiting for a berth",
            "distance to the nearest known port or anchorage",
            areas.told_distance(port_m),
        ),
        Innocent("what the ship says it does", "navigational status sent most often", said),
    )


DETECTOR = Loitering()
