"""Gap: a silence of one segment's ship, from its last report to its next. Observed, not judged: that comes beside it.

A report without a position is a report: the ship was not silent. Where the data have a hole, nobody is silent.

`p_silence_by_reception` says how likely it is that a ship transmitting normally went unheard for so long; `reachable`
names places only where reception does not explain the silence, and each with the number of other silent ships that
could have been there in the same hours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from darkwake import times
from darkwake.detectors.base import Context, Detector, Needs, Param, method_of
from darkwake.detectors.silence.kernels.reach import reachable_places
from darkwake.detectors.silence.kernels.silences import BESIDE, CANDIDATES, COLUMNS, PACE, silences
from darkwake.engine.base import Plan, Stage
from darkwake.events.kinds import Kind, Measure
from darkwake.events.model import Event, Innocent, VesselRef, event_id, rounded, significant
from darkwake.geo.sphere import distance_m
from darkwake.refs import source_text
from darkwake.tracks.columns import Bools, Floats, flat, floats, instants, ints
from darkwake.units import m_to_nm

if TYPE_CHECKING:
    from darkwake.tracks.reception import Judged, ReceptionModel

#: Nearer than this between last and next report, and at rest at both: the ship was lying still.
_STILL_KM = 2.0
_STILL_KNOTS = 1.0
#: A silence counts only if in so many of its hours any ship was heard around: a hole in the data is nobody's silence.
LEAST_HOURS_WITH_DATA = 0.5
_SHARE = re.compile(r"^(\d+(?:\.\d+)?)% of the hours$")


def _possible_only(event: Event) -> str | None:
    """A hole in the data is nobody's silence, and what another ship may have sent may be hers."""
    if count := event.measures.get("unsure_reports"):
        return f"in it came {count:,} reports that this ship or another one under its number may have sent"
    if event.measures.get("p_silence_by_reception") is None:
        return "whether the receivers would have heard the ship is not known, so it may be no silence of hers"
    share = _hours_with_data(event)
    if share is not None and share < LEAST_HOURS_WITH_DATA:
        return f"no data at hand: only in {share:.0%} of its hours was any ship heard around"
    return None


def _hours_with_data(event: Event) -> float | None:
    """Share of a silence's hours with data: a measure, or, of an older method version, told where it was checked."""
    share = event.measures.get("hours_with_data")
    if isinstance(share, int | float):
        return float(share)
    checked = (_SHARE.match(one.outcome) for one in event.innocent if one.explanation == "no data at hand")
    return next((float(found[1]) / 100.0 for found in checked if found), None)


def _brief(told: Mapping[str, Any]) -> str:
    p, by = told.get("p_silence_by_reception"), told.get("explained_by")
    by = "not explained" if by == "nothing" else by or ""
    return ", ".join(
        part for part in (f"{told['duration_h']:.1f} h", by.replace("_", " "), "" if p is None else f"p {p:g}") if part
    )


KIND = Kind(
    name="gap",
    noun="gap",
    nouns="gaps",
    measures=(
        Measure("duration_h", "h", "length of the silence in hours; of an open one, so far"),
        Measure("distance_km", "km", "great-circle distance between last and next report; null while open"),
        Measure("implied_speed_knots", "kn", "that distance over that time; null while open"),
        Measure("expected_reports", "", "transmissions expected by the reception model, null without one"),
        Measure(
            "p_silence_by_reception",
            "probability",
            "probability that the receivers would not have heard a ship of this class transmitting normally here and "
            "then for so long, given that a silence was seen; null without a reception model or data of those hours",
        ),
        Measure(
            "hours_with_data",
            "share",
            "share, 0 to 1, of the hours of the silence in which any ship was heard within 5 to 10 degrees; near 0: "
            "there is no data at hand; null without a reception model",
        ),
        Measure(
            "explained_by",
            "",
            "what explains the silence if the ship did not switch off: reception, outage, class_b, port (it began and "
            "ended in or next to one), no_data (it could not be judged); nothing if none of these does",
            "told",
        ),
        Measure(
            "unsure_reports",
            "",
            "reports without a position in it that this ship or another one under its number may have sent",
        ),
        Measure(
            "reachable",
            "",
            "up to 5 places within reach, longest possible stay first, with other silent ships within reach",
            "told",
        ),
    ),
    main="duration_h",
    brief=_brief,
    observed=True,
    at_least="longer than {min_gap_h:g} h",
    silence=True,
    possible_only=_possible_only,
)


class Gap(Detector):
    """Silences of single ships.

    >>> from darkwake import samples
    >>> silent = samples.ship(hours=[0, 1, 2, 12, 13, 14])
    >>> [event.measures["duration_h"] for event in samples.detect("gap", silent)]
    [10.0]
    """

    kind = KIND
    version = "2.2"
    status = "stable"
    title = "Silence of a ship"
    definition = (
        "One silence of one segment's ship longer than min_gap_h, from its last to its next report of any kind that "
        "no other ship under its number can have sent, while other ships were heard around; open while there is no "
        "next report, or where the data around it end first. The segment has min_reports on each side."
    )
    params = (
        Param("min_gap_h", 6.0, "h", "a silence must be longer than this"),
        Param(
            "min_reports", 3.0, "reports", "so many positions of its segment before it, and after it if it is closed"
        ),
        Param("explained_above", 0.5, "probability", "no reachable places are named where reception explains as much"),
        Param("assumed_knots", 12.0, "kn", "speed of a ship that never sent one"),
        Param("min_stay_h", 2.0, "h", "a place counts as reachable if the ship could have stayed so long"),
    )
    innocent_explanations = (
        "poor reception here", "no data at hand", "outage of the receivers", "low power (class B)", "lying still",
        "end of the data",
    )  # fmt: skip
    known_failures = (
        "A ship that stops sending for good and never comes back in the data leaves one open gap.",
        "Reachable places are judged by great-circle distance, so land in between makes them look nearer.",
        "A ship that is lost at once at its usual pace (behind an island, in a walled harbour) looks switched off.",
        "A silence that goes on behind a hole in the data is told up to the hole only.",
        "A lake that holds one ship alone has no gaps: whether she was silent or not exported cannot be told.",
    )
    needs = Needs(places=True, reception=True, other_ships=True)

    def plan(self, values: Mapping[str, float], context: Context) -> Plan:
        return Plan(
            name=self.name,
            table="tracks",
            columns=COLUMNS,
            beside=BESIDE,
            stages=(Stage("silences", silences, CANDIDATES),),
            arguments={
                "min_gap_us": round(values["min_gap_h"] * times.HOUR_US),
                "min_reports": int(values["min_reports"]),
                "data_end_us": context.data_end,
            },
        )

    def finish(self, candidates: pa.Table, values: Mapping[str, float], context: Context) -> list[Event]:
        found = candidates.sort_by([("start", "ascending"), ("mmsi", "ascending"), ("segment", "ascending")])
        model = context.reception
        silent = _arrays(found, context.data_end, values["assumed_knots"])
        if model is not None:
            found, silent = _while_others_were_heard(found, silent, model, round(values["min_gap_h"] * times.HOUR_US))
        judged = None if model is None else in_steps(model.judge(silent))
        unexplained = np.zeros(found.num_rows, np.bool_)
        if judged is not None:
            unexplained = (judged.p_silence < values["explained_above"]) & (judged.with_data > 0)
        silent["in_port"] = _in_port(context.places, silent)
        places = reachable_places(context.places, silent, unexplained, values["min_stay_h"])
        return [
            self._event(row, i, silent, judged, places.get(i, []), values, context)
            for i, row in enumerate(found.to_pylist())
        ]

    def _event(
        self, row: dict[str, Any], i: int, silent: Mapping[str, Any], judged: Judged | None,
        reachable: list[dict[str, Any]], values: Mapping[str, float], context: Context,
    ) -> Event:  # fmt: skip
        closed = not silent["open"][i]
        cut = bool(silent["cut"][i])
        start, end = int(silent["start"][i]), int(silent["end"][i])
        hours = (end - start) / times.HOUR_US
        distance_km = distance_m(*(silent[name][i] for name in ("lon0", "lat0", "lon1", "lat1"))) / 1000.0
        placed = closed and row["after_time"] is not None
        measures: dict[str, Any] = {
            "duration_h": rounded(hours, 2),
            "distance_km": rounded(distance_km, 2) if placed else None,
            "implied_speed_knots": _implied_knots(row, distance_km) if placed else None,
            "expected_reports": None,
            "p_silence_by_reception": None,
            "hours_with_data": None if judged is None else significant(judged.hours_with_data[i], 2),
            "explained_by": None,
            "unsure_reports": row["unsure"],
            "reachable": reachable,
        }
        if judged is not None and judged.with_data[i]:
            measures["expected_reports"] = significant(judged.expected_reports[i], 2)
            measures["p_silence_by_reception"] = rounded(judged.p_silence[i], 3)
        measures["explained_by"] = _explained(
            measures["p_silence_by_reception"], judged, i, row, bool(silent["in_port"][i]), values["explained_above"]
        )
        opening = (row["payload_key"], start)
        return Event(
            id=event_id(self.name, self.version, context.profile, [opening]),
            kind=self.name,
            state="closed" if closed else "open",
            start=start,
            end=end if closed or cut else None,
            vessels=(VesselRef(row["mmsi"], row["segment"]),),
            lat=rounded(row["before_lat"], 6),
            lon=rounded(row["before_lon"], 6),
            place=None,
            measures=measures,
            reasons=_reasons(row, hours, values["min_gap_h"], closed, cut),
            innocent=_checks(row, i, judged, distance_km, placed, cut, context),
            method=method_of(self, values, context.profile),
            evidence=tuple(
                source_text(row[f"{side}_source"], row[f"{side}_span_offset"], row[f"{side}_span_length"])
                for side in (("first", "last") if closed else ("first",))
                if row[f"{side}_span_offset"] >= 0
            ),
        )


#: So near to a port a silence that begins and ends there is that of a ship in port.
_IN_PORT_M = 2_000.0
#: Less than this share of the usual was heard of others: an outage.
_OUTAGE = 0.5


def _in_port(places: Any, silent: Mapping[str, Any]) -> Bools:
    """Whether each silence begins and ends in or next to a known port in use."""
    near = np.ones(len(silent["start"]), np.bool_)
    if places is None or not len(near):
        return np.zeros(len(near), np.bool_)
    for end, moment in (("0", "start"), ("1", "end")):
        metres = places.distance_to_port_m(silent[f"lon{end}"], silent[f"lat{end}"], silent[moment])
        near &= metres <= _IN_PORT_M
    return near


def _explained(
    p: float | None, judged: Judged | None, i: int, row: Mapping[str, Any], in_port: bool, explained_above: float
) -> str:
    """By what a silence is explained, the plainest first."""
    if p is None or judged is None:
        return "no_data"
    if in_port:
        return "port"
    if p >= explained_above:
        if judged.outage_ratio[i] < _OUTAGE:
            return "outage"
        return "class_b" if row["class_b"] else "reception"
    return "nothing"


def _implied_knots(row: Mapping[str, Any], distance_km: float) -> float | None:
    """Over the time between the positions: reports without one may have come in between."""
    hours = (row["after_time"] - row["before_time"]).total_seconds() / 3600.0
    return rounded(m_to_nm(distance_km * 1000.0) / hours, 2)


def _reasons(row: Mapping[str, Any], hours: float, min_gap_h: float, closed: bool, cut: bool) -> tuple[str, ...]:
    told = [f"no report for {hours:.1f} h, longer than {min_gap_h:g} h"]
    if cut:
        told.append(f"then no other ship was heard around it either, for {min_gap_h:g} h or more: there are no data")
    if row["start"] != row["before_time"]:
        told.append("the report before it held no position")
    if closed and row["end"] != row["after_time"]:
        told.append("the report after it held no position")
    if row["unsure"]:
        told.append(
            f"{row['unsure']:,} reports without a position came in it, of this ship or another under its number"
        )
    return tuple(told)


def _while_others_were_heard(
    found: pa.Table, silent: dict[str, Any], model: ReceptionModel, min_gap_us: int
) -> tuple[pa.Table, dict[str, Any]]:
    """Silences as far as there are data around them, those that are still long enough."""
    until = model.data_until(silent, min_gap_us)
    silent["cut"] = until < silent["end"]
    silent["open"] = silent["open"] | silent["cut"]
    silent["end"] = until
    keep = until - silent["start"] > min_gap_us
    silent = {name: values[keep] for name, values in silent.items()}
    return found.filter(pa.array(keep)), silent


def _arrays(found: pa.Table, data_end: int, assumed_knots: float) -> dict[str, Any]:
    """The silences as arrays; an open one lasts, so far, to the end of the data and stays where it began."""
    is_open: Bools = found["end"].is_null().to_numpy()
    start = instants(found["start"])
    knots = floats(found["usual_knots"])
    silent: dict[str, Any] = {
        "mmsi": ints(found["mmsi"]),
        "segment": ints(found["segment"]),
        "class_b": flat(found["class_b"]).to_numpy(zero_copy_only=False),
        "open": is_open,
        "cut": np.zeros(len(start), np.bool_),  # whether the data around it end before it does
        "start": start,
        "end": np.where(is_open, data_end, ints(found["end"])),
        "knots": np.clip(np.where(np.isnan(knots), assumed_knots, knots), 5.0, 30.0),
    }
    for side in ("before", "after"):
        silent |= {f"{side}_{name}": floats(found[f"{side}_{name}"]) for name in PACE}
    for name in ("lon", "lat"):
        before, after = floats(found[f"before_{name}"]), floats(found[f"after_{name}"])
        silent[f"{name}0"], silent[f"{name}1"] = before, np.where(np.isnan(after), before, after)
    return silent


def in_steps(judged: Judged) -> Judged:
    """A judgement as coarse as it is good: odds, reports and shares in steps of e^¼, the outage in tenths.

    A day more of data moves each number a little. Told finely, every gap would get a new version every day.
    """
    p = np.clip(judged.p_silence, 0.001, 0.999)  # nothing is certain
    odds = _stepped(p / (1 - p))
    return replace(
        judged,
        p_silence=odds / (1.0 + odds),
        expected_reports=np.where(judged.expected_reports < 0.05, 0.0, _stepped(judged.expected_reports)),
        unusual_before=_stepped(judged.unusual_before),
        unusual_after=_stepped(judged.unusual_after),
        outage_ratio=np.round(judged.outage_ratio, 1),
    )


def _stepped(values: Floats) -> Floats:
    return np.asarray(np.exp(np.round(np.log(np.maximum(values, 1e-9)) * 4.0) / 4.0))


def _share(value: float) -> str:
    return f"{float(f'{value:.1g}'):.1%}" if value < 0.1 else f"{value:.0%}"


def _checks(
    row: dict[str, Any], i: int, judged: Judged | None, distance_km: float, closed: bool, cut: bool, context: Context
) -> tuple[Innocent, ...]:
    checks = []
    if judged is None:
        checks.append(Innocent("poor reception here", "reception model", "not tested: no model was built"))
    elif not judged.with_data[i]:
        outcome = "not tested: no ship at all was heard within 5 to 10 degrees in any hour of it"
        checks.append(Innocent("no data at hand", "other ships heard during the silence", outcome))
    else:
        p, ratio = judged.p_silence[i], judged.outage_ratio[i]
        sides = f"{_share(judged.unusual_before[i])} of the slots before it"
        sides += f" and {_share(judged.unusual_after[i])} after it" if closed else ""
        checks.append(
            Innocent(
                "poor reception here",
                "pace of reports around it (how often the ship was heard as rarely), and reports due on the way",
                f"p = {p:.3g}; heard as rarely in {sides}; {significant(judged.expected_reports[i], 2):g} reports due"
                + ("" if judged.ships[i] else "; no other ship was ever heard here"),
            )
        )
        checks.append(
            Innocent(
                "no data at hand",
                "hours of the silence in which any ship was heard within 5 to 10 degrees",
                f"{judged.with_data[i]:.0%} of the hours",
            )
        )
        checks.append(
            Innocent(
                "outage of the receivers",
                "other ships in the region heard, hour by hour, against what is usual there",
                "not tested: too few other ships" if np.isnan(ratio) else f"{ratio:.0%} of the usual over the silence",
            )
        )
    checks.append(
        Innocent(
            "low power (class B)",
            "type of the last message",
            "class B: judged by class B reception" if row["class_b"] else "class A",
        )
    )
    if closed:
        speeds = (row["before_sog_knots"], row["after_sog_knots"])
        still = distance_km < _STILL_KM and all(v is None or v < _STILL_KNOTS for v in speeds)
        checks.append(
            Innocent(
                "lying still",
                f"less than {_STILL_KM:g} km apart and below {_STILL_KNOTS:g} kn before and after",
                f"{'yes' if still else 'no'}: {distance_km:.1f} km apart",
            )
        )
    elif cut:
        checks.append(Innocent("end of the data", "other ships heard around, from then on", "none"))
    else:
        checks.append(Innocent("end of the data", "last report of any ship", str(times.iso(context.data_end))))
    return tuple(checks)


DETECTOR = Gap()
