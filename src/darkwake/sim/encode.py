"""Messages to radio sentences, vectorised: fields → bits → six-bit characters → !AIVDM lines with tag blocks.

ITU-R M.1371-5 annex 8 (fields), IEC 61162-1 (VDM), NMEA 4.10 (tag blocks). Only what receivers write down: no VDO, no
modulation. A message type is a list of field widths; texts are split into characters of six bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkwake.jit import kernel

Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]

LON_UNAVAILABLE, LAT_UNAVAILABLE = 181 * 600_000, 91 * 600_000


def _layout(text: str) -> tuple[tuple[str, int], ...]:
    """'name:width' words; 'name:width*n' is a text of n characters."""
    fields = []
    for word in text.split():
        name, width = word.split(":")
        one, _, count = width.partition("*")
        fields += [(name, int(one))] if not count else [(f"{name}{i}", int(one)) for i in range(int(count))]
    return tuple(fields)


_HEAD = "type:6 repeat:2 mmsi:30 "
_POSITION = "nav_status:4 rot:8 sog:10 accurate:1 lon:28 lat:27 cog:12 heading:9 second:6 "
_BASE = "year:14 month:4 day:5 hour:5 minute:6 second:6 accurate:1 lon:28 lat:27 epfd:4 spare:10 raim:1 radio:19"
_SIZE = "to_bow:9 to_stern:9 to_port:6 to_starboard:6 "
_CLASS_A = _HEAD + _POSITION + "maneuver:2 spare:3 raim:1 radio:19"
_ETA = "eta_month:4 eta_day:5 eta_hour:5 eta_minute:6 "
_B = "reserved:8 sog:10 accurate:1 lon:28 lat:27 cog:12 heading:9 second:6 "

#: Message type (24 as "24A" and "24B") → its fields and their widths in bits, in order.
LAYOUTS: dict[str, tuple[tuple[str, int], ...]] = {
    "1": _layout(_CLASS_A),
    "2": _layout(_CLASS_A),
    "3": _layout(_CLASS_A),
    "4": _layout(_HEAD + _BASE),
    "5": _layout(
        _HEAD + "ais_version:2 imo:30 callsign:6*7 name:6*20 ship_type:8 " + _SIZE
        + "epfd:4 " + _ETA + "draught:8 destination:6*20 dte:1 spare:1"
    ),
    "18": _layout(
        _HEAD + _B + "regional:2 cs:1 display:1 dsc:1 band:1 message22:1 assigned:1 raim:1 selector:1 radio:19"
    ),
    "19": _layout(
        _HEAD + _B + "regional:4 name:6*20 ship_type:8 " + _SIZE + "epfd:4 raim:1 dte:1 assigned:1 spare:4"
    ),
    "24A": _layout(_HEAD + "part:2 name:6*20 spare:8"),
    "24B": _layout(
        _HEAD + "part:2 ship_type:8 vendor:6*3 model:4 serial:20 callsign:6*7 " + _SIZE + "epfd:4 spare:2"
    ),
    "27": _layout(
        _HEAD + "accurate:1 raim:1 nav_status:4 lon:18 lat:17 sog:6 cog:9 position_latency:1 spare:1"
    ),
}  # fmt: skip
#: Texts: field → number of characters.
_TEXTS = {"callsign": 7, "name": 20, "destination": 20, "vendor": 3}
#: The longest payload that fits into one sentence of 82 characters with room for the rest.
PART_CHARACTERS = 60


def sixbit(texts: Sequence[str], count: int) -> Longs:
    """Six-bit characters, int64[n, count]; what the alphabet lacks becomes '?', shorter texts end in '@'."""
    out = np.zeros((len(texts), count), np.int64)
    for row, text in enumerate(texts):
        for column, character in enumerate(text.upper()[:count]):
            code = ord(character)
            out[row, column] = code - 64 if 64 <= code < 96 else code if 32 <= code < 64 else 63
    return out


def payloads(kind: str, fields: Mapping[str, object], count: int) -> tuple[Bytes, int]:
    """Armoured payloads, uint8[count, characters], and their fill bits.

    `fields`: integers as transmitted (arrays or one value for all), texts as lists of str; what is missing is 0.
    """
    layout = LAYOUTS[kind]
    columns: dict[str, Longs] = {}
    for name, value in fields.items():
        if name in _TEXTS:
            codes = sixbit([value] * count if isinstance(value, str) else list(value), _TEXTS[name])  # type: ignore[call-overload]
            columns |= {f"{name}{i}": codes[:, i] for i in range(_TEXTS[name])}
        else:
            columns[name] = np.asarray(value, np.int64)
    unknown = set(columns) - {name for name, _ in layout}
    if unknown:
        raise KeyError(f"message type {kind} has no field {sorted(unknown)}")
    values = np.zeros((count, len(layout)), np.int64)
    for column, (name, _) in enumerate(layout):
        values[:, column] = columns.get(name, np.int64(int(kind.rstrip("AB")) if name == "type" else 0))
    widths = np.array([width for _, width in layout], np.int64)
    bits = int(widths.sum())
    return _pack(values, widths, -(-bits // 6)), -bits % 6


@kernel
def _pack(values: Longs, widths: Longs, characters: int) -> Bytes:
    out = np.zeros((len(values), characters), np.uint8)
    for row in range(len(values)):
        at = 0
        for column in range(len(widths)):
            width = widths[column]
            value = values[row, column]
            for bit in range(width - 1, -1, -1):
                if (value >> bit) & 1:
                    out[row, at // 6] |= np.uint8(32 >> (at % 6))
                at += 1
        for i in range(characters):
            code = out[row, i]
            out[row, i] = code + 48 if code < 40 else code + 56
    return out


@dataclass(frozen=True)
class Lines:
    """Sentences one after another: `text` holds them, line i of message m ends at `ends[m]`."""

    text: Bytes
    ends: Longs  # of each message (all its sentences), in `text`

    def split(self) -> list[bytes]:
        """The messages' bytes, each with all of its lines."""
        data, at = self.text.tobytes(), [0, *self.ends.tolist()]
        return [data[a:b] for a, b in itertools.pairwise(at)]


def sentences(
    payload: Bytes, fill: int, epoch_s: Longs, station: Longs, names: Sequence[str], channel: Longs, group: Longs
) -> Lines:
    """Lines as a receiver's logger writes them: `\\s:NAME,c:EPOCH*hh\\!AIVDM,…*hh`, CR LF.

    payload [n, characters]; epoch_s, station (index into `names`), channel (0 A, 1 B) and group (number of a
    multi-part message, for `g:` and the sequence digit; ignored for one part) are int64[n].
    """
    table = np.zeros((len(names), 16), np.uint8)
    for row, name in enumerate(names):
        raw = name.encode("ascii")
        table[row, : len(raw)] = np.frombuffer(raw, np.uint8)
    text, ends = _frame(
        np.ascontiguousarray(payload), fill, epoch_s.astype(np.int64), station.astype(np.int64),
        table, channel.astype(np.int64), group.astype(np.int64),
    )  # fmt: skip
    return Lines(text, ends)


@kernel
def _digits(out: Bytes, at: int, value: int) -> int:
    size, rest = 1, value // 10
    while rest:
        size += 1
        rest //= 10
    for i in range(size - 1, -1, -1):
        out[at + i] = 48 + value % 10
        value //= 10
    return at + size


@kernel
def _checksum(out: Bytes, start: int, at: int) -> int:
    total = 0
    for i in range(start, at):
        total ^= out[i]
    out[at] = 42  # *
    for i in range(2):
        nibble = (total >> 4) if i == 0 else total & 15
        out[at + 1 + i] = 48 + nibble if nibble < 10 else 55 + nibble
    return at + 3


@kernel
def _frame(
    payload: Bytes, fill: int, epoch: Longs, station: Longs, names: Bytes, channel: Longs, group: Longs
) -> tuple[Bytes, Longs]:
    rows, characters = payload.shape
    parts = (characters + PART_CHARACTERS - 1) // PART_CHARACTERS
    out = np.empty(rows * (characters + parts * 80), np.uint8)
    ends = np.empty(rows, np.int64)
    at = 0
    for row in range(rows):
        for part in range(parts):
            out[at] = 92  # \
            start = at + 1
            at = start
            if parts > 1:  # g:1-2-NNNN,
                out[at] = 103
                out[at + 1] = 58
                at = _digits(out, at + 2, part + 1)
                out[at] = 45
                at = _digits(out, at + 1, parts)
                out[at] = 45
                at = _digits(out, at + 1, group[row])
                out[at] = 44
                at += 1
            out[at] = 115  # s:
            out[at + 1] = 58
            at += 2
            for i in range(names.shape[1]):
                if names[station[row], i] == 0:
                    break
                out[at] = names[station[row], i]
                at += 1
            out[at] = 44  # ,c:
            out[at + 1] = 99
            out[at + 2] = 58
            at = _digits(out, at + 3, epoch[row])
            at = _checksum(out, start, at)
            out[at] = 92
            out[at + 1] = 33  # !
            at += 2
            start = at
            for letter in (65, 73, 86, 68, 77, 44):  # AIVDM,
                out[at] = letter
                at += 1
            at = _digits(out, at, parts)
            out[at] = 44
            at = _digits(out, at + 1, part + 1)
            out[at] = 44
            at += 1
            if parts > 1:
                at = _digits(out, at, group[row] % 10)
            out[at] = 44
            out[at + 1] = 65 + channel[row]
            out[at + 2] = 44
            at += 3
            last = min(characters, (part + 1) * PART_CHARACTERS)
            for i in range(part * PART_CHARACTERS, last):
                out[at] = payload[row, i]
                at += 1
            out[at] = 44
            at = _digits(out, at + 1, fill if part == parts - 1 else 0)
            at = _checksum(out, start, at)
            out[at] = 13
            out[at + 1] = 10
            at += 2
        ends[row] = at
    return out[:at].copy(), ends
