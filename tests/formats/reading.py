"""Short ways to read bytes in tests."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pyarrow as pa

from darkwake.ais.schema import DECODED
from darkwake.formats import ReadBatch, ReadOptions, get
from darkwake.formats.mapping import Mapping, parse_mapping


class Reading:
    """Everything a reader said of some bytes."""

    def __init__(self, data: bytes, format: str = "csv", mapping: str | Mapping | None = None) -> None:
        chosen = parse_mapping(mapping, "test") if isinstance(mapping, str) else mapping
        reader = get(format).read
        assert reader is not None
        self.data = data
        self.batches: list[Any] = list(reader(io.BytesIO(data), sha16="0" * 16, options=ReadOptions(mapping=chosen)))
        self.messages: pa.Table = pa.Table.from_batches([b.messages for b in self.batches], DECODED)
        self.rejects = [reject for b in self.batches for reject in b.rejects.to_pylist()]
        self.reasons = Counter(reject["reason"] for reject in self.rejects)
        self.counts: Counter[str] = sum((b.counts for b in self.batches if isinstance(b, ReadBatch)), Counter())

    def column(self, name: str) -> list[Any]:
        return self.messages[name].to_pylist()

    def row(self, number: int = 0) -> dict[str, Any]:
        return {
            name: value for name, value in self.messages.slice(number, 1).to_pylist()[0].items() if value is not None
        }

    def bytes_of(self, number: int) -> bytes:
        """What the spans of a row cover."""
        spans = self.messages["spans"][number].as_py()
        return b"".join(self.data[s["offset"] : s["offset"] + s["length"]] for s in spans)

    def rejected_bytes(self) -> list[bytes]:
        return [self.data[r["offset"] : r["offset"] + r["length"]] for r in self.rejects]
