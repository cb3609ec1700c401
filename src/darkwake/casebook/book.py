"""Writing into the book: one ledger entry for each thing that a person does. What is not new is not written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import sqlalchemy as sa

from darkwake import times
from darkwake.answers.query import Query, canonical, from_json, to_json
from darkwake.casebook import reading
from darkwake.casebook.models import Claim
from darkwake.casebook.models import Source as Known
from darkwake.casebook.tables import (
    CASE_CLAIMS,
    CASES,
    CLAIM_SOURCES,
    CLAIM_STATES,
    CLAIMS,
    REPLIES,
    VERDICTS,
    Decision,
    ReplyKind,
    Status,
)
from darkwake.errors import UsageError
from darkwake.ledger.details import About, Verdicts
from darkwake.ledger.details import Case as CaseDetail
from darkwake.ledger.ledger import Ledger, Recording

#: Where the date is farthest ahead of UTC, it is tomorrow already.
_AHEAD_US = 14 * times.HOUR_US
_CASE_NAME = 80  # characters


@dataclass(frozen=True, slots=True)
class Source:
    """One who makes a claim: who, where, and when it was published, as far as is known."""

    asserted_by: str
    source: str | None = None
    published: times.Interval | None = None

    def __post_init__(self) -> None:
        if not self.asserted_by.strip():
            raise UsageError("a claim needs who says so", do='Give: --by "…"')

    @property
    def dates(self) -> tuple[int | None, int | None]:
        return (None, None) if self.published is None else (self.published.start, self.published.end)


@dataclass(frozen=True, slots=True)
class Added:
    """What was new of a claim: `claim`, `source`, `case`; nothing where all of it was known."""

    id: str
    what: tuple[str, ...]


def add_case(ledger: Ledger, name: str, question: str, *, as_of: int | None = None) -> None:
    """A new case, its figures pinned to a ledger number if one is given. A name that is taken is an error."""
    if not name.strip() or len(name) > _CASE_NAME:
        raise UsageError(f"not a name for a case: {name!r}", expected=f"1 to {_CASE_NAME} characters")
    with ledger.recording("case") as recording:
        if recording.connection.execute(sa.select(CASES.c.name).where(CASES.c.name == name)).first():
            raise UsageError(f"there is a case {name!r} already", do=f"Show it with: darkwake case show {name}")
        asked = recording.private(question or None)
        recording.insert(CASES, {"name": name, "question": asked, "as_of": as_of})
        recording.seal(CaseDetail(name))


def add_claim(
    ledger: Ledger,
    words: str,
    query: Query | None,
    by: Source,
    *,
    status: Status | None = None,
    cases: Sequence[str] = (),
) -> Added:
    """A claim, words as they were said; `alleged` unless another status is given.

    The same words with the same query are the same claim: said by another, elsewhere or on another day they are a
    further source of it. A withdrawn one is not added once more in silence: UsageError tells who withdrew it and why.
    """
    if not words.strip():
        raise UsageError("a claim needs its words", do='Give: --words "…"')
    if status is not None and status not in get_args(Status):
        raise UsageError(f"not a status: {status!r}", expected="one of " + ", ".join(get_args(Status)))
    with ledger.recording("claim") as recording:
        known = _same(recording, words, query)
        if known is not None:
            if status not in (None, known.status):
                raise UsageError(f"{known.id} says just this, and is {known.status}, not {status}")
            added = _add_to(recording, known, None, by, cases)
            if known.withdrawal is not None and not added.what:
                raise UsageError(
                    f"{known.id} says just this, and was withdrawn by {known.withdrawal.decided_by}: "
                    f"{known.withdrawal.reason}",
                    do=f"To take it up again: darkwake claim restore {known.id} --reason …",
                )
            return added
        name = recording.private(words)
        assert name is not None
        identity = f"clm-{name[:12]}"  # of a random key: it tells nothing of the words once they are erased
        asked = None if query is None else to_json(query)
        recording.insert(CLAIMS, {"id": identity, "words": name, "query": asked, "status": status or "alleged"})
        _insert_source(recording, identity, None, by)
        _insert_cases(recording, identity, cases)
        recording.seal(About(identity))
        return Added(identity, ("claim",))


def add_to_claim(
    ledger: Ledger, identity: str, by: Source | None, *, words: str | None = None, cases: Sequence[str] = ()
) -> Added:
    """A further source of a claim, in its own words if given, or further cases in which it stands."""
    if by is None and (words is not None or not cases):
        raise UsageError("nothing to add to the claim", expected="who says so as well, or a case")
    with ledger.recording("claim") as recording:
        return _add_to(recording, _claim(recording, identity), words, by, cases)


def _add_to(recording: Recording, known: Claim, words: str | None, by: Source | None, cases: Sequence[str]) -> Added:
    what: list[str] = []
    said = None if words == known.words else words
    if by is not None and not any(_covers(source, known, said, by) for source in known.sources):
        _insert_source(recording, known.id, said, by)
        what.append("source")
    if new := [name for name in dict.fromkeys(cases) if name not in known.cases]:
        _insert_cases(recording, known.id, new)
        what.append("case")
    if what:
        recording.seal(About(known.id))
    return Added(known.id, tuple(what))


def _covers(source: Known, claim: Claim, words: str | None, by: Source) -> bool:
    """Whether a source says all that is given anew. What is not given is not another thing."""
    return (
        source.asserted_by == by.asserted_by
        and (words is None or words == (source.words or claim.words))
        and (by.source is None or by.source == source.source)
        and (by.published is None or by.dates == (source.published_from, source.published_to))
    )


def _insert_source(recording: Recording, identity: str, words: str | None, by: Source) -> None:
    recording.insert(
        CLAIM_SOURCES,
        {
            "claim_id": identity,
            "asserted_by": recording.private(by.asserted_by),
            "words": recording.private(words),
            "source": recording.private(by.source),
            "published_from": by.dates[0],
            "published_to": by.dates[1],
        },
    )


def _insert_cases(recording: Recording, identity: str, cases: Sequence[str]) -> None:
    for name in dict.fromkeys(cases):
        reading.case(recording.connection, name, recording.before.number)
        recording.insert(CASE_CLAIMS, {"case_name": name, "claim_id": identity})


def _claim(recording: Recording, identity: str) -> Claim:
    return reading.claim(recording.connection, identity, recording.before.number)


def _same(recording: Recording, words: str, query: Query | None) -> Claim | None:
    for known in reading.claims(recording.connection, recording.before.number, reading.in_words(words)):
        if canonical(query_of(known)) == canonical(query):
            return known
    return None


def query_of(claim: Claim) -> Query | None:
    return None if claim.query is None else from_json(claim.query)


@dataclass(frozen=True, slots=True)
class Ran:
    """What the data, as of a ledger number, said to a claim; `verdict` as JSON."""

    claim: str
    as_of: int
    outcome: str
    verdict: dict[str, Any]
    software: str


def add_verdicts(ledger: Ledger, ran: Sequence[Ran]) -> None:
    """Keep what the data said, in one entry. An equal verdict as of the same number is kept once."""
    with ledger.recording("verdict") as recording:
        query = sa.select(VERDICTS).where(VERDICTS.c.claim_id.in_(sorted({run.claim for run in ran})))
        known = [Ran(*(row[name] for name in _RAN)) for row in recording.connection.execute(query).mappings()]
        of: dict[tuple[str, int], list[Ran]] = {}
        for one in known:
            of.setdefault((one.claim, one.as_of), []).append(one)
        new = []
        for run in ran:
            there = of.setdefault((run.claim, run.as_of), [])
            if run not in there:
                there.append(run)
                new.append(run)
        if not new:
            return
        rows = [dict(zip(_RAN, (r.claim, r.as_of, r.outcome, r.verdict, r.software), strict=True)) for r in new]
        recording.insert(VERDICTS, rows)
        recording.seal(Verdicts(tuple(dict.fromkeys(run.claim for run in new))))


_RAN = ("claim_id", "as_of", "outcome", "verdict", "software")


def add_reply(
    ledger: Ledger,
    identity: str,
    kind: ReplyKind,
    *,
    party: str,
    words: str | None = None,
    said_on: int | None = None,
    source: str | None = None,
) -> bool:
    """A denial, reply, correction, or that a party was asked or did not answer. False: just this is in the book."""
    if kind not in get_args(ReplyKind):
        raise UsageError(f"not a kind of reply: {kind!r}", expected="one of " + ", ".join(get_args(ReplyKind)))
    if not party.strip():
        raise UsageError("a reply needs the party it comes from", expected="a role, such as: owner of the vessel")
    if kind in ("denial", "reply", "correction") and not (words or "").strip():
        raise UsageError(f"a {kind} needs its words", expected="the words as they were said")
    if said_on is not None and said_on > times.now() + _AHEAD_US:
        raise UsageError(f"a {kind} of {times.told(said_on)} lies in the future", expected="when it was said")
    given = (party, kind, words, said_on, source)
    with ledger.recording("reply") as recording:
        claim = _claim(recording, identity)
        if given in [(r.party, r.kind, r.words, r.said_on, r.source) for r in claim.replies]:
            return False
        recording.insert(
            REPLIES,
            {
                "claim_id": claim.id,
                "party": recording.private(party),
                "kind": kind,
                "words": recording.private(words),
                "said_on": said_on,
                "source": recording.private(source),
            },
        )
        recording.seal(About(claim.id))
        return True


def decide(ledger: Ledger, identity: str, decision: Decision, *, decided_by: str, reason: str) -> str:
    """Withdraw a claim, or take it up again; its id. It stays in the book, with who decided so and why."""
    if not reason.strip() or not decided_by.strip():
        raise UsageError("a decision needs its reason and who takes it", do='Give: --reason "…" --by "…"')
    with ledger.recording("decision") as recording:
        claim = _claim(recording, identity)
        if (claim.withdrawal is not None) == (decision == "withdrawn"):
            stands = "is withdrawn already" if decision == "withdrawn" else "is not withdrawn"
            raise UsageError(f"{claim.id} {stands}", do=f"Look at it with: darkwake claim show {claim.id}")
        by, why = recording.private(decided_by), recording.private(reason)
        recording.insert(CLAIM_STATES, {"claim_id": claim.id, "state": decision, "decided_by": by, "reason": why})
        recording.seal(About(claim.id))
        return claim.id
