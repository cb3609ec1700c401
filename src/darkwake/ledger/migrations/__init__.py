"""The SQL schema and how it grows. `upgrade` brings a database to this software's revision, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from darkwake.errors import DarkwakeError
from darkwake.ledger.engines import writing

#: The newest revision in `versions/`; kept here so that an up-to-date database is recognised without Alembic.
HEAD = "0004_one_ledger"
_CURRENT = "SELECT version_num FROM alembic_version"


def current(engine: sa.Engine) -> str | None:
    """The revision a database is at; None if it is empty."""
    with engine.connect() as connection:
        return _revision(connection)


def upgrade(engine: sa.Engine) -> None:
    """Create or migrate the tables. A database that is up to date costs one query."""
    if current(engine) == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with writing(engine) as connection:  # a kill must not halve it
        config.attributes["connection"] = connection
        found = _revision(connection)
        try:
            if found != HEAD:  # another process may have been faster
                command.upgrade(config, HEAD)
        except CommandError as error:
            raise DarkwakeError(
                f"the database is at revision {found!r}",
                expected=f"a revision up to {HEAD!r}",
                where=engine.url.render_as_string(hide_password=True),
                do="It was written by a newer Darkwake: update Darkwake.",
            ) from error


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.exec_driver_sql(_CURRENT).scalar()
    return None if revision is None else str(revision)
