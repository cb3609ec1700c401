"""Leases: writes under way, whose files nobody counts yet and nobody may sweep while the writer lives."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from darkwake import times
from darkwake.errors import DarkwakeError
from darkwake.ledger.engines import writing
from darkwake.ledger.tables import LEASES

#: A lease that was not renewed for so long is gone. A writer renews its own four times as often.
LEASE_S = 120.0


class Lease:
    """The right of one write to its files, renewed by a thread until it is given back."""

    def __init__(self, engine: sa.Engine) -> None:
        self.write_id = secrets.token_hex(8)
        self._engine = engine
        self._done = threading.Event()
        row = {"write_id": self.write_id, "expires_at": _expiry(), "host": _host(), "pid": os.getpid()}
        with writing(engine) as connection:
            connection.execute(sa.insert(LEASES).values(**row))
        self._renewing = threading.Thread(target=self._renew, name="darkwake-lease", daemon=True)
        self._renewing.start()

    def redeem(self, connection: sa.Connection) -> None:
        """Give the lease back in the transaction that makes its files real."""
        gone = connection.execute(sa.delete(LEASES).where(LEASES.c.write_id == self.write_id)).rowcount != 1
        if gone:
            raise DarkwakeError(
                f"this write took longer than its lease of {LEASE_S:g} s without a sign of life, and was swept",
                do="Nothing was recorded. Run the same command again.",
            )

    def end(self) -> None:
        """Stop renewing; give the lease back if it was not redeemed."""
        self._done.set()
        self._renewing.join()

    def drop(self) -> None:
        with writing(self._engine) as connection:
            connection.execute(sa.delete(LEASES).where(LEASES.c.write_id == self.write_id))

    def _renew(self) -> None:
        while not self._done.wait(LEASE_S / 4):
            with suppress(sa.exc.SQLAlchemyError, DarkwakeError):  # a database that is busy now is asked again
                mine = LEASES.c.write_id == self.write_id
                with writing(self._engine) as connection:
                    connection.execute(sa.update(LEASES).where(mine).values(expires_at=_expiry()))


def gone(connection: sa.Connection) -> list[str]:
    """Write ids whose writer is no more. A process of this machine that ended is gone at once."""
    now = times.now()
    return [
        str(row.write_id)
        for row in connection.execute(sa.select(LEASES))
        if row.expires_at < now or (row.host == _host() and not _lives(row.pid))
    ]


def forget(connection: sa.Connection, write_ids: Sequence[str]) -> None:
    connection.execute(sa.delete(LEASES).where(LEASES.c.write_id.in_(list(write_ids))))


def _expiry() -> int:
    return times.now() + round(LEASE_S * times.SECOND_US)


def _host() -> str:
    """This machine since its last start, so that process numbers mean something."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{socket.gethostname()} {boot.read_text().strip() if boot.exists() else ''}".strip()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
