"""Interruptions and crowds: what was committed is never taken back, and nobody waits for himself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from darkwake import times
from darkwake.lake import verify
from darkwake.lake.imports import import_files
from darkwake.ledger import ledger as recording
from darkwake.tracks.update import pending, update
from lake.test_imports import GOOD, put
from lakes import lake_at


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_error_just_after_the_commit_leaves_the_import_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    lake = lake_at(tmp_path)

    def interrupted(step: str) -> None:
        if step == "after_sql":
            raise error

    with monkeypatch.context() as patched:
        patched.setattr(recording, "failpoint", interrupted)
        with pytest.raises(error):
            import_files(lake, [put(tmp_path, "a.nmea", GOOD)])
    assert lake.snapshot().scan("reports").num_rows == 3
    assert import_files(lake, [tmp_path / "a.nmea"]).known == [str(tmp_path / "a.nmea")]
    assert list(verify.check(lake)) == []
    update(lake)
    assert lake.snapshot().rows("tracks") > 0


def test_a_crowd_of_threads_on_one_lake_each_gets_its_turn(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    files = [put(tmp_path, f"{n}.nmea", GOOD + b"\n" * n) for n in range(24)]
    with ThreadPoolExecutor(24) as pool:
        done = list(pool.map(lambda path: import_files(lake, [path]).number, files))
    assert sorted(number or 0 for number in done) == list(range(1, 25))
    assert lake.snapshot().rows("reports") == 24 * 3


def test_builds_that_race_record_no_empty_entry(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    import_files(lake, [put(tmp_path, "a.nmea", GOOD)])
    with ThreadPoolExecutor(4) as pool:
        built = list(pool.map(lambda _: update(lake), range(4)))
    assert [entry.number for entry in built if entry is not None] == [2]
    assert pending(lake) == []


def test_a_file_that_comes_or_goes_in_deltas_log_alone_is_found(tmp_path: Path) -> None:
    from darkwake.lake import tables

    lake = lake_at(tmp_path)
    for name in "ab":
        import_files(lake, [put(tmp_path, f"{name}.nmea", GOOD + b"\n" * ord(name))])
    snapshot = lake.snapshot()
    first = next(file for file in snapshot.data_files("reports") if file.partition["import"] == "1")
    log = sorted((lake.root / "reports" / "_delta_log").glob("*.json"))[-1]
    removed = (
        f'{{"remove":{{"path":"{first.path}","deletionTimestamp":1,"dataChange":true,"extendedFileMetadata":true,'
        f'"partitionValues":{{"import":"1"}},"size":{first.size}}}}}\n'
    )
    log.write_text(log.read_text() + removed)
    assert tables.open_table(lake.root, "reports").version() == snapshot.versions["reports"]
    (found,) = verify.check(lake)
    assert (found.entry, found.what, found.where) == (
        2,
        "a file is gone that it did not replace",
        f"reports/{first.path}",
    )


def test_a_run_over_an_interval_retracts_nothing_that_only_shrank(tmp_path: Path) -> None:
    """An open call that ends, by late data, before the interval of the run is its own new version."""
    from darkwake import workspace

    def feed(path: Path, hours: range, place: Callable[[int], tuple[float, float, float]]) -> Path:
        start = times.parse("2022-03-01")
        lines = ["mmsi,time,lat,lon,sog_knots"]
        for half in hours:
            lat, lon, sog = place(half)
            lines.append(f"299000001,{times.iso(start + half * times.HOUR_US // 2)},{lat},{lon},{sog}")
        path.write_text("\n".join([*lines, ""]))
        return path

    def lying(half: int) -> tuple[float, float, float]:
        return (38.70, 125.40, 0.0) if half >= 12 else (38.70 - 0.05 * (12 - half), 125.40, 6.0)

    def leaving(half: int) -> tuple[float, float, float]:
        return (38.70 - 0.05 * (half - 60), 125.40, 6.0)

    with workspace.create(tmp_path / "w") as ws:
        ws.import_files([feed(tmp_path / "a.csv", range(60), lying)])
        ws.detect(["port_call"])
        (call,) = ws.events(["port_call"])
        assert call.event.end is None
        ws.import_files([feed(tmp_path / "b.csv", range(61, 140), leaving)])
        ws.detect(["port_call"], since="2022-03-03")
        (now,) = ws.events(["port_call"], retracted=True)
        assert (now.id, now.event.state) == (call.id, "closed")
