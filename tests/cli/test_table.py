from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.cells import cell_len

from darkwake.cli import table

CALLS: list[dict[str, Any]] = [
    {
        "id": f"port_call-{number:012x}", "state": "closed", "start": f"2026-01-0{number}T04:10:00Z",
        "end": f"2026-01-0{number}T14:10:59.25Z", "vessels": "299000001", "place": "KPNAM", "measures": "gap, level 2",
        "words": "The vessel 海洋 called there, and stayed for longer than anybody says", "p": 4e-7,
    }
    for number in (1, 2, 3)
]  # fmt: skip


def printed(rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, width: int | None, **given: Any) -> list[str]:
    if width is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", str(width))
    out = io.StringIO()
    notes = table.write(out, rows, **given)
    return [*out.getvalue().splitlines(), *notes]


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_every_line_fits_and_ids_stay_whole(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ["id", "state", "start", "end", "vessels", "place", "measures", "words"]
    lines = printed(CALLS, monkeypatch, width, columns=columns, least=["state"])
    rows = [line for line in lines if "port_call-" in line]
    assert len(rows) == 3
    assert all(cell_len(line) <= width for line in lines if "not shown" not in line)
    assert all(row["id"] in line for row, line in zip(CALLS, rows, strict=True))


def test_times_are_shortened_before_anything_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ["id", "start", "end", "vessels", "place", "measures"]
    lines = printed(CALLS, monkeypatch, 84, columns=columns)
    assert lines[1] == "port_call-000000000001  01-01 04:10  01-01 14:10  299000001  KPNAM  gap, level 2"
    assert lines[-1] == "times are of 2026, UTC"
    wide = printed(CALLS, monkeypatch, None, columns=columns)
    assert wide[1].split("  ")[1:3] == ["2026-01-01 04:10:00Z", "2026-01-01 14:10:59Z"]


def test_the_year_stays_where_times_are_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{**CALLS[0], "start": "2025-12-31T23:00:00Z"}]
    assert "2025-12-31 23:00" in printed(rows, monkeypatch, 62, columns=["id", "start", "end"])[1]


def test_what_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(CALLS, monkeypatch, 48, columns=["id", "state", "start", "end", "vessels"], least=["state"])
    assert lines[0].split() == ["id", "start", "end"]
    assert lines[-1] == "not shown, too narrow: state, vessels (a wider terminal or --json has them)"


def test_reports_keep_their_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"time": "2026-01-05T00:00:07Z", "mmsi": 299000001, "lat": 38.1}]
    assert "01-05 00:00:07" in printed(rows, monkeypatch, 34)[1]


def test_what_is_not_zero_does_not_read_as_zero() -> None:
    assert [table.cell(value) for value in (0.0, 4e-7, 0.25, 124.45096, 123456.7)] == [
        "0", "4e-07", "0.25", "124.45096", "123457",
    ]  # fmt: skip


def test_nothing_in_a_cell_moves_the_cursor() -> None:
    assert table.cell("\x1b[2JSIM") == "\\x1b[2JSIM"
    assert table.printable("a\x07\x7f\x9b\u202e\u2066\n\udcff") == "a\\x07\\x7f\\x9b\\u202e\\u2066\\n\\udcff"
    assert table.printable("m\u06cc\u200c\u062e\u3000é") == "m\u06cc\u200c\u062e\u3000é"
    assert json.loads(table.flat({"a": 1})) == {"a": 1}


def test_a_path_keeps_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"name": "/data/feeds/of/the/year/2026/west-sea-2026-01-05.nmea", "size": 12}]
    assert printed(rows, monkeypatch, 34)[1].startswith("…")
    assert "west-sea-2026-01-05.nmea" in printed(rows, monkeypatch, 34)[1]
