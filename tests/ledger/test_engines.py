"""Waiting for the write lock, and what is said when it does not come."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from darkwake.errors import DarkwakeError
from darkwake.ledger import engines


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return sa.create_engine(f"sqlite:///{tmp_path / 'made.sqlite'}")


def test_a_password_is_in_no_message() -> None:
    """The address of a team's database holds one; messages are pasted into mails."""
    engine: Any = SimpleNamespace(url=sa.make_url("postgresql+psycopg://SIM:secret@localhost/made"))
    told = str(engines._busy(engine))
    assert "secret" not in told
    assert "SIM:***@localhost/made" in told


def test_who_waits_too_long_for_another_thread_is_told(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_PATIENCE_MS", 5)
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with engines._turn(engine):
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)
    with pytest.raises(DarkwakeError, match="Nothing was recorded"), engines._turn(engine):
        pass
    done.set()
    thread.join()
    with engines._turn(engine):  # free again
        pass


def test_only_a_lock_is_told_as_one(engine: sa.Engine) -> None:
    def fail(said: str) -> None:
        with engines.writing(engine):
            raise sa.exc.OperationalError("insert", {}, Exception(said))

    with pytest.raises(sa.exc.OperationalError, match="disk I/O error"):
        fail("disk I/O error")
    with pytest.raises(DarkwakeError, match="another process has been recording"):
        fail("database is locked")
