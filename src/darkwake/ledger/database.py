"""The SQL database of a workspace: the SQLite file beside the lake, or a team's PostgreSQL by its URL.

A workspace has one id, in its folder and in its database. Where the two do not agree nothing is opened, let alone
written: a database that is not this folder's knows nothing of its files and would take them for leftovers.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from darkwake.errors import DarkwakeError, SourceUnavailableError, UsageError, VerificationError
from darkwake.ledger import founding, migrations
from darkwake.ledger.engines import engine_of, writing
from darkwake.ledger.tables import Recorded

FILE = "darkwake.sqlite"


@dataclass
class Database:
    """An open database with its workspace's id, and the folder of a copy that goes when it is closed.

    `read_only`: it lies on write-protected media.
    """

    engine: sa.Engine
    workspace_id: str
    copy: tempfile.TemporaryDirectory[str] | None = None
    read_only: bool = False

    def close(self) -> None:
        self.engine.dispose()
        if self.copy is not None:
            self.copy.cleanup()


def open_database(
    folder: Path, url: str | None = None, *, workspace_id: str | None, recorded: Sequence[Recorded]
) -> Database:
    """The database of a workspace folder, brought to this software's revision. Write-protected ones are only read.

    `workspace_id` is the folder's; None in a workspace of version 0.1, which gets one here.
    """
    file = folder / FILE
    gone = not file.exists() or file.stat().st_size == 0  # SQLite takes a file without content for a new database
    if url is None and gone and any((folder / "lake").glob("*/_delta_log")):
        raise SourceUnavailableError(  # an empty one would make the next writer sweep the whole lake
            "the database of this workspace is gone or empty, and its lake is still there",
            where=str(file),
            do="Bring the file back from a copy. To begin anew, import into a new workspace.",
        )
    if url is None and file.exists() and not _writable(folder):
        return _write_protected(file, workspace_id, recorded)
    engine = engine_of(url or f"sqlite:///{file}")
    try:
        if any((folder / "lake").glob("*/_delta_log")) and migrations.current(engine) is None:
            raise SourceUnavailableError(
                "the database that is named is empty, and the lake of this workspace is there",
                where=engine.url.render_as_string(hide_password=True),
                do="Mend `database` in darkwake.toml, or bring the database back from a copy.",
            )
        migrations.upgrade(engine)
        with writing(engine) as connection:
            found = founding.found(connection, workspace_id, recorded)
    except sa.exc.DatabaseError as error:
        raise _unusable(engine, error) from error
    except DarkwakeError:
        engine.dispose()
        raise
    if workspace_id is not None and found != workspace_id:
        engine.dispose()
        raise UsageError(
            f"this database belongs to another workspace, {found}; this folder is {workspace_id}",
            where=engine.url.render_as_string(hide_password=True),
            do="Members of a team work in one folder that they share. Mend `database` in darkwake.toml.",
        )
    return Database(engine, found)


def _unusable(engine: sa.Engine, error: sa.exc.DatabaseError) -> DarkwakeError:
    engine.dispose()
    if any(told in str(error.orig) for told in ("malformed", "not a database")):
        return VerificationError(
            f"the workspace's database is damaged: {str(error.orig).strip()}",
            where=engine.url.render_as_string(hide_password=True),
            do="Bring it back from a copy; what it does not know of the lake is set back by the next write.",
        )
    return SourceUnavailableError(
        f"the workspace's database cannot be used: {str(error.orig).strip()}",
        where=engine.url.render_as_string(hide_password=True),
        do="Check `database` in darkwake.toml, that the server runs, and that its disk is not full.",
    )


def _writable(folder: Path) -> bool:
    """Whether files can be made here. Evidence often lies on write-protected media, and reading must work there."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _write_protected(file: Path, workspace_id: str | None, recorded: Sequence[Recorded]) -> Database:
    """Read only. One of an older revision cannot be migrated where it lies, so a copy is, and that is only read too."""
    engine = _read_only(file)
    if migrations.current(engine) == migrations.HEAD:
        with engine.connect() as connection:
            return Database(engine, founding.known(connection) or workspace_id or "", read_only=True)
    engine.dispose()
    copy = tempfile.TemporaryDirectory(prefix="darkwake-")
    file = Path(shutil.copy(file, copy.name))
    file.chmod(0o600)
    engine = engine_of(f"sqlite:///{file}")
    migrations.upgrade(engine)
    with writing(engine) as connection:
        found = founding.found(connection, workspace_id, recorded)
    engine.dispose()
    return Database(_read_only(file), found, copy, read_only=True)


def _read_only(file: Path) -> sa.Engine:
    return sa.create_engine(f"sqlite:///file:{quote(str(file))}?mode=ro&immutable=1&uri=true")
