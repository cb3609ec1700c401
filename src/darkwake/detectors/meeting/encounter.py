"""Encounter: two ships slow and close together for hours, away from ports. Observed; what they did is not.

The definition is that of Miller et al. (2018), "Identifying global patterns of transshipment behavior" (500 m, 2 h,
2 kn, 10 km from an anchorage), followed through time without a break at midnight. See docs/methods/encounter.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.detectors import areas
from darkwake.detectors.base import Context, Detector, Needs, Param, method_of
from darkwake.detectors.meeting.kernels import grid
from darkwake.detectors.meeting.kernels.close import NEARBY_M, PAIRS, close_pairs
from darkwake.detectors.meeting.kernels.grid import POINT, SLOW, STEP_US, slow_points
from darkwake.detectors.meeting.kernels.meetings import MEETINGS, meetings
from darkwake.detectors.meeting.kernels.packing import source_name, unpack_fixed
from darkwake.engine.base import Plan, Stage
from darkwake.errors import UsageError
from darkwake.events.kinds import Kind, Measure
from darkwake.events.model import Event, Innocent, VesselRef, event_id, rounded
from darkwake.places import grid as grid_places
from darkwake.refs import source_text
from darkwake.tracks.columns import Floats, Ints

#: Ship types (ITU-R M.1371, table 53) whose work it is to lie alongside others.
_SERVICE_TYPES = {
    30: "fishing", 31: "towing", 32: "towing", 50: "pilot", 51: "search and rescue", 52: "tug", 53: "tender",
}  # fmt: skip
#: Where these fields of a POINT stand in a tuple of it.
_KEY, _REPORT_US, _SOURCE, _OFFSET, _LENGTH = (
    (POINT.names or ()).index(name) for name in ("payload_key", "report_us", "source", "span_offset", "span_length")
)


KIND = Kind(
    name="encounter",
    noun="encounter",
    nouns="encounters",
    measures=(
        Measure("duration_h", "h", "from the first to the last instant together, hours; of an open one, so far"),
        Measure("together_h", "h", "thereof observed together, interruptions taken off, hours"),
        Measure("median_distance_m", "m", "median over all instants together, metres"),
        Measure("median_speed_knots", "kn", "median over all instants and both ships, knots"),
        Measure(
            "distance_from_port_km",
            "km",
            "from the mean position to the nearest known port or anchorage; null if none is known",
        ),
        Measure(
            "heading_difference_deg", "°", "median angle between the true headings, 0–180; null where one sent none"
        ),
    ),
    main="duration_h",
    been_there=True,
    least_stay_h=2.0,
    unseen="The other ship of an encounter need not transmit, so one can go unseen while this vessel is heard",
)


class Encounter(Detector):
    """Meetings of two ships away from port.

    >>> from darkwake import samples
    >>> hours = samples.every(10, 0, 5)
    >>> near = (samples.SEA[0], samples.SEA[1] + 200 * samples.METRES)
    >>> two = samples.ship(1, hours), samples.ship(2, hours, near)
    >>> [event.measures["median_distance_m"] for event in samples.detect("encounter", *two)]
    [200.0]
    """

    kind = KIND
    version = "1.1"
    status = "stable"
    title = "Two ships close together and slow"
    definition = (
        "One meeting of one pair of segments under different MMSIs: within max_distance_m at instants 10 minutes "
        "apart, at least min_duration_h together in all, median speed of both below max_median_speed_knots, farther "
        "than min_port_distance_km from ports. Interruptions under merge_h belong to it. One in or near a known "
        "anchorage says so, and how many other ships lay there."
    )
    params = (
        Param("max_distance_m", 500.0, "m", "the two are together when no farther apart than this"),
        Param("min_duration_h", 2.0, "h", "time observed together, interruptions not counted"),
        Param("max_median_speed_knots", 2.0, "kn", "median over all instants of both must be below"),
        Param("min_port_distance_km", 10.0, "km", "points nearer to a port do not count"),
        Param("merge_h", 4.0, "h", "an interruption shorter than this belongs to the meeting"),
        Param("slow_knots", 3.0, "kn", "instants at this speed or faster do not count, as in a joint departure"),
        Param("max_report_gap_h", 1.0, "h", "positions are interpolated between reports no farther apart; at most 1"),
    )
    innocent_explanations = (
        "known anchorage", "waiting or sheltering with others", "tug, pilot, tender or fishing vessel",
    )  # fmt: skip
    known_failures = (
        "Two transponders on one hull, or a tug with its barge, meet for as long as they send.",
        "Reports more than an hour apart are not bridged: where satellites alone hear, short meetings are missed.",
        "The start and end are instants 10 minutes apart; up to that much of a meeting is not counted at either side.",
        "A ship that sends a false position is met where it says it is.",
    )
    needs = Needs(places=True, decided_by_places=True, ship_types=True, other_ships=True)

    def plan(self, values: Mapping[str, float], context: Context) -> Plan:
        if not 0 < values["max_report_gap_h"] <= grid.LONGEST_GAP_H:
            raise UsageError(
                f"max_report_gap_h is {values['max_report_gap_h']:g}",
                expected=f"more than 0, at most {grid.LONGEST_GAP_H:g}",
            )
        if values["max_distance_m"] <= 0:
            raise UsageError(f"max_distance_m is {values['max_distance_m']:g}", expected="more than 0")
        arguments = {
            "max_report_gap_h": values["max_report_gap_h"],
            "slow_knots": values["slow_knots"],
            "min_port_distance_m": values["min_port_distance_km"] * 1000.0,
            "max_distance_m": values["max_distance_m"],
            "merge_steps": _steps(values["merge_h"]),
            "min_steps": _steps(values["min_duration_h"]),
            "max_median_speed_knots": values["max_median_speed_knots"],
            **areas.place_arguments(areas.quays(context.places)),
        }
        stages = (
            Stage("slow_points", slow_points, SLOW),
            Stage("close_pairs", close_pairs, PAIRS),
            Stage("meetings", meetings, MEETINGS),
        )
        return Plan(self.name, "tracks", grid.COLUMNS, stages, arguments)

    def finish(self, candidates: pa.Table, values: Mapping[str, float], context: Context) -> list[Event]:
        if not candidates.num_rows:
            return []
        found = candidates.sort_by([(name, "ascending") for name in ("first_step", "segment_a", "segment_b")])
        lon, lat = found["lon"].to_numpy(), found["lat"].to_numpy()
        begun = found["first_step"].to_numpy() * STEP_US
        port_km = np.asarray(context.places.distance_to_port_m(lon, lat, begun), np.float64) / 1000.0
        far = np.flatnonzero(~(port_km < values["min_port_distance_km"]))
        sides = [unpack_fixed(found[side], POINT)[far] for side in ("opening", "closing")]
        rows = _rounded(found.drop_columns(["opening", "closing"])).take(pa.array(far)).to_pylist()
        places = context.places.smallest_at(lon[far], lat[far], begun[far])
        anchorages = _anchorages(context.places, lon[far], lat[far], begun[far], values["min_port_distance_km"])
        method = method_of(self, values, context.profile)
        # Ships, and what was checked, are the same in many events, and objects that do not change can be shared.
        vessel, checks = cache(VesselRef), cache(_checks)
        ship_types = context.ship_types
        events = []
        known = zip(port_km[far].tolist(), places, anchorages, strict=True)
        for row, opening, closing, (km, place, anchorage) in zip(rows, *sides, known, strict=True):
            code = None if place is None else place.code
            types = ship_types.get(row["mmsi_a"]), ship_types.get(row["mmsi_b"])
            vessels = vessel(row["mmsi_a"], row["segment_a"]), vessel(row["mmsi_b"], row["segment_b"])
            innocent = checks(km <= areas.KNOWN_WITHIN_M / 1000.0, anchorage, row["others_nearby"], types)
            ends = opening.tolist(), closing.tolist()
            events.append(self._event(row, ends, km, code, anchorage, vessels, innocent, method, context.data_end))
        return events

    def _event(
        self, row: dict[str, Any], ends: tuple[list[Any], list[Any]], port_km: float, place: str | None,
        anchorage: str | None, vessels: tuple[VesselRef, ...], innocent: tuple[Innocent, ...],
        method: Mapping[str, Any], data_end: int,
    ) -> Event:  # fmt: skip
        values = method["params"]
        start, end = row["first_step"] * STEP_US, row["last_step"] * STEP_US
        is_open = data_end - end < values["merge_h"] * times.HOUR_US
        hours, together = (end - start) / times.HOUR_US, row["together_steps"] * STEP_US / times.HOUR_US
        reasons = [
            f"within {values['max_distance_m']:g} m at {row['instants']} instants 10 minutes apart, "
            f"{together:.1f} h in all, median {row['median_distance_m']:.0f} m",
            f"median speed of both {row['median_speed_knots']:.1f} kn",
        ]
        if anchorage is not None:
            reasons.append(f"in or near the anchorage {anchorage}, {_company(row['others_nearby'])}")
        if is_open:
            reasons.append(f"still together within {values['merge_h']:g} h of the end of the data")
        opening, closing = ends
        first_heard = [(point[_KEY], start + point[_REPORT_US]) for point in opening]
        return Event(
            id=event_id(self.name, self.version, method["profile"], first_heard),
            kind=self.name,
            state="open" if is_open else "closed",
            start=start,
            end=None if is_open else end,
            vessels=vessels,
            lat=row["lat"],
            lon=row["lon"],
            place=place,
            measures={
                "duration_h": rounded(hours, 2),
                "together_h": rounded(together, 2),
                "median_distance_m": row["median_distance_m"],
                "median_speed_knots": row["median_speed_knots"],
                "distance_from_port_km": rounded(port_km, 2),
                "heading_difference_deg": row["heading_difference_deg"],
            },
            reasons=tuple(reasons),
            innocent=innocent,
            method=method,
            evidence=tuple(dict.fromkeys(_reference(point) for point in (*opening, *closing) if point[_OFFSET] >= 0)),
        )


def _rounded(found: pa.Table) -> pa.Table:
    """The measures as events carry them: an event's digest must not hang on the last bit of a float."""
    digits = {"lat": 6, "lon": 6, "median_distance_m": 1, "median_speed_knots": 2, "heading_difference_deg": 1}
    for name, places in digits.items():
        index = found.schema.get_field_index(name)
        found = found.set_column(index, found.schema.field(index), pc.round(found[name], places))
    return found


def _anchorages(gazetteer: Any, lon: Floats, lat: Floats, begun: Ints, within_km: float) -> list[str | None]:
    """Of each position the nearest known anchorage, if it is within so far."""
    known = gazetteer.ports_table(("anchorage",))
    row, metres = grid_places.nearest(lon, lat, grid_places.grid_of(known), begun)
    codes = known["code"].to_pylist()
    return [codes[k] if away <= within_km * 1000.0 else None for k, away in zip(row, metres, strict=True)]


def _company(others: int) -> str:
    """Whether the two were alone there, or one pair in a crowd."""
    if not others:
        return "the two alone"
    return f"with {others} other slow ship{'' if others == 1 else 's'} within {NEARBY_M / 1000:g} km"


def _checks(
    ports_known: bool, anchorage: str | None, others: int, ship_types: Sequence[int | None]
) -> tuple[Innocent, ...]:
    told = [f"{_SERVICE_TYPES[t]} ({t})" for t in ship_types if t in _SERVICE_TYPES]
    unknown = sum(t in (None, 0) for t in ship_types)
    outcome = ", ".join(told) or (f"no; {unknown} of 2 sent no type" if unknown else "no")
    return (
        Innocent(
            "known anchorage",
            "mean position in or near a known anchorage",
            f"yes: {anchorage}, {_company(others)}"
            if anchorage is not None
            else "no"
            if ports_known
            else areas.told_distance(np.inf),
        ),
        Innocent(
            "waiting or sheltering with others",
            f"other slow ships within {NEARBY_M / 1000:g} km, away from ports, when it began",
            f"{others} other{'' if others == 1 else 's'}",
        ),
        Innocent("tug, pilot, tender or fishing vessel", "ship type as broadcast", outcome),
    )


def _steps(hours: float) -> int:
    """The fewest grid steps that make so many hours."""
    return int(np.ceil(hours * times.HOUR_US / STEP_US))


def _reference(point: Sequence[Any]) -> str:
    return source_text(source_name(point[_SOURCE]), point[_OFFSET], point[_LENGTH])


DETECTOR = Encounter()
