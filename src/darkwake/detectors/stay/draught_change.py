"""Draught change: the reported draught goes from one stable value to another.

The draught in a type 5 message is typed by the crew: it may come late, stay wrong for months or be corrected without
any cargo moving. The event says what was reported, not what was loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.ais.schema import SPANS, TIMESTAMP
from darkwake.detectors.base import Context, Detector, Needs, Param, method_of
from darkwake.engine.base import Plan, Stage
from darkwake.events.kinds import Kind, Measure
from darkwake.events.model import Event, Innocent, VesselRef, event_id, rounded
from darkwake.jit import kernel
from darkwake.refs import source_ref
from darkwake.tracks.columns import Bools, Floats, Ints, floats, instants, ints

COLUMNS = ("mmsi", "segment", "time", "draught_m", "payload_key", "source", "spans")
#: One row per change: the last message with the old value, the first with the new one.
CANDIDATES = pa.schema(
    [
        ("mmsi", pa.int32()), ("segment", pa.int64()),
        ("before_time", TIMESTAMP), ("before_m", pa.float32()), ("before_payload_key", pa.int64()),
        ("before_source", pa.string()), ("before_spans", SPANS),
        ("after_time", TIMESTAMP), ("after_m", pa.float32()),
        ("after_source", pa.string()), ("after_spans", SPANS),
        ("returned", pa.bool_()),
    ]
)  # fmt: skip
#: Draught is sent in steps of 0.1 m: nearer values are the same.
_SAME_M = 0.05


def _brief(told: Mapping[str, Any]) -> str:
    return f"{told['before_m']:g} → {told['after_m']:g} m"


KIND = Kind(
    name="draught_change",
    noun="change of draught",
    nouns="changes of draught",
    measures=(
        Measure("before_m", "m", "reported draught before, metres"),
        Measure("after_m", "m", "reported draught after, metres"),
    ),
    main="after_m",
    brief=_brief,
)


class DraughtChange(Detector):
    """Changes of the draught that a ship says she has.

    >>> from darkwake import samples
    >>> laden = samples.identity(hours=[0, 1, 8, 9], draught_m=[5.0, 5.0, 9.5, 9.5])
    >>> [(event.measures["before_m"], event.measures["after_m"]) for event in samples.detect("draught_change", laden)]
    [(5.0, 9.5)]
    """

    kind = KIND
    version = "1.0"
    status = "beta"
    title = "Change of the reported draught"
    definition = "One change of the reported draught of at least min_change_m between two stable values."
    params = (
        Param("min_change_m", 0.5, "m", "smaller changes are left out"),
        Param("stable_reports", 2.0, "messages", "a value is stable when sent so often in a row"),
        Param("stable_h", 1.0, "h", "or when first and last sent so far apart"),
    )
    innocent_explanations = (
        "typing error",
        "correction of a value not kept up to date",
        "ballast or bunkers",
    )
    known_failures = (
        "A crew that does not update the draught leaves no trace of loading.",
        "The time is when the value was typed, which may be days after the cargo moved.",
        "No position: static messages carry none; the track at that time says where.",
        "Messages that could belong to several segments of one number are left out.",
    )
    needs = Needs()

    def plan(self, values: Mapping[str, float], context: Context) -> Plan:  # noqa: ARG002 - the interface
        return Plan(
            name=self.name,
            table="statics",
            columns=COLUMNS,
            stages=(Stage("changes", changes, CANDIDATES),),
            arguments={
                "min_change_m": values["min_change_m"],
                "stable_reports": int(values["stable_reports"]),
                "stable_us": round(values["stable_h"] * times.HOUR_US),
            },
        )

    def finish(self, candidates: pa.Table, values: Mapping[str, float], context: Context) -> list[Event]:
        found = candidates.sort_by([("before_time", "ascending"), ("mmsi", "ascending"), ("segment", "ascending")])
        return [self._event(row, values, context) for row in found.to_pylist()]

    def _event(self, row: dict[str, Any], values: Mapping[str, float], context: Context) -> Event:
        start, end = (times.from_datetime(row[f"{side}_time"]) for side in ("before", "after"))
        before, after = rounded(row["before_m"], 1), rounded(row["after_m"], 1)
        return Event(
            id=event_id(self.name, self.version, context.profile, [(row["before_payload_key"], start)]),
            kind=self.name,
            state="closed",
            start=start,
            end=end,
            vessels=(VesselRef(row["mmsi"], row["segment"]),),
            lat=None,
            lon=None,
            place=None,
            measures={"before_m": before, "after_m": after},
            reasons=(f"reported draught {before} m, then {after} m",),
            innocent=(
                Innocent(
                    "typing error",
                    "the old value comes back as the next stable one",
                    "yes: it came back" if row["returned"] else "no",
                ),
            ),
            method=method_of(self, values, context.profile),
            evidence=tuple(
                str(source_ref(row[f"{side}_source"], [(s["offset"], s["length"]) for s in row[f"{side}_spans"]]))
                for side in ("before", "after")
                if row[f"{side}_spans"]
            ),
        )


def changes(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel: statics of whole vessels to CANDIDATES. Messages without draught or segment take no part."""
    told = table.filter(pc.and_(table["draught_m"].is_valid(), table["segment"].is_valid()))
    told = told.sort_by([(name, "ascending") for name in ("mmsi", "segment", "time", "payload_key")])
    before, after, returned = find_changes(
        ints(told["segment"]), instants(told["time"]), floats(told["draught_m"]),
        arguments["min_change_m"], arguments["stable_reports"], arguments["stable_us"],
    )  # fmt: skip
    old, new = told.take(pa.array(before)), told.take(pa.array(after))
    columns: dict[str, Any] = {
        "mmsi": old["mmsi"], "segment": old["segment"], "before_payload_key": old["payload_key"],
        "returned": pa.array(returned),
    }  # fmt: skip
    for side, rows in (("before", old), ("after", new)):
        columns |= {f"{side}_{name}": rows[name] for name in ("time", "source", "spans")}
        columns[f"{side}_m"] = rows["draught_m"]
    return pa.table(columns).select(CANDIDATES.names).cast(CANDIDATES)


@kernel
def find_changes(
    segment: Ints, time_us: Ints, draught_m: Floats, min_change_m: float, stable_reports: int, stable_us: int
) -> tuple[Ints, Ints, Bools]:  # pragma: no cover - compiled
    """Rows of the last old and the first new value, and whether the old value was the next stable one again.

    Unstable values in between are passed over: a change goes from one stable value to the next.
    """
    n = len(segment)
    before = np.empty(n, np.int64)
    after = np.empty(n, np.int64)
    returned = np.zeros(n, np.bool_)
    found = 0
    last = -1  # last row of the stable value that stands
    i = 0
    while i < n:
        end = i + 1
        while end < n and segment[end] == segment[i] and abs(draught_m[end] - draught_m[i]) < _SAME_M:
            end += 1
        if last >= 0 and segment[last] != segment[i]:
            last = -1
        if end - i >= stable_reports or time_us[end - 1] - time_us[i] >= stable_us:
            if last >= 0 and abs(draught_m[i] - draught_m[last]) >= min_change_m - 1e-3:
                before[found], after[found] = last, i
                if found > 0 and after[found - 1] <= last and segment[after[found - 1]] == segment[i]:
                    returned[found - 1] = abs(draught_m[before[found - 1]] - draught_m[i]) < _SAME_M
                found += 1
            last = end - 1
        i = end
    return before[:found].copy(), after[:found].copy(), returned[:found].copy()


DETECTOR = DraughtChange()
