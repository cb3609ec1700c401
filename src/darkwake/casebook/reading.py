"""Reading the book as of a ledger number: a handful of queries, however many claims are wanted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

from darkwake.casebook import tables
from darkwake.casebook.models import Case, Claim, ClaimState, Erasure, Evaluation, Reply, Source
from darkwake.casebook.tables import CASE_CLAIMS, CASES, CLAIM_SOURCES, CLAIM_STATES, CLAIMS, REPLIES, VERDICTS
from darkwake.errors import AmbiguousError, NotFoundError
from darkwake.ledger import details, entries, private
from darkwake.ledger.tables import LEDGER, PRIVATE, PRIVATE_VALUES

#: Ids of the claims that are wanted, or a select of them; None: all.
Wanted: TypeAlias = Sequence[str] | sa.Select | None
Row: TypeAlias = Mapping[str, Any]
T = TypeVar("T")


def find(connection: sa.Connection, identity: str) -> str:
    """The id of a claim: given with or without `clm:`, or as an unambiguous beginning of it."""
    wanted = identity.removeprefix("clm:")
    query = sa.select(CLAIMS.c.id).where(CLAIMS.c.id.startswith(wanted, autoescape=True)).order_by(CLAIMS.c.id)
    found = connection.execute(query.limit(11)).scalars().all() if wanted else []
    if wanted in found:
        return wanted
    if not found:
        raise NotFoundError(f"no claim {identity!r}", do="List claims with: darkwake claim list")
    if len(found) > 1:
        raise AmbiguousError(f"several claims begin with {wanted!r}", found)
    return str(found[0])


def claim(connection: sa.Connection, identity: str, number: int) -> Claim:
    """One claim as of a number; NotFoundError for one that was recorded later."""
    found = find(connection, identity)
    for known in claims(connection, number, [found]):
        return known
    raise NotFoundError(f"{found} was not recorded yet as of {number}", do="Ask for it without --as-of, or later.")


def pinned(connection: sa.Connection) -> set[int]:
    """The ledger numbers that verdicts and cases name: what they rest on stays readable."""
    named = (sa.select(table.c.as_of).where(table.c.as_of.is_not(None)) for table in (VERDICTS, CASES))
    return set(connection.execute(sa.union(*named)).scalars())


def in_case(name: str, number: int) -> sa.Select:
    """The claims of a case, for `claims`."""
    return sa.select(CASE_CLAIMS.c.claim_id).where(CASE_CLAIMS.c.case_name == name, CASE_CLAIMS.c.number <= number)


def in_words(words: str) -> sa.Select:
    """The claims in just these words, for `claims`. Those that were erased are in none."""
    named = CLAIMS.join(PRIVATE_VALUES, PRIVATE_VALUES.c.id == CLAIMS.c.words)
    return sa.select(CLAIMS.c.id).select_from(named).where(PRIVATE_VALUES.c.value == words)


def claims(connection: sa.Connection, number: int, wanted: Wanted = None) -> list[Claim]:
    """Claims as of a number, in the order in which they were recorded."""
    rows = {table: _rows(connection, table, number, wanted) for table in (CLAIMS, *_PARTS)}
    erased = _erasures(connection)
    withdrawn = entries.withdrawals(connection, number)
    names = [row[name] for table, some in rows.items() for row in some for name in _PRIVATE[table]]
    values = private.resolve(connection, [*names, *(name for e in erased.values() for name in (e.by, e.reason))])
    parts: dict[sa.Table, dict[str, list[Row]]] = {}
    gone: dict[str, set[Erasure]] = defaultdict(set)
    for table, some in rows.items():
        parts[table] = defaultdict(list)
        for row in some:
            of = row["id" if table is CLAIMS else "claim_id"]
            gone[of] |= {erased[row[name]] for name in _PRIVATE[table] if row[name] in erased}
            clear = {name: values[row[name]] for name in _PRIVATE[table] if row[name] is not None}
            parts[table][of].append({**row, **clear})
    order = {of: k for k, of in enumerate(parts[CLAIM_SOURCES])}
    found = [
        Claim(
            **_only(Claim, given[0]),
            sources=_made(Source, parts[CLAIM_SOURCES][of]),
            cases=tuple(row["case_name"] for row in parts[CASE_CLAIMS][of]),
            evaluations=tuple(
                replace(ran, withdrawn_since=tuple(n for n, gone in withdrawn.items() if n <= ran.as_of < gone.number))
                for ran in _made(Evaluation, parts[VERDICTS][of])
            ),
            replies=_made(Reply, sorted(parts[REPLIES][of], key=lambda row: row["said_on"] or _BEFORE_ALL)),
            states=_made(ClaimState, parts[CLAIM_STATES][of]),
            erasures=tuple(
                Erasure(values.get(e.by or ""), values[e.reason], e.number, e.recorded_at)
                for e in sorted(gone[of], key=lambda e: e.number)
            ),
        )
        for of, given in parts[CLAIMS].items()
    ]
    return sorted(found, key=lambda claim: (claim.number, order[claim.id]))


#: A reply of an unknown day stands first.
_BEFORE_ALL = -(2**63)
_PARTS = (CLAIM_SOURCES, CASE_CLAIMS, VERDICTS, REPLIES, CLAIM_STATES)
_PRIVATE = {
    recorded.table: [column.name for column in recorded.table.c if column.type is PRIVATE]
    for recorded in tables.RECORDED
}


def _rows(connection: sa.Connection, table: sa.Table, number: int, wanted: Wanted) -> list[Row]:
    """The rows of a table as of a number, of the wanted claims, in the order in which they were recorded."""
    numbered = table.join(LEDGER, LEDGER.c.number == table.c.number)
    query = sa.select(table, LEDGER.c.recorded_at).select_from(numbered).where(table.c.number <= number)
    if wanted is not None:
        query = query.where((table.c.id if table is CLAIMS else table.c.claim_id).in_(wanted))
    keys = [table.c[name] for name in ("number", "position") if name in table.c]
    return [dict(row) for row in connection.execute(query.order_by(*keys)).mappings()]


def _erasures(connection: sa.Connection) -> dict[str, Erasure]:
    """Name of each erased value → who had it erased and why, as names too. What is erased is so at any as-of."""
    found: dict[str, Erasure] = {}
    for entry in entries.entries(connection, "erasure"):
        assert isinstance(entry.detail, details.Erasure)
        of = Erasure(entry.detail.by, entry.detail.reason, entry.number, entry.recorded_at)
        found |= dict.fromkeys(entry.detail.values, of)
    return found


def _only(shape: type[T], row: Row) -> dict[str, Any]:
    """What a row has for a shape."""
    return {name: row[name] for name in shape.__dataclass_fields__ if name in row}  # type: ignore[attr-defined]


def _made(shape: type[T], rows: Sequence[Row]) -> tuple[T, ...]:
    return tuple(shape(**_only(shape, row)) for row in rows)


def cases(connection: sa.Connection, number: int) -> list[Case]:
    """Cases as of a number, in the order in which they were opened."""
    counted = sa.select(CASE_CLAIMS.c.case_name, sa.func.count()).group_by(CASE_CLAIMS.c.case_name)
    held = {name: int(many) for name, many in connection.execute(counted.where(CASE_CLAIMS.c.number <= number))}
    rows = _rows(connection, CASES, number, None)
    questions = private.resolve(connection, [row["question"] for row in rows])
    return [
        Case(
            row["name"], questions.get(row["question"], ""), row["as_of"], held.get(row["name"], 0), row["number"],
            row["recorded_at"],
        )
        for row in sorted(rows, key=lambda row: (row["number"], row["name"]))
    ]  # fmt: skip


def case(connection: sa.Connection, name: str, number: int) -> Case:
    for known in cases(connection, number):
        if known.name == name:
            return known
    raise NotFoundError(
        f"no case {name!r} as of {number}",
        do=f"List cases with: darkwake case list; make it with: darkwake case new {name}",
    )


def last_verdict(connection: sa.Connection, identity: str, number: int) -> Mapping[str, Any] | None:
    """The newest verdict of a claim that was recorded up to a number."""
    query = (
        sa.select(VERDICTS.c.verdict)
        .where(VERDICTS.c.claim_id == identity, VERDICTS.c.number <= number)
        .order_by(VERDICTS.c.number.desc(), VERDICTS.c.position.desc())
        .limit(1)
    )
    found: Mapping[str, Any] | None = connection.execute(query).scalar()
    return found


#: Entries of these kinds change nothing of what claims are run on.
_OF_THE_BOOK = ("case", "claim", "verdict", "reply", "decision", "erasure")


def newest_data(connection: sa.Connection) -> int:
    """The last entry that was not of the book alone: what a claim says of the data is the same since."""
    query = sa.select(sa.func.max(LEDGER.c.number)).where(LEDGER.c.kind.not_in(_OF_THE_BOOK))
    return int(connection.execute(query).scalar_one())
