"""A lake of its own for a test: folder, SQLite file and ledger, as a workspace makes them."""

from __future__ import annotations

from pathlib import Path

from darkwake.casebook import tables as casebook
from darkwake.lake.store import Lake
from darkwake.ledger.database import open_database
from darkwake.ledger.ledger import Ledger
from darkwake.ledger.tables import RECORDED

WORKSPACE = "5" * 32
EVERYTHING = (*RECORDED, *casebook.RECORDED)


def lake_at(folder: str | Path, url: str | None = None) -> Lake:
    """The lake in a folder, made if it is not there."""
    opened = open_database(Path(folder), url, workspace_id=WORKSPACE, recorded=EVERYTHING)
    return Lake(Path(folder) / "lake", Ledger(opened.engine, EVERYTHING))
