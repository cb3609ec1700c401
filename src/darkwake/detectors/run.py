"""A detection run: what it found against what stood. Unchanged events are not written again, changed ones get a new
version, events that are no longer found are retracted in the open, with a reason.
"""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.detectors import areas, registry
from darkwake.detectors.base import Context, Detector, check_profile, method_of, values_of
from darkwake.detectors.runs import bound, data_number, detections, differing
from darkwake.engine.base import Engine, Plan, Source
from darkwake.errors import UsageError, VerificationError
from darkwake.events import store
from darkwake.events.model import DEFAULT, Event
from darkwake.events.store import Standing, Stored
from darkwake.geo.sphere import distance_m
from darkwake.lake.store import Lake, Moved, Snapshot, again
from darkwake.ledger.details import Detection, Withdrawal
from darkwake.ledger.entries import Entry
from darkwake.places import Place, learned
from darkwake.tracks import reception, rests

#: No detector looks for a port farther away than this.
_PLACE_NEAR_M = 10_000.0


@dataclass
class Run:
    """What a detection run did."""

    number: int
    found: Counter[str] = field(default_factory=Counter)
    changes: dict[str, Counter[str]] = field(default_factory=dict)  # kind → new, extended, unchanged, retracted
    rests: Mapping[str, int] = field(default_factory=dict)  # known, learned, beyond: places where ships lay still


def detect(
    lake: Lake,
    kinds: Sequence[str],
    context_of: Callable[[Snapshot], Context],
    engine: Engine,
    *,
    params: Mapping[str, Mapping[str, float]] | None = None,
    profile: str = DEFAULT,
    since: int | None = None,
    until: int | None = None,
) -> Run:
    """Run detectors (and those that they need) over the committed tracks and record what changed.

    `params` need a `profile` of their own, which is bound to them for good.
    """
    check_profile(profile, params)
    detectors = registry.in_order(kinds)
    for kind in params or {}:
        if kind not in {d.name for d in detectors}:
            raise UsageError(f"no detector {kind!r} runs here", expected=", ".join(d.name for d in detectors))
    return again(lambda: _detect(lake, detectors, params or {}, profile, context_of, engine, since, until))


def _detect(
    lake: Lake,
    detectors: Sequence[Detector],
    params: Mapping[str, Mapping[str, float]],
    profile: str,
    context_of: Callable[[Snapshot], Context],
    engine: Engine,
    since: int | None,
    until: int | None,
) -> Run:
    with lake.write() as writer:
        entries = lake.ledger.entries(up_to=writer.base.number)
        values = _values(detectors, params, profile, entries)
        context = replace(context_of(writer.base), profile=profile)
        if any(detector.needs.ship_types for detector in detectors):
            context = replace(context, ship_types=_ship_types(writer.base))
        try:
            found, tables = _search(detectors, values, context, engine, writer.base, [rests.plan()])
        except VerificationError as error:
            if lake.snapshot().versions.get("tracks") == writer.base.versions.get("tracks"):
                raise
            raise Moved("the tracks were built anew while they were read, and their files went") from error
        still = learned.of_table(tables["rests"])
        run = Run(0, rests=asdict(learned.shares(still, context.places)))
        recorded_at = times.now()
        changed: list[Stored] = []
        for detector in detectors:
            kind = detector.name
            before = _looked_before(entries, kind, profile)
            withdrawn = _withdrawn(lake, entries, before)
            added = _added(context, context_of, lake, entries, before) if detector.needs.decided_by_places else ()
            stood = store.standing(writer.base, kind, profile)
            events = [event for event in found[kind] if _touches(event, stood, since, until)]
            run.found[kind] = len(events)
            versions, counted = compare(
                stood, partial(_stored, writer.base, kind, profile), events,
                method=method_of(detector, values[kind], profile), run=0, recorded_at=recorded_at,
                since=since, until=until, withdrawn=withdrawn, added=added,
            )  # fmt: skip
            changed += versions
            run.changes[kind] = counted
        if changed:
            store.put(writer, changed)
        detail = Detection(
            kinds=tuple(d.name for d in detectors),
            methods={d.name: {"version": d.version, "params": dict(values[d.name])} for d in detectors},
            profile=profile,
            data=data_number(entries),
            since=since,
            until=until,
            found=dict(run.found),
            changes={kind: dict(counted) for kind, counted in run.changes.items()},
            rests=run.rests,
        )

        def moved(news: Sequence[Entry]) -> bool:
            """Whether others recorded events of these kinds meanwhile, or took reports away: then it is out of date."""
            if any(isinstance(entry.detail, Withdrawal) for entry in news):
                return True
            others = [e.detail for e in news if isinstance(e.detail, Detection)]
            return any(other.profile == profile and {*other.kinds} & {*detail.kinds} for other in others)

        run.number = writer.commit("detect", detail, moved=moved).number
    return run


def _values(
    detectors: Sequence[Detector],
    params: Mapping[str, Mapping[str, float]],
    profile: str,
    entries: Sequence[Entry],
) -> dict[str, dict[str, float]]:
    """kind → parameters: those that the profile is bound to, else those given on top of the defaults."""
    known = {} if profile == DEFAULT else bound(entries, profile)
    found = {}
    for detector in detectors:
        kind = detector.name
        number, before = known.get(kind, (0, None))
        found[kind] = values_of(detector, params.get(kind) if before is None or kind in params else before)
        if before is not None and (other := differing(found[kind], before)):
            raise UsageError(
                f"{kind} with {other} under the profile {profile!r}, which run {number} bound to other parameters",
                expected="a name that means one thing",
                do="Choose another name with --profile, or leave --param out to run this one again.",
            )
    return found


def search(
    detectors: Sequence[Detector],
    values: Mapping[str, Mapping[str, float]],
    context: Context,
    engine: Engine,
    source: Source,
) -> dict[str, list[Event]]:
    """What detectors, in their order, find in a source of tracks and statics. Nothing is written."""
    return _search(detectors, values, context, engine, source)[0]


def _search(
    detectors: Sequence[Detector],
    values: Mapping[str, Mapping[str, float]],
    context: Context,
    engine: Engine,
    source: Source,
    also: Sequence[Plan] = (),
) -> tuple[dict[str, list[Event]], dict[str, pa.Table]]:
    """Beside the events, the tables of other plans, which read the same rows."""
    plans = {d.name: d.plan(values[d.name], context.only(d.needs)) for d in detectors}
    asked = any(detector.needs.reception for detector in detectors)
    model = reception.known(source) if asked else None
    counting = [reception.plan()] if asked and model is None else []
    tables = engine.run([*plans.values(), *counting, *also], source)
    for each in counting:
        model = reception.learned(source, tables.pop(each.name))
    if model is not None:
        context = replace(context, reception=model)
    found: dict[str, list[Event]] = {}
    # A million small objects that all stay: looking through them for garbage again and again costs a third.
    collecting = gc.isenabled()
    gc.disable()
    try:
        for detector in detectors:
            name = detector.name
            found[name] = detector.finish(tables.pop(plans[name].name), values[name], context.only(detector.needs))
            context = context.with_events(name, found[name])
    finally:
        if collecting:
            gc.enable()
    return found, tables


def _withdrawn(lake: Lake, entries: Sequence[Entry], before: int) -> dict[int, str]:
    """MMSI → what to say where its event is gone: an import with its reports was withdrawn since the run before."""
    found: dict[int, str] = {}
    for entry in entries:
        if entry.number > before and isinstance(entry.detail, Withdrawal):
            number = entry.detail.withdrawn
            reports = lake.snapshot(number).scan("reports", ["mmsi"], **{"import": number})
            told = f"import {number} was withdrawn"
            found |= dict.fromkeys(pc.unique(reports["mmsi"].drop_null()).to_pylist(), told)
    return found


def _looked_before(entries: Sequence[Entry], kind: str, profile: str) -> int:
    """Ledger number of the data that a kind was last looked for in; 0: never."""
    return max(
        (run.data for _, run in detections(entries) if run.profile == profile and kind in run.methods), default=0
    )


def _added(
    context: Context, context_of: Callable[[Snapshot], Context], lake: Lake, entries: Sequence[Entry], before: int
) -> list[Place]:
    """Ports, berths and anchorages that were not known, or not there, in the data of number `before`."""
    if not before or not any(entry.kind == "places" and entry.number > before for entry in entries):
        return []
    known = {_where(place) for place in context_of(lake.snapshot(before)).places}
    return [place for place in areas.harbours(context.places) if _where(place) not in known]


def _where(place: Place) -> tuple[object, ...]:
    """What of a place decides events."""
    return place.code, place.kind, place.lon, place.lat, place.radius_m, place.polygon, place.valid


def _ship_types(snapshot: Snapshot) -> dict[int, int]:
    """MMSI → the ship type that it sent last."""
    order = [("time", "ascending"), ("ship_type", "ascending")]
    rows = snapshot.scan("statics", ["mmsi", "time", "ship_type"]).sort_by(order)
    rows = rows.filter(pc.is_valid(rows["ship_type"]))
    return dict(zip(rows["mmsi"].to_pylist(), rows["ship_type"].to_pylist(), strict=True))


def compare(
    before: Mapping[str, Standing],
    stored: Callable[[Collection[str]], Mapping[str, Stored]],
    found: Sequence[Event],
    *,
    method: Mapping[str, Any],
    run: int,
    recorded_at: int,
    since: int | None = None,
    until: int | None = None,
    withdrawn: Mapping[int, str] | None = None,
    added: Sequence[Place] = (),
) -> tuple[list[Stored], Counter[str]]:
    """New versions to write, and how many events were new, extended, unchanged, retracted.

    `before` is all that stood of one kind and profile; `stored` gives the content of some of it; `method` is that of
    this run. Only what touches the interval can be gone: the run did not look elsewhere.
    """
    digests = {event.id: event.digest() for event in found}
    gone = [
        id
        for id, old in before.items()
        if id not in digests and old.state != "retracted" and _within(old, since, until)
    ]
    other = [
        event
        for event in found
        if event.id in before
        and (before[event.id].state == "retracted" or before[event.id].digest != digests[event.id])
    ]
    fresh = [event for event in found if event.id not in before]
    counted = Counter(new=len(fresh), extended=len(other), retracted=len(gone))
    counted["unchanged"] = len(found) - len(fresh) - len(other)
    olds = stored([*gone, *(event.id for event in other)]) if gone or other else {}
    changed = [Stored(event, 1, run, recorded_at, digests[event.id]) for event in fresh]
    for event in other:
        same_method = olds[event.id].event.method == event.method
        why = "new data" if same_method else "other parameters or another version of the method"
        version = before[event.id].version + 1
        changed.append(Stored(event, version, run, recorded_at, digests[event.id], reason=why))
    heirs = defaultdict(list)
    for event in fresh:
        for mmsi in {vessel.mmsi for vessel in event.vessels}:
            heirs[mmsi].append(event)
    for old in (olds[id] for id in gone):
        heir = _heir(old.event, [event for vessel in old.event.vessels for event in heirs[vessel.mmsi]])
        event = replace(old.event, state="retracted")
        reason = _why_gone(old.event, method, heir, withdrawn or {}, added)
        changed.append(Stored(event, old.version + 1, run, recorded_at, event.digest(), heir, reason))
    return changed, +counted


def _why_gone(
    old: Event, method: Mapping[str, Any], heir: str | None, withdrawn: Mapping[int, str], added: Sequence[Place]
) -> str:
    if differing(method["params"], old.method["params"]):
        return "not an event by the parameters of this run"
    if old.method["version"] != method["version"]:
        return f"not an event by version {method['version']} of the method"
    for vessel in old.vessels:
        if vessel.mmsi in withdrawn:
            return withdrawn[vessel.mmsi]
    if old.lon is not None and old.lat is not None and added:
        away, place = min(((_outside_m(place, old.lon, old.lat), place) for place in added), key=lambda each: each[0])
        if away <= _PLACE_NEAR_M:
            where = "in" if away == 0.0 else f"{away / 1000:.1f} km from"
            return f"{where} {place.code} ({place.name}), a place that was not known then"
    return "its opening moved with late data" if heir else "not found any more with the data now at hand"


def _outside_m(place: Place, lon: float, lat: float) -> float:
    """Metres from a place, 0 inside; by its circle, which holds its outline."""
    return 0.0 if place.contains(lon, lat) else max(0.0, distance_m(place.lon, place.lat, lon, lat) - place.radius_m)


def _stored(snapshot: Snapshot, kind: str, profile: str, ids: Collection[str]) -> dict[str, Stored]:
    return {each.id: each for each in store.read(snapshot, [kind], profile=profile, ids=ids)}


def _heir(old: Event, fresh: Sequence[Event]) -> str | None:
    """The new event of a common vessel that overlaps an old one longest: it took its place."""
    best: tuple[int, str] | None = None
    for event in fresh:
        end = min(event.end or times.DAY_US * 10**6, old.end or times.DAY_US * 10**6)
        overlap = end - max(event.start, old.start)
        if overlap > 0 and (best is None or (overlap, event.id) > best):
            best = (overlap, event.id)
    return best[1] if best else None


def _touches(event: Event, stood: Mapping[str, Standing], since: int | None, until: int | None) -> bool:
    """Whether an event is of a run's interval, as it is now or as it stood: one that shrank out of it is not gone."""
    return _within(event, since, until) or (event.id in stood and _within(stood[event.id], since, until))


def _within(event: Event | Standing, since: int | None, until: int | None) -> bool:
    return (until is None or event.start < until) and (since is None or event.end is None or event.end >= since)
