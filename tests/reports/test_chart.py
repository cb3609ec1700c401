from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake.reports import chart
from made_up import AWAY, HARBOUR, track, voyage


def parsed(drawing: object) -> ET.Element:
    assert drawing is not None
    return ET.fromstring(str(drawing))


def path(root: ET.Element, style: str) -> str:
    found = root.find(f".//path[@class='{style}']")
    return "" if found is None else found.attrib["d"]


def numbers(d: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", d)]


def test_reports_an_hour_apart_are_joined_and_silences_are_dashed_never_solid() -> None:
    where = {0: (124.0, 38.0), 1: (124.1, 38.0), 4: (124.4, 38.2), 5: (124.5, 38.2), 20: (125.5, 38.6)}
    root = parsed(chart.draw(track(where, where)))
    assert path(root, "track").count("M") == 3
    assert path(root, "silence").count("M") == 1
    assert path(root, "gap").count("M") == 1


def test_segments_are_not_joined() -> None:
    two = pa.concat_tables([track([0, 1], AWAY, segment=1), track([2, 3], HARBOUR, segment=2)])
    root = parsed(chart.draw(two))
    assert path(root, "silence") == path(root, "gap") == ""
    assert path(root, "track").count("M") == 2


@pytest.mark.parametrize("gap_h", [0.5, 30])
def test_a_track_across_180_degrees_stays_in_one_piece(gap_h: float) -> None:
    where = {0.0: (179.6, 10.0), 0.5: (179.9, 10.1), 0.5 + gap_h: (-179.9, 10.2), 1.0 + gap_h: (-179.6, 10.3)}
    root = parsed(chart.draw(track(where, where)))
    drawn = path(root, "track") + path(root, "gap")
    steps = [
        abs(xs[k + 1] - xs[k])
        for piece in drawn.split("M")[1:]
        if len(xs := numbers(piece)[::2]) > 1
        for k in range(len(xs) - 1)
    ]
    assert max(steps) < chart.WIDTH / 2  # the whole of it is 0.8° wide: no line goes round the world
    labels = [t.text for t in root.iter("text")]
    assert "180°" in labels


def test_nothing_to_draw_is_none() -> None:
    assert chart.draw(track([])) is None
    assert chart.view_of(np.array([]), np.array([])) is None


positions = st.lists(st.tuples(st.floats(-180, 180), st.floats(-89, 89)), min_size=1, max_size=30)


@given(positions)
def test_every_position_lies_in_the_view(points: list[tuple[float, float]]) -> None:
    lon, lat = (np.array(column) for column in zip(*points, strict=True))
    view = chart.view_of(lon, lat)
    assert view is not None
    xy = view.xy(lon, np.clip(lat, -84, 84))
    assert (xy >= -0.5).all()
    assert (xy <= [chart.WIDTH + 0.5, view.height + 0.5]).all()
    for west, south, east, north in view.boxes():
        assert -180 <= west <= east <= 180
        assert -90 <= south < north <= 90


def test_land_is_drawn_where_it_is_even_beyond_180_degrees() -> None:
    island = np.array([[179.8, 9.9], [180.2, 9.9], [180.2, 10.4], [179.8, 10.4]])
    asked: list[tuple[float, float, float, float]] = []

    def land(box: tuple[float, float, float, float], tolerance_m: float) -> list[np.ndarray]:
        asked.append(box)
        assert tolerance_m > 0
        return [island]

    where = {0: (179.6, 10.0), 1: (-179.6, 10.3)}
    root = parsed(chart.draw(track(where, where), land=land))
    assert len(asked) == 2
    xs = numbers(path(root, "land"))[::2]
    assert 0 < min(xs) < max(xs) < chart.WIDTH
    assert path(root, "land").count("Z") == 1  # given for both boxes, drawn once


def test_marks_that_would_cover_each_other_become_one() -> None:
    marks = [chart.Mark(n, *HARBOUR, "port call", f"e{n}") for n in (1, 2, 3, 7)]
    marks.append(chart.Mark(4, *AWAY, "gap <x>", "e4"))
    root = parsed(chart.draw(voyage(2), marks))
    assert sorted(t.text or "" for t in root.iter("text") if t.attrib["class"] == "number") == ["1–3, 7", "4"]
    assert any("gap <x>" in (t.text or "") for t in root.iter("title"))


def test_a_long_track_is_thinned_to_what_can_be_seen() -> None:
    drawing = chart.draw(voyage(400, 0.05))
    assert drawing is not None
    assert len(drawing) < 60_000


def test_a_single_report_is_a_dot() -> None:
    assert path(parsed(chart.draw(track([0]))), "track").endswith("h0")


def test_a_simulated_map_says_so_itself() -> None:
    where = {0: (124.0, 38.0), 1: (124.1, 38.0)}
    assert "SIMULATED" in str(chart.draw(track(where, where), simulated=True))
    assert "SIMULATED" not in str(chart.draw(track(where, where)))
