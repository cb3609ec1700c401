"""Port call: one stay from entering to leaving a port's area, seen or inferred from a silence in its approach.

Entering and leaving have different edges (hysteresis), so that a ship at the edge does not call twenty times. The
levels of confidence are those of Global Fishing Watch's port visits. See docs/methods/port_call.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from darkwake import times
from darkwake.detectors import areas, openings
from darkwake.detectors.base import Context, Detector, Needs, Param, method_of
from darkwake.detectors.stay.kernels.stays import COLUMNS, SIDES, STAYS, stays
from darkwake.detectors.stay.kernels.whole import whole_stays
from darkwake.detectors.strays import UNREACHABLE_KNOTS
from darkwake.engine.base import Plan, Stage
from darkwake.events.kinds import Kind, Measure
from darkwake.events.model import Event, Innocent, VesselRef, event_id, rounded
from darkwake.geo.sphere import distance_m
from darkwake.units import knots_to_mps

_WAITING = "waiting at anchor in the approach"
_NO_DATA = "no data at hand"
_PASSING = "passing through the area without a stop"


#: What a ship says that lies in port; it stands in the reasons.
_MOORED = "moored or at anchor"
_MIN_STOP_H = 0.25
#: Of two ports whose circles hold a ship, neither is surely hers unless its middle is so many times nearer.
_AS_NEAR = 2.0


def stop_seen(event: Event) -> bool:
    """Whether a call's stop was seen: as it says, or, of an older method version, by what made it a call."""
    measures = event.measures
    if measures.get("inferred_from_silence"):
        return False
    if isinstance(said := measures.get("stop_seen"), bool):
        return said
    stopped = measures.get("stopped_h")
    least = (event.method.get("params") or {}).get("min_stop_h", _MIN_STOP_H)
    return (isinstance(stopped, int | float) and stopped >= least) or any(_MOORED in told for told in event.reasons)


def _possible_only(event: Event) -> str | None:
    if other := event.measures.get("or_port"):
        return f"it may have been at {other}: the ship lay in the waters of both ports, about as near to either"
    if event.measures.get("may_be_earlier"):
        return "it may be one with the call before: there are no data of the time in between"
    if stop_seen(event):
        return None
    if event.measures.get("inferred_from_silence"):
        return "inferred from a silence: no report shows the stop"
    return "a passage: no stop was seen inside the port's area"


def _brief(told: Mapping[str, Any]) -> str:
    seen = "gap, " if told.get("inferred_from_silence") else "contradicted, " if told.get("contradicted") else ""
    other = f"or {told['or_port']}, " if told.get("or_port") else ""
    return f"{other}{seen}level {told['confidence_level']}"


KIND = Kind(
    name="port_call",
    noun="port call",
    nouns="port calls",
    measures=(
        Measure(
            "arrival",
            "",
            "time of the first report inside; null where nothing was heard inside, or before the data",
            "told",
        ),
        Measure(
            "departure",
            "",
            "time of the last report inside; null where nothing was heard inside, or not left yet",
            "told",
        ),
        Measure(
            "arrival_earliest",
            "",
            "the ship was outside at this time (by a silence: plus the sailing in); null if unknown",
            "told",
        ),
        Measure("arrival_latest", "", "the ship was inside, or must have been to be back, at this time", "told"),
        Measure(
            "departure_earliest",
            "",
            "the ship was still inside at this time, or cannot have left sooner; null if unknown",
            "told",
        ),
        Measure(
            "departure_latest",
            "",
            "the ship was outside again at this time (by a silence: less the sailing out); null if not",
            "told",
        ),
        Measure(
            "confidence_level",
            "",
            "1 entry or exit only, 2 stop or silence only, 3 entry or exit and one of these, 4 all",
            "doubt",
        ),
        Measure("draught_change_m", "m", "null; filled by those who compare draughts", signed=True),
        Measure("stopped_h", "h", "time seen lying still inside, hours"),
        Measure("silence_h", "h", "longest silence that belongs to the call, hours; 0 if none"),
        Measure(
            "inferred_from_silence",
            "",
            "true where a silence, not a stop that was seen, makes the call",
            "told",
        ),
        Measure(
            "stop_seen",
            "",
            "true only if reports show a stop: the ship lay still for min_stop_h, or said that it was moored or at "
            "anchor and did not move, and its other reports do not contradict it",
            "told",
        ),
        Measure(
            "contradicted",
            "",
            f"true where the reports before and after cannot be of the ship that made the call: more than "
            f"{UNREACHABLE_KNOTS:g} kn would be needed between them and it",
            "told",
        ),
        Measure(
            "may_be_earlier",
            "",
            "true where it may be one with the call before: the ship was inside before and after hours without data",
            "told",
        ),
        Measure(
            "or_port",
            "",
            f"code of another port that it may have been: the ship lay in the waters of both, and less than "
            f"{_AS_NEAR:g} times as far from that one's middle; null where only one is near",
            "told",
        ),
        Measure("berth", "", "code of the berth or anchorage around the slowest report; null if none is known", "told"),
    ),
    main="confidence_level",
    brief=_brief,
    been_there=True,
    at_port=True,
    seen_in_part=True,
    least_stay_h=3.0,
    least_absence_h=4.0,  # returns within 4 h belong to the same call
    possible_only=_possible_only,
)


class PortCall(Detector):
    """Calls at known ports.

    >>> from darkwake import samples
    >>> world = samples.Surroundings([samples.harbour("SIMPT", *samples.SEA, radius_m=3000)])
    >>> def course(hour):  # in from the north, five hours alongside, and out again
    ...     return samples.SEA[0], samples.SEA[1] + max(0, abs(hour - 5) - 2.5) / 10
    >>> sog = lambda hour: 0.0 if abs(hour - 5) <= 2.5 else 6.0
    >>> caller = samples.ship(1, samples.every(10, 0, 10), course, sog)
    >>> [(call.place, call.measures["stop_seen"]) for call in samples.detect("port_call", caller, world=world)]
    [('SIMPT', True)]
    """

    kind = KIND
    version = "1.4"
    status = "stable"
    title = "Call at a port"
    definition = (
        "One stay of one segment's ship from entering a port's area (with its berths and anchorages) to leaving it by "
        "exit_margin_km, with a stop or a silence; returns within merge_h belong to it. Also a silence of at least "
        "silence_h that begins, heading in, and ends in the approach of one port and leaves time for a call. A silence "
        "counts only while other ships were heard around."
    )
    params = (
        Param("exit_margin_km", 1.0, "km", "left when farther than this outside the area"),
        Param("approach_km", 20.0, "km", "approach outside the area, for ports that do not say how far theirs reaches"),
        Param("stop_knots", 0.5, "kn", "slower than this is a stop"),
        Param(
            "min_stop_h",
            _MIN_STOP_H,
            "h",
            "a stop lasts so long, unless the ship says that it is moored or anchored",
        ),
        Param("silence_h", 4.0, "h", "no report for so long counts as a silence"),
        Param("max_silence_h", 720.0, "h", "a longer silence is no sign of one call"),
        Param("max_knots", 12.0, "kn", "speed at which a silent ship is taken to sail to the port and back"),
        Param("min_call_h", 1.0, "h", "time in port that a silence must leave beside the sailing"),
        Param("merge_h", 4.0, "h", "a return sooner than this belongs to the call"),
    )
    innocent_explanations = (_WAITING, _PASSING, _NO_DATA)
    known_failures = (
        "A ship that stops at sea inside the circle of a port whose harbour is elsewhere is taken for a call.",
        "A silence in the approach is no sight of the port: the ship may have waited or turned.",
        "A ship that sends a false position calls where it says it is; one that leaves the true call out is missed.",
        "A port that the gazetteer does not know has no calls.",
        "Where the circles of two ports overlap, a call is told at the smaller one; the other stands in or_port.",
    )
    needs = Needs(places=True, decided_by_places=True, reception=True)

    def plan(self, values: Mapping[str, float], context: Context) -> Plan:
        arguments = {
            "exit_margin_m": values["exit_margin_km"] * 1000.0,
            "approach_m": values["approach_km"] * 1000.0,
            **{name: values[name] for name in ("stop_knots", "silence_h", "max_silence_h", "max_knots")},
            **{name: values[name] for name in ("min_call_h", "merge_h")},
            **areas.place_arguments(_ports(context.places)),
        }
        return Plan(self.name, "tracks", COLUMNS, (Stage("stays", stays, STAYS),), arguments)

    def finish(self, candidates: pa.Table, values: Mapping[str, float], context: Context) -> list[Event]:
        ports = _ports(context.places)
        around = areas.Circles(ports)
        rows = whole_stays(candidates, context.reception, round(values["silence_h"] * times.HOUR_US))
        events = (self._event(row, ports, around, values, context) for row in rows)
        return [event for event in events if event is not None]

    def _event(
        self,
        row: dict[str, Any],
        ports: Sequence[Any],
        around: areas.Circles,
        values: Mapping[str, float],
        context: Context,
    ) -> Event | None:
        entry, left = row["before_time"] is not None, row["after_time"] is not None
        stop = row["moored"] or row["stopped_h"] >= values["min_stop_h"]
        silence = row["silence_h"] > 0
        inferred = bool(row["approach"] or (silence and not stop))
        level = _level(entry and not row["approach"], left and not row["approach"], stop or silence)
        if level == 0:
            return None  # a pass
        if row["approach"] and row["hole"]:
            return None  # nobody is silent where there are no data
        before, first, last, after = (openings.time_of(row, side) for side in ("before", "first", "last", "after"))
        assert first is not None
        assert last is not None
        end: int | None = last
        measures: dict[str, Any] = {"arrival": None, "departure": None}
        if row["approach"]:
            measures.update(_bounds(row, ports[row["owner"]], first, last, values))
            is_open = False
        else:
            is_open = not left or context.data_end - last < values["merge_h"] * times.HOUR_US
            is_open = is_open and not row["contradicted"]
            going_on = is_open and context.data_end - last < values["merge_h"] * times.HOUR_US
            end = None if going_on else last  # an open one ends, as far as is known, where it was last heard
            measures.update(
                {
                    "arrival": times.iso(first) if entry else None,
                    "departure": times.iso(last) if left else None,
                    "arrival_earliest": times.iso(before),
                    "arrival_latest": times.iso(first),
                    "departure_earliest": times.iso(last),
                    "departure_latest": times.iso(after),
                }
            )
        other = None
        if not row["approach"] and row["berth"] in (-1, row["owner"]):  # a known berth is of one port
            other = around.as_near(row["owner"], row["lon"], row["lat"], first, _AS_NEAR)
        berth = ports[row["berth"]].code if row["berth"] >= 0 and row["berth"] != row["owner"] else None
        measures.update(
            {
                "confidence_level": level,
                "draught_change_m": None,
                "stopped_h": rounded(row["stopped_h"], 2),
                "silence_h": rounded(row["silence_h"], 2),
                "or_port": None if other is None else ports[other].code,
                "berth": berth,
                "inferred_from_silence": inferred,
                "stop_seen": bool(stop and not row["approach"] and not row["contradicted"]),
                "contradicted": row["contradicted"],
                "may_be_earlier": row["parted"],
            }
        )
        sides = ("first", "last") if row["approach"] else SIDES
        return Event(
            id=event_id(self.name, self.version, context.profile, [openings.opening(row, "first")]),
            kind=self.name,
            state="open" if is_open else "closed",
            start=first,
            end=end,
            vessels=(VesselRef(row["mmsi"], row["segment"]),),
            lat=rounded(row["lat"], 6),
            lon=rounded(row["lon"], 6),
            place=ports[row["owner"]].code,
            measures=measures,
            reasons=_reasons(row, stop, values, context.data_end - last)
            + (() if other is None else (_shared(ports[row["owner"]], ports[other]),)),
            innocent=_checks(row) if inferred else (),
            method=method_of(self, values, context.profile),
            evidence=openings.evidence(row, sides),
        )


def _bounds(
    row: dict[str, Any], port: Any, first: int, last: int, values: Mapping[str, float]
) -> dict[str, str | None]:
    """When a call inside a silence can have been: the silence, less the sailing at max_knots."""
    call_us = round(values["min_call_h"] * times.HOUR_US)
    metres = max(0.0, distance_m(row["lon"], row["lat"], port.lon, port.lat) - port.radius_m)
    earliest = min(first + round(metres / knots_to_mps(values["max_knots"]) * times.SECOND_US), last - call_us)
    return {
        "arrival_earliest": times.iso(earliest),
        "arrival_latest": times.iso(last - call_us),
        "departure_earliest": times.iso(earliest + call_us),
        "departure_latest": times.iso(last),
    }


def _ports(gazetteer: Any) -> list[Any]:
    """The places that make calls: ports with all that belongs to them, but no anchorage that belongs to none."""
    places = areas.harbours(gazetteer)
    owners = areas.place_arguments(places)["place_owner"]
    return [place for place, owner in zip(places, owners, strict=True) if places[owner].kind == "port"]


def _level(entry: bool, left: bool, stop: bool) -> int:
    """The confidence level; 0 for a pass, which is not a call, and for a stray report. `stop`: or a silence."""
    if stop:
        return 2 + entry + left
    return 1 if entry != left else 0


def _reasons(row: dict[str, Any], stop: bool, values: Mapping[str, float], unheard_us: int) -> tuple[str, ...]:
    """`unheard_us`: from the last report inside to the end of the data."""
    if row["approach"]:
        return (
            "inferred from a silence in the approach: last heard there heading in, or waiting and then gone; "
            f"{row['silence_h']:.1f} h without a report; heard again in the approach",
            "no report from inside the port",
        )
    told = []
    if stop:
        said = f"said that it was {_MOORED}" if row["moored"] else ""
        still = f"lay still inside for {row['stopped_h']:.1f} h" if row["stopped_h"] >= 0.05 or not said else ""
        told.append(", and ".join(part for part in (still, said) if part))
    if row["silence_h"] > 0:
        told.append(f"silent for {row['silence_h']:.1f} h in or next to the port")
    if not told:
        told.append("no stop was observed inside")
    if row["before_time"] is None and not row["contradicted"]:
        told.append(
            "inside before and after a time without data: it may be one with the call before"
            if row["parted"]
            else "already inside when its reports begin"
        )
    if row["after_time"] is None:
        gone = unheard_us >= values["silence_h"] * times.HOUR_US
        if not row["contradicted"]:
            told.append("inside when last heard, and not heard again" if gone else "still inside when the data end")
    if row["contradicted"]:
        told.append(_contradiction(row))
    if row["visits"] > 1:
        told.append(f"went out and came back within {values['merge_h']:g} h, {row['visits'] - 1} times")
    return tuple(told)


def _shared(port: Any, other: Any) -> str:
    names = " and of ".join(f"{one.name} ({one.code})" for one in (port, other))
    return f"the waters of {names} overlap where the ship lay, about as near to either: which one it was is not known"


def _contradiction(row: dict[str, Any]) -> str:
    ways = [
        f"{row[name]:,.0f} kn {way}"
        for name, way in (("knots_in", "to come from the report before"), ("knots_out", "to be at the one after"))
        if row[name] is not None
    ]
    seen = "seen in one report only, and " if row["first_time"] == row["last_time"] else ""
    return f"{seen}contradicted by the other reports: it would have needed {' and '.join(ways)}"


def _checks(row: dict[str, Any]) -> tuple[Innocent, ...]:
    """What else may lie behind a call that is inferred from a silence."""
    least = "unknown" if row["least_knots"] is None else f"{row['least_knots']:.1f} kn"
    if row["approach"]:
        share = row["with_data"]
        heard = "not tested: no reception model" if share is None else f"{share:.0%} of the hours"
        return (
            Innocent(_WAITING, "speed at the last report before the silence", least),
            Innocent(_NO_DATA, "hours of the silence in which any other ship was heard within 5 to 10 degrees", heard),
        )
    return (
        Innocent(_WAITING, "whether it was heard inside the port's area", "yes"),
        Innocent(_PASSING, "slowest speed sent inside", least),
    )


DETECTOR = PortCall()
