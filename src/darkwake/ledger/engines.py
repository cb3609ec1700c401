"""SQLAlchemy engines whose transactions begin when they say so, and the one lock under which things are recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from darkwake.errors import DarkwakeError, SourceUnavailableError, UsageError

_WRITING = "darkwake_writing"
_URL = "sqlite:////path/to/a/file or postgresql+psycopg://user@host/name"
#: One lock per database for whoever records something.
_LOCK = 0x4441524B57414B45
#: How long a writer waits for another one's commit, milliseconds.
_PATIENCE_MS = 60_000


def engine_of(url: str) -> sa.Engine:
    """An engine whose transactions begin when they say so."""
    try:
        parsed = sa.make_url(url)
        if (backend := parsed.get_backend_name()) not in ("sqlite", "postgresql"):
            raise UsageError(f"a database of another kind: {backend}", expected=_URL)
        if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
            raise UsageError("a database in memory, which is gone with the process", expected=_URL)
        engine = sa.create_engine(parsed)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ValueError) as error:
        raise UsageError(f"not a database URL ({error})", expected=_URL) from error
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

    A read that turns into a write would fail at once in SQLite, however long it were willing to wait. Threads of one
    process wait before they take a connection: those who wait must not keep the last ones from whoever writes.
    """
    with _turn(engine):
        try:
            with engine.connect().execution_options(**{_WRITING: True}) as connection, connection.begin():
                if engine.dialect.name == "postgresql":
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                yield connection
        except sa.exc.OperationalError as error:
            if "locked" not in str(error.orig):
                raise
            raise _busy(engine) from error


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that sees one state of the database from its first look to its last, whatever others record."""
    isolation = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(**isolation) as connection, connection.begin():
        yield connection


_turns: WeakKeyDictionary[sa.Engine, threading.Lock] = WeakKeyDictionary()
_turns_guard = threading.Lock()


@contextmanager
def _turn(engine: sa.Engine) -> Iterator[None]:
    """One thread of this process at a time."""
    with _turns_guard:
        lock = _turns.setdefault(engine, threading.Lock())
    if not lock.acquire(timeout=_PATIENCE_MS / 1000 * 10):
        raise _busy(engine)
    try:
        yield
    finally:
        lock.release()


def _busy(engine: sa.Engine) -> DarkwakeError:
    return DarkwakeError(
        "another process has been recording something in this workspace for a minute or longer",
        where=engine.url.render_as_string(hide_password=True),
        do="Nothing was recorded. Wait for it to finish and run the same command again; reading is possible meanwhile.",
    )


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
