"""Running a claim's query on the data: supported, contradicted, or not enough data, as a bound with its coverage.

`lower` counts distinct evidenced occurrences; `upper` adds the doubtful ones and those that fit into the time in
which the vessel was not heard (see `windows`). Absence of data is never counted against anybody: it widens the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from darkwake import times
from darkwake.answers import words
from darkwake.answers.counting import Counted, Data, count
from darkwake.answers.occurrences import Occurrence, distinct, select
from darkwake.answers.query import Comparison, Count, Exists, Moment, Query, Sum, Within
from darkwake.answers.windows import Assumptions, Fit, Heard, distance_m

Outcome = Literal["supported", "contradicted", "not_enough_data"]
OUTCOME_WORDS: dict[Outcome, str] = {
    "supported": "supported",
    "contradicted": "contradicted",
    "not_enough_data": "not enough data",
}
#: Measures that can be negative: their sum is not bounded from below by what was seen.
_SIGNED = frozenset({"draught_change_m"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. For `quantity` "time" the bounds are instants in µs, otherwise numbers; None: no bound."""

    outcome: Outcome
    quantity: Literal["count", "sum", "time"]
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
            "apart": [_occurrence_json(o) for o in self.apart],
            "possible": [
                {
                    "start": times.iso(f.window.start),
                    "end": times.iso(f.window.end),
                    "why": f.window.why,
                    "fits": f.count,
                }
                for f in self.possible
            ],
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


def evaluate(query: Query, data: Data, assumptions: Assumptions | None = None) -> Verdict:
    """Answer a query; the same data and query give the same verdict, byte for byte."""
    counted = count(query.of, data, assumptions)
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
            verdict = _nearness(counted, query, data)
    if not data.detected:
        verdict = replace(
            verdict,
            outcome="not_enough_data",
            upper=None,
            notes=("No detection of this kind of event was run on this data.", *verdict.notes),
        )
    verdict = replace(verdict, would_have_seen=data.would_have_seen)
    return replace(verdict, words=_sentence(verdict, query))


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
    complete = counted.upper == counted.lower and None not in values and all(o.end is not None for o in counted.sure)
    signed = query.measure in _SIGNED or any(value is not None and value < 0 for value in values)
    lower = known if complete or not signed else None
    upper = known if complete else None
    verdict = _verdict(counted, "sum", judge(query.compare, query.number, lower, upper), lower, upper)
    missing = values.count(None)
    if missing:
        note = f"{missing} of {len(values)} occurrences have no {query.measure}; they add nothing to the lower bound."
        return replace(verdict, notes=(*verdict.notes, note))
    return verdict


def _timing(counted: Counted, query: Moment) -> Verdict:
    """The first (last) start: bounded by the first (last) evidenced one and by windows beyond it."""
    first = query.which == "first"
    starts = [o.start for o in counted.sure]
    seen = None if not starts else (min(starts) if first else max(starts))
    others = [o.start for o in counted.apart]
    for window in (f.window for f in counted.possible):
        edge = window.start if first else window.end
        limit = query.of.since if first else query.of.until
        others.append(_beyond(edge, limit, first))
    far = [seen, *others] if seen is not None else others
    outer = (min(far) if first else max(far)) if far and counted.bounded else None
    if outer is not None and abs(outer) >= _NEVER:
        outer = None
    lower, upper = (outer, seen) if first else (seen, outer)
    outcome: Outcome = "not_enough_data"
    if seen is None and counted.upper == 0:
        outcome = "contradicted"  # there was none at all
    elif seen is not None:
        after = query.not_before is None or (lower is not None and lower >= query.not_before)
        before = query.not_after is None or (upper is not None and upper <= query.not_after)
        too_early = query.not_before is not None and upper is not None and upper < query.not_before
        too_late = query.not_after is not None and lower is not None and lower > query.not_after
        if after and before:
            outcome = "supported"
        elif too_early or too_late:
            outcome = "contradicted"
    return _verdict(counted, "time", outcome, lower, upper)


_NEVER = 1 << 62


def _beyond(edge: int | None, limit: int | None, first: bool) -> int:
    """The outermost moment at which an unheard occurrence of a window could have started."""
    given = [value for value in (edge, limit) if value is not None]
    if not given:
        return -_NEVER if first else _NEVER
    return max(given) if first else min(given)


def _nearness(counted: Counted, query: Within, data: Data) -> Verdict:
    """Pairs that are evidenced; at most, every occurrence of the first filter has an unheard one beside it."""
    near, doubtful = select(query.near, data.events)
    others = distinct(near)
    pairs = tuple(o for o in counted.sure if _beside(o, others, query))
    lower, upper = len(pairs), counted.upper
    alone = tuple(o for o in counted.sure if o not in pairs)
    notes = list(counted.notes)
    if alone:
        notes.append(
            f"{len(alone)} more {words.noun(query.of.kind, len(alone))} had no {words.noun(query.near.kind)} in the "
            "data beside it; one could have gone unheard, so the upper bound includes them."
        )
    if doubtful:
        notes.append(f"{len(doubtful)} doubtful {words.noun(query.near.kind, len(doubtful))} were not used.")
    verdict = _verdict(counted, "count", judge(query.compare, query.number, lower, upper), lower, upper)
    return replace(verdict, counted=pairs, apart=(*alone, *counted.apart), notes=tuple(notes))


def _beside(one: Occurrence, others: Sequence[Occurrence], query: Within) -> bool:
    reach = query.hours * times.HOUR_US
    for other in others:
        if other.ids == one.ids or (query.same_vessel and not one.mmsis & other.mmsis):
            continue
        pause = max(other.start - (one.end or one.start), one.start - (other.end or other.start), 0)
        if pause <= reach and (query.km is None or _distance_km(one, other) <= query.km):
            return True
    return False


def _distance_km(one: Occurrence, other: Occurrence) -> float:
    pairs = [
        distance_m(a.lon, a.lat, b.lon, b.lat) / 1000
        for a in one.events
        for b in other.events
        if a.lon is not None and a.lat is not None and b.lon is not None and b.lat is not None
    ]
    return min(pairs, default=float("inf"))


def _verdict(
    counted: Counted,
    quantity: Literal["count", "sum", "time"],
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
        counted.apart,
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
                known = f"There was no {words.noun(query.of.kind)} in the period"
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
        case Count() | Within():
            says = words.compared(query.compare, query.number)
    known = f"Number of {words.noun(query.of.kind, 2)}: {words.bound(verdict.lower, verdict.upper)}"
    return f"{known}; the claim says {says}: {outcome}."
