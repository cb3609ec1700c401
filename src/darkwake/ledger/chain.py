"""The chain: a hash over what each entry recorded, and over all that was recorded before it.

Contents are rows, not files, so that where and how they are stored changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from darkwake.ledger.tables import Recorded

#: The chain before the first entry.
START = "0" * 64


def canonical(value: Any) -> bytes:
    """One text for one JSON value: sorted keys, no blanks, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def content_of(connection: sa.Connection, recorded: Sequence[Recorded], number: int) -> str:
    """SHA-256 over the rows that an entry recorded, of all tables, in the order of their primary keys."""
    digest = hashlib.sha256()
    for each in sorted(recorded, key=lambda each: each.name):
        columns = [column for column in each.table.c if column.name not in each.left_out]
        query = sa.select(*columns).where(each.table.c.number == number).order_by(*each.table.primary_key.columns)
        for row in connection.execute(query).mappings():
            digest.update(canonical([each.name, dict(row)]) + b"\n")
    return digest.hexdigest()


def link(before: str, entry: Mapping[str, Any]) -> str:
    """The chain at an entry: SHA-256 over the chain before it and its own columns, but for `chain`."""
    own = {name: value for name, value in entry.items() if name != "chain"}
    return hashlib.sha256(canonical([before, own])).hexdigest()


def named(value: str, key: bytes) -> str:
    """The name of a private value: its HMAC, which tells nothing of it once the key is gone."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def fresh_key() -> bytes:
    return secrets.token_bytes(32)
