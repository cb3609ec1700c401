"""Events in the lake: detection runs, versions, retractions in the open, and reading them back.

A run compares what it found with what stood: unchanged events are not written again, changed ones get a new version,
events that are no longer found are retracted with a reason. Nothing is deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.engine.base import Engine
from darkwake.errors import AmbiguousError, NotFoundError, UsageError
from darkwake.events import registry
from darkwake.events.base import Context, Event, Innocent, VesselRef, as_json, values_of
from darkwake.lake import ledger
from darkwake.lake.schema import EVENTS
from darkwake.lake.store import Lake, Snapshot
from darkwake.lake.tables import stored_schema
from darkwake.tracks import reception


@dataclass(frozen=True)
class Stored:
    """An event as it stands in one version."""

    event: Event
    version: int
    run: int
    recorded_at: int
    superseded_by: str | None = None
    reason: str | None = None

    @property
    def id(self) -> str:
        return self.event.id

    def as_json(self) -> dict[str, Any]:
        """The shape of the outer contract."""
        return as_json(
            self.event,
            version=self.version,
            run=self.run,
            recorded_at=times.iso(self.recorded_at),
            superseded_by=self.superseded_by,
            reason=self.reason,
        )


@dataclass
class Run:
    """What a detection run did."""

    number: int
    found: Counter[str] = field(default_factory=Counter)
    changes: dict[str, Counter[str]] = field(default_factory=dict)  # kind → new, extended, unchanged, retracted


def detect(
    lake: Lake,
    kinds: Sequence[str],
    context_of: Callable[[Snapshot], Context],
    engine: Engine,
    *,
    params: Mapping[str, Mapping[str, float]] | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Run:
    """Run detectors (and those that they need) over the committed tracks and record what changed."""
    detectors = registry.in_order(kinds)
    for kind in params or {}:
        if kind not in {d.kind for d in detectors}:
            raise UsageError(f"no detector {kind!r} runs here", expected=", ".join(d.kind for d in detectors))
    for d in detectors:
        values_of(d, (params or {}).get(d.kind))  # a wrong value is told of before any work
    with lake.write() as writer:
        context = context_of(writer.base)
        values = {d.kind: values_of(d, (params or {}).get(d.kind)) for d in detectors}
        plans = {d.kind: d.plan(values[d.kind], context) for d in detectors}
        models = [reception.plan()] if "gap" in plans else []
        tables = engine.run([*plans.values(), *models], writer.base)
        extras: dict[str, Any] = {"ship_types": _ship_types(writer.base)}
        if models:
            extras["reception"] = reception.ReceptionModel.from_counts(tables[models[0].name])
        context = replace(context, extras=extras)
        found: dict[str, list[Event]] = {}
        for detector in detectors:
            events = detector.finish(tables[plans[detector.kind].name], values[detector.kind], context)
            found[detector.kind] = [event for event in events if _within(event, since, until)]
            context = context.with_events(detector.kind, events)
        run = Run(writer.number)
        standing = read(writer.base)
        recorded_at = times.now()
        changed: list[Stored] = []
        for kind, events in found.items():
            run.found[kind] = len(events)
            before = {s.id: s for s in standing if s.event.kind == kind and _within(s.event, since, until)}
            versions, counted = compare(before, events, writer.number, recorded_at)
            changed += versions
            run.changes[kind] = counted
        if changed:
            writer.put("events", _table(changed), run=writer.number)
        detail = {
            "kinds": [d.kind for d in detectors],
            "methods": {d.kind: {"version": d.version, "params": values[d.kind]} for d in detectors},
            "places": _digest_of_places(context),
            "since": times.iso(since),
            "until": times.iso(until),
            "found": dict(run.found),
            "changes": {kind: dict(counted) for kind, counted in run.changes.items()},
        }
        writer.commit("detect", detail)
    return run


def _digest_of_places(context: Context) -> str:
    """Places are files of the workspace; a run says which state of them it used."""
    return hashlib.sha256(repr(list(context.places)).encode()).hexdigest()[:16]


def _ship_types(snapshot: Snapshot) -> dict[int, int]:
    """MMSI → the ship type that it sent last."""
    order = [("time", "ascending"), ("ship_type", "ascending")]
    rows = snapshot.scan("statics", ["mmsi", "time", "ship_type"]).sort_by(order)
    rows = rows.filter(pc.is_valid(rows["ship_type"]))
    return dict(zip(rows["mmsi"].to_pylist(), rows["ship_type"].to_pylist(), strict=True))


def compare(
    before: Mapping[str, Stored], found: Sequence[Event], run: int, recorded_at: int
) -> tuple[list[Stored], Counter[str]]:
    """New versions to write, and how many events were new, extended, unchanged, retracted."""
    counted: Counter[str] = Counter()
    changed: list[Stored] = []
    ids = {event.id for event in found}
    for event in found:
        old = before.get(event.id)
        if old is None:
            counted["new"] += 1
            changed.append(Stored(event, 1, run, recorded_at))
        elif old.event.state == "retracted" or old.event.digest() != event.digest():
            counted["extended"] += 1
            why = (
                "new data" if old.event.method == event.method else "other parameters or another version of the method"
            )
            changed.append(Stored(event, old.version + 1, run, recorded_at, reason=why))
        else:
            counted["unchanged"] += 1
    fresh = [stored.event for stored in changed if stored.version == 1]
    methods = [dict(event.method) for event in found[:1]]
    for old in before.values():
        if old.id in ids or old.event.state == "retracted":
            continue
        counted["retracted"] += 1
        heir = _heir(old.event, fresh)
        if methods and dict(old.event.method) != methods[0]:
            reason = "not an event by the parameters or the version of the method of this run"
        else:
            reason = "its opening moved with late data" if heir else "not found any more with the data now at hand"
        changed.append(Stored(replace(old.event, state="retracted"), old.version + 1, run, recorded_at, heir, reason))
    return changed, counted


def _heir(old: Event, fresh: Sequence[Event]) -> str | None:
    """The new event that took an old one's place: same kind, a common vessel, and the times overlap."""
    vessels = {vessel.mmsi for vessel in old.vessels}
    best: tuple[int, str] | None = None
    for event in fresh:
        if event.kind != old.kind or not vessels & {vessel.mmsi for vessel in event.vessels}:
            continue
        end = min(event.end or times.DAY_US * 10**6, old.end or times.DAY_US * 10**6)
        overlap = end - max(event.start, old.start)
        if overlap > 0 and (best is None or (overlap, event.id) > best):
            best = (overlap, event.id)
    return best[1] if best else None


def _within(event: Event, since: int | None, until: int | None) -> bool:
    return (until is None or event.start < until) and (since is None or event.end is None or event.end >= since)


def _table(stored: Sequence[Stored]) -> pa.Table:
    rows = [
        {
            "id": s.id,
            "kind": s.event.kind,
            "state": s.event.state,
            "version": s.version,
            "recorded_at": s.recorded_at,
            "superseded_by": s.superseded_by,
            "reason": s.reason,
            "start": s.event.start,
            "end": s.event.end,
            "vessels": [{"mmsi": v.mmsi, "segment": v.segment} for v in s.event.vessels],
            "lat": s.event.lat,
            "lon": s.event.lon,
            "place": s.event.place,
            "measures": json.dumps(dict(s.event.measures)),
            "reasons": list(s.event.reasons),
            "innocent": json.dumps([[i.explanation, i.test, i.outcome] for i in s.event.innocent]),
            "confidence": s.event.confidence,
            "method": json.dumps(dict(s.event.method)),
            "evidence": list(s.event.evidence),
            "digest": s.event.digest(),
        }
        for s in stored
    ]
    return pa.Table.from_pylist(rows, schema=stored_schema("events"))


def _instant(row: Mapping[str, Any], name: str) -> int | None:
    return None if row[name] is None else int(row[name])


def _stored(row: Mapping[str, Any]) -> Stored:
    event = Event(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        start=int(row["start"]),
        end=_instant(row, "end"),
        vessels=tuple(VesselRef(v["mmsi"], v["segment"]) for v in row["vessels"]),
        lat=row["lat"],
        lon=row["lon"],
        place=row["place"],
        measures=json.loads(row["measures"]),
        reasons=tuple(row["reasons"]),
        innocent=tuple(Innocent(*item) for item in json.loads(row["innocent"])),
        method=json.loads(row["method"]),
        evidence=tuple(row["evidence"]),
        confidence=row["confidence"],
    )
    return Stored(event, row["version"], row["run"], int(row["recorded_at"]), row["superseded_by"], row["reason"])


def versions(snapshot: Snapshot) -> list[Stored]:
    """All versions of all events, in the order they were recorded."""
    table = snapshot.scan("events")
    for name in ("recorded_at", "start", "end"):
        index = table.schema.get_field_index(name)
        table = table.set_column(index, pa.field(name, pa.int64()), table[name].cast(pa.int64()))
    return sorted((_stored(row) for row in table.to_pylist()), key=lambda s: (s.run, s.event.start, s.id))


def read(snapshot: Snapshot) -> list[Stored]:
    """The newest version of each event, retracted ones included, in order of start."""
    newest = {stored.id: stored for stored in versions(snapshot)}
    return sorted(newest.values(), key=lambda s: (s.event.start, s.event.kind, s.id))


def find(snapshot: Snapshot, text: str) -> list[Stored]:
    """All versions of one event, by its id or an unambiguous beginning of it."""
    matching = [stored for stored in versions(snapshot) if stored.id.startswith(text.removeprefix("evt:"))]
    ids = sorted({stored.id for stored in matching})
    if not ids:
        raise NotFoundError(f"no event {text!r}", do="List events with: darkwake event list")
    if len(ids) > 1:
        raise AmbiguousError(f"several events begin with {text!r}", ids[:10])
    return matching


def runs(lake: Lake) -> list[ledger.Entry]:
    return lake.entries("detect")


__all__ = ["EVENTS", "Run", "Stored", "compare", "detect", "find", "read", "runs", "versions"]
