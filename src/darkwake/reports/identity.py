"""Identity as sent: every value of every field, with when and how often it was sent. Nothing is chosen or mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from darkwake import refs, times
from darkwake.reports.ship_type import in_words


@dataclass(frozen=True, slots=True)
class Sent:
    """One value of one field."""

    value: str
    first: int
    last: int
    count: int
    ref: str
    alongside: bool  # another value of this field was sent between this one's first and last time
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the broadcast identity and all its values, in order of first use."""

    label: str
    values: tuple[Sent, ...]

    @property
    def conflicting(self) -> bool:
        return any(value.alongside for value in self.values)


_IDENTITY: tuple[tuple[str, str], ...] = (
    ("name", "Name"),
    ("callsign", "Call sign"),
    ("imo", "IMO number"),
    ("ship_type", "Ship type"),
    ("size", "Length × beam"),
)
_VOYAGE: tuple[tuple[str, str], ...] = (("destination", "Destination"), ("draught_m", "Draught"))


def identity(statics: pa.Table) -> list[Field]:
    return _fields(statics, _IDENTITY)


def voyage(statics: pa.Table) -> list[Field]:
    """Destination and draught: they change on every voyage, so several values are no conflict."""
    return _fields(statics, _VOYAGE)


def names(statics: pa.Table) -> list[str]:
    return [value.value for field in _fields(statics, _IDENTITY[:1]) for value in field.values]


def _fields(statics: pa.Table, wanted: tuple[tuple[str, str], ...]) -> list[Field]:
    rows = statics.sort_by("time").to_pylist()
    return [Field(label, values) for key, label in wanted if (values := _values(rows, key))]


def _values(rows: list[dict[str, Any]], key: str) -> tuple[Sent, ...]:
    read: Callable[[dict[str, Any]], object] = _size if key == "size" else lambda row: row[key]
    sent: dict[object, list[dict[str, Any]]] = {}
    for row in rows:
        value = read(row)
        if value not in (None, ""):
            sent.setdefault(value, []).append(row)
    spans = {value: (_us(own[0]), _us(own[-1])) for value, own in sent.items()}
    return tuple(
        Sent(
            _text(key, value),
            *spans[value],
            len(own),
            _ref(own[0]),
            any(v != value and a <= spans[value][1] and b >= spans[value][0] for v, (a, b) in spans.items()),
            _imo_remark(value) if key == "imo" else "",
        )
        for value, own in sent.items()
    )


def _text(key: str, value: object) -> str:
    if key == "imo":
        return f"{value:07d}"
    if key == "ship_type" and isinstance(value, int):
        return f"{value} ({in_words(value)})"
    return f"{value:.1f} m" if key == "draught_m" else str(value)


def _size(row: dict[str, Any]) -> str | None:
    sides = [row[name] for name in ("to_bow_m", "to_stern_m", "to_port_m", "to_starboard_m")]
    if any(side is None for side in sides):
        return None
    length, beam = sides[0] + sides[1], sides[2] + sides[3]
    return f"{length} m × {beam} m" if length or beam else None


def _imo_remark(value: object) -> str:
    """Whether the check digit of an IMO number is right (IMO resolution A.1117(30))."""
    digits = [int(d) for d in f"{value:07d}"]
    right = len(digits) == 7 and sum(d * w for d, w in zip(digits, range(7, 1, -1), strict=False)) % 10 == digits[6]
    return "check digit right" if right else "check digit wrong"


def _us(row: dict[str, Any]) -> int:
    return times.from_datetime(row["time"])


def _ref(row: dict[str, Any]) -> str:
    spans = row["spans"] or []
    if not spans:
        return ""
    return str(refs.source_ref(row["source"], ((span["offset"], span["length"]) for span in spans)))
