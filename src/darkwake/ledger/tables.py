"""The SQL side of the lake: one numbered ledger of everything that was recorded, and the sources it read.

Imports, track builds, detection runs and decisions share one sequence of numbers, so `--as-of N` cuts through all
of them at one moment. An entry is written last: rows of the lake under a number that is not in the ledger do not
exist for any reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from darkwake import times
from darkwake.errors import AmbiguousError, NotFoundError, UsageError

METADATA = sa.MetaData()

LEDGER = sa.Table(
    "ledger",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(20), nullable=False),  # import | tracks | detect | …
    sa.Column("recorded_at", sa.BigInteger, nullable=False),  # µs since 1970, UTC
    sa.Column("software", sa.String(40), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("versions", sa.JSON, nullable=False),  # Delta version of every table as of this number
)

SOURCES = sa.Table(
    "sources",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("sha16", sa.String(16), nullable=False, index=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("path", sa.Text, nullable=False),  # where it lay at import; absolute
    sa.Column("compression", sa.String(10), nullable=False),
    sa.Column("member", sa.Text),  # name inside a zip: the parent is the file at `path`
    sa.Column("format", sa.String(40), nullable=False),
    sa.Column("damage", sa.Text),  # why the stream could not be read to its end, if so
    sa.Column("chunks", sa.JSON, nullable=False),  # SHA-256 of each MiB
)

IMPORT_SOURCES = sa.Table(
    "import_sources",
    METADATA,
    sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), primary_key=True),
    sa.Column("sha256", sa.String(64), sa.ForeignKey("sources.sha256"), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
)


@dataclass(frozen=True)
class Entry:
    """One committed moment of the ledger."""

    number: int
    kind: str
    recorded_at: int
    software: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)


def _entry(row: Any) -> Entry:
    return Entry(row.number, row.kind, row.recorded_at, row.software, row.detail, row.versions)


def entries(connection: sa.Connection, kind: str | None = None, up_to: int | None = None) -> list[Entry]:
    query = sa.select(LEDGER).order_by(LEDGER.c.number)
    if kind is not None:
        query = query.where(LEDGER.c.kind == kind)
    if up_to is not None:
        query = query.where(LEDGER.c.number <= up_to)
    return [_entry(row) for row in connection.execute(query)]


def latest(connection: sa.Connection, as_of: int | None = None) -> Entry | None:
    """The last entry, or the last one at or before number `as_of`."""
    query = sa.select(LEDGER).order_by(LEDGER.c.number.desc()).limit(1)
    if as_of is not None:
        query = query.where(LEDGER.c.number <= as_of)
    row = connection.execute(query).one_or_none()
    return None if row is None else _entry(row)


def _asked(as_of: str | int | None) -> tuple[int | None, int | None]:
    """What a person gives: a ledger number, or a time as an instant; at most one of the two."""
    if as_of is None or isinstance(as_of, int):
        return as_of, None
    text = as_of.strip()
    if re.fullmatch(r"\d{1,9}", text) and (
        len(text) != 4 or int(text) < 1900
    ):  # 2019 is a year; 0042 or 17 are numbers
        return int(text), None
    return None, times.parse_end(text)


def number_as_of(connection: sa.Connection, as_of: str | int | None) -> int | None:
    """A ledger number from what a person gives: a number, or a time (then the last entry recorded up to it)."""
    number, instant = _asked(as_of)
    return number if instant is None else _at_time(connection, instant)


def recorded_before(connection: sa.Connection, as_of: str | int | None) -> int | None:
    """The moment up to which what people recorded counts, as an instant (excluded); None: all of it.

    What was recorded up to ledger number N was recorded before entry N + 1.
    """
    number, instant = _asked(as_of)
    if number is None:
        return None if instant is None else instant + 1
    query = sa.select(sa.func.min(LEDGER.c.recorded_at)).where(LEDGER.c.number > number)
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def _at_time(connection: sa.Connection, instant_us: int) -> int:
    query = sa.select(sa.func.max(LEDGER.c.number)).where(LEDGER.c.recorded_at <= instant_us)
    number = connection.execute(query).scalar()
    return 0 if number is None else int(number)


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


def known_sources(connection: sa.Connection, sha256: Sequence[str]) -> set[str]:
    query = sa.select(SOURCES.c.sha256).where(SOURCES.c.sha256.in_(list(sha256)))
    return set(connection.execute(query).scalars())
