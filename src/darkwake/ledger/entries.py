"""Entries of the ledger, and reading it as of a moment.

`--as-of X`: X is a ledger number (a bare integer is always a number, also 2019) or a time in ISO 8601; a day means its
last instant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa

from darkwake import times
from darkwake.errors import AmbiguousError, NotFoundError, UsageError
from darkwake.ledger import details
from darkwake.ledger.details import Detail
from darkwake.ledger.tables import IMPORT_SOURCES, LEDGER, SOURCES

#: What a person may give as a moment of the ledger.
AsOf: TypeAlias = str | int | None
_YEAR_OR_NUMBER = re.compile(r"[+-]?\d+")


@dataclass(frozen=True)
class Entry:
    """One committed moment of the ledger. `versions`: Delta version of every table of the lake as of it."""

    number: int
    kind: str
    recorded_at: int
    software: str
    detail: Detail
    versions: Mapping[str, int] = field(default_factory=dict)
    write_id: str | None = None
    content: Mapping[str, str] = field(default_factory=dict)
    chain: str = ""


def entry_of(row: Mapping[str, Any]) -> Entry:
    """An entry from its columns, its detail read already."""
    return Entry(**row)


def _entry(row: Any) -> Entry:
    columns = row._mapping
    return entry_of({**columns, "detail": details.from_json(columns["kind"], columns["detail"])})


def entries(
    connection: sa.Connection, kind: str | Sequence[str] | None = None, up_to: int | None = None, after: int = -1
) -> list[Entry]:
    """Entries in order of their numbers, of one or several kinds; those above `after` and up to `up_to`."""
    query = sa.select(LEDGER).where(LEDGER.c.number > after).order_by(LEDGER.c.number)
    if kind is not None:
        query = query.where(LEDGER.c.kind.in_([kind] if isinstance(kind, str) else list(kind)))
    if up_to is not None:
        query = query.where(LEDGER.c.number <= up_to)
    return [_entry(row) for row in connection.execute(query)]


def latest(connection: sa.Connection, up_to: int | None = None) -> Entry:
    """The last entry, or the last one at or before a number. A ledger is never empty: it begins with its founding."""
    query = sa.select(LEDGER).order_by(LEDGER.c.number.desc()).limit(1)
    if up_to is not None:
        query = query.where(LEDGER.c.number <= up_to)
    return _entry(connection.execute(query).one())


def number_as_of(connection: sa.Connection, as_of: AsOf) -> int:
    """The ledger number that a person means; NotFoundError for one that is not there yet."""
    newest = int(connection.execute(sa.select(sa.func.max(LEDGER.c.number))).scalar_one())
    if as_of is None:
        return newest
    if isinstance(as_of, int) or _YEAR_OR_NUMBER.fullmatch(as_of.strip()):
        number = int(as_of)
        if not 0 <= number <= newest:
            raise NotFoundError(
                f"the ledger has no number {number}", expected=f"0 to {newest}, or a time such as 2019-02-01",
                do="List what was recorded with: darkwake lake log",
            )  # fmt: skip
        return number
    try:
        instant = times.parse_end(as_of)
    except UsageError as error:
        raise UsageError(
            f"not a moment of the ledger: {as_of!r}",
            expected="a ledger number, or a time in ISO 8601 (a day means its last instant)",
        ) from error
    if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", as_of.strip()):
        instant -= 1  # the end of a day or month is the first instant after it
    query = sa.select(sa.func.max(LEDGER.c.number)).where(LEDGER.c.recorded_at <= instant)
    found = connection.execute(query).scalar()
    return 0 if found is None else int(found)


def find_source(connection: sa.Connection, sha: str) -> Any:
    """The source whose SHA-256 begins with `sha` (16 digits or more)."""
    if not re.fullmatch(r"[0-9a-f]{16,64}", sha):
        raise UsageError(f"not a source hash: {sha!r}", expected="16 to 64 hex digits")
    rows = connection.execute(sa.select(SOURCES).where(SOURCES.c.sha256.startswith(sha))).all()
    if not rows:
        raise NotFoundError(f"no source with SHA-256 {sha}…", do="List sources with: darkwake ais stats --sources")
    if len(rows) > 1:
        raise AmbiguousError(f"several sources begin with {sha}", [row.sha256 for row in rows])
    return rows[0]


def withdrawals(connection: sa.Connection, up_to: int | None = None) -> dict[int, Entry]:
    """Number of each withdrawn import → the entry that withdrew it."""
    found = {}
    for entry in entries(connection, "withdrawal", up_to):
        assert isinstance(entry.detail, details.Withdrawal)
        found[entry.detail.withdrawn] = entry
    return found


def known_sources(connection: sa.Connection, sha256: Sequence[str]) -> set[str]:
    """Which of these were read by an import that stands."""
    query = sa.select(IMPORT_SOURCES.c.sha256, IMPORT_SOURCES.c.number).where(IMPORT_SOURCES.c.sha256.in_(sha256))
    gone = withdrawals(connection)
    return {row.sha256 for row in connection.execute(query) if row.number not in gone}
