"""Reading as of a moment: numbers, days, instants; and that recorded time never runs backwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from darkwake import times
from darkwake.casebook.tables import CASES
from darkwake.errors import NotFoundError, UsageError
from darkwake.ledger import details
from darkwake.ledger.ledger import Ledger
from lakes import lake_at


def opened(ledger: Ledger, name: str) -> int:
    with ledger.recording("case") as recording:
        recording.insert(CASES, {"name": name, "question": recording.private("Which ports?"), "as_of": None})
        return recording.seal(details.Case(name)).number


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return lake_at(tmp_path).ledger


def test_a_ledger_begins_with_its_founding(ledger: Ledger) -> None:
    (first,) = ledger.entries()
    assert (first.number, first.kind) == (0, "founding")
    assert ledger.entry().number == 0


def test_a_bare_integer_is_a_number_and_never_a_year(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [times.parse(f"2019-0{month}-15T12:00:00Z") for month in (2, 3, 4)]
    for moment in moments:
        monkeypatch.setattr(times, "now", lambda moment=moment: moment)
        opened(ledger, str(moment))
    newest = len(moments)
    with ledger.engine.connect() as connection:
        first = connection.exec_driver_sql("SELECT recorded_at FROM ledger WHERE number = 1").scalar_one()
    assert first > moments[0]  # the founding is of today: time does not run back behind it
    assert ledger.number_as_of("2") == 2 == ledger.number_as_of(2)
    for wrong in ("2019", "3000", "4", -1, "-1", 10**30):
        with pytest.raises(NotFoundError, match="the ledger has no number"):
            ledger.number_as_of(wrong)
    assert ledger.number_as_of("2999-01-01") == newest
    assert ledger.number_as_of("1999-01-01") == 0
    for wrong in ("soon", "", "²", "2019-13-01", "1e3"):
        with pytest.raises(UsageError, match="not a moment of the ledger"):
            ledger.number_as_of(wrong)


def test_a_day_means_its_last_instant(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    end = times.parse("2999-05-02")
    for instant in (end - 1, end, end + times.DAY_US):
        monkeypatch.setattr(times, "now", lambda instant=instant: instant)
        opened(ledger, str(instant))
    assert ledger.number_as_of("2999-05-01") == 1
    assert ledger.number_as_of("2999-05-02") == 2
    assert ledger.number_as_of("2999-05-02T00:00:00Z") == 2
    assert ledger.number_as_of("2999-05") == 3


def test_a_clock_set_back_loses_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(ledger, "first")
    monkeypatch.setattr(times, "now", lambda: times.parse("1999-01-01"))
    opened(ledger, "second")
    entries = ledger.entries()
    recorded = [entry.recorded_at for entry in entries]
    assert recorded == sorted(set(recorded))
    assert recorded[2] == recorded[1] + 1


def test_what_is_not_sealed_is_not_recorded(ledger: Ledger) -> None:
    with ledger.recording("case") as recording:
        recording.insert(CASES, {"name": "x", "question": None, "as_of": None})
    assert [entry.number for entry in ledger.entries()] == [0]
    assert opened(ledger, "x") == 1


def test_private_values_read_as_they_were_said(ledger: Ledger) -> None:
    opened(ledger, "x")
    with ledger.engine.connect() as connection:
        name = connection.exec_driver_sql("SELECT question FROM cases").scalar_one()
    assert ledger.private([name, None]) == {name: "Which ports?"}
