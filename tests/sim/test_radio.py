from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from darkwake.sim import radio
from darkwake.sim.geography import STATIONS
from darkwake.sim.motion import STEP_S

COUNT = 6 * 3600 // STEP_S + 1
HORIZON_S = 6 * 3600.0


def sky(**dials: float) -> radio.Sky:
    return radio.make_sky(1, HORIZON_S, dials.get("outages", 0.0), bool(dials.get("satellites", 0.0)), 1.0)


def heard(of: radio.Sky, lon: float, lat: float, sog: float, *, still: bool = False, class_b: bool = False,
          turning: bool = False, thin_s: float = 0.0, interval_s: float = 0.0) -> radio.Heard:  # fmt: skip
    here = np.full(COUNT, 1.0)
    flags = np.ones(COUNT, bool)
    return radio.listen(
        of, lon * here, lat * here, sog * here, flags & turning, flags & still, flags, class_b=class_b,
        interval_s=interval_s, thin_s=thin_s, key=99,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sog", "still", "turning", "class_b", "seconds"),
    [
        (0.1, True, False, False, 180.0),  # ITU-R M.1371-5, table 1
        (0.1, False, False, False, 10.0),
        (3.5, True, False, False, 10.0),
        (12.0, False, False, False, 10.0),
        (12.0, False, True, False, 10 / 3),
        (18.0, False, False, False, 6.0),
        (18.0, False, True, False, 2.0),
        (24.0, False, False, False, 2.0),
        (1.0, False, False, True, 180.0),  # table 2
        (8.0, False, True, True, 30.0),
    ],
)
def test_reporting_intervals(sog: float, still: bool, turning: bool, class_b: bool, seconds: float) -> None:
    assert radio.interval_of(sog, turning, still, class_b) == pytest.approx(seconds)
    near = STATIONS[3]
    got = heard(sky(), near.lon, near.lat, sog, still=still, class_b=class_b, turning=turning)
    sent = np.unique(got.number)
    assert len(sent) == pytest.approx(HORIZON_S / seconds, rel=0.12)  # 4 % are lost, jitter
    assert np.median(np.diff(got.time_s[np.unique(got.number, return_index=True)[1]])) == pytest.approx(
        seconds, rel=0.12
    )


def test_statics_every_six_minutes() -> None:
    got = heard(sky(), STATIONS[3].lon, STATIONS[3].lat, 12.0, interval_s=radio.STATIC_INTERVAL_S)
    assert len(np.unique(got.number)) == pytest.approx(HORIZON_S / 360, abs=6)


def test_far_ships_are_not_heard_and_class_b_reaches_less_far() -> None:
    of, s = sky(), STATIONS[12]  # Lianyungang: no other station near
    by_distance = [len(heard(of, s.lon, s.lat - nm / 60, 12.0).time_s) for nm in (5, 30, 45, 70)]
    assert by_distance == sorted(by_distance, reverse=True)
    assert by_distance[0] > 1900
    assert by_distance[-1] == 0
    assert len(heard(of, s.lon, s.lat - 0.5, 12.0, class_b=True).time_s) < 0.1 * by_distance[1]


def test_a_thinned_feed_has_one_report_a_minute_and_station() -> None:
    got = heard(sky(), 124.75, 38.2, 12.0, thin_s=60.0)
    minutes = np.stack((got.station, (got.time_s // 60).astype(int)))
    assert minutes.shape[1] == np.unique(minutes, axis=1).shape[1]
    assert len(np.unique(got.station)) >= 2
    assert len(np.unique(got.number)) < len(got.number)  # some transmissions reached two stations


def test_nothing_is_heard_in_an_outage() -> None:
    of = sky()
    up = of.up.copy()
    up[:, 60:120] = False
    got = heard(dataclasses.replace(of, up=up), STATIONS[3].lon, STATIONS[3].lat, 12.0)
    assert not ((got.time_s >= 3600) & (got.time_s < 7200)).any()
    assert (got.time_s < 3600).any()
    assert (got.time_s > 7200).any()


def test_satellites_hear_in_passes_only() -> None:
    got = heard(sky(satellites=1.0), 124.0, 35.0, 12.0)  # out of range of all stations on land
    assert len(got.time_s)
    assert (got.station >= len(STATIONS)).all()
    busy = np.unique((got.time_s // 60).astype(int))
    assert len(busy) < 80  # minutes of six hours


def test_outages_follow_the_dial_and_clocks_are_off_by_a_second_at_most() -> None:
    assert not sky().outages
    assert len(radio.make_sky(1, 10 * 86_400.0, 1.0, False, 1.0).outages) > 5
    assert np.abs(sky().offset_s).max() <= 1.0


def test_draws_do_not_depend_on_order() -> None:
    numbers = [radio.draw(np.uint64(5), k, 3) for k in range(1000)]
    assert numbers == [radio.draw(np.uint64(5), k, 3) for k in range(1000)]
    assert 0.45 < np.mean(numbers) < 0.55
    assert min(numbers) >= 0
    assert max(numbers) < 1
