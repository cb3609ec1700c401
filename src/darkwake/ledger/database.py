"""The SQL database of a workspace: the SQLite file beside the lake, or a team's by its URL."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from darkwake.errors import SourceUnavailableError
from darkwake.ledger import migrations

FILE = "darkwake.sqlite"


@dataclass
class Database:
    """An open database, and the folder of a copy that goes when it is closed."""

    engine: sa.Engine
    copy: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        self.engine.dispose()
        if self.copy is not None:
            self.copy.cleanup()


def open_database(folder: Path, url: str | None = None) -> Database:
    """The database of a workspace folder, brought to this software's revision. Write-protected ones are only read."""
    file = folder / FILE
    gone = not file.exists() or file.stat().st_size == 0  # SQLite takes a file without content for a new database
    if url is None and gone and any((folder / "lake").glob("*/_delta_log")):
        raise SourceUnavailableError(  # an empty one would make the next writer sweep the whole lake
            "the database of this workspace is gone or empty, and its lake is still there",
            where=str(file),
            do="Bring the file back from a copy. To begin anew, import into a new workspace.",
        )
    if url is None and file.exists() and not _writable(folder):
        return _write_protected(file)
    engine = sa.create_engine(url or f"sqlite:///{file}")
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _pragmas)
    migrations.upgrade(engine)
    return Database(engine)


def _writable(folder: Path) -> bool:
    """Whether files can be made here. Evidence often lies on write-protected media, and reading must work there."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _write_protected(file: Path) -> Database:
    """Read only. One of an older revision cannot be migrated where it lies, so a copy is, and that is only read too."""
    engine = _read_only(file)
    if migrations.current(engine) == migrations.HEAD:
        return Database(engine)
    engine.dispose()
    copy = tempfile.TemporaryDirectory(prefix="darkwake-")
    file = Path(shutil.copy(file, copy.name))
    file.chmod(0o600)
    engine = sa.create_engine(f"sqlite:///{file}")
    migrations.upgrade(engine)
    engine.dispose()
    return Database(_read_only(file), copy)


def _read_only(file: Path) -> sa.Engine:
    return sa.create_engine(f"sqlite:///file:{quote(str(file))}?mode=ro&immutable=1&uri=true")


def _pragmas(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # what was acknowledged survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()
