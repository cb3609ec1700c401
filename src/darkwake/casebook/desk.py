"""The casebook of a workspace: cases, claims and replies, and running claims on the data as of a moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from darkwake import times
from darkwake.answers import gather, words
from darkwake.answers.checks import check_measures
from darkwake.answers.counting import Data
from darkwake.answers.evaluate import Verdict, evaluate
from darkwake.answers.query import Query, filters, from_json, loads
from darkwake.casebook import book
from darkwake.casebook.models import Case, Claim, Decision
from darkwake.engine import open_engine
from darkwake.errors import DarkwakeError, NotFoundError, UsageError
from darkwake.events import registry
from darkwake.events.base import method_of, values_of
from darkwake.events.coverage import Coverage, Missing, Stretch
from darkwake.lake.store import Lake, Snapshot
from darkwake.ledger import tables as ledger
from darkwake.places import Gazetteer
from darkwake.tracks import reception
from darkwake.tracks.reception import ReceptionModel
from darkwake.version import VERSION
from darkwake.vessels import broadcast


class Recorded(Protocol):
    """A row of the book."""

    @property
    def recorded_at(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of running one claim: a verdict as of a ledger number, or the error that kept it from being run."""

    id: str
    verdict: Verdict | None = None
    as_of: int | None = None
    error: DarkwakeError | None = None


class Casebook:
    """What people recorded, over one lake."""

    def __init__(self, engine: sa.Engine, lake: Lake, places: Gazetteer) -> None:
        self.engine, self.lake, self.places = engine, lake, places
        self._model: tuple[int, ReceptionModel] | None = None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session of the casebook; committed at the end."""
        with Session(self.engine) as session, session.begin():
            yield session

    def add_case(self, name: str, question: str = "", *, as_of: str | int | None = None) -> None:
        pinned = self.lake.number_as_of(as_of)
        with self.session() as session:
            book.add_case(session, name, question, number=self.lake.snapshot().number, as_of=pinned)

    def cases(self, as_of: str | int | None = None) -> list[dict[str, Any]]:
        before = self.lake.recorded_before(as_of)
        with self.session() as session:
            return [
                {
                    "name": case.name,
                    "question": case.question,
                    "as_of": case.as_of,
                    "claims": sum(_was(claim, before) for claim in case.claims),
                    "recorded_at": times.iso(case.recorded_at),
                }
                for case in session.scalars(select(Case).order_by(Case.recorded_at))
                if _was(case, before)
            ]

    def case(self, name: str, as_of: str | int | None = None) -> dict[str, Any]:
        for row in self.cases(as_of):
            if row["name"] == name:
                return row
        when = "" if as_of is None else f" as of {as_of}"
        raise NotFoundError(f"no case {name!r}{when}", do="List cases with: darkwake case list")

    def add_claim(
        self,
        words: str,
        query: Any = None,
        *,
        asserted_by: str,
        status: str = "alleged",
        source: str | None = None,
        case: str | None = None,
    ) -> dict[str, Any]:
        """Record who says what; `query` is the typed query as JSON (text or decoded), or None.

        A vessel named in it by IMO number, call sign or name is stored as the one MMSI that sent this.
        """
        typed = None if query is None else from_json(self._with_mmsi(query))
        if typed is not None:
            check_measures(typed)
        for given in filters(typed) if typed is not None else ():
            if given.place is not None:
                self.places.by_code(given.place)  # a misspelt place would never be found
        number = self.lake.snapshot().number
        with self.session() as session:
            claim = book.add_claim(
                session, words, typed,
                asserted_by=asserted_by, number=number, status=cast(Any, status), source=source, case=case,
            )  # fmt: skip
            return _claim_row(claim)

    def _with_mmsi(self, query: Any) -> Any:
        """The query with its vessels as events carry them. What is no query at all is left to the reader of queries."""
        if isinstance(query, str):
            query = loads(query)
        if not isinstance(query, dict):
            return query
        snapshot = self.lake.snapshot()

        def resolved(given: Any) -> Any:
            ref = given.get("vessel") if isinstance(given, dict) else None
            if not isinstance(ref, str) or ref.startswith(("mmsi:", "seg:")):
                return given
            return {**given, "vessel": f"mmsi:{broadcast.only_mmsi(snapshot, ref):09d}"}

        return {key: resolved(value) for key, value in query.items()}

    def add_reply(
        self, id: str, kind: str, *, party: str, words: str | None = None, said_on: str | None = None,
        source: str | None = None,
    ) -> None:  # fmt: skip
        number = self.lake.snapshot().number
        with self.session() as session:
            book.add_reply(
                session, book.get_claim(session, id), cast(Any, kind), party=party, number=number, words=words,
                said_on=times.parse(said_on) if said_on else None, source=source,
            )  # fmt: skip

    def decide(self, id: str, decision: Decision, *, decided_by: str, reason: str) -> dict[str, Any]:
        """Withdraw a claim, or take it up again: who, when and why go into the book, and nothing is deleted."""
        number = self.lake.snapshot().number
        with self.session() as session:
            claim = book.get_claim(session, id)
            book.decide(session, claim, decision, decided_by=decided_by, reason=reason, number=number)
            return _claim_row(claim)

    def claim(self, id: str, as_of: str | int | None = None) -> dict[str, Any]:
        before = self.lake.recorded_before(as_of)
        with self.session() as session:
            claim = book.get_claim(session, id)
            if not _was(claim, before):
                raise NotFoundError(
                    f"{claim.id} was not recorded yet as of {as_of}", do="Ask for it without --as-of, or later."
                )
            return _claim_row(claim, before)

    def claims(self, *, case: str | None = None, as_of: str | int | None = None) -> list[dict[str, Any]]:
        before = self.lake.recorded_before(as_of)
        with self.session() as session:
            return [_claim_row(claim, before) for claim in book.claims(session, case=case, before=before)]

    def verify_claims(self, ids: Sequence[str] = (), *, as_of: str | int | None = None) -> list[Answer]:
        """Run claims on the data as of a moment and keep the answers; one that cannot be run spoils no other.

        Without `ids`: all that have a query and are not withdrawn.
        """
        self.lake.number_as_of(as_of)  # one that is wrong is told of once
        if not ids:
            with self.session() as session:
                ids = [c.id for c in book.claims(session) if c.query is not None and c.withdrawal is None]
        answers = []
        for id in ids:
            try:
                answers.append(self._verify(id, as_of))
            except DarkwakeError as error:
                answers.append(Answer(id, error=error))
        return answers

    def _verify(self, id: str, as_of: str | int | None) -> Answer:
        with self.session() as session:
            claim = book.get_claim(session, id)
            query = book.query_of(claim)
            if query is None:
                raise UsageError(f"{claim.id} has no query", do="Only claims with a query can be run.")
            pinned = as_of if as_of is not None else (claim.case.as_of if claim.case else None)
            snapshot = self.lake.snapshot(pinned)
            verdict = evaluate(query, self.data_for(query, snapshot))
            book.add_evaluation(session, claim, verdict, as_of=snapshot.number, software=VERSION)
            return Answer(claim.id, verdict, snapshot.number)

    def data_for(self, query: Query, snapshot: Snapshot) -> Data:
        """What a query runs on: events, the vessel's track, where its place is, and what was looked for."""
        ran: dict[str, list[ledger.Entry]] = {}
        for run in self.lake.entries("detect", up_to=snapshot.number):
            for kind in run.detail["found"]:
                ran.setdefault(kind, []).append(run)

        def coverage_of(kind: str, *, profile: str, since: int | None, until: int | None, **_: Any) -> Coverage:
            """Complete if any run of the kind is there, until runs are recorded with what they looked at."""
            of_kind = ran.get(kind, [])[-1:]
            stretches = tuple(Stretch(since, until, run.number, run.number, _method(kind)) for run in of_kind)
            missing = Missing(since, until, "never_run", None, f"no run looked for {words.noun(kind, 2)} in this data")
            return Coverage(kind, profile, since, until, stretches, () if of_kind else (missing,))

        return gather.data_for(query, snapshot, self.places, coverage_of, lambda: self._reception(snapshot))

    def _reception(self, snapshot: Snapshot) -> ReceptionModel:
        """Of the tracks as of a moment; the last one is kept."""
        if self._model is None or self._model[0] != snapshot.number:
            plan = reception.plan()
            counts = open_engine("local").run([plan], snapshot)[plan.name]
            self._model = snapshot.number, ReceptionModel.from_counts(counts)
        return self._model[1]


def _method(kind: str) -> dict[str, Any]:
    detector = registry.get(kind)
    return method_of(detector, values_of(detector))


def _was(row: Recorded, before: int | None) -> bool:
    """Whether something was recorded before an instant."""
    return before is None or row.recorded_at < before


def _claim_row(claim: Claim, before: int | None = None) -> dict[str, Any]:
    """A claim with all that was recorded of it before an instant."""
    evaluations = [e for e in claim.evaluations if _was(e, before)]
    states = [s for s in claim.states if _was(s, before)]
    return {
        "id": claim.id,
        "case": claim.case_name,
        "words": claim.words,
        "asserted_by": claim.asserted_by,
        "status": claim.status,
        "state": "withdrawn" if states and states[-1].state == "withdrawn" else "standing",
        "source": claim.source,
        "published_from": times.iso(claim.published_from),
        "published_to": times.iso(claim.published_to),
        "recorded_at": times.iso(claim.recorded_at),
        "recorded_number": claim.recorded_number,
        "query": claim.query,
        "outcome": evaluations[-1].outcome if evaluations else None,
        "evaluations": [
            {"as_of": e.as_of, "outcome": e.outcome, "software": e.software, "verdict": e.verdict} for e in evaluations
        ],
        "replies": [
            {"party": r.party, "kind": r.kind, "words": r.words, "said_on": times.iso(r.said_on), "source": r.source}
            for r in claim.replies
            if _was(r, before)
        ],
        "decisions": [
            {"state": s.state, "by": s.decided_by, "reason": s.reason, "recorded_at": times.iso(s.recorded_at)}
            for s in states
        ],
    }
