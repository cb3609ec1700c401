"""Where a ledger begins: entry 0, with the workspace's id, and the chain over what an older version recorded."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from darkwake import times
from darkwake.ledger import chain
from darkwake.ledger.details import Founding, to_json
from darkwake.ledger.tables import LEDGER, WORKSPACE, Recorded
from darkwake.version import VERSION


def known(connection: sa.Connection) -> str | None:
    """The workspace's id as the database has it."""
    found = connection.execute(sa.select(WORKSPACE.c.id)).scalar()
    return None if found is None else str(found)


def found(connection: sa.Connection, workspace_id: str | None, recorded: Sequence[Recorded]) -> str:
    """The id of this database; one that has none yet is founded, and chained if it holds entries of an older version.

    Rows of the lake that an older version wrote have no digests, so they are outside the chain.
    """
    there = known(connection)
    if there is not None:
        return there
    workspace_id = workspace_id or uuid.uuid4().hex
    connection.execute(sa.insert(WORKSPACE).values(id=workspace_id))
    migrated = connection.execute(sa.select(LEDGER.c.number).where(LEDGER.c.number == 0)).first() is not None
    note = f"chained by version {VERSION}" if migrated else ""
    entry = {"kind": "founding", "software": VERSION, "detail": to_json(Founding(workspace_id, note))}
    if migrated:  # the migration knows when the first of what it found was recorded
        connection.execute(sa.update(LEDGER).where(LEDGER.c.number == 0).values(**entry))
    else:
        unsealed = {"recorded_at": times.now(), "versions": {}, "content": {}, "chain": ""}
        connection.execute(sa.insert(LEDGER).values(number=0, **unsealed, **entry))
    before = chain.START
    rows = connection.execute(sa.select(LEDGER).order_by(LEDGER.c.number)).mappings().all()
    contents = chain.contents(connection, recorded, 0, rows[-1]["number"])
    for row in rows:
        filled = {**row, "content": contents[row["number"]]}
        before = chain.link(before, filled)
        changed = {"content": filled["content"], "chain": before}
        connection.execute(sa.update(LEDGER).where(LEDGER.c.number == row["number"]).values(**changed))
    return workspace_id
