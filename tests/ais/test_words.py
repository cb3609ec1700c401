from __future__ import annotations

import datetime as dt
import functools
import operator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from darkwake.ais.evidence import NONE, civil_us
from darkwake.ais.words import (
    eight_digits,
    find_delimiter,
    find_line_end,
    is_printable,
    take_bits,
    take_signed,
    unarmour,
    xor_bytes,
)
from darkwake.times import parse
from sentences import armour

ARMOUR = "".join(chr(c) for c in (*range(48, 88), *range(96, 120)))


def placed(data: bytes) -> tuple[np.ndarray, int]:
    """Memory that holds `data` with room behind it, and its address."""
    memory = np.zeros(len(data) + 64, np.uint8)
    memory[: len(data)] = np.frombuffer(data, np.uint8)
    return memory, memory.ctypes.data


@given(st.binary(max_size=60), st.integers(0, 10))
def test_find_line_end(data: bytes, start: int) -> None:
    memory, at = placed(data)
    start = min(start, len(data))
    ends = [i for i in range(start, len(data)) if data[i] in b"\r\n"]
    assert find_line_end(at + start, at + len(data)) - at == (ends[0] if ends else len(data))
    assert memory.size


@given(st.text(",*\\!ab9", max_size=30))
def test_find_delimiter(text: str) -> None:
    memory, at = placed(text.encode())
    assert find_delimiter(at, at + len(text)) - at == next((i for i, c in enumerate(text) if c in ",*\\!"), len(text))
    assert memory.size


@given(st.one_of(st.text("0123456789", min_size=8, max_size=8), st.text("0123456789/:;J", min_size=8, max_size=8)))
def test_eight_digits(text: str) -> None:
    memory, at = placed(text.encode())
    assert eight_digits(at) == (int(text) if text.isdecimal() else -1)
    assert memory.size


@given(st.binary(min_size=8, max_size=8))
def test_is_printable(data: bytes) -> None:
    assert is_printable(int.from_bytes(data, "little", signed=True)) == all(32 < c < 127 for c in data)


@given(st.binary(max_size=60))
def test_xor(data: bytes) -> None:
    memory, at = placed(data)
    assert xor_bytes(at, at + len(data)) == functools.reduce(operator.xor, data, 0)
    assert memory.size


@given(st.text(ARMOUR, max_size=60), st.binary(max_size=20))
def test_unarmour(text: str, rest: bytes) -> None:
    data = text.encode() + rest
    good = next((i for i, c in enumerate(data) if chr(c) not in ARMOUR), len(data))
    memory, at = placed(data)
    out, to = placed(bytes(80))
    assert unarmour(at, to) - at == good
    want = "".join(format(c - 48 if c < 96 else c - 56, "06b") for c in data[:good])
    got = "".join(format(byte, "08b") for byte in out.tobytes())
    assert got[: len(want)] == want
    assert memory.size


@given(st.text("01", min_size=64, max_size=200), st.integers(0, 140), st.integers(1, 57))
def test_take_bits(binary: str, start: int, length: int) -> None:
    binary = binary.ljust(start + length, "0")
    memory, at = placed(int(binary.ljust(256, "0"), 2).to_bytes(32))
    want = int(binary[start : start + length], 2)
    assert take_bits(at, start, length) == want
    assert take_signed(at, start, length) == want - (1 << length if binary[start] == "1" else 0)
    assert memory.size


def test_every_armour_character_round_trips() -> None:
    assert "".join(armour(format(n, "06b"))[0] for n in range(64)) == ARMOUR


@given(st.integers(473_385_600, 4_260_211_200))  # 1985 to 2105
def test_civil_time(instant_s: int) -> None:
    m = dt.datetime.fromtimestamp(instant_s, dt.UTC)
    want = parse(m.isoformat()) if 1990 <= m.year < 2100 else NONE
    assert civil_us(m.year, m.month, m.day, m.hour, m.minute, m.second) == want


def test_days_that_do_not_exist() -> None:
    for date in ((2015, 2, 29), (2000, 2, 30), (2015, 4, 31), (2015, 13, 1), (2015, 0, 1), (2015, 1, 0)):
        assert civil_us(*date, 0, 0, 0) == NONE
    assert civil_us(2000, 2, 29, 0, 0, 0) == parse("2000-02-29")
