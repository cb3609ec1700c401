"""A PostgreSQL server for tests: started in a folder of its own, reached over a Unix socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _program(name: str) -> str | None:
    return shutil.which(name) or next((str(folder / name) for folder in _DEBIAN if (folder / name).exists()), None)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server's database `postgres`, without the database's name; skips where there is none."""
    pytest.importorskip("psycopg", reason="PostgreSQL: psycopg is not installed (extra `postgres`)")
    initdb, postgres = _program("initdb"), _program("pg_ctl")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL: no server programs here")
    with tempfile.TemporaryDirectory(prefix="dw-pg-", dir="/tmp") as folder:
        home = Path(folder)
        if os.getuid() == 0:  # the server refuses to run as root
            shutil.chown(home, "postgres", "postgres")

        def run(*command: str) -> None:
            user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
            done = subprocess.run(
                command,
                cwd=home,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
                **user,  # type: ignore[call-overload]
            )
            assert done.returncode == 0, done.stderr + done.stdout

        run(initdb, "-D", str(home / "data"), "-U", "darkwake", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
        run(postgres, "-D", str(home / "data"), "-o", options, "-l", str(home / "log"), "-w", "start")
        try:
            yield f"postgresql+psycopg://darkwake@/{{}}?host={home}"
        finally:
            run(postgres, "-D", str(home / "data"), "-m", "immediate", "-w", "stop")


def fresh_database(urls: str, name: str) -> str:
    """The URL of a new, empty database."""
    import sqlalchemy as sa

    engine = sa.create_engine(urls.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return urls.format(name)
