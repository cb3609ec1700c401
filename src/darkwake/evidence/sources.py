"""Whole sources against the hashes with which they were imported."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from darkwake.errors import DarkwakeError
from darkwake.evidence.exhibits import source_file
from darkwake.lake.store import Lake
from darkwake.ledger.tables import SOURCES
from darkwake.ledger.verify import Finding
from darkwake.streams import digest


def verify_source(lake: Lake, sha: str) -> tuple[bool, str]:
    """Hash a whole source again, to its recorded length; whether it is what was imported, and what was found."""
    row = lake.ledger.source(sha)
    found = digest(source_file(row), row.size).sha256
    return found == row.sha256, found


def check(lake: Lake) -> Iterator[Finding]:
    """Hash the bytes of every source, also of withdrawn imports: these stay readable as of earlier numbers."""
    with lake.ledger.engine.connect() as connection:
        query = sa.select(SOURCES.c.sha256, SOURCES.c.number, SOURCES.c.path, SOURCES.c.member).order_by(
            SOURCES.c.number
        )
        rows = connection.execute(query).all()
    for row in rows:
        name = row.path + (f"!{row.member}" if row.member else "")
        try:
            same, found = verify_source(lake, row.sha256)
        except DarkwakeError as error:
            yield Finding(row.number, f"source {row.sha256[:16]}… cannot be read: {error.found}", name)
            continue
        if not same:
            yield Finding(row.number, f"source {row.sha256[:16]}… was changed: it has SHA-256 {found[:16]}… now", name)
