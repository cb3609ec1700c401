"""Running a claim's query on the data: supported, contradicted, or not enough data, as a bound.

`lower` counts distinct evidenced occurrences; `upper` adds those possible at most and those that fit into the time in
which the vessel was not heard (see `windows`), and there is none where something was not looked for. Absence of data is
never counted against anybody: it widens the bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from darkwake import refs, times
from darkwake.answers import sentences, words
from darkwake.answers.counting import Counted, Data, count
from darkwake.answers.evidenced import CONTRADICTED, HeardOf, own_rows
from darkwake.answers.looked import not_looked
from darkwake.answers.nearness import beside
from darkwake.answers.occurrences import Occurrence, distinct, select
from darkwake.answers.presence import ASSUMED, Stay, present
from darkwake.answers.query import Comparison, Count, Exists, Moment, Present, Query, Sum, Within, kinds
from darkwake.answers.sentences import Need
from darkwake.answers.windows import Assumptions, Fit, Heard, instants
from darkwake.detectors import registry
from darkwake.detectors.coverage import TRACK, Coverage
from darkwake.tracks.columns import ints

Outcome = Literal["supported", "contradicted", "not_enough_data"]
Quantity = Literal["count", "sum", "time", "presence"]
OUTCOME_WORDS: dict[Outcome, str] = {
    "supported": "supported",
    "contradicted": "contradicted",
    "not_enough_data": "not enough data",
}
#: Measures that can be negative: their sum is not bounded from below by what was seen.


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. For `quantity` "time" the bounds are instants in µs, otherwise numbers; None: no bound.

    Of "presence" they are 0 or 1, and `stays` (with `stays_apart`) stand in the place of occurrences. `runs`: ledger
    numbers of the runs that it rests on. `coverage_of`: by kind, what was looked for. `segments`: what the vessel stood
    for in the period. `read_as`: how a query of an earlier version was read.
    """

    outcome: Outcome
    quantity: Quantity
    lower: float | None
    upper: float | None
    counted: tuple[Occurrence, ...]
    apart: tuple[Occurrence, ...] = ()
    possible: tuple[Fit, ...] = ()
    heard: Heard | None = None
    would_have_seen: float | None = None
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    words: str = ""
    stays: tuple[Stay, ...] = ()
    stays_apart: tuple[Stay, ...] = ()
    runs: tuple[int, ...] = ()
    coverage_of: Mapping[str, Coverage] = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    profile: str = "default"
    read_as: tuple[str, ...] = ()
    feeds: tuple[tuple[int, int], ...] = ()
    ever_heard: bool = False

    @property
    def have(self) -> frozenset[Need]:
        """What its sentences may rest on."""
        found = {Need.DATA: bool(self.feeds), Need.VESSEL: self.ever_heard}
        found[Need.IN_PERIOD] = self.heard is not None and self.heard.hours > 0
        found[Need.LOOKED] = bool(self.coverage_of) and all(known.complete for known in self.coverage_of.values())
        return frozenset(need for need, is_so in found.items() if is_so)

    @property
    def coverage(self) -> float | None:
        return None if self.heard is None else self.heard.coverage

    def to_json(self) -> dict[str, Any]:
        """The verdict as kept with the claim: ids and times only, so that two runs can be compared."""
        as_time = self.quantity == "time"
        bounds = [times.iso(None if b is None else int(b)) if as_time else b for b in (self.lower, self.upper)]
        return {
            "outcome": self.outcome,
            "quantity": self.quantity,
            "lower": bounds[0],
            "upper": bounds[1],
            "coverage": None if self.coverage is None else round(self.coverage, 4),
            "heard_hours": None if self.heard is None else self.heard.hours,
            "hours": None if self.heard is None else self.heard.of_hours,
            "would_have_seen": self.would_have_seen,
            "counted": [_occurrence_json(o) for o in self.counted],
            "apart": [{**_occurrence_json(o), "why": list(o.why)} for o in self.apart],
            "stays": [_stay_json(stay) for stay in self.stays],
            "stays_apart": [{**_stay_json(stay), "why": [stay.why]} for stay in self.stays_apart],
            "possible": [
                {
                    "start": times.iso(f.window.start),
                    "end": times.iso(f.window.end),
                    "why": f.window.why,
                    "fits": f.count,
                }
                for f in self.possible
            ],
            "runs": list(self.runs),
            "coverage_of": {kind: known.as_json() for kind, known in sorted(self.coverage_of.items())},
            "segments": list(self.segments),
            "profile": self.profile,
            "read_as": list(self.read_as),
            "feeds": [[times.iso(start), times.iso(end)] for start, end in self.feeds],
            "assumptions": list(self.assumptions),
            "notes": list(self.notes),
            "words": self.words,
        }


def _occurrence_json(occurrence: Occurrence) -> dict[str, Any]:
    return {
        "start": times.iso(occurrence.start),
        "end": times.iso(occurrence.end),
        "place": occurrence.place,
        "events": list(occurrence.ids),
    }


def _stay_json(stay: Stay) -> dict[str, Any]:
    return {
        "start": times.iso(stay.start),
        "end": times.iso(stay.end),
        "reports": stay.reports,
        "reports_in_period": stay.inside,
        "segment": str(refs.SegmentRef(stay.segment)),
        "evidence": list(stay.evidence),
    }


def evaluate(query: Query, data: Data, assumptions: Assumptions | None = None) -> Verdict:
    """Answer a query; the same data and query give the same verdict, byte for byte."""
    reports = HeardOf(data.track, data.coverage)
    if isinstance(query, Present):
        verdict = _presence(query, data, reports)
    else:
        counted = count(query.of, data, assumptions, reports)
        match query:
            case Count():
                verdict = _counting(counted, query.compare, query.number)
            case Exists():
                verdict = _counting(counted, "at_least", 1)
            case Sum():
                verdict = _summing(counted, query)
            case Moment():
                verdict = _timing(counted, query)
            case Within():
                verdict = _nearness(counted, query, data, reports)
    shown = [event.id for o in (*verdict.counted, *verdict.apart) for event in o.events]
    asked = (TRACK,) if isinstance(query, Present) else kinds(query)
    coverage = {kind: data.coverage[kind] for kind in asked if kind in data.coverage}
    used = {run for kind in kinds(query) if kind in coverage for run in coverage[kind].runs} | {
        data.runs[i] for i in shown if i in data.runs
    }
    verdict = replace(
        verdict,
        would_have_seen=data.would_have_seen,
        runs=tuple(sorted(used)),
        coverage_of=coverage,
        segments=_segments(query, data, verdict),
        profile=data.profile,
        read_as=query.read_as,
        feeds=data.feeds,
        ever_heard=_ever_heard(query, data),
        notes=(*query.read_as, *verdict.notes),
    )
    return replace(verdict, words=_sentence(verdict, query))


def _ever_heard(query: Query, data: Data) -> bool:
    track = own_rows(data.track, query.of.mmsi, query.of.segment)
    return track is not None and track.num_rows > 0


def _segments(query: Query, data: Data, verdict: Verdict) -> tuple[str, ...]:
    """The segments that the vessel stood for in the period, and those of every event and stay shown."""
    of = query.of
    found = {v.segment for o in (*verdict.counted, *verdict.apart) for e in o.events for v in e.vessels}
    found |= {stay.segment for stay in (*verdict.stays, *verdict.stays_apart)}
    track = own_rows(data.track, of.mmsi, of.segment)
    if track is not None and track.num_rows:
        moments, segments = instants(track), ints(track["segment"], -1)
        inside = moments >= (moments.min() if of.since is None else of.since)
        inside &= moments < (moments.max() + 1 if of.until is None else of.until)
        found |= set(segments[inside].tolist())
    return tuple(str(refs.SegmentRef(segment)) for segment in sorted(s for s in found if s is not None and s >= 0))


def _presence(query: Present, data: Data, reports: HeardOf) -> Verdict:
    """There, if a report says so that no other contradicts; not there, if no silence leaves her the time."""
    found = present(query.of, data.track, data.target, reports, data.coverage.get(TRACK))
    outcome: Outcome = "not_enough_data"
    if found.lower:
        outcome = "supported"
    elif found.upper == 0:
        outcome = "contradicted"
    return Verdict(
        outcome,
        "presence",
        found.lower,
        found.upper,
        (),
        possible=found.possible or (),
        heard=found.heard,
        assumptions=ASSUMED if found.upper is not None and not found.lower else (),
        notes=found.notes,
        stays=found.stays,
        stays_apart=found.apart,
    )


def judge(compare: Comparison, number: float, lower: float | None, upper: float | None) -> Outcome:
    """Supported if it holds for every value in the bound, contradicted if for none. None: unbounded."""
    if compare == "exactly" and lower == upper == number:
        return "supported"
    if compare == "at_least" and lower is not None and lower >= number:
        return "supported"
    if compare == "at_most" and upper is not None and upper <= number:
        return "supported"
    too_few = compare != "at_most" and upper is not None and upper < number
    too_many = compare != "at_least" and lower is not None and lower > number
    return "contradicted" if too_few or too_many else "not_enough_data"


def _counting(counted: Counted, compare: Comparison, number: float) -> Verdict:
    lower, upper = counted.lower, counted.upper
    return _verdict(counted, "count", judge(compare, number, lower, upper), lower, upper)


def _summing(counted: Counted, query: Sum) -> Verdict:
    """Only a sum with no missing value, no open event and nothing unheard has an upper bound."""
    values = [o.measure(query.measure) for o in counted.sure]
    known = round(sum(value for value in values if value is not None), 6)
    complete = counted.most == counted.lower and None not in values and all(o.end is not None for o in counted.sure)
    declared = registry.kind(query.of.kind).measure(query.measure)
    signed = (declared is not None and declared.signed) or any(value is not None and value < 0 for value in values)
    lower = known if complete or not signed else None
    upper = known if complete else None
    verdict = _verdict(counted, "sum", judge(query.compare, query.number, lower, upper), lower, upper)
    missing = values.count(None)
    if missing:
        note = f"{missing} of {len(values)} occurrences have no {query.measure}; they add nothing to the lower bound."
        return replace(verdict, notes=(*verdict.notes, note))
    return verdict


def _timing(counted: Counted, query: Moment) -> Verdict:
    """The first (last) start: bounded by the evidenced ones, by possible ones and by windows beyond them.

    Each may have begun as early as its ship was last heard outside, and as late as it was first heard inside.
    """
    first = query.which == "first"
    # What began in the period did so after it opened; what only overlaps it may have begun sooner.
    opened = query.of.since if query.of.counted == "begins" else None
    earliest, latest = (
        [_beyond(o.began[0], opened, first=True) for o in counted.sure],
        [_latest(o, query.of.since) for o in counted.sure],
    )
    if first:
        far = [_beyond(o.began[0], opened, first=True) for o in counted.apart]
        far += [_beyond(f.window.start, opened, first=True) for f in counted.possible]
        lower = min([*earliest, *far], default=None) if counted.bounded and not counted.at_once else None
        upper = min(latest, default=None)
    else:
        far = [
            _beyond(_latest(o, query.of.since), query.of.until, first=False) for o in (*counted.sure, *counted.apart)
        ]
        far += [_beyond(f.window.end, query.of.until, first=False) for f in counted.possible]
        lower = max(earliest, default=None)
        upper = max(far, default=None) if counted.bounded and not counted.at_once else None
    lower, upper = (None if bound is None or abs(bound) >= _NEVER else bound for bound in (lower, upper))
    seen = bool(latest)
    outcome: Outcome = "not_enough_data"
    if not seen and counted.upper == 0:
        outcome = "contradicted"  # there was none at all
    elif seen:
        after = query.not_before is None or (lower is not None and lower >= query.not_before)
        before = query.not_after is None or (upper is not None and upper <= query.not_after)
        too_early = query.not_before is not None and upper is not None and upper < query.not_before
        too_late = query.not_after is not None and lower is not None and lower > query.not_after
        if after and before:
            outcome = "supported"
        elif too_early or too_late:
            outcome = "contradicted"
    return _verdict(counted, "time", outcome, lower, upper)


def _latest(occurrence: Occurrence, since: int | None) -> int:
    """When it can have begun at the latest; after a silence long enough for an absence it may be a second one."""
    absence_h = registry.kind(occurrence.events[0].kind).least_absence_h
    before = since is not None and occurrence.start < since
    if before and absence_h is not None and (occurrence.measure("silence_h") or 0.0) >= absence_h:
        return max(occurrence.began[1], occurrence.last_seen)
    return occurrence.began[1]


_NEVER = 1 << 62


def _beyond(edge: int | None, limit: int | None, first: bool) -> int:
    """The outermost moment at which an unheard occurrence of a window could have started."""
    given = [value for value in (edge, limit) if value is not None]
    if not given:
        return -_NEVER if first else _NEVER
    return max(given) if first else min(given)


def _nearness(counted: Counted, query: Within, data: Data, reports: HeardOf) -> Verdict:
    """Pairs that are evidenced; at most, every occurrence of the first filter has an unheard one beside it."""
    near, _, doubtful = select(query.near, data.events, reports)
    paired = beside(counted.sure, distinct(near, reports.heard_elsewhere), query)
    pairs = tuple(o for o, has in zip(counted.sure, paired, strict=True) if has)
    alone = tuple(
        replace(o, why=(f"no {words.noun(query.near.kind)} in the data beside it",))
        for o, has in zip(counted.sure, paired, strict=True)
        if not has
    )
    missing = not_looked((query.near.kind,), data.coverage) if query.near.kind != query.of.kind else []
    lower, upper = len(pairs), None if missing else counted.upper
    notes = [*counted.notes, *missing]
    if alone:
        notes.append(
            f"{len(alone)} more {words.noun(query.of.kind, len(alone))} had no {words.noun(query.near.kind)} in the "
            "data beside it; one could have gone unheard, so the upper bound includes them."
        )
    if doubtful:
        notes.append(f"{len(doubtful)} doubtful {words.noun(query.near.kind, len(doubtful))} were not used.")
    verdict = _verdict(counted, "count", judge(query.compare, query.number, lower, upper), lower, upper)
    apart = (*alone, *counted.apart, *counted.before)
    return replace(verdict, counted=pairs, apart=apart, notes=tuple(notes))


def _verdict(
    counted: Counted,
    quantity: Quantity,
    outcome: Outcome,
    lower: float | None,
    upper: float | None,
) -> Verdict:
    return Verdict(
        outcome,
        quantity,
        lower,
        upper,
        counted.sure,
        (*counted.apart, *counted.before),
        counted.possible,
        counted.heard,
        assumptions=counted.assumptions if upper is not None or quantity == "time" else (),
        notes=counted.notes,
    )


def _sentence(verdict: Verdict, query: Query) -> str:
    """`Between 4 and 6 port calls of MMSI …; the claim says at least 4: supported.`"""
    outcome = OUTCOME_WORDS[verdict.outcome]
    match query:
        case Moment():
            lower, upper = (None if b is None else int(b) for b in (verdict.lower, verdict.upper))
            if not verdict.counted and verdict.outcome == "contradicted":
                known = sentences.NONE_AT_ALL.say(verdict.have, noun=words.noun(query.of.kind))
            else:
                known = f"The {query.which} {words.noun(query.of.kind)} started {words.time_bound(lower, upper)}"
            bounds = [
                f"{name} {words.moment(value)}"
                for name, value in (("not before", query.not_before), ("not after", query.not_after))
                if value is not None
            ]
            return f"{known}; the claim says {' and '.join(bounds)}: {outcome}."
        case Sum():
            known = f"The sum of {query.measure.replace('_', ' ')} is {words.bound(verdict.lower, verdict.upper)}"
            return f"{known}; the claim says {words.compared(query.compare, query.number)}: {outcome}."
        case Exists():
            says = "at least one"
        case Present():
            return f"{_there(verdict)}; the claim says that it was there: {outcome}."
        case Count() | Within():
            says = words.compared(query.compare, query.number)
    known = f"Number of {words.noun(query.of.kind, 2)}: {words.bound(verdict.lower, verdict.upper)}"
    return f"{known}; the claim says {says}: {outcome}."


def _there(verdict: Verdict) -> str:
    if verdict.stays:
        number = sum(stay.inside for stay in verdict.stays)
        first, last = verdict.stays[0], max(verdict.stays, key=lambda stay: stay.end)
        several = f" in {len(verdict.stays)} stays" if len(verdict.stays) > 1 else ""
        return (
            f"{number} report{'s' if number > 1 else ''} of the period show the vessel there{several}, in a stay "
            f"heard from {words.moment(first.start)} to {words.moment(last.end)}"
            if len(verdict.stays) == 1
            else f"{number} reports of the period show the vessel there{several}, between "
            f"{words.moment(first.start)} and {words.moment(last.end)}"
        )
    if verdict.upper == 0:
        return sentences.NOT_THERE.say(verdict.have)
    other = next((stay.why for stay in verdict.stays_apart if not stay.why.startswith(CONTRADICTED)), None)
    if other is not None:
        return f"Reports show the vessel there, but {other}"
    if verdict.stays_apart:
        return "The reports that show the vessel there are contradicted by its own other reports"
    if verdict.upper is None:
        return "Whether the vessel was there cannot be said from this data"
    return sentences.NO_REPORT_THERE.say(verdict.have)
