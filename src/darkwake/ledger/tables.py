"""The SQL tables of the ledger: what was recorded, under which number, chained by hash.

Every table that holds something recorded has a column `number`, the entry that recorded it; nothing in them is changed
or deleted afterwards, but for the columns that `RECORDED` leaves out of the chain. Words and personal values lie in
`private_values` alone; other tables refer to them by their HMAC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

METADATA = sa.MetaData()
#: Names of private values: 64 hex digits.
PRIVATE = sa.String(64)


def number() -> sa.Column[int]:
    """The entry that recorded a row."""
    return sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), nullable=False, index=True)


WORKSPACE = sa.Table(
    "workspace",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),  # kept in the folder as well
)

LEDGER = sa.Table(
    "ledger",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(20), nullable=False),  # see `details.KINDS`
    sa.Column("recorded_at", sa.BigInteger, nullable=False, index=True),  # µs since 1970, UTC; never runs backwards
    sa.Column("software", sa.String(40), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("versions", sa.JSON, nullable=False),  # Delta version of every table as of this number
    sa.Column("write_id", sa.String(16)),  # of the files that it wrote into the lake
    sa.Column("content", sa.JSON, nullable=False),  # table → SHA-256 over the rows that it recorded there
    sa.Column("chain", sa.String(64), nullable=False),  # SHA-256 over this entry and the chain before it
)

#: Writes under way: their files are nobody's yet. One that is not renewed in time is gone, and its files are swept.
LEASES = sa.Table(
    "leases",
    METADATA,
    sa.Column("write_id", sa.String(16), primary_key=True),
    sa.Column("expires_at", sa.BigInteger, nullable=False),  # µs since 1970, UTC
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
)

PRIVATE_VALUES = sa.Table(
    "private_values",
    METADATA,
    sa.Column("id", PRIVATE, primary_key=True),  # HMAC-SHA-256 of the value under the key
    sa.Column("key", sa.LargeBinary),  # random; null once erased
    sa.Column("value", sa.Text),  # null once erased
    number(),
)

SOURCES = sa.Table(
    "sources",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("sha16", sa.String(16), nullable=False, index=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("path", sa.Text, nullable=False),  # where it lies, as far as is known; absolute
    sa.Column("compression", sa.String(10), nullable=False),
    sa.Column("member", sa.Text),  # name inside a zip: the parent is the file at `path`
    sa.Column("damage", sa.Text),  # why the stream could not be read to its end, if so
    sa.Column("chunks", sa.JSON, nullable=False),  # SHA-256 of each MiB
    number(),  # the first import that read it
)

IMPORT_SOURCES = sa.Table(
    "import_sources",
    METADATA,
    sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), primary_key=True),
    sa.Column("sha256", sa.String(64), sa.ForeignKey("sources.sha256"), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("format", sa.String(40), nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("reports_digest", sa.String(64)),  # of its rows (lake.contents); null: written by an older version
    sa.Column("rejects_digest", sa.String(64)),
)

#: What an entry wrote into derived tables of the lake: the rows of one partition.
WRITTEN = sa.Table(
    "written",
    METADATA,
    sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), primary_key=True),
    sa.Column("table", sa.String(20), primary_key=True),
    sa.Column("partition", sa.String(80), primary_key=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
)

PLACES = sa.Table(
    "places",
    METADATA,
    sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("feature", sa.JSON, nullable=False),  # GeoJSON, as `places.geojson` reads and writes it
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A table whose rows enter the chain. `left_out`: columns that may change (where a file lies) or be erased."""

    table: sa.Table
    left_out: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.table.name


#: Of the ledger itself; rooms above add theirs.
RECORDED: Sequence[Recorded] = (
    Recorded(SOURCES, frozenset({"path", "compression", "member"})),
    Recorded(IMPORT_SOURCES),
    Recorded(WRITTEN),
    Recorded(PLACES),
    Recorded(PRIVATE_VALUES, frozenset({"key", "value"})),
)
