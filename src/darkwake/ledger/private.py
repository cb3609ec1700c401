"""Private values: words and personal data, each beside the random key under which the rest of the database names it.

A name is the HMAC of the value, so a value changed by hand no longer fits its name. Erasing takes value and key; the
name stays in the chain and tells nothing any more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from darkwake.errors import DarkwakeError, VerificationError
from darkwake.ledger import chain
from darkwake.ledger.tables import PRIVATE_VALUES

#: What stands in the place of a private value that was erased.
ERASED = "erased"
_CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"
_AT_ONCE = 500  # names in one query


def resolve(connection: sa.Connection, names: Iterable[str | None]) -> dict[str, str]:
    """Name → value; an erased one reads ERASED. VerificationError where a value is not the one that was recorded."""
    wanted = sorted({name for name in names if name is not None})
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = sa.select(PRIVATE_VALUES).where(PRIVATE_VALUES.c.id.in_(wanted[start : start + _AT_ONCE]))
        found |= {str(row.id): _value(row) for row in connection.execute(query)}
    if missing := [name for name in wanted if name not in found]:
        raise _changed(f"{len(missing)} private values are gone, among them {missing[0][:12]}…")
    return found


def _value(row: sa.Row) -> str:
    if row.value is None and row.key is None:
        return ERASED
    if row.value is None or row.key is None or chain.named(row.value, row.key) != row.id:
        raise _changed(f"words or a personal value recorded in entry {row.number} were changed afterwards")
    return str(row.value)


def _changed(found: str) -> VerificationError:
    return VerificationError(
        found, expected="the value whose HMAC was recorded", do="Look at all of it with: darkwake verify"
    )


def erase(connection: sa.Connection, names: Sequence[str]) -> None:
    """Take values and keys away, inside a transaction; `scrub` after its commit leaves no trace of them."""
    for start in range(0, len(names), _AT_ONCE):
        some = PRIVATE_VALUES.c.id.in_(list(names[start : start + _AT_ONCE]))
        connection.execute(sa.update(PRIVATE_VALUES).where(some).values(key=None, value=None))


def scrub(engine: sa.Engine) -> None:
    """Clear what was erased out of the database's own files. Not inside a transaction."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM FULL {PRIVATE_VALUES.name}")
        return
    raw = engine.raw_connection()
    try:
        for statement in (_CHECKPOINT, "VACUUM", _CHECKPOINT):
            row = raw.cursor().execute(statement).fetchone()
            if row is not None and row[0]:
                raise sqlite3.OperationalError("another process reads it")
    except sqlite3.OperationalError as error:
        raise DarkwakeError(
            f"erased, but traces may be left in the database's files: {error}",
            where=engine.url.render_as_string(hide_password=True),
            do="Run the same command again when nothing else uses the workspace.",
        ) from error
    finally:
        raw.close()
