"""Sentences for tests: bits from (value, width) pairs, armour, checksums. Made-up ships only."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from darkwake import ais

SHA16 = "0" * 16


def bits(*fields: tuple[int | str, int]) -> str:
    """Bits of fields in order: (number, width in bits) or (text, width in characters)."""
    out = ""
    for value, width in fields:
        if isinstance(value, str):
            out += "".join(format(ord(c) & 63, "06b") for c in value.ljust(width, "@")[:width])
        else:
            out += format(value & ((1 << width) - 1), f"0{width}b")
    return out


def armour(binary: str) -> tuple[str, int]:
    fill = -len(binary) % 6
    padded = binary + "0" * fill
    six = [int(padded[i : i + 6], 2) for i in range(0, len(padded), 6)]
    return "".join(chr(v + 48 if v < 40 else v + 56) for v in six), fill


def checked(body: str) -> str:
    total = 0
    for c in body.encode("latin-1"):
        total ^= c
    return f"{body}*{total:02X}"


def sentence(binary: str, head: str = "AIVDM,1,1,,A") -> str:
    payload, fill = armour(binary)
    return "!" + checked(f"{head},{payload},{fill}")


def tag(body: str) -> str:
    return "\\" + checked(body) + "\\"


def sentences(
    binary: str, cut: int = 336, sequence: str = "3", channels: Sequence[str] = ("A", "A")
) -> tuple[str, str]:
    """A message in two parts."""
    first, second = armour(binary[:cut])[0], armour(binary[cut:])
    return (
        "!" + checked(f"AIVDM,2,1,{sequence},{channels[0]},{first},0"),
        "!" + checked(f"AIVDM,2,2,{sequence},{channels[1]},{second[0]},{second[1]}"),
    )


def position(mmsi: int = 299000001, second: int = 14, lon: float = 125.1, lat: float = 38.5, sog: int = 101) -> str:
    """Type 1."""
    return bits(
        (1, 6), (0, 2), (mmsi, 30), (5, 4), (-20, 8), (sog, 10), (1, 1), (round(lon * 600000), 28),
        (round(lat * 600000), 27), (1234, 12), (87, 9), (second, 6), (0, 2), (0, 3), (1, 1), (2067, 19),
    )  # fmt: skip


def voyage(mmsi: int = 299000001, name: str = "SIM AURORA", destination: str = "SIM PORT") -> str:
    """Type 5, 424 bits."""
    return bits(
        (5, 6), (0, 2), (mmsi, 30), (1, 2), (9000003, 30), ("SIM01", 7), (name, 20), (77, 8), (100, 9), (20, 9),
        (9, 6), (11, 6), (1, 4), (3, 4), (15, 5), (8, 5), (0, 6), (65, 8), (destination, 20), (0, 1), (0, 1),
    )  # fmt: skip


def base_station(mmsi: int, hour: int, minute: int, second: int, day: int = 14) -> str:
    """Type 4 on some day of March 2012."""
    return bits(
        (4, 6), (0, 2), (mmsi, 30), (2012, 14), (3, 4), (day, 5), (hour, 5), (minute, 6), (second, 6), (1, 1),
        (round(10.5 * 600000), 28), (round(56.25 * 600000), 27), (7, 4), (0, 10), (0, 1), (81920, 19),
    )  # fmt: skip


def read(data: bytes | str, block_bytes: int = 1 << 20) -> tuple[pa.Table, pa.Table, dict[str, int]]:
    """Messages, rejects and counts of a source."""
    raw = data.encode("latin-1") if isinstance(data, str) else data
    batches = list(ais.stream(io.BytesIO(raw), sha16=SHA16, block_bytes=block_bytes))
    counts: dict[str, int] = {}
    for batch in batches:
        for key, value in batch.counts.items():
            counts[key] = counts.get(key, 0) + value
    from darkwake.ais.batch import REJECT_SCHEMA
    from darkwake.ais.schema import DECODED

    messages = pa.Table.from_batches([b.messages for b in batches], schema=DECODED)
    return messages, pa.concat_tables([REJECT_SCHEMA.empty_table(), *(b.rejects for b in batches)]), counts


def rows(data: bytes | str) -> list[dict[str, Any]]:
    return read(data)[0].to_pylist()


def only(data: bytes | str) -> dict[str, Any]:
    """The one message of a source."""
    found = rows(data)
    assert len(found) == 1
    return found[0]
