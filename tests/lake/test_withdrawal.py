"""A withdrawn import goes out of later readings, stays in earlier ones, and its files can be read anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from darkwake.errors import NotFoundError, UsageError
from darkwake.lake import summary, verify
from darkwake.lake.imports import import_files
from darkwake.lake.store import Lake
from darkwake.lake.withdrawal import withdraw
from darkwake.tracks.update import pending, update
from lake.test_imports import GOOD, put
from lakes import lake_at

OTHER = b"\\s:SIM-A,c:1767571200*5B\\!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\r\n"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_at(tmp_path)


def test_what_was_withdrawn_is_out_of_tracks_and_sums_and_still_there_as_of_before(lake: Lake, tmp_path: Path) -> None:
    import_files(lake, [put(tmp_path, "a.nmea", GOOD)])
    import_files(lake, [put(tmp_path, "b.nmea", OTHER)])
    update(lake)
    before = lake.snapshot()
    entry = withdraw(lake.ledger, 1, reason="the wrong zone", by="SIM ANALYST")
    assert entry.number == 4
    assert [waiting.number for waiting in pending(lake)] == [4]
    update(lake)
    assert pending(lake) == []
    now = lake.snapshot()
    assert (before.rows("reports"), now.rows("reports")) == (4, 1)
    assert before.rows("tracks") > now.rows("tracks") == 1
    assert lake.snapshot(3).rows("tracks") == before.rows("tracks")
    assert summary.stats(lake)["messages"] == 1
    assert summary.stats(lake, 3)["messages"] == 4
    assert [row["withdrawn"] for row in summary.sources(lake)] == [True, False]
    assert list(verify.check(lake)) == []


def test_the_same_bytes_can_be_read_anew_after_a_withdrawal(lake: Lake, tmp_path: Path) -> None:
    path = put(tmp_path, "a.nmea", GOOD)
    import_files(lake, [path])
    assert import_files(lake, [path]).number is None
    withdraw(lake.ledger, 1, reason="read by a wrong mapping")
    assert import_files(lake, [path]).number == 3
    assert lake.snapshot().rows("reports") == 3
    assert import_files(lake, [path]).known == [str(path)]


def test_only_an_import_that_stands_can_be_withdrawn_and_only_with_a_reason(lake: Lake, tmp_path: Path) -> None:
    import_files(lake, [put(tmp_path, "a.nmea", GOOD)])
    with pytest.raises(UsageError, match="needs its reason"):
        withdraw(lake.ledger, 1, reason=" ")
    with pytest.raises(NotFoundError, match="no import has the number 7"):
        withdraw(lake.ledger, 7, reason="x")
    withdraw(lake.ledger, 1, reason="x")
    with pytest.raises(UsageError, match="withdrawn already"):
        withdraw(lake.ledger, 1, reason="x")
    assert [e.kind for e in lake.ledger.entries()] == ["founding", "import", "withdrawal"]
