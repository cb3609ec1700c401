"""Where and when there are data."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from darkwake import times, workspace
from darkwake.cli.main import cli
from darkwake.tracks.covered import hours_with_data


def test_periods_of_two_archives_and_the_hours_between_them(tmp_path: Path) -> None:
    for name, first, lat in (("one", "2020-01-01", 38.0), ("two", "2021-11-04", -10.0)):
        start = times.parse(first)
        rows = [
            f"{299000001 + ship},{times.iso(start + hour * times.HOUR_US)},{lat + ship},{124 + hour / 100}"
            for ship in range(2)
            for hour in range(30)
        ]
        (tmp_path / f"{name}.csv").write_text("\n".join(["mmsi,time,lat,lon", *rows, ""]))
    with workspace.create(tmp_path / "w", simulated=True) as ws:
        assert ws.coverage() == []
        ws.import_files([tmp_path / "one.csv", tmp_path / "two.csv"])
        rows = ws.coverage()
        ws.build_tracks()
        assert len(hours_with_data(ws.snapshot())) == 60
        page = ws.reports.dossier(299000001).html
    assert "in 60 of the 60 hours in which any ship was heard (100 %)" in page
    assert [(Path(row["name"]).name, row["reports"], row["ships"]) for row in rows] == [
        ("one.csv", 60, 2),
        ("two.csv", 60, 2),
    ]
    one = next(row for row in rows if row["name"].endswith("one.csv"))
    assert (one["start"], one["end"]) == ("2020-01-01T00:00:00Z", "2020-01-02T05:00:00Z")
    assert (one["west"], one["south"], one["east"], one["north"]) == (124.0, 38.0, 124.29, 39.0)
    done = CliRunner().invoke(cli, ["-w", str(tmp_path / "w"), "ais", "stats", "--coverage", "--json"])
    assert [json.loads(line)["source"] for line in done.stdout.splitlines()] == [row["source"] for row in rows]
