"""The chain: a hash over what each entry recorded, and over all that was recorded before it.

Contents are rows, not files, so that where and how they are stored changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import operator
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from darkwake.ledger.tables import Recorded

#: The chain before the first entry.
START = "0" * 64


def canonical(value: Any) -> bytes:
    """One text for one JSON value: sorted keys, no blanks, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def contents(
    connection: sa.Connection, recorded: Sequence[Recorded], first: int, last: int
) -> dict[int, dict[str, str]]:
    """Of entries `first` to `last`: table → SHA-256 over the rows that the entry recorded there, by primary key."""
    found: dict[int, dict[str, str]] = {number: {} for number in range(first, last + 1)}
    for each in recorded:
        columns = [column for column in each.table.c if column.name not in each.left_out]
        number = each.table.c.number
        query = sa.select(*columns).where(number.between(first, last)).order_by(number)
        rows = (dict(row) for row in connection.execute(query).mappings())
        for entry, own in itertools.groupby(rows, key=operator.itemgetter("number")):
            found[entry][each.name] = _hash_of(own, [column.name for column in each.table.primary_key.columns])
    return found


def _hash_of(rows: Iterable[Mapping[str, Any]], keys: Sequence[str]) -> str:
    """Databases sort texts differently, so this does not leave it to them."""
    ordered = sorted(rows, key=lambda row: [str(row[key]) for key in keys])
    return hashlib.sha256(b"".join(canonical(row) + b"\n" for row in ordered)).hexdigest()


def link(before: str, entry: Mapping[str, Any]) -> str:
    """The chain at an entry: SHA-256 over the chain before it and its own columns, but for `chain`."""
    own = {name: value for name, value in entry.items() if name != "chain"}
    return hashlib.sha256(canonical([before, own])).hexdigest()


def named(value: str, key: bytes) -> str:
    """The name of a private value: its HMAC, which tells nothing of it once the key is gone."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def fresh_key() -> bytes:
    return secrets.token_bytes(32)
