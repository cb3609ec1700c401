"""Is the ledger what it was? Every entry against the chain, its rows against its contents, words against their HMACs.

Whoever can edit the database can also hash it anew: only a head that is kept elsewhere shows that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from darkwake.errors import UsageError, VerificationError
from darkwake.ledger import chain, details
from darkwake.ledger.tables import LEDGER, PRIVATE, PRIVATE_VALUES, WORKSPACE, Recorded


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not what it was. `entry`: the ledger entry it belongs to, where that is known."""

    entry: int | None
    what: str
    where: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"entry": self.entry, "what": self.what, "where": self.where}


def head(connection: sa.Connection) -> str:
    """The chain at the newest entry: keep it elsewhere, and whoever changes anything before it cannot hide it."""
    query = sa.select(LEDGER.c.chain).order_by(LEDGER.c.number.desc()).limit(1)
    return str(connection.execute(query).scalar_one())


def check(
    connection: sa.Connection, recorded: Sequence[Recorded], expected_head: str | None = None
) -> Iterator[Finding]:
    """Go through the whole ledger. `expected_head`: one that was printed before, of the newest or an earlier entry."""
    rows = [dict(row) for row in connection.execute(sa.select(LEDGER).order_by(LEDGER.c.number)).mappings()]
    yield from _links(rows)
    known = list(connection.execute(sa.select(WORKSPACE.c.id)).scalars())
    if rows and known != [rows[0]["detail"].get("workspace")]:
        yield Finding(0, "the workspace's id is another one than at the founding", "workspace")
    found = chain.contents(connection, recorded, 0, max(row["number"] for row in rows)) if rows else {}
    for row in rows:
        yield from _contents(row, found[row["number"]])
    yield from _strays(connection, recorded, {row["number"] for row in rows})
    yield from _private(connection, recorded, rows)
    if expected_head is not None:
        begins = expected_head.strip().lower()
        if not re.fullmatch(r"[0-9a-f]{16,64}", begins):
            raise UsageError(f"not a head: {expected_head!r}", expected="64 hex digits, or its first 16 or more")
        if not any(row["chain"].startswith(begins) for row in rows):
            yield Finding(None, "its history is another one: no entry has the head that was given", f"head {begins}")


def _links(rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    before, last = chain.START, -1
    for row in rows:
        number = row["number"]
        for missing in range(last + 1, number):
            yield Finding(missing, "the entry is missing")
        if chain.link(before, row) != row["chain"]:
            yield Finding(number, "the entry was changed, or one before it", f"ledger, number {number}")
        try:
            details.from_json(row["kind"], row["detail"])
        except VerificationError as error:
            yield Finding(number, str(error), f"ledger, number {number}")
        before, last = row["chain"], number


def _contents(row: Mapping[str, Any], found: Mapping[str, str]) -> Iterator[Finding]:
    number, stood = row["number"], row["content"]
    for name in sorted({*stood, *found}):
        if name not in found:
            yield Finding(number, f"the rows that it recorded in {name} are gone", f"{name}, number {number}")
        elif name not in stood:
            yield Finding(number, f"rows in {name} were added to it", f"{name}, number {number}")
        elif found[name] != stood[name]:
            yield Finding(number, f"the rows that it recorded in {name} were changed", f"{name}, number {number}")


def _strays(connection: sa.Connection, recorded: Sequence[Recorded], numbers: set[int]) -> Iterator[Finding]:
    for each in recorded:
        found = connection.execute(sa.select(each.table.c.number).distinct()).scalars()
        for number in sorted(set(found) - numbers):
            yield Finding(number, f"rows in {each.name} belong to no entry", f"{each.name}, number {number}")


def _private(
    connection: sa.Connection, recorded: Sequence[Recorded], rows: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    erased = {name for row in rows if row["kind"] == "erasure" for name in row["detail"].get("values", ())}
    for row in connection.execute(sa.select(PRIVATE_VALUES)).mappings():
        if row["value"] is None and row["key"] is None:
            if row["id"] not in erased:
                what = f"{_uses(connection, recorded, row['id'])}: erased, and no entry says so"
                yield Finding(row["number"], what, f"private_values {row['id'][:12]}…")
        elif row["id"] in erased:
            what = f"{_uses(connection, recorded, row['id'])}: there again after it was erased"
            yield Finding(row["number"], what, f"private_values {row['id'][:12]}…")
        elif row["value"] is None or row["key"] is None or chain.named(row["value"], row["key"]) != row["id"]:
            what = f"{_uses(connection, recorded, row['id'])}: not what was recorded"
            yield Finding(row["number"], what, f"private_values {row['id'][:12]}…")


def _uses(connection: sa.Connection, recorded: Sequence[Recorded], name: str) -> str:
    """What a private value is: table and column that refer to it, and whose row it is."""
    for each in recorded:
        for column in each.table.c:
            if column.type is not PRIVATE or each.table is PRIVATE_VALUES:
                continue
            row = connection.execute(sa.select(each.table).where(column == name)).mappings().first()
            if row is not None:
                owner = row.get("claim_id") or row.get("id") or row.get("name") or f"number {row['number']}"
                return f"{column.name} of {owner} ({each.name})"
    return "a private value"
