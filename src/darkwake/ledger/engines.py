"""SQLAlchemy engines whose transactions begin when they say so, and the one lock under which things are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from darkwake.errors import SourceUnavailableError, UsageError

_WRITING = "darkwake_writing"
#: One lock per database for whoever records something.
_LOCK = 0x4441524B57414B45
#: How long a writer waits for another one's commit, milliseconds.
_PATIENCE_MS = 60_000


def engine_of(url: str) -> sa.Engine:
    """An engine whose transactions begin when they say so."""
    try:
        engine = sa.create_engine(url)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise UsageError(
            f"not a database URL: {error}", expected="such as postgresql+psycopg://user@host/name"
        ) from error
    except ModuleNotFoundError as error:
        raise SourceUnavailableError(
            f"the driver of this database is not installed: {error.name}", do='Run: pip install "darkwake[postgres]"'
        ) from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _pragmas)
        sa.event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that holds the database's write lock from its beginning; committed at the end.

    A read that turns into a write would fail at once in SQLite, however long it were willing to wait.
    """
    with engine.connect().execution_options(**{_WRITING: True}) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        yield connection


def _pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # `_begin` says when a transaction begins, not the driver
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # what was acknowledged survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
