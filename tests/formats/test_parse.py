from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from darkwake import times
from darkwake.formats import parse


def _ranges(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ends = np.cumsum([len(text) for text in texts]).astype(np.int32)
    starts = np.concatenate((np.zeros(1, np.int32), ends[:-1])).astype(np.int32)
    return np.frombuffer(bytearray(b"".join(texts)), np.uint8), starts, ends


def _number(text: str, decimal: str = ".", letters: int = 0) -> tuple[int, float | str]:
    buffer, starts, ends = _ranges([text.encode()])
    out, state = np.empty(1), np.empty(1, np.uint8)
    parse.numbers(buffer, starts, ends, 1, ord(decimal) if decimal else 0, letters, out, state)
    if state[0] == parse.EXACT:
        return int(state[0]), bytes(buffer[starts[0] : ends[0]]).decode()
    return int(state[0]), float(out[0])


def _time(text: str, order: int = parse.YMD) -> tuple[int, str | None]:
    buffer, starts, ends = _ranges([text.encode()])
    out, state = np.empty(1, np.int64), np.empty(1, np.uint8)
    parse.times(buffer, starts, ends, 1, order, out, state)
    return int(state[0]), times.iso(int(out[0])) if state[0] in {parse.OK, parse.NO_ZONE} else None


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(0.1)
@example(-0.0)
@example(5e-324)
@example(123456789012345.0)
def test_a_number_comes_out_as_python_reads_it(value: float) -> None:
    for text in (repr(value), f"{value:.6f}", f" {value:+.3e} "):
        state, found = _number(text)
        assert state in {parse.OK, parse.EXACT}
        assert float(found) == float(text), text


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_blanks_are_missing(text: str) -> None:
    assert _number(text)[0] == parse.MISSING


@pytest.mark.parametrize(
    "text", ["abc", "1.2.3", "1,5", "--1", "1e", "1e+", ".", "-", "0x10", "1 2", "1_000", "12a", "١"]
)
def test_what_is_no_number_is_bad(text: str) -> None:
    assert _number(text)[0] == parse.BAD


def test_decimal_commas_and_leading_words() -> None:
    assert _number("50,25", "")[1] == 50.25
    assert _number("50.25", "")[1] == 50.25
    assert _number("1,234.5", "")[0] == parse.BAD  # thousands are not guessed
    assert _number("IMO9999993", letters=1)[1] == 9999993
    assert _number("IMO", letters=1)[0] == parse.MISSING
    assert _number("24,568214416503906", "") == (parse.EXACT, "24.568214416503906")


def _naive(*parts: int) -> dt.datetime:
    return dt.datetime(*parts).replace(tzinfo=None)  # noqa: DTZ001


@given(st.datetimes(_naive(1, 1, 1), _naive(9999, 12, 31)))
@example(_naive(2000, 2, 29, 23, 59, 59, 999999))
@example(_naive(1970, 1, 1))
@example(_naive(1900, 3, 1))
def test_a_time_comes_out_as_python_reads_it(moment: dt.datetime) -> None:
    utc = moment.replace(tzinfo=dt.UTC)
    instant = times.iso(times.from_datetime(utc))
    year = f"{moment.year:04d}"
    assert _time(moment.isoformat() + "Z") == (parse.OK, instant)
    assert _time(moment.isoformat(" ") + " UTC") == (parse.OK, instant)
    assert _time(moment.isoformat()) == (parse.NO_ZONE, instant)
    clock = moment.strftime("%H:%M:%S.%f")
    assert _time(f"{moment.day}/{moment.month}/{year} {clock}", parse.DMY) == (parse.NO_ZONE, instant)
    assert _time(f"{moment.month:02d}-{moment.day:02d}-{year} {clock}", parse.MDY) == (parse.NO_ZONE, instant)
    compact = f"{year}{moment:%m%dT%H%M%S}"
    assert _time(compact) == (parse.NO_ZONE, times.iso(times.from_datetime(utc.replace(microsecond=0))))


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2019-02-01T06:00:00+02:00", parse.YMD, "2019-02-01T04:00:00Z"),
        ("2019-02-01 06:00:00-0330", parse.YMD, "2019-02-01T09:30:00Z"),
        ("2019-02-01 06:00+09", parse.YMD, "2019-01-31T21:00:00Z"),
        ("2016-12-31T23:59:60Z", parse.YMD, "2017-01-01T00:00:00Z"),  # a leap second
        ("2/1/2019 12:05:00 AM GMT", parse.MDY, "2019-02-01T00:05:00Z"),
        ("2/1/2019 12:05 pm Z", parse.MDY, "2019-02-01T12:05:00Z"),
    ],
)
def test_zones_and_halves_of_the_day(text: str, order: int, expected: str) -> None:
    assert _time(text, order) == (parse.OK, expected)


@pytest.mark.parametrize(
    "text",
    [
        "2019-02-01",
        "2019-02-29 00:00",
        "2019-13-01 00:00",
        "2019-02-01 24:00",
        "19-02-01 00:00",
        "2019-02-01T06:60:00",
        "2019-02-01T06:00:00X",
        "2019-02-01T06:00:00+1",
        "2019-02-01T06:00:00+99:00",
        "yesterday",
        "2019-02-01T06:00:00.",
    ],
)
def test_what_is_no_instant_is_bad(text: str) -> None:
    assert _time(text)[0] == parse.BAD


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=5), st.sampled_from([parse.YMD, parse.DMY, parse.MDY]))
def test_any_bytes_get_a_verdict(texts: list[bytes], order: int) -> None:
    buffer, starts, ends = _ranges(texts)
    n = len(texts)
    state = np.full(n, 99, np.uint8)
    parse.times(buffer, starts.copy(), ends.copy(), n, order, np.empty(n, np.int64), state)
    assert set(state.tolist()) <= {parse.OK, parse.MISSING, parse.BAD, parse.NO_ZONE}
    out = np.empty(n)
    parse.numbers(buffer, starts, ends, n, ord("."), 0, out, state)
    assert all(math.isfinite(v) for v, s in zip(out.tolist(), state.tolist(), strict=True) if s == parse.OK)


def test_keys_are_fnv1a_of_what_is_there() -> None:
    def fnv(data: bytes) -> int:
        key = 14695981039346656037
        for byte in data:
            key = (key ^ byte) * 1099511628211 % 2**64
        return key

    keys = np.full(3, 14695981039346656037, np.uint64)
    state = np.array([parse.OK, parse.MISSING, parse.OK], np.uint8)
    parse.fold_numbers(keys, 7, np.array([1.5, 9.0, -2.0]), state, 10.0)
    buffer, starts, ends = _ranges([b"AB", b"", b""])
    parse.fold_texts(keys, 8, buffer, starts, ends)
    expected = [
        fnv(b"\x07" + (15).to_bytes(8, "little") + b"\x08AB"),
        fnv(b""),
        fnv(b"\x07" + (-20).to_bytes(8, "little", signed=True)),
    ]
    assert keys.tolist() == expected
