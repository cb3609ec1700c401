from __future__ import annotations

import csv
import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from darkwake.formats import scan


def _rows(data: bytes, columns: int, final: bool = True) -> tuple[list[list[bytes]], list[tuple[int, int, int]], int]:
    buffer = np.frombuffer(bytearray(data), np.uint8)
    lines = data.count(b"\n") + 1
    starts, ends = np.zeros((2, columns, lines), np.int32)
    row_start, row_end = np.zeros((2, lines), np.int32)
    bad, counts = np.zeros((lines, 3), np.int64), np.zeros(3, np.int64)
    slot = np.arange(columns, dtype=np.int64)
    scan.rows_and_fields(
        buffer, buffer.size, int(final), 44, 34, 10, columns, slot, starts, ends, row_start, row_end, bad, counts
    )
    rows, rejected, consumed = counts.tolist()
    fields = [[bytes(buffer[starts[c, r] : ends[c, r]]) for c in range(columns)] for r in range(rows)]
    return fields, [tuple(b) for b in bad[:rejected].tolist()], consumed


_TEXT = st.text(st.sampled_from(list('ab,"\n é')), max_size=6)


@given(st.lists(st.tuples(_TEXT, _TEXT, _TEXT), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_it_reads_what_the_csv_module_writes(rows: list[tuple[str, str, str]], end: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end).writerows(rows)
    data = out.getvalue().encode()
    assert _rows(data, 3) == ([[f.encode() for f in row] for row in rows], [], len(data))


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=6), st.data())
def test_a_cut_anywhere_loses_nothing(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    whole = out.getvalue().encode()
    cut = data.draw(st.integers(0, len(whole)))
    first, bad, consumed = _rows(whole[:cut], 2, final=False)
    rest, more_bad, _ = _rows(whole[consumed:], 2)
    assert first + rest == [[f.encode() for f in row] for row in rows]
    assert bad + more_bad == []


def test_a_wrong_count_costs_its_line() -> None:
    rows, bad, _ = _rows(b"1,2\n1\n1,2,3\r\n3,4", 2)
    assert rows == [[b"1", b"2"], [b"3", b"4"]]
    assert bad == [(4, 5, scan.WRONG_FIELD_COUNT), (6, 11, scan.WRONG_FIELD_COUNT)]


def test_an_unclosed_quote_costs_its_line_only() -> None:
    rows, bad, _ = _rows(b'1,2\n3,"4\n5,6\n7,8\n', 2)
    assert rows == [[b"1", b"2"], [b"5", b"6"], [b"7", b"8"]]
    assert bad == [(4, 8, scan.UNCLOSED_QUOTE)]
    rows, bad, _ = _rows(b'1,"2\n3,4\n5,"6"\n7,8\n', 2)  # a later quote seems to close it, but then the count is wrong
    assert rows == [[b"3", b"4"], [b"5", b"6"], [b"7", b"8"]]
    assert bad == [(0, 4, scan.UNCLOSED_QUOTE)]


def test_a_quote_may_hold_few_lines_only() -> None:
    data = b'1,"' + b"x\n" * (scan.MAX_QUOTED_LINES + 1) + b'"\n5,6\n'
    rows, bad, _ = _rows(data, 2)
    assert rows[-1:] == [[b"5", b"6"]]
    assert bad[0] == (0, 4, scan.UNCLOSED_QUOTE)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_come_to_an_end(data: bytes, final: bool) -> None:
    rows, bad, consumed = _rows(data, 2, final)
    assert 0 <= consumed <= len(data)
    assert not final or consumed == len(data)
    assert all(0 <= a <= b <= len(data) for a, b, _ in bad)
    assert len(rows) + len(bad) <= data.count(b"\n") + 1
