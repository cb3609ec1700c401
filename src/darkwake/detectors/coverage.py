"""What was looked for: which standing runs cover a question, with which method, over which data; and what is missing.

That something was not found is a fact only where, when and by what it was looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from darkwake import times
from darkwake.detectors import registry
from darkwake.detectors.newer import Newer
from darkwake.detectors.runs import detections, differing
from darkwake.events.model import DEFAULT
from darkwake.lake.store import Snapshot
from darkwake.ledger.details import Detection, Tracks
from darkwake.ledger.entries import Entry

#: never_run: no run of this kind and profile looked here. other_parameters: one did, but not with the values of this
#: profile. newer_data: reports that matter here were imported since; withdrawn_data: they were withdrawn.
#: newer_places: places were imported.
Why = Literal["never_run", "other_parameters", "newer_data", "withdrawn_data", "newer_places"]

#: In the place of a kind of event: the tracks themselves, which `present` is asked of.
TRACK = "track"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time [start, end) that a standing run looked at; None: no bound on that side. Instants, µs."""

    start: int | None
    end: int | None
    run: int
    data: int  # ledger number of the data it looked at
    method: Mapping[str, Any]  # name, version, profile, params: as events carry it

    def as_json(self) -> dict[str, Any]:
        return {
            "start": times.iso(self.start), "end": times.iso(self.end), "run": self.run, "data": self.data,
            "method": dict(self.method),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of time that no standing run covers as it should. `entry`: the entry that made it so, if one did."""

    start: int | None
    end: int | None
    why: Why
    entry: int | None
    text: str  # one sentence without its full stop

    def as_json(self) -> dict[str, Any]:
        return {
            "start": times.iso(self.start), "end": times.iso(self.end), "why": self.why, "entry": self.entry,
            "text": self.text,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one kind under one profile over [since, until). Stretches and what is missing, each in order of time."""

    kind: str
    profile: str
    since: int | None
    until: int | None
    stretches: tuple[Stretch, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.missing

    @property
    def runs(self) -> tuple[int, ...]:
        return tuple(sorted({stretch.run for stretch in self.stretches}))

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "profile": self.profile, "complete": self.complete,
            "stretches": [stretch.as_json() for stretch in self.stretches],
            "missing": [missing.as_json() for missing in self.missing],
        }  # fmt: skip


#: Instants before and after all others.
_FIRST, _LAST = -(2**62), 2**62

Span = tuple[int, int]  # [start, end), µs


def cover(
    entries: Sequence[Entry],
    snapshot: Snapshot,
    kind: str,
    *,
    profile: str = DEFAULT,
    since: int | None = None,
    until: int | None = None,
    mmsi: int | None = None,
) -> Coverage:
    """Which standing runs cover a question about a kind over [since, until) (µs; None: no bound), and what is missing.

    `entries`: all of the ledger up to the snapshot. At each instant the latest run of the kind and profile whose own
    period holds it is what stands. A run looks at all vessels and all waters, so no place is asked for here; `mmsi`
    (None: any vessel) says whose newer reports matter. Of `TRACK` the track build covers all of it.
    """
    entries = [entry for entry in entries if entry.number <= snapshot.number]
    if kind == TRACK:
        return _of_tracks(entries, snapshot, profile, since, until, mmsi)
    detector = registry.get(kind)
    newer = Newer(entries, snapshot, detector, mmsi)
    left = [(_FIRST if since is None else since, _LAST if until is None else until)]
    left = [span for span in left if span[0] < span[1]]
    stretches: list[Stretch] = []
    missing: list[Missing] = []
    for number, run in reversed(detections(entries)):
        if run.profile != profile or kind not in run.methods:
            continue
        method = {"name": kind, "profile": profile, **run.methods[kind]}
        other = _unlike_default((kind, *detector.needs.events), run) if profile == DEFAULT else ""
        taken, left = _split(
            left, (_FIRST if run.since is None else run.since, _LAST if run.until is None else run.until)
        )
        for span in taken:
            start, end = _bounds(span)
            stretches.append(Stretch(start, end, number, run.data, method))
            if other:
                missing.append(Missing(start, end, "other_parameters", number, f"run {number} looked for {other}"))
            missing += [Missing(start, end, *lacking) for lacking in newer.than(run.data, f"after run {number} looked")]
    for span in left:
        start, end = _bounds(span)
        missing.append(Missing(start, end, "never_run", None, f"{_named(kind, profile)} was not looked for"))
    return Coverage(
        kind, profile, since, until, tuple(sorted(stretches, key=_in_time)), tuple(sorted(missing, key=_in_time))
    )


def _of_tracks(
    entries: Sequence[Entry], snapshot: Snapshot, profile: str, since: int | None, until: int | None, mmsi: int | None
) -> Coverage:
    """Over which imports the tracks were built, and which came, or went, since."""
    builds = [(entry.number, entry.detail) for entry in entries if isinstance(entry.detail, Tracks)]
    data = builds[-1][1].imports_up_to if builds else 0
    built = [Stretch(since, until, number, data, {"name": TRACK, **detail.method}) for number, detail in builds[-1:]]
    lacking = Newer(entries, snapshot, None, mmsi).than(data, "after the tracks were built")
    return Coverage(TRACK, profile, since, until, tuple(built), tuple(Missing(since, until, *each) for each in lacking))


def _unlike_default(kinds: Iterable[str], run: Detection) -> str:
    """Older versions took other parameters, also of a kind that this one needs, and still called it the default."""
    unlike = []
    for kind in kinds:
        defaults = {param.name: param.default for param in registry.get(kind).params}
        if other := differing(run.methods.get(kind, {}).get("params", {}), defaults):
            unlike.append(f"{kind} with {other}")
    return " and ".join(unlike)


def _split(spans: Iterable[Span], own: Span) -> tuple[list[Span], list[Span]]:
    """What of some spans lies in another, and what does not."""
    inside, outside = [], []
    for start, end in spans:
        first, last = max(start, own[0]), min(end, own[1])
        if first >= last:
            outside.append((start, end))
        else:
            inside.append((first, last))
            outside += [span for span in ((start, first), (last, end)) if span[0] < span[1]]
    return inside, outside


def _bounds(span: Span) -> tuple[int | None, int | None]:
    return None if span[0] == _FIRST else span[0], None if span[1] == _LAST else span[1]


def _in_time(each: Stretch | Missing) -> int:
    return _FIRST if each.start is None else each.start


def _named(kind: str, profile: str) -> str:
    return kind if profile == DEFAULT else f"{kind} under the profile {profile}"
