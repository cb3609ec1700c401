"""Writing into the casebook and reading it back as of a moment. The caller opens and commits the session."""

from __future__ import annotations

import hashlib
import json
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from darkwake import times
from darkwake.answers.evaluate import Verdict
from darkwake.answers.query import Query, canonical, from_json, to_json
from darkwake.casebook.models import Case, Claim, ClaimState, Decision, Evaluation, Reply, ReplyKind, Status
from darkwake.errors import AmbiguousError, NotFoundError, UsageError


def claim_id(words: str, query: Query | None, asserted_by: str) -> str:
    """`clm-` and 12 hex of SHA-256 over the words, the query and who says it: the same claim has the same id."""
    key = json.dumps([words, canonical(query), asserted_by], ensure_ascii=False)
    return f"clm-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def add_case(session: Session, name: str, question: str, *, number: int, as_of: int | None = None) -> Case:
    """A new case. `number` is the ledger's latest; a name that is taken is an error."""
    if not name.strip():
        raise UsageError("a case without a name")
    if session.get(Case, name) is not None:
        raise UsageError(f"there is a case {name!r} already", do=f"Show it with: darkwake case show {name}")
    case = Case(name=name, question=question, as_of=as_of, recorded_number=number, recorded_at=times.now())
    session.add(case)
    session.flush()
    return case


def add_claim(
    session: Session,
    words: str,
    query: Query | None,
    *,
    asserted_by: str,
    number: int,
    status: Status = "alleged",
    source: str | None = None,
    published: times.Interval | None = None,
    case: str | None = None,
) -> Claim:
    """A claim, words as they were said. Adding the same claim again returns the one that stands."""
    if not words.strip() or not asserted_by.strip():
        raise UsageError("a claim needs its words and who says so", do='Give: --words "…" --by "…"')
    if status not in get_args(Status):
        raise UsageError(f"not a status: {status!r}", expected="one of " + ", ".join(get_args(Status)))
    if case is not None and session.get(Case, case) is None:
        raise NotFoundError(f"no case {case!r}", do=f"Make it with: darkwake case new {case}")
    identity = claim_id(words, query, asserted_by)
    known = session.get(Claim, identity)
    if known is not None and known.withdrawal is not None:
        raise UsageError(
            f"{identity} says just this, and was withdrawn by {known.withdrawal.decided_by}: {known.withdrawal.reason}",
            do=f"To take it up again: darkwake claim restore {identity} --reason …",
        )
    if known is not None:
        return known
    claim = Claim(
        id=identity,
        case_name=case,
        words=words,
        query=None if query is None else to_json(query),
        asserted_by=asserted_by,
        status=status,
        source=source,
        published_from=None if published is None else published.start,
        published_to=None if published is None else published.end,
        recorded_number=number,
        recorded_at=times.now(),
    )
    session.add(claim)
    session.flush()
    return claim


def get_claim(session: Session, identity: str) -> Claim:
    """A claim by its id, with or without `clm:`, or by an unambiguous beginning of it."""
    wanted = identity.removeprefix("clm:")
    exact = session.get(Claim, wanted)
    if exact is not None:
        return exact
    found = session.scalars(select(Claim).where(Claim.id.startswith(wanted, autoescape=True)).order_by(Claim.id)).all()
    if not wanted or not found:
        raise NotFoundError(f"no claim {identity!r}", do="List claims with: darkwake claim list")
    if len(found) > 1:
        raise AmbiguousError(f"several claims begin with {wanted!r}", [claim.id for claim in found])
    return found[0]


def claims(session: Session, *, case: str | None = None, before: int | None = None) -> list[Claim]:
    """Claims in the order in which they were recorded; `before`: only those recorded before that instant."""
    wanted = select(Claim).order_by(Claim.recorded_at, Claim.id)
    if case is not None:
        wanted = wanted.where(Claim.case_name == case)
    if before is not None:
        wanted = wanted.where(Claim.recorded_at < before)
    return list(session.scalars(wanted))


def query_of(claim: Claim) -> Query | None:
    return None if claim.query is None else from_json(claim.query)


def add_evaluation(session: Session, claim: Claim, verdict: Verdict, *, as_of: int, software: str) -> Evaluation:
    """Keep what the data said. The same verdict as of the same number is kept once."""
    content: dict[str, Any] = json.loads(json.dumps(verdict.to_json()))
    for known in claim.evaluations:
        if known.as_of == as_of and known.software == software and known.verdict == content:
            return known
    evaluation = Evaluation(
        claim=claim,
        as_of=as_of,
        outcome=verdict.outcome,
        verdict=content,
        software=software,
        recorded_at=times.now(),
    )
    session.add(evaluation)
    session.flush()
    return evaluation


#: Where the date is farthest ahead of UTC, it is tomorrow already.
_AHEAD_US = 14 * times.HOUR_US


def add_reply(
    session: Session,
    claim: Claim,
    kind: ReplyKind,
    *,
    party: str,
    number: int,
    words: str | None = None,
    said_on: int | None = None,
    source: str | None = None,
) -> Reply:
    """A denial, reply, correction, or that a party was asked or did not answer."""
    if kind not in get_args(ReplyKind):
        raise UsageError(f"not a kind of reply: {kind!r}", expected="one of " + ", ".join(get_args(ReplyKind)))
    if not party.strip():
        raise UsageError("a reply needs the party it comes from", expected="a role, such as: owner of the vessel")
    if kind in ("denial", "reply", "correction") and not (words or "").strip():
        raise UsageError(f"a {kind} needs its words", expected="the words as they were said")
    if said_on is not None and said_on > times.now() + _AHEAD_US:
        raise UsageError(f"a {kind} of {times.told(said_on)} lies in the future", expected="when it was said")
    reply = Reply(
        claim=claim,
        party=party,
        kind=kind,
        words=words,
        said_on=said_on,
        source=source,
        recorded_number=number,
        recorded_at=times.now(),
    )
    session.add(reply)
    session.flush()
    return reply


def decide(
    session: Session, claim: Claim, decision: Decision, *, decided_by: str, reason: str, number: int
) -> ClaimState:
    """Withdraw a claim, or take it up again. It stays in the book, with who decided so and why."""
    if not reason.strip() or not decided_by.strip():
        raise UsageError("a decision needs its reason and who takes it", do='Give: --reason "…" --by "…"')
    if (claim.withdrawal is not None) == (decision == "withdrawn"):
        stands = "is withdrawn already" if decision == "withdrawn" else "is not withdrawn"
        raise UsageError(f"{claim.id} {stands}", do=f"Look at it with: darkwake claim show {claim.id}")
    state = ClaimState(
        claim=claim,
        state=decision,
        decided_by=decided_by,
        reason=reason,
        recorded_number=number,
        recorded_at=times.now(),
    )
    session.add(state)
    session.flush()
    return state
