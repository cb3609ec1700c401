"""Whose unfinished write may be swept, and whose not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from darkwake import times
from darkwake.errors import DarkwakeError
from darkwake.ledger import leases
from darkwake.ledger.engines import engine_of, writing
from darkwake.ledger.tables import LEASES

HOUR = times.HOUR_US


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = engine_of(f"sqlite:///{tmp_path / 'made.sqlite'}")
    LEASES.create(engine)
    yield engine
    engine.dispose()


def ended() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("expires_in", "host", "alive", "is_gone"),
    [
        (HOUR, "here", True, False),
        (HOUR, "here", False, True),  # ended without giving it back
        (HOUR, "elsewhere", False, False),  # process numbers of another machine mean nothing here
        (-1, "here", True, True),  # not renewed
        (-1, "elsewhere", True, True),
    ],
)
def test_who_is_gone(engine: sa.Engine, expires_in: int, host: str, alive: bool, is_gone: bool) -> None:
    row = {
        "write_id": "made",
        "expires_at": times.now() + expires_in,
        "host": leases._host() if host == "here" else "elsewhere",
        "pid": os.getpid() if alive else ended(),
    }
    with writing(engine) as connection:
        connection.execute(sa.insert(LEASES).values(**row))
        assert leases.gone(connection) == (["made"] if is_gone else [])


def test_a_lease_is_redeemed_once_and_one_that_was_swept_never(engine: sa.Engine) -> None:
    lease, swept = leases.Lease(engine), leases.Lease(engine)
    try:
        with writing(engine) as connection:
            leases.forget(connection, [swept.write_id])
            lease.redeem(connection)
            for each in (lease, swept):
                with pytest.raises(DarkwakeError, match="Nothing was recorded"):
                    each.redeem(connection)
    finally:
        lease.end()
        swept.end()


def test_a_lease_is_renewed_while_its_writer_works(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_S", 0.2)
    lease = leases.Lease(engine)
    try:
        first = _expires(engine)
        for _ in range(100):
            lease._done.wait(0.1)
            if (now := _expires(engine)) > first:
                break
        assert now > first
    finally:
        lease.end()
    lease.drop()
    assert _expires(engine) is None


def _expires(engine: sa.Engine) -> int | None:
    with engine.connect() as connection:
        return connection.execute(sa.select(LEASES.c.expires_at)).scalar()


def test_a_process_that_may_not_be_signalled_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, signal: int) -> None:
        raise PermissionError(pid, signal)

    assert leases._lives(os.getpid())
    assert not leases._lives(ended())
    monkeypatch.setattr(os, "kill", refuse)
    assert leases._lives(1)
