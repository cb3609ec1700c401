"""Feed files: receptions of all ships, encoded, put in order of time, and written a day at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darkwake.jit import kernel
from darkwake.sim import encode, reports
from darkwake.sim.radio import DAY_S

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_BAD_CHECKSUM, _TRUNCATED = 1, 2


@dataclass
class Batch:
    """Messages of one layout from one sender: tag time (s from the start), station, damage, fields."""

    layout: str
    time_s: Longs
    station: Longs
    damage: NDArray[np.int8]
    fields: dict[str, object]


@dataclass
class Feed:
    """What is to be written, and what was."""

    scenario: str
    epoch_us: int
    names: tuple[str, ...]
    terrestrial: int  # stations before this index are on land
    batches: list[Batch] = field(default_factory=list)
    messages: int = 0
    lines: int = 0
    bad_checksum: int = 0
    truncated: int = 0

    def write(self, folder: Path, horizon_s: float) -> list[Path]:
        """One file a day of the stations on land, one of the satellites."""
        merged = _merged(self.batches)
        self.batches.clear()
        paths = []
        for day in range(int(-(-horizon_s // DAY_S)) + 1):
            text = self._lines(merged, day * DAY_S, (day + 1) * DAY_S, satellites=False)
            if len(text):
                paths.append(folder / f"{self.scenario}-{reports.day_of(self.epoch_us, day * DAY_S)}.nmea")
                paths[-1].write_bytes(text.tobytes())
        text = self._lines(merged, 0, np.inf, satellites=True)
        if len(text):
            paths.append(folder / f"{self.scenario}-satellite.nmea")
            paths[-1].write_bytes(text.tobytes())
        return paths

    def _lines(self, merged: Sequence[Batch], start_s: float, end_s: float, *, satellites: bool) -> Bytes:
        texts, begins, ends, when, who = [], [], [], [], []
        base = 0
        for batch in merged:
            a, b = np.searchsorted(batch.time_s, [start_s, end_s])
            rows = np.arange(a, b)[(batch.station[a:b] >= self.terrestrial) == satellites]
            if not len(rows):
                continue
            fields = {name: _pick(value, rows) for name, value in batch.fields.items()}
            payload, fill = encode.payloads(batch.layout, fields, len(rows))
            number = batch.time_s[rows] * 37 + batch.station[rows] * 101 + rows
            lines = encode.sentences(
                payload, fill, self.epoch_us // 1_000_000 + batch.time_s[rows], batch.station[rows], self.names,
                number % 2, 1 + number % 9999,
            )  # fmt: skip
            first, last = np.r_[0, lines.ends[:-1]], lines.ends.copy()
            self._damage(lines.text, last, batch.damage[rows])
            texts.append(lines.text)
            begins.append(first + base)
            ends.append(last + base)
            when.append(batch.time_s[rows])
            who.append(batch.station[rows])
            base += len(lines.text)
            self.messages += len(rows)
            self.lines += len(rows) * (-(-payload.shape[1] // encode.PART_CHARACTERS))
        if not texts:
            return np.empty(0, np.uint8)
        order = np.lexsort((np.concatenate(who), np.concatenate(when)))
        return _gather(np.concatenate(texts), np.concatenate(begins)[order], np.concatenate(ends)[order])

    def _damage(self, text: Bytes, last: Longs, damage: NDArray[np.int8]) -> None:
        """A character of the payload changed under an old checksum, or a line cut off."""
        for row in np.flatnonzero(damage):
            if damage[row] == _BAD_CHECKSUM:
                text[last[row] - 9] ^= 1  # inside the payload: before ",f*hh", CR, LF
                self.bad_checksum += 1
            else:
                last[row] -= 14
                text[last[row] - 2 : last[row]] = (13, 10)
                self.truncated += 1


def damage_of(count: int, rate: float, key: int) -> NDArray[np.int8]:
    """Which messages arrive damaged, and how."""
    draw = np.random.default_rng([key & 0x7FFFFFFF, 5]).random(count)
    return np.where(draw < rate / 2, _BAD_CHECKSUM, np.where(draw < rate, _TRUNCATED, 0)).astype(np.int8)


def _pick(value: object, rows: Longs) -> object:
    if isinstance(value, np.ndarray):
        return value[rows]
    return [value[i] for i in rows] if isinstance(value, list) else value


def _merged(batches: Sequence[Batch]) -> list[Batch]:
    """One batch per layout, sorted by time; ties keep the order of the ships."""
    out = []
    for layout in sorted({b.layout for b in batches}):
        of = [b for b in batches if b.layout == layout]
        time_s = np.concatenate([b.time_s for b in of])
        order = np.argsort(time_s, kind="stable")
        fields: dict[str, object] = {}
        for name in of[0].fields:
            columns = [_column(b.fields[name], len(b.time_s)) for b in of]
            if isinstance(columns[0], list):
                whole = [text for column in columns for text in column]
                fields[name] = [whole[i] for i in order]
            else:
                fields[name] = np.concatenate(columns)[order]
        out.append(
            Batch(
                layout, time_s[order], np.concatenate([b.station for b in of])[order],
                np.concatenate([b.damage for b in of])[order], fields,
            )
        )  # fmt: skip
    return out


def _column(value: object, count: int) -> NDArray[np.int32] | list[str]:
    if isinstance(value, str):
        return [value] * count
    if isinstance(value, list):
        return value
    return np.broadcast_to(np.asarray(value, np.int32), (count,))


@kernel
def _gather(text: Bytes, first: Longs, last: Longs) -> Bytes:
    out = np.empty((last - first).sum(), np.uint8)
    at = 0
    for row in range(len(first)):
        for i in range(first[row], last[row]):
            out[at] = text[i]
            at += 1
    return out
