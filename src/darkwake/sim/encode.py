"""Messages to radio sentences as a receiver's log holds them: `\\s:STATION,c:EPOCH*hh\\!AIVDM…*hh`.

Only what receivers write (VDM). Nothing here makes a sentence for a transmitter (VDO) or a signal.
Layouts: ITU-R M.1371-5 annex 8; armour: IEC 61162-1. Vectorised: one array per field, one row per message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Field = tuple[Any, int]  # values (array or scalar), bits
_SIX_BIT = {chr(code if code >= 32 else code + 64): code for code in range(64)}


def text(value: str, characters: int) -> list[Field]:
    """A string as six-bit characters, padded with `@`."""
    codes = [_SIX_BIT.get(c, 0) for c in value.upper()[:characters].ljust(characters, "@")]
    return [(code, 6) for code in codes]


def pack(fields: Sequence[Field], rows: int) -> np.ndarray:
    """Fields to armoured characters: uint8 array (rows, characters); the last one is filled with zero bits."""
    width = sum(bits for _, bits in fields)
    total = (width + 5) // 6 * 6
    out = np.zeros((rows, total), np.uint8)
    at = 0
    for values, bits in fields:
        column = np.broadcast_to(np.asarray(values, np.int64), (rows,))
        for bit in range(bits):
            out[:, at + bit] = (column >> (bits - 1 - bit)) & 1
        at += bits
    six = out.reshape(rows, -1, 6) @ np.array([32, 16, 8, 4, 2, 1], np.uint8)
    return np.where(six < 40, six + 48, six + 56).astype(np.uint8)


def degrees(value: np.ndarray, per_minute: int = 10_000) -> np.ndarray:
    """Degrees to the integer that is sent (1/10,000 minute; type 27: 1/10)."""
    return np.round(np.asarray(value) * 60 * per_minute).astype(np.int64)


def position_a(
    mmsi: int, kind: Any, nav_status: Any, sog: Any, lon: Any, lat: Any, cog: Any, heading: Any, second: Any
) -> list[Field]:
    """Types 1 and 3 without rate of turn. `sog` in 0.1 kn, `lon`/`lat` from `degrees`, `cog` in 0.1°."""
    return [
        (kind, 6), (0, 2), (mmsi, 30), (nav_status, 4), (128, 8), (sog, 10), (1, 1), (lon, 28), (lat, 27), (cog, 12),
        (heading, 9), (second, 6), (0, 2), (0, 3), (0, 1), (0, 19),
    ]  # fmt: skip


def position_b(mmsi: int, sog: Any, lon: Any, lat: Any, cog: Any, heading: Any, second: Any) -> list[Field]:
    """Type 18, a carrier-sense unit."""
    return [
        (18, 6), (0, 2), (mmsi, 30), (0, 8), (sog, 10), (1, 1), (lon, 28), (lat, 27), (cog, 12), (heading, 9),
        (second, 6), (0, 2), (1, 1), (0, 1), (1, 1), (1, 1), (1, 1), (0, 1), (0, 1), (1, 20),
    ]  # fmt: skip


def long_range(mmsi: int, nav_status: Any, lon: Any, lat: Any, sog: Any, cog: Any) -> list[Field]:
    """Type 27; `lon`/`lat` from `degrees(…, 10)`, `sog` in kn, `cog` in degrees."""
    return [
        (27, 6), (3, 2), (mmsi, 30), (0, 1), (0, 1), (nav_status, 4), (lon, 18), (lat, 17), (sog, 6), (cog, 9), (0, 1),
        (0, 1),
    ]  # fmt: skip


def static_a(
    mmsi: int, imo: int, callsign: str, name: str, ship_type: int, dims: Sequence[int], draught: Any, destination: str,
    eta: Sequence[int],
) -> list[Field]:  # fmt: skip
    """Type 5. `dims`: to bow, stern, port, starboard, m; `draught` in 0.1 m; `eta`: month, day, hour, minute."""
    bow, stern, port, starboard = dims
    month, day, hour, minute = eta
    return [
        (5, 6), (0, 2), (mmsi, 30), (0, 2), (imo, 30), *text(callsign, 7), *text(name, 20), (ship_type, 8), (bow, 9),
        (stern, 9), (port, 6), (starboard, 6), (1, 4), (month, 4), (day, 5), (hour, 5), (minute, 6), (draught, 8),
        *text(destination, 20), (0, 1), (0, 1),
    ]  # fmt: skip


def static_b(
    mmsi: int, name: str, callsign: str, ship_type: int, dims: Sequence[int]
) -> tuple[list[Field], list[Field]]:
    """Types 24 A and B."""
    bow, stern, port, starboard = dims
    part_a = [(24, 6), (0, 2), (mmsi, 30), (0, 2), *text(name, 20), (0, 8)]
    part_b = [
        (24, 6), (0, 2), (mmsi, 30), (1, 2), (ship_type, 8), *text("SIM", 3), (1, 4), (1, 20), *text(callsign, 7),
        (bow, 9), (stern, 9), (port, 6), (starboard, 6), (1, 4), (0, 2),
    ]  # fmt: skip
    return part_a, part_b


def base_station(mmsi: int, when: np.ndarray, lon: float, lat: float) -> list[Field]:
    """Type 4: `when` as numpy datetime64[s]."""
    day = when.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]")
    seconds = (when - day).astype(np.int64)
    return [
        (4, 6), (0, 2), (mmsi, 30), (year.astype(np.int64) + 1970, 14), ((month - year).astype(np.int64) + 1, 4),
        ((day - month).astype(np.int64) + 1, 5), (seconds // 3600, 5), (seconds // 60 % 60, 6), (seconds % 60, 6),
        (1, 1), (degrees(np.array(lon)), 28), (degrees(np.array(lat)), 27), (1, 4), (0, 10), (0, 1), (0, 19),
    ]  # fmt: skip


def sentences(
    payload: np.ndarray, station: Sequence[str] | np.ndarray, epoch_s: np.ndarray, *, channel: str = "A", group: int = 0
) -> list[bytes]:
    """Whole lines, one message each (two lines in one string if the payload needs two sentences).

    `payload` (rows, characters); `station` per row; `epoch_s` per row, whole seconds. `group` numbers tag groups.
    """
    characters = payload.shape[1]
    raw = np.ascontiguousarray(payload)
    lines = []
    fill = 2 if characters == 71 else 0  # 424 bits of type 5
    for row in range(len(raw)):
        body = raw[row].tobytes()
        source = f"s:{station[row]},c:{int(epoch_s[row])}".encode()
        if characters <= 60:
            lines.append(_tag(source) + _sentence(b"AIVDM,1,1,,%s,%s,0" % (channel.encode(), body)))
            continue
        number = (group + row) % 9999 + 1
        first = _tag(b"g:1-2-%d,%s" % (number, source))
        first += _sentence(b"AIVDM,2,1,%d,%s,%s,0" % (number % 10, channel.encode(), body[:60]))
        second = _tag(b"g:2-2-%d" % number)
        second += _sentence(b"AIVDM,2,2,%d,%s,%s,%d" % (number % 10, channel.encode(), body[60:], fill))
        lines.append(first + second)
    return lines


def _checksum(body: bytes) -> int:
    """XOR of all bytes, eight at a time: folding a big integer is quicker than a loop in Python."""
    padded = body + b"\0" * (-len(body) % 8)
    words = np.frombuffer(padded, np.uint64)
    value = int(np.bitwise_xor.reduce(words))
    value ^= value >> 32
    value ^= value >> 16
    return (value ^ (value >> 8)) & 0xFF


def _tag(body: bytes) -> bytes:
    return b"\\%s*%02X\\" % (body, _checksum(body))


def _sentence(body: bytes) -> bytes:
    return b"!%s*%02X\r\n" % (body, _checksum(body))
