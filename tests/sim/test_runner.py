from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from darkwake import sim
from darkwake.errors import NotFoundError, UsageError
from darkwake.geo.coast import Coast
from darkwake.sim.motion import STEP_S
from darkwake.sim.reports import motion_of
from sim.conftest import Made


def test_the_same_call_gives_the_same_bytes(tmp_path: Path) -> None:
    dials = {"ships": 8.0, "days": 1.0}
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        sim.run("west-sea", seed, tmp_path / name, **dials)
    files = [{p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in "abc"]
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_everything_is_marked(made: Made) -> None:
    assert "SIMULATED" in (made.folder / "SIMULATED.txt").read_text()
    lines = (made.folder / "ships.csv").read_text().splitlines()
    assert len(lines) == 17
    assert all(line.startswith("SIMULATED,") and ",SIM " in line for line in lines[1:])
    assert all(row["simulated"] for row in made.truth)
    assert made.summary.as_json()["simulated"] is True


def test_the_feed_holds_made_up_senders_only_and_nothing_to_transmit(made: Made) -> None:
    text = b"".join(path.read_bytes() for path in made.folder.glob("*.nmea"))
    assert set(re.findall(rb"!(\w{5}),", text)) == {b"AIVDM"}
    assert all(name.startswith(b"SIM-") for name in set(re.findall(rb"[\\,]s:([\w-]+),c:", text)))
    known = {crew.ship.mmsi for crew in made.world.crews}
    for row in made.decoded():
        if row["checksum_ok"]:
            assert row["mmsi"] in known or row["type"] == 4
            assert row["name"] is None or row["name"].startswith("SIM ")


def test_files_are_in_order_of_time_and_damage_is_counted(made: Made) -> None:
    for path in made.folder.glob("*.nmea"):
        times = [int(t) for t in re.findall(rb"c:(\d{10})", path.read_bytes())]
        assert times == sorted(times)
    rows = made.decoded()
    bad = sum(row["checksum_ok"] is not True for row in rows)
    assert made.summary.bad_checksum > 5
    assert made.summary.truncated > 5
    assert made.summary.bad_checksum <= bad <= made.summary.bad_checksum + made.summary.truncated
    assert len(rows) <= made.summary.messages <= len(rows) + made.summary.truncated
    assert made.summary.bytes == sum(path.stat().st_size for path in made.folder.glob("*.nmea"))


def test_no_ship_is_on_land_and_none_is_too_fast(made: Made) -> None:
    coast = Coast()
    for crew in made.world.crews:
        helm = crew.helm
        assert helm.done
        assert not coast.is_land(helm.lon, helm.lat).any(), crew.ship
        east = np.diff(helm.lon) * np.cos(np.radians(helm.lat[1:]))
        knots = np.hypot(east, np.diff(helm.lat)) * 111_195 / STEP_S / 0.514444
        assert knots.max() < 1.15 * crew.ship.cruise_knots + 1.5, crew.ship
        assert np.abs(np.diff(knots)).max() < 6, crew.ship  # no jumps; a dip where it turns round within a step


def test_what_is_received_is_where_the_ship_was(made: Made) -> None:
    motions = {crew.ship.mmsi: motion_of(crew) for crew in made.world.crews}
    start = None
    checked = 0
    for row in made.decoded():
        start = start or row["time"].replace(hour=0, minute=0, second=0, microsecond=0)
        if row["mmsi"] not in motions or row["lon"] is None or not row["checksum_ok"]:
            continue
        motion = motions[row["mmsi"]]
        step = min(round((row["time"] - start).total_seconds() / STEP_S), len(motion.lon) - 1)
        off = np.hypot((row["lon"] - motion.lon[step]) * 0.79, row["lat"] - motion.lat[step]) * 111_195
        assert off < 25 + motion.sog_knots[step] * 0.52 * 14  # noise, half a step, a second of the clock
        checked += 1
    assert checked > 10_000


def test_long_range_reports_by_dial(tmp_path: Path) -> None:
    sim.run("gap-basic", 1, tmp_path / "with", long_range=1, days=1)
    sim.run("gap-basic", 1, tmp_path / "without", days=1)
    from darkwake import ais

    types = [
        {
            row["type"]
            for path in (tmp_path / name).glob("*.nmea")
            for row in ais.decode(path).select(["type"]).to_pylist()
        }
        for name in ("with", "without")
    ]
    assert types[0] - types[1] == {27}


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "SIMULATED.txt").write_text("of another run")
    (tmp_path / "other-2026-01-05.nmea").write_text("mine")
    with pytest.raises(UsageError, match=r"other-2026-01-05\.nmea"):
        sim.run("gap-basic", 1, tmp_path, days=0.5)
    assert (tmp_path / "SIMULATED.txt").read_text() == "of another run"


def test_a_run_replaces_an_older_one(tmp_path: Path) -> None:
    sim.run("gap-basic", 1, tmp_path, days=2)
    sim.run("gap-basic", 1, tmp_path, days=0.5)
    assert sorted(path.name for path in tmp_path.glob("*05.nmea")) == ["gap-basic-2026-01-05.nmea"]
    assert not (tmp_path / "gap-basic-2026-01-06.nmea").exists()


def test_mistakes_are_told_of(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="west-sea"):
        sim.run("north-sea", 1, tmp_path)
    with pytest.raises(UsageError, match="ships"):
        sim.run("west-sea", 1, tmp_path, boats=3)
    for dials in ({"ships": 0}, {"ships": 5000}, {"days": 0}, {"days": 1e9}, {"days": float("nan")}, {"thin_s": -1}):
        with pytest.raises(UsageError):
            sim.run("west-sea", 1, tmp_path, **dials)
    assert not list(tmp_path.iterdir())
