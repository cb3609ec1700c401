from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake.reports import timeline
from darkwake.reports.timeline import Bar, Lane
from made_up import hour


def rects(drawing: object, style: str) -> list[ET.Element]:
    return [r for r in ET.fromstring(str(drawing)).iter("rect") if style in r.attrib["class"].split()]


def test_hours_heard_are_blue_and_others_are_not() -> None:
    moments = np.array([hour(h) for h in (0, 0.2, 1, 6, 7, 8)])
    heard = rects(timeline.draw(moments, hour(0), hour(10), []), "heard")
    widths = [float(r.attrib["width"]) for r in heard]
    whole = timeline.WIDTH - timeline._LEFT - timeline._RIGHT
    assert [round(w / whole * 10) for w in widths] == [2, 3]


@given(st.lists(st.floats(0, 20_000), max_size=50), st.floats(1, 20_000))
def test_any_span_and_any_hours(hours: list[float], length: float) -> None:
    moments = np.array([hour(h) for h in sorted(hours)], dtype="int64")
    bars = [Bar(hour(h), None, str(n)) for n, h in enumerate(hours[:5])]
    drawing = timeline.draw(moments, hour(0), hour(length), [Lane("x <y>", bars)])
    for rect in rects(drawing, "heard") + rects(drawing, "bar"):
        x, width = float(rect.attrib["x"]), float(rect.attrib["width"])
        assert x >= timeline._LEFT - 0.1
        assert x + width <= timeline.WIDTH - timeline._RIGHT + 3.1


@pytest.mark.parametrize("hours", [1, 5, 30, 100, 24 * 10, 24 * 60, 24 * 400, 24 * 365 * 12])
def test_ticks_are_few_and_in_order(hours: float) -> None:
    ticks = timeline._ticks(hour(0.3), hour(0.3 + hours))
    assert len(ticks) <= 11
    assert len(ticks) >= (1 if hours < 2 else 2)
    assert [t for t, _ in ticks] == sorted({t for t, _ in ticks})
    assert all(hour(0.3) <= t < hour(0.3 + hours) for t, _ in ticks)
