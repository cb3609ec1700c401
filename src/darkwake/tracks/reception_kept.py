"""Reception's counts, kept beside the lake so that they are not learned again for every claim.

A file here is never data: it is named by the tracks that it was learned from and the version of the counting, and one
that is missing, damaged, foreign or cannot be written costs a new learning and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.errors import DarkwakeError
from darkwake.lake.store import Snapshot
from darkwake.streams import writing

FOLDER = "cache"
#: Files that are kept; the oldest go.
_KEPT = 16
_LEARNED_FROM = b"darkwake.learned_from"


def load(snapshot: Snapshot, version: str, schema: pa.Schema) -> pa.Table | None:
    """The counts learned from the tracks of a snapshot, in the order they were saved; None if there are none here."""
    key = _key(snapshot, version)
    try:
        with pq.ParquetFile(_path(snapshot, key), page_checksum_verification=True) as file:
            found = file.read()
            learned_from = (file.schema_arrow.metadata or {}).get(_LEARNED_FROM)
    except (OSError, pa.ArrowException):
        return None
    fits = learned_from == key.encode() and found.schema.remove_metadata().equals(schema)
    return found.replace_schema_metadata() if fits else None


def save(snapshot: Snapshot, version: str, counts: pa.Table) -> None:
    """Keep the counts learned from the tracks of a snapshot, if they can be kept."""
    key = _key(snapshot, version)
    path = _path(snapshot, key)
    own = path.with_name(f"{path.stem}-{secrets.token_hex(4)}")  # two who learn at once are not in each other's way
    with contextlib.suppress(DarkwakeError, OSError):  # a full or write-protected disk: it was only to save time
        path.parent.mkdir(exist_ok=True)
        with writing(own) as partial:
            told = counts.replace_schema_metadata({_LEARNED_FROM: key})
            pq.write_table(told, partial, compression="zstd", write_page_checksum=True)
        own.replace(path)
        _forget(path.parent)


def _path(snapshot: Snapshot, key: str) -> Path:
    return snapshot.root / FOLDER / f"reception-{key}.parquet"


def _key(snapshot: Snapshot, version: str) -> str:
    """The state of the tracks (files are never changed, so their names, sizes and rows tell) and of the counting."""
    files = sorted((file.path, file.size, file.rows) for file in snapshot.data_files("tracks"))
    return hashlib.sha256(json.dumps([version, files]).encode()).hexdigest()[:32]


def _forget(folder: Path) -> None:
    newest_first = sorted(folder.glob("reception-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[_KEPT:]:
        path.unlink(missing_ok=True)
