"""Rows of any table as ranges of bytes, and their conversion to messages by a mapping. All vectorised."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from darkwake.ais.schema import DECODED, SPANS
from darkwake.errors import InputRejectedError
from darkwake.formats import parse
from darkwake.formats.base import ReadBatch, rejects_table
from darkwake.formats.fields import CLASS_TEXTS, FIELDS, FLAG_TEXTS, NAV_STATUS_TEXTS, NULL_TEXTS, Field
from darkwake.formats.mapping import Mapping, zone_offset_us

_FNV_BASIS = np.uint64(14695981039346656037)
_EPOCH_FACTORS = {"epoch_s": 1e6, "epoch_ms": 1e3, "epoch_us": 1.0}
_ORDERS = {"iso": parse.YMD, "dmy": parse.DMY, "mdy": parse.MDY}
_TEXT_CODES = {"nav_status": NAV_STATUS_TEXTS, "type": CLASS_TEXTS}
_TAGS = {name: number for number, name in enumerate(FIELDS)}
_REASONS = (
    "",
    "mmsi_missing",
    "bad_mmsi",
    "bad_time",
    "time_without_zone",
    "ambiguous_local_time",
    "bad_lon",
    "bad_lat",
)


class Column(NamedTuple):
    """One column of a block: ranges of a buffer."""

    buffer: NDArray[np.uint8]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


@dataclass(slots=True)
class Block:
    """Some rows of a table. `offsets` and `lengths` place each row in its source."""

    columns: dict[str, Column]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @property
    def n(self) -> int:
        return int(self.offsets.size)

    def column(self, names: tuple[str, ...]) -> Column:
        """One column, or several joined by blanks."""
        first = self.columns[names[0]]
        for name in names[1:]:
            other = self.columns[name]
            size = int((first.ends - first.starts).sum() + (other.ends - other.starts).sum()) + self.n
            out = Column(np.empty(size, np.uint8), np.empty(self.n, np.int32), np.empty(self.n, np.int32))
            parse.joined(
                first.buffer, first.starts, first.ends, self.n, *_moved(other, first), out.buffer, out.starts, out.ends
            )
            first = out
        return first


def _moved(other: Column, first: Column) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    if other.buffer is not first.buffer:
        raise AssertionError("columns of one block share a buffer")
    return other.starts, other.ends


def block_of_texts(columns: dict[str, list[str | None]], offsets: list[int], lengths: list[int]) -> Block:
    """A block from Python texts, for formats whose records are parsed one by one."""
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return block_of_arrow(arrays, np.array(offsets, np.int64), np.array(lengths, np.int64))


def block_of_arrow(columns: dict[str, pa.Array], offsets: NDArray[np.int64], lengths: NDArray[np.int64]) -> Block:
    """A block from Arrow string arrays; a null is an empty text."""
    parts, made, at = [], {}, 0
    for name, array in columns.items():
        filled = pc.fill_null(array, "").cast(pa.string())
        ranges = np.frombuffer(filled.buffers()[1], np.int32)[filled.offset : filled.offset + len(filled) + 1]
        data = np.frombuffer(filled.buffers()[2] or b"", np.uint8)[: ranges[-1] if len(ranges) else 0]
        made[name] = (ranges[:-1] + at, ranges[1:] + at)
        parts.append(data)
        at += data.size
    buffer = np.concatenate(parts) if parts else np.empty(0, np.uint8)
    ready = {name: Column(buffer, s.astype(np.int32), e.astype(np.int32)) for name, (s, e) in made.items()}
    return Block(ready, offsets, lengths)


class Converter:
    """Turns blocks of one source into batches by one mapping."""

    def __init__(self, mapping: Mapping, sha16: str, where: str) -> None:
        self._mapping, self._sha16, self._where = mapping, sha16, where
        self._zone = mapping.time_zone
        self._decimal = ord(mapping.decimal) if mapping.decimal else ord(".")
        self._zone_seen = False

    def accept_decimal_comma(self) -> None:
        """For tables whose delimiter is no comma."""
        if self._mapping.decimal is None:
            self._decimal = 0

    def convert(self, block: Block, rejects: list[tuple[int, int, str]]) -> ReadBatch:
        """One batch; `rejects` are those found before (offset, length, reason) and count as records seen."""
        n = block.n
        counts: Counter[str] = Counter()
        reasons = np.zeros(n, np.int8)
        keys = np.full(n, _FNV_BASIS)
        values: dict[str, tuple[NDArray[Any], NDArray[np.uint8]]] = {}
        texts: dict[str, pa.Array] = {}

        def reject(mask: NDArray[np.bool_], reason: int) -> None:
            reasons[mask & (reasons == 0)] = reason

        for name in FIELDS:
            if name == "time":
                if self._mapping.time_columns:
                    instants, state, ambiguous = self._times(block.column(self._mapping.time_columns), n)
                    reject(state == parse.BAD, 3)
                    reject(state == parse.NO_ZONE, 4)
                    reject(ambiguous, 5)
                    values[name] = instants, state
                    parse.fold_numbers(keys, _TAGS[name], instants.astype(np.float64), state, 1.0)
            elif name not in self._mapping.columns:
                continue
            elif FIELDS[name].kind == "text":
                column = block.column(self._mapping.columns[name])
                texts[name] = self._texts(column, name, counts)
                if name != "station":
                    parse.fold_texts(keys, _TAGS[name], *column)
            else:
                number, state = self._numbers(block.column(self._mapping.columns[name]), n, FIELDS[name], counts)
                if name == "mmsi":
                    reject(state == parse.MISSING, 1)
                    reject(state == parse.BAD, 2)
                elif name in {"lon", "lat"}:
                    reject(state == parse.BAD, 6 if name == "lon" else 7)
                else:
                    _count(counts, f"bad_{name}", state == parse.BAD)
                values[name] = number, state
                parse.fold_numbers(keys, _TAGS[name], number, state, FIELDS[name].quantum)
        _dimensions(values)
        messages = self._table(block, values, texts, keys)
        lost = np.flatnonzero(reasons)
        if lost.size:
            messages = messages.filter(pa.array(reasons == 0))
            rejects = rejects + [
                (int(block.offsets[r]), int(block.lengths[r]), _REASONS[reasons[r]]) for r in lost.tolist()
            ]
            rejects.sort()
        seen = n + len(rejects) - lost.size
        return ReadBatch(messages, rejects_table(*zip(*rejects, strict=True)) if rejects else NO_REJECTS, seen, counts)

    def _numbers(
        self, column: Column, n: int, field: Field, counts: Counter[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        out, state = np.empty(n, np.float64), np.empty(n, np.uint8)
        parse.numbers(*column, n, self._decimal, int(field.name == "imo"), out, state)
        exact = np.flatnonzero(state == parse.EXACT)
        if exact.size:
            out[exact] = _strings(column, exact).cast(pa.float64()).to_numpy()
            state[exact] = parse.OK
        odd = np.flatnonzero(state == parse.BAD)
        if odd.size:
            self._words(column, odd, field, out, state)
        factor = self._mapping.factors.get(field.name, 1.0)
        if factor != 1.0:
            out *= factor
        if field.kind == "whole":
            out = np.rint(out)
        good = state == parse.OK
        tolerance = 0.05 if factor != 1.0 and field.name == "sog_knots" else 1e-4
        for sentinel in field.sentinels:
            hit = good & (np.abs(out - sentinel) < tolerance)
            _count(counts, f"no_{field.name}", hit)
            state[hit] = parse.MISSING
            good &= ~hit
        wrong = good & ~((out >= field.low) & (out <= field.high))
        if field.kind in {"code", "flag"}:
            wrong |= good & (out != np.rint(out))
        state[wrong] = parse.BAD
        return out, state

    def _words(
        self,
        column: Column,
        rows: NDArray[np.intp],
        field: Field,
        out: NDArray[np.float64],
        state: NDArray[np.uint8],
    ) -> None:
        """Words where a number was looked for: a code in words, or a word for nothing."""
        coded = _strings(column, rows).dictionary_encode()
        codes = self._mapping.codes.get(field.name, _TEXT_CODES.get(field.name, {}))
        if field.kind == "flag":
            codes = FLAG_TEXTS | codes
        found = [text.strip().lower() for text in coded.dictionary.to_pylist()]
        numbers = np.array([codes.get(text, np.nan) for text in found], np.float64)
        nothing = np.array([text not in codes and self._is_nothing(text) for text in found], np.bool_)
        index = coded.indices.to_numpy()
        out[rows] = numbers[index]
        state[rows] = np.where(nothing[index], parse.MISSING, np.where(np.isnan(numbers[index]), parse.BAD, parse.OK))

    def _is_nothing(self, text: str) -> bool:
        return text in NULL_TEXTS or text in self._mapping.null_texts

    def _times(self, column: Column, n: int) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.bool_]]:
        state = np.empty(n, np.uint8)
        none = np.zeros(n, np.bool_)
        form = self._mapping.time_format
        if form in _EPOCH_FACTORS:
            seconds = Field("time", "float", -6.2e16 / _EPOCH_FACTORS[form], 2.5e17 / _EPOCH_FACTORS[form])
            counts, state = self._numbers(column, n, seconds, Counter())
            scaled = np.where(state == parse.OK, counts, 0.0) * _EPOCH_FACTORS[form]
            return np.rint(scaled).astype(np.int64), state, none
        instants = np.empty(n, np.int64)
        parse.times(*column, n, _ORDERS[form], instants, state)
        odd = np.flatnonzero(state == parse.BAD)
        if odd.size:
            words = [self._is_nothing((text or "").strip().lower()) for text in _strings(column, odd).to_pylist()]
            state[odd[np.array(words, np.bool_)]] = parse.MISSING
        naive = state == parse.NO_ZONE
        if not naive.any():
            self._zone_seen |= bool((state == parse.OK).any())
            return instants, state, none
        if self._zone is None:
            if not self._zone_seen and not (state == parse.OK).any():
                example = (_strings(column, np.flatnonzero(naive)[:1]).to_pylist() or [""])[0]
                raise InputRejectedError(
                    f"the times name no zone (such as {example!r}) and none is stated",
                    where=self._where,
                    do='State it in a mapping, for example zone = "UTC"; see docs/reference/formats.md.',
                )
            return instants, state, none
        fixed = zone_offset_us(self._zone)
        if fixed is not None:
            instants[naive] -= fixed
        else:
            local = pa.array(instants[naive]).cast(pa.timestamp("us"))
            first = _in_zone(local, self._zone, "earliest")
            none[naive] = first != _in_zone(local, self._zone, "latest")
            instants[naive] = first
        state[naive] = parse.OK
        return instants, state, none

    def _texts(self, column: Column, name: str, counts: Counter[str]) -> pa.Array:
        array = _strings(column, None, counts, name)
        empty = pc.equal(pc.binary_length(array), 0)
        if self._mapping.null_texts:
            words = pa.array(sorted(self._mapping.null_texts), pa.string())
            empty = pc.or_(empty, pc.is_in(pc.utf8_lower(array), value_set=words))
        return pc.if_else(empty, pa.scalar(None, pa.string()), array)

    def _table(
        self,
        block: Block,
        values: dict[str, tuple[NDArray[Any], NDArray[np.uint8]]],
        texts: dict[str, pa.Array],
        keys: NDArray[np.uint64],
    ) -> pa.RecordBatch:
        n = block.n
        made: dict[str, pa.Array] = dict(texts)
        for name, (numbers, state) in values.items():
            if name in DECODED.names:
                made[name] = _array(numbers, state == parse.OK, DECODED.field(name).type)
        if "type" in made:
            made["type"] = pc.fill_null(made["type"], pa.scalar(1, pa.int8()))
        else:
            made["type"] = pa.array(np.ones(n, np.int8))
        made["source"] = _constant(self._sha16, n)
        made["time_basis"] = _constant("vendor", n)
        if "time" not in made:
            made["time_basis"] = _constant("none", n)
        elif made["time"].null_count:
            made["time_basis"] = pc.if_else(made["time"].is_null(), "none", made["time_basis"])
        if self._mapping.time_uncertainty_s is not None and "time" in made:
            spread = pa.scalar(self._mapping.time_uncertainty_s, pa.float32())
            made["time_uncertainty_s"] = pc.if_else(made["time"].is_valid(), spread, pa.scalar(None, pa.float32()))
        made["payload_key"] = pa.array(keys.view(np.int64))
        spans = pa.StructArray.from_arrays(
            [pa.array(block.offsets), pa.array(block.lengths.astype(np.int32))], fields=list(SPANS.value_type)
        )
        made["spans"] = pa.ListArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32)), spans, type=SPANS)
        arrays = [made[f.name] if f.name in made else pa.nulls(n, f.type) for f in DECODED]
        return pa.RecordBatch.from_arrays(arrays, schema=DECODED)


def _dimensions(values: dict[str, tuple[NDArray[Any], NDArray[np.uint8]]]) -> None:
    """Length and width as M.1371 sends them without a reference point: bow 0 and stern = length; port 0 and so on."""
    for whole, fore, aft, high in (
        ("length_m", "to_bow_m", "to_stern_m", 511),
        ("width_m", "to_port_m", "to_starboard_m", 63),
    ):
        if whole not in values:
            continue
        size, state = values[whole]
        absent = np.full(size.size, parse.MISSING, np.uint8)
        ahead, ahead_state = values.get(fore, (np.zeros(size.size), absent.copy()))
        behind, behind_state = values.get(aft, (np.zeros(size.size), absent))
        use = (state == parse.OK) & (size <= high) & (ahead_state != parse.OK) & (behind_state != parse.OK)
        values[fore] = np.where(use, 0.0, ahead), np.where(use, parse.OK, ahead_state).astype(np.uint8)
        values[aft] = np.where(use, size, behind), np.where(use, parse.OK, behind_state).astype(np.uint8)


def _strings(
    column: Column, rows: NDArray[np.intp] | None, counts: Counter[str] | None = None, name: str = ""
) -> pa.Array:
    """The texts of all or some rows, blanks around them cut. Bytes that are no UTF-8 become U+FFFD and are counted."""
    starts = column.starts if rows is None else column.starts[rows]
    ends = column.ends if rows is None else column.ends[rows]
    offsets = np.empty(starts.size + 1, np.int32)
    ascii_only = parse.trimmed(column.buffer, starts, ends, starts.size, offsets)
    data = np.empty(int(offsets[-1]), np.uint8)
    parse.gather(column.buffer, starts, ends, starts.size, data)
    array = pa.StringArray.from_buffers(starts.size, pa.py_buffer(offsets), pa.py_buffer(data))
    if ascii_only:
        return array
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        raw = array.cast(pa.binary()).to_pylist()
        fixed = [item.decode("utf-8", "replace") for item in raw]
        if counts is not None:
            counts[f"not_utf8_{name}"] += sum("\ufffd" in text for text in fixed)
        return pa.array(fixed, pa.string())
    return array


def _array(numbers: NDArray[Any], valid: NDArray[np.bool_], kind: pa.DataType) -> pa.Array:
    """Numbers and validity as an Arrow array of `kind`."""
    mask = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    if pa.types.is_boolean(kind):
        data = np.packbits((numbers == 1) & valid, bitorder="little")
    else:
        dtype = np.dtype(np.int64) if pa.types.is_timestamp(kind) else np.dtype(kind.to_pandas_dtype())
        data = numbers.astype(dtype) if mask is None else np.where(valid, numbers, 0).astype(dtype)
    return pa.Array.from_buffers(kind, numbers.size, [mask, pa.py_buffer(data)])


def _constant(text: str, n: int) -> pa.Array:
    raw = text.encode()
    offsets = np.arange(n + 1, dtype=np.int32) * len(raw)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(raw * n))


def _in_zone(local: pa.Array, zone: str, choice: str) -> NDArray[np.int64]:
    placed = pc.assume_timezone(local, zone, ambiguous=choice, nonexistent=choice)
    return np.asarray(placed.cast(pa.int64()))


def _count(counts: Counter[str], what: str, hit: NDArray[np.bool_]) -> None:
    if number := int(np.count_nonzero(hit)):
        counts[what] += number


NO_REJECTS = rejects_table((), (), ())
