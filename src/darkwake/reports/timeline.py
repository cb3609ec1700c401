"""A timeline as inline SVG: when the vessel was heard, hour by hour, and lanes of what happened meanwhile."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from darkwake import times
from darkwake.reports.render import visible

WIDTH = 960
_LEFT = 170
_RIGHT = 12
_LANE = 26
_STRIP = 24
#: A letter of a tick's label is about so wide.
_TICK_PX = 6.2


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch in a lane; `end` None: not ended in the data."""

    start: int
    end: int | None
    text: str
    hint: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    label: str
    bars: Sequence[Bar]
    style: str = "event"  # event | apart | window


def draw(
    moments: np.ndarray,
    start: int,
    end: int,
    lanes: Sequence[Lane],
    title: str = "Timeline",
    with_data: Sequence[int] | np.ndarray = (),
) -> Markup:
    """The strip of hours heard (`moments`: µs of every report) above the lanes, from `start` to `end`.

    `with_data`: the hours (since 1970, in order) in which any ship was heard; where there are none, that is shaded. Not
    known, if it is empty.
    """
    end = max(end, start + times.HOUR_US)
    height = 20 + _STRIP + 10 + _LANE * len(lanes) + 24
    parts = [
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="time-t time-d">',
        f'<title id="time-t">{_safe(title)}</title>',
        '<desc id="time-d">Hours with at least one position, and the events below; the tables say the same.</desc>',
        _holes(with_data, start, end, height),
        _axis(start, end, height),
        f'<text class="lane" x="0" y="{20 + _STRIP / 2 + 4:g}">positions, by hour</text>',
        _strip(moments, start, end),
    ]
    for index, lane in enumerate(lanes):
        top = 20 + _STRIP + 10 + _LANE * index
        parts.append(f'<text class="lane" x="0" y="{top + 15}">{_safe(lane.label)}</text>')
        parts.append(_lane(lane, top, start, end))
    parts.append("</svg>")
    return Markup("".join(parts))


def _safe(text: str) -> str:
    return str(escape(visible(text)))


def _x(instant_us: float, start: int, end: int) -> float:
    share = (instant_us - start) / (end - start)
    return _LEFT + min(max(share, 0.0), 1.0) * (WIDTH - _LEFT - _RIGHT)


def _holes(with_data: Sequence[int] | np.ndarray, start: int, end: int, height: int) -> str:
    """Stretches without data, as wide as a tenth of a unit or more."""
    if not len(with_data):
        return ""
    hours = np.asarray(with_data, np.int64)
    first, last = start // times.HOUR_US, -(-end // times.HOUR_US)
    inside = hours[(hours >= first) & (hours < last)]
    edges = np.concatenate([[first - 1], inside, [last]])
    parts = []
    for before, after in itertools.pairwise(edges):
        if after - before > 1:
            x, to = _x((before + 1) * times.HOUR_US, start, end), _x(after * times.HOUR_US, start, end)
            if to - x >= 0.1:
                shape = f'x="{x:.1f}" y="16" width="{to - x:.1f}" height="{height - 36}"'
                parts.append(f'<rect class="hole" {shape}><title>no data: no ship was heard</title></rect>')
    return "".join(parts)


def _strip(moments: np.ndarray, start: int, end: int) -> str:
    """Shares of hours heard, in at most 400 bins; equal neighbours are one rectangle."""
    hours = max(1, -((start - end) // times.HOUR_US))
    inside = moments[(moments >= start) & (moments < end)]
    heard = np.zeros(hours)
    heard[np.unique((inside - start) // times.HOUR_US)] = 1.0
    bins = min(hours, 400)
    edges = np.linspace(0, hours, bins + 1).round().astype(int)
    share = np.add.reduceat(heard, edges[:-1]) / np.diff(edges)
    level = np.ceil(share * 4).astype(int)
    changes = [0, *(np.flatnonzero(np.diff(level)) + 1).tolist(), bins]
    span = hours * times.HOUR_US
    parts = [f'<rect class="unheard" x="{_LEFT}" y="20" width="{WIDTH - _LEFT - _RIGHT}" height="{_STRIP}"/>']
    for a, b in itertools.pairwise(changes):
        if level[a]:
            x, to = (_x(start + span * (edges[k] / hours), start, end) for k in (a, b))
            shape = f'x="{x:.1f}" y="20" width="{max(to - x, 0.5):.1f}" height="{_STRIP}"'
            parts.append(f'<rect class="heard h{level[a]}" {shape}/>')
    return "".join(parts)


def _lane(lane: Lane, top: int, start: int, end: int) -> str:
    parts = [f'<path class="grid" d="M{_LEFT} {top + 22}H{WIDTH - _RIGHT}"/>']
    free = -1.0
    for bar in sorted(lane.bars, key=lambda b: b.start):
        x = _x(bar.start, start, end)
        to = _x(end if bar.end is None else bar.end, start, end)
        width = max(to - x, 3.0)
        shape = f'<rect class="bar {lane.style}" x="{x:.1f}" y="{top + 3}" width="{width:.1f}" height="15" rx="2"/>'
        room = max(width, 14.0)
        if bar.text and x >= free and 7.0 * len(bar.text) + 2 <= room:
            inside = width >= 7.0 * len(bar.text) + 2
            at = x + width / 2 if inside else x + width + 2
            anchor = "middle" if inside else "start"
            style = "number" if inside and lane.style == "event" else "tick"
            where = f'x="{at:.1f}" y="{top + 15}" text-anchor="{anchor}"'
            shape += f'<text class="{style}" {where}>{_safe(bar.text)}</text>'
            free = x + room + 4
        hint = f"<title>{_safe(bar.hint)}</title>" if bar.hint else ""
        whole = f"<g>{hint}{shape}</g>"
        parts.append(f'<a href="#{_safe(bar.href)}">{whole}</a>' if bar.href else whole)
    return "".join(parts)


def _axis(start: int, end: int, height: int) -> str:
    parts = []
    for moment, label in _ticks(start, end):
        x = _x(moment, start, end)
        parts.append(f'<path class="grid" d="M{x:.1f} 16V{height - 20}"/>')
        if x + _TICK_PX * len(label) < WIDTH:
            parts.append(f'<text class="tick" x="{x + 2:.1f}" y="{height - 6}">{label}</text>')
    return "".join(parts)


def _ticks(start: int, end: int) -> list[tuple[int, str]]:
    """At most some ten ticks, at round hours, days, months or years, UTC."""
    hours = (end - start) / times.HOUR_US
    for step, form in ((1, "%H:%M"), (3, "%d %b %H:%M"), (6, "%d %b %H:%M"), (12, "%d %b %H:%M")):
        if hours / step <= 9:
            first = -(-start // (step * times.HOUR_US)) * step * times.HOUR_US
            return [(t, f"{times.to_datetime(t):{form}}") for t in range(first, end, step * times.HOUR_US)]
    days = hours / 24
    for step in (1, 2, 5, 7, 14):
        if days / step <= 10:
            first = -(-start // times.DAY_US) * times.DAY_US
            return [(t, f"{times.to_datetime(t):%d %b %Y}") for t in range(first, end, step * times.DAY_US)]
    months = next((m for m in (1, 3, 6, 12, 24, 60, 120) if days / 30 / m <= 10), 240)
    at, found = times.to_datetime(start), []
    index = -(-(at.year * 12 + at.month - 1) // months) * months
    while (moment := times.from_datetime(dt.datetime(index // 12, index % 12 + 1, 1, tzinfo=dt.UTC))) < end:
        if moment >= start:
            found.append((moment, f"{times.to_datetime(moment):%b %Y}"))
        index += months
    return found
