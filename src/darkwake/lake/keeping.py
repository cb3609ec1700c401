"""Which files of the derived tables are kept: those of the newest states, and of those that something is pinned to.

Tracks, statics and segments can be made again from the imports; each build puts new files in the place of old ones. A
state that nothing is pinned to goes, so that the disk holds a few times what is live, however often little is added.
Imports and events are never swept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa

from darkwake.lake import tables
from darkwake.ledger import entries as reading
from darkwake.ledger.tables import LEASES

DERIVED = ("tracks", "statics", "heard", "segments")
#: So many of the newest states stay, for those who are reading them.
NEWEST = 3
#: A table is swept once it has so many times the files that are live.
SWEPT_ABOVE = 3
#: Says to which ledger numbers something is pinned.
Pinned = Callable[[sa.Connection], Iterable[int]]


def kept(connection: sa.Connection, pinned: Pinned) -> dict[int, Mapping[str, int]]:
    """The numbers as of which derived tables are kept, with the versions of all tables: the newest, and the pinned."""
    known = {entry.number: entry for entry in reading.entries(connection)}
    builds = [entry.number for entry in known.values() if entry.kind == "tracks"]
    since = builds[-NEWEST] if len(builds) >= NEWEST else 0
    named = set(pinned(connection))
    return {number: entry.versions for number, entry in known.items() if number >= since or number in named}


def needed(root: Path, engine: sa.Engine, pinned: Pinned) -> dict[str, set[str]]:
    """By derived table, the paths of all files of the states that are kept."""
    with engine.connect() as connection:
        states = kept(connection, pinned).values()
    found: dict[str, set[str]] = {}
    for table in DERIVED:
        versions = {state[table] for state in states if table in state}
        found[table] = {file.path for version in versions for file in tables.files_at(root, table, version)}
    return found


def sweep(root: Path, engine: sa.Engine, pinned: Pinned) -> int:
    """Remove the files that no kept state needs, of tables that have many; how many there were."""
    there = {table: _files(root / table) for table in DERIVED}  # before the ledger is asked: what comes later stays
    with engine.connect() as connection:
        writing = set(connection.execute(sa.select(LEASES.c.write_id)).scalars())
        newest = reading.entries(connection)[-1].versions
    many = [
        table
        for table in DERIVED
        if table in newest and len(there[table]) > SWEPT_ABOVE * len(tables.files_at(root, table, newest[table]))
    ]
    if not many:
        return 0
    keep = needed(root, engine, pinned)
    gone = 0
    for table in many:
        for path in there[table]:
            name = path.relative_to(root / table).as_posix()
            if name not in keep[table] and path.stem.rpartition("-")[0] not in writing:
                with contextlib.suppress(OSError):  # another one was faster, or may not: next time
                    path.unlink()
                    gone += 1
    return gone


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*=*/**/*.parquet") if path.is_file()]
