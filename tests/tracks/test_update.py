"""Tracks of another method are built anew, all of them."""

from __future__ import annotations

from pathlib import Path

from darkwake import times, workspace
from darkwake.tracks.segments import NearestHull
from darkwake.tracks.update import update
from tracks.made import SHIP


def test_tracks_of_another_method_are_built_anew(tmp_path: Path) -> None:
    start = times.parse("2022-03-01")
    rows = [
        f"{SHIP + ship},{times.iso(start + minute * times.MINUTE_US)},38.{ship},{124 + (minute % 40 > 20) * 0.3}"
        for ship in range(20)
        for minute in range(0, 600, 10)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["mmsi,time,lat,lon", *rows, ""]))
    with workspace.create(tmp_path / "w") as ws:
        ws.import_files([tmp_path / "t.csv"])
        lake = ws.lake
        first = update(lake, NearestHull(buffer_nm=30.0))
        assert first is not None
        assert ws.snapshot().scan("segments").num_rows == 20
        second = update(lake)
        assert second is not None
        assert (second.detail.imports_up_to, second.detail.buckets) == (first.detail.imports_up_to, 16)
        assert ws.snapshot().scan("segments").num_rows > 20
        assert update(lake) is None
        anew = {name: ws.snapshot().scan(name).num_rows for name in ("tracks", "segments")}
    with workspace.create(tmp_path / "fresh") as ws:
        ws.import_files([tmp_path / "t.csv"])
        ws.build_tracks()
        assert {name: ws.snapshot().scan(name).num_rows for name in ("tracks", "segments")} == anew
