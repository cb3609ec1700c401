"""Claims and cases as JSON, in the shapes of the outer contract."""

from __future__ import annotations

from typing import Any

from darkwake import refs, times
from darkwake.casebook.models import Case, Claim


def case_row(case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "question": case.question,
        "as_of": case.as_of,
        "claims": case.claims,
        "recorded_at": times.iso(case.recorded_at),
    }


def claim_row(claim: Claim, pin: int | None = None) -> dict[str, Any]:
    """A claim with all that was recorded of it; the verdict that stands at its head is the newest, or that of a pin.

    `for` counts those who say so (one per source and day), `origins` the different (who, where) among them, `against`
    the denials. None of the three weighs who had it from whom.
    """
    last = claim.verdict(pin)
    return {
        "id": claim.id,
        "case": claim.cases[0] if claim.cases else None,
        "cases": list(claim.cases),
        "words": claim.words,
        "by": claim.asserted_by,
        "asserted_by": claim.asserted_by,
        "status": claim.status,
        "state": "standing" if claim.withdrawal is None else "withdrawn",
        "step": None,
        "source": claim.source,
        "published_from": times.iso(claim.published_from),
        "published_to": times.iso(claim.published_to),
        "sources": [
            {
                "by": s.asserted_by,
                "words": s.words,
                "source": s.source,
                "published_from": times.iso(s.published_from),
                "published_to": times.iso(s.published_to),
                "recorded_at": times.iso(s.recorded_at),
            }
            for s in claim.sources
        ],
        "recorded_at": times.iso(claim.recorded_at),
        "recorded_number": claim.number,
        "query": claim.query,
        "outcome": None if last is None else last.outcome,
        "verdict": None
        if last is None
        else {
            "outcome": last.outcome,
            "lower": last.verdict.get("lower"),
            "upper": last.verdict.get("upper"),
            "as_of": last.as_of,
            "runs": last.verdict.get("runs", []),
            "withdrawn_since": list(last.withdrawn_since),
        },
        "origins": claim.origins,
        "for": len(claim.sources),
        "against": sum(reply.kind == "denial" for reply in claim.replies),
        "evaluations": [
            {
                "as_of": e.as_of,
                "outcome": e.outcome,
                "software": e.software,
                "verdict": e.verdict,
                "withdrawn_since": list(e.withdrawn_since),
                "recorded_at": times.iso(e.recorded_at),
            }
            for e in claim.evaluations
        ],
        "replies": [
            {"party": r.party, "kind": r.kind, "words": r.words, "said_on": times.iso(r.said_on), "source": r.source}
            for r in claim.replies
        ],
        "decisions": [
            {"state": s.state, "by": s.decided_by, "reason": s.reason, "recorded_at": times.iso(s.recorded_at)}
            for s in claim.states
        ],
        "erasures": [{"by": e.by, "reason": e.reason, "recorded_at": times.iso(e.recorded_at)} for e in claim.erasures],
        "ref": str(refs.ClaimRef(claim.id)),
    }
