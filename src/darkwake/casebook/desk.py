"""The casebook of a workspace: cases, claims and replies, and running claims on the data as of a moment."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from darkwake import times
from darkwake.answers import gather
from darkwake.answers.checks import check_measures
from darkwake.answers.counting import Data
from darkwake.answers.evaluate import Verdict, evaluate
from darkwake.answers.query import Query, filters, from_json, loads
from darkwake.casebook import book, erasing, reading
from darkwake.casebook.models import Claim
from darkwake.casebook.shapes import case_row, claim_row
from darkwake.casebook.tables import Decision
from darkwake.detectors.coverage import Coverage, cover
from darkwake.engine import open_engine
from darkwake.errors import DarkwakeError, NotFoundError, UsageError
from darkwake.lake.held import HeldSnapshot
from darkwake.lake.store import Lake, Snapshot
from darkwake.ledger import entries
from darkwake.ledger.engines import reading as one_state
from darkwake.ledger.entries import AsOf
from darkwake.places import Gazetteer
from darkwake.tracks import reception
from darkwake.tracks.reception import ReceptionModel
from darkwake.version import VERSION
from darkwake.vessels import broadcast

#: Verdicts that one ledger entry records at most; a kill loses no more.
_AT_ONCE = 100


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of running one claim: a verdict as of a ledger number, or the error that kept it from being run."""

    id: str
    verdict: Verdict | None = None
    as_of: int | None = None
    error: DarkwakeError | None = None


class Casebook:
    """What people recorded, over one lake."""

    def __init__(self, lake: Lake, places_as_of: Callable[[AsOf], Gazetteer]) -> None:
        self.lake, self.places_as_of = lake, places_as_of
        self._kept: dict[str, tuple[int, Any]] = {}

    # --- writing -----------------------------------------------------------------------------------------------

    def add_case(self, name: str, question: str = "", *, as_of: AsOf = None) -> None:
        """Open a case; with `as_of`, its figures are pinned to that moment."""
        pinned = None if as_of is None else self.lake.ledger.number_as_of(as_of)
        book.add_case(self.lake.ledger, name, question, as_of=pinned)

    def add_claim(
        self,
        words: str,
        query: Any = None,
        *,
        asserted_by: str,
        status: str | None = None,
        source: str | None = None,
        published: times.Interval | None = None,
        cases: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Record who says what; `query` is the typed query as JSON (text or decoded), or None.

        A vessel named in it by IMO number, call sign or name is stored as the one MMSI that sent this. `added` in the
        row tells what was new: `claim`, or of a known one `source`, `case`, or nothing.
        """
        typed = None if query is None else from_json(self._with_mmsi(query))
        if typed is not None:
            check_measures(typed)
        for given in filters(typed) if typed is not None else ():
            if given.place is not None:
                self.places_as_of(None).by_code(given.place)  # a misspelt place would never be found
        by = book.Source(asserted_by, source, published)
        added = book.add_claim(self.lake.ledger, words, typed, by, status=cast(Any, status), cases=cases)
        return {**self.claim(added.id), "added": list(added.what)}

    def add_to_claim(
        self,
        id: str,
        *,
        asserted_by: str | None = None,
        words: str | None = None,
        source: str | None = None,
        published: times.Interval | None = None,
        cases: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Record that somebody else says so as well, in other words or elsewhere, or that a claim is of more cases."""
        by = None if asserted_by is None else book.Source(asserted_by, source, published)
        if by is None and (source is not None or published is not None):
            raise UsageError("a source needs who says so", do='Give: --by "…"')
        added = book.add_to_claim(self.lake.ledger, id, by, words=words, cases=cases)
        return {**self.claim(added.id), "added": list(added.what)}

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
    ) -> bool:  # fmt: skip
        """What a party answered. False: just this was in the book."""
        day = times.parse(said_on) if said_on else None
        return book.add_reply(
            self.lake.ledger, id, cast(Any, kind), party=party, words=words, said_on=day, source=source
        )

    def decide(self, id: str, decision: Decision, *, decided_by: str, reason: str) -> dict[str, Any]:
        """Withdraw a claim, or take it up again: who, when and why go into the book, and nothing is deleted."""
        return self.claim(book.decide(self.lake.ledger, id, decision, decided_by=decided_by, reason=reason))

    def erase(self, id: str, what: Sequence[str] = ("words",), *, by: str, reason: str) -> int:
        """Erase words or names of a claim for good (see `erasing.What`); how many values there were."""
        return erasing.erase(self.lake.ledger, id, what, by=by, reason=reason)

    # --- reading -----------------------------------------------------------------------------------------------

    @contextmanager
    def _as_of(self, as_of: AsOf = None) -> Iterator[tuple[sa.Connection, int]]:
        """A connection to read with, and the ledger number that is meant."""
        with one_state(self.lake.ledger.engine) as connection:
            yield connection, entries.number_as_of(connection, as_of)

    def cases(self, as_of: AsOf = None) -> list[dict[str, Any]]:
        with self._as_of(as_of) as (connection, number):
            return [case_row(case) for case in reading.cases(connection, number)]

    def case(self, name: str, as_of: AsOf = None) -> dict[str, Any]:
        with self._as_of(as_of) as (connection, number):
            return case_row(reading.case(connection, name, number))

    def read(self, id: str, as_of: AsOf = None) -> Claim:
        """A claim as an object."""
        with self._as_of(as_of) as (connection, number):
            return reading.claim(connection, id, number)

    def claim(self, id: str, as_of: AsOf = None) -> dict[str, Any]:
        """A claim as a row of the outer contract."""
        return claim_row(self.read(id, as_of))

    def claims(self, *, case: str | None = None, as_of: AsOf = None) -> list[dict[str, Any]]:
        with self._as_of(as_of) as (connection, number):
            wanted = None if case is None else reading.in_case(case, number)
            pins = {known.name: known.as_of for known in reading.cases(connection, number)}
            return [claim_row(claim, _pin(pins, claim, case)) for claim in reading.claims(connection, number, wanted)]

    # --- running -----------------------------------------------------------------------------------------------

    def pin(self, claim: Claim, case: str | None = None) -> int | None:
        """The ledger number that a case pins a claim to: the one named, else the only one it stands in; None: none."""
        with self._as_of() as (connection, number):
            return _pin({known.name: known.as_of for known in reading.cases(connection, number)}, claim, case)

    def verify_claims(self, ids: Sequence[str] = (), *, as_of: AsOf = None, case: str | None = None) -> list[Answer]:
        """Run claims on the data and keep the answers; one that cannot be run spoils no other.

        As of `as_of` if given, else of the pin of `case`, else of that of the only case in which a claim stands, else
        of the newest data. Without `ids`: all (of the case) that have a query and are not withdrawn.
        """
        with self._as_of() as (connection, number):
            moment = None if as_of is None else entries.number_as_of(connection, as_of)
            newest = reading.newest_data(connection)
            pins = {known.name: known.as_of for known in reading.cases(connection, number)}
            if case is not None:
                reading.case(connection, case, number)
            wanted = _named(connection, ids, number) if ids else _standing(connection, case, number)

        def pinned(claim: Claim) -> int:
            found = moment if moment is not None else _pin(pins, claim, case)
            return newest if found is None else found

        snapshot_of = functools.cache(functools.partial(HeldSnapshot, self.lake))  # claims ask for the same rows
        answers: list[Answer] = []
        for start in range(0, len(wanted), _AT_ONCE):
            some = [self._run(*each, pinned, snapshot_of) for each in wanted[start : start + _AT_ONCE]]
            ran = [
                book.Ran(a.id, a.as_of, a.verdict.outcome, json.loads(json.dumps(a.verdict.to_json())), VERSION)
                for a in some
                if a.verdict is not None and a.as_of is not None
            ]
            if ran:
                book.add_verdicts(self.lake.ledger, ran)
            answers += some
        return answers

    def _run(
        self,
        id: str,
        claim: Claim | DarkwakeError,
        pinned: Callable[[Claim], int],
        snapshot_of: Callable[[int], Snapshot],
    ) -> Answer:
        try:
            if isinstance(claim, DarkwakeError):
                raise claim
            query = book.query_of(claim)
            if query is None:
                raise UsageError(f"{claim.id} has no query", do="Only claims with a query can be run.")
            number = pinned(claim)
            return Answer(claim.id, evaluate(query, self.data_for(query, snapshot_of(number))), number)
        except DarkwakeError as error:
            return Answer(id, error=error)

    def data_for(self, query: Query, snapshot: Snapshot) -> Data:
        """What a query runs on: events, the vessel's track, where its place is, and what was looked for."""
        number = snapshot.number
        told = self._once("entries", number, lambda: self.lake.ledger.entries(up_to=number))

        def coverage_of(kind: str, *, profile: str, since: int | None, until: int | None, mmsi: int | None) -> Coverage:
            return cover(told, snapshot, kind, profile=profile, since=since, until=until, mmsi=mmsi)

        def model() -> ReceptionModel:
            return self._once("reception", number, lambda: reception.model(snapshot, open_engine("local")))

        places = self._once("places", number, lambda: self.places_as_of(number))
        return gather.data_for(query, snapshot, places, coverage_of, model)

    def _once(self, what: str, number: int, make: Callable[[], T]) -> T:
        """What many claims ask for as of the same number; the last one is kept."""
        if what not in self._kept or self._kept[what][0] != number:
            self._kept[what] = number, make()
        found: T = self._kept[what][1]
        return found


def _pin(pins: Mapping[str, int | None], claim: Claim, case: str | None) -> int | None:
    if case is not None:
        if case not in claim.cases:
            raise NotFoundError(
                f"{claim.id} does not stand in the case {case!r}",
                expected="one of " + (", ".join(claim.cases) or "none"),
                do=f"Add it with: darkwake claim add --to {claim.id} --case {case}",
            )
        return pins[case]
    return pins[claim.cases[0]] if len(claim.cases) == 1 else None


def _standing(connection: sa.Connection, case: str | None, number: int) -> list[tuple[str, Claim | DarkwakeError]]:
    """Every claim (of a case) that can be run and was not withdrawn."""
    known = reading.claims(connection, number, None if case is None else reading.in_case(case, number))
    return [(claim.id, claim) for claim in known if claim.query is not None and claim.withdrawal is None]


def _named(connection: sa.Connection, ids: Sequence[str], number: int) -> list[tuple[str, Claim | DarkwakeError]]:
    """Claims by their ids, in this order; the error in place of one that is not there."""
    found: dict[str, str | DarkwakeError] = {}
    for id in ids:
        try:
            found[id] = reading.find(connection, id)
        except DarkwakeError as error:
            found[id] = error
    there = [id for id in found.values() if isinstance(id, str)]
    known = {claim.id: claim for claim in reading.claims(connection, number, there)}
    return [(given, known[id] if isinstance(id, str) else id) for given, id in found.items()]
