"""A map as inline SVG, drawn without a network: coast, track, silences, numbered events, scale and graticule.

Mercator. The longitude at which the picture is cut lies in the widest stretch without data, so a track across 180°
stays in one piece. Reports are joined by a line only where the next one came within an hour; a longer silence is
dashed, because nobody knows the way in between; segments are not joined at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from markupsafe import Markup, escape

from darkwake import times
from darkwake.reports.render import visible

WIDTH = 960
_HEIGHTS = (300, 620)
_JOIN_US = times.HOUR_US
_LEAST_SPAN_DEG = 0.05
_CLUSTER_PX = 20.0
_EARTH_M_PER_DEG = 111_195.0


#: Shorelines in a box (west, south, east, north; never across 180°), simplified to a tolerance in metres: rings of
#: longitude and latitude (n, 2), lakes among them as rings within rings.
Land = Callable[[tuple[float, float, float, float], float], Iterable[np.ndarray]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered place on the map."""

    number: int
    lon: float
    lat: float
    label: str
    href: str = ""


@dataclass(frozen=True)
class View:
    """The part of the world on the picture: unwrapped longitudes, Mercator."""

    seam: float  # longitudes run from here to here + 360
    west: float
    south: float
    east: float
    north: float
    height: int = field(init=False)

    def __post_init__(self) -> None:
        ratio = (_mercator(self.north) - _mercator(self.south)) / math.radians(self.east - self.west)
        object.__setattr__(self, "height", round(WIDTH * float(ratio)))

    def unwrap(self, lon: np.ndarray) -> np.ndarray:
        return (lon - self.seam) % 360.0 + self.seam

    def x(self, unwrapped: np.ndarray) -> np.ndarray:
        return (unwrapped - self.west) / (self.east - self.west) * WIDTH

    def y(self, lat: np.ndarray) -> np.ndarray:
        top, bottom = _mercator(self.north), _mercator(self.south)
        return (top - _mercator(lat)) / (top - bottom) * self.height

    def xy(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return np.column_stack((self.x(self.unwrap(lon)), self.y(lat)))

    @property
    def metres_per_px(self) -> float:
        middle = math.cos(math.radians((self.south + self.north) / 2))
        return (self.east - self.west) * _EARTH_M_PER_DEG * middle / WIDTH

    def boxes(self) -> list[tuple[float, float, float, float]]:
        """The view in longitudes −180…180: one box, or two where it crosses 180°."""
        pad = (self.east - self.west) * 0.03  # so that where land is cut off lies outside the picture
        south, north = max(self.south - pad, -90.0), min(self.north + pad, 90.0)
        west, east = _wrapped(self.west - pad), _wrapped(self.east + pad)
        if self.east - self.west + 2 * pad >= 360:
            return [(-180.0, south, 180.0, north)]
        if west <= east:
            return [(west, south, east, north)]
        return [(west, south, 180.0, north), (-180.0, south, east, north)]


def view_of(lon: np.ndarray, lat: np.ndarray) -> View | None:
    """A view around these positions with a margin; None if there are none."""
    known = np.isfinite(lon) & np.isfinite(lat)
    lon, lat = lon[known], np.clip(lat[known], -84.0, 84.0)
    if len(lon) == 0:
        return None
    around = np.unique(np.mod(lon, 360.0))
    empty = np.diff(np.concatenate((around, around[:1] + 360.0)))
    widest = int(np.argmax(empty))
    seam = float((around[widest] + empty[widest] / 2) % 360.0 - 360.0)
    unwrapped = (lon - seam) % 360.0 + seam
    west, east, south, north = (float(v) for v in (unwrapped.min(), unwrapped.max(), lat.min(), lat.max()))
    stretch = 1 / math.cos(math.radians((south + north) / 2))
    width = max((east - west) * 1.16, _LEAST_SPAN_DEG * stretch)
    height = max((north - south) * 1.16, _LEAST_SPAN_DEG)
    low, high = (h / WIDTH for h in _HEIGHTS)
    width = max(width, height * stretch / high)
    height = min(max(height, width * low / stretch), 168.0)
    width = min(width, 360.0)
    middle_lon, middle_lat = (west + east) / 2, (south + north) / 2
    middle_lat = min(max(middle_lat, -84.0 + height / 2), 84.0 - height / 2)
    return View(
        seam, middle_lon - width / 2, middle_lat - height / 2, middle_lon + width / 2, middle_lat + height / 2
    )  # fmt: skip


_SIMULATED = '<text class="simulated" x="50%" y="38" text-anchor="middle">SIMULATED</text>'


def draw(
    track: pa.Table,
    marks: Sequence[Mark] = (),
    land: Land | None = None,
    title: str = "Map",
    *,
    simulated: bool = False,
) -> Markup | None:
    """The map; None if there is no position to draw. A simulated one says so itself: maps are cut out and sent on."""
    lon, lat = track["lon"].to_numpy(), track["lat"].to_numpy()
    mark_lon, mark_lat = np.array([m.lon for m in marks]), np.array([m.lat for m in marks])
    view = view_of(np.concatenate((lon, mark_lon)), np.concatenate((lat, mark_lat)))
    if view is None:
        return None
    lines, short, long = _paths(track, view)
    says = f"Track of {track.num_rows} positions and {len(marks)} events; the same is in the tables of this page."
    parts = [
        f'<svg class="map" viewBox="0 0 {WIDTH} {view.height}" role="img" aria-labelledby="map-t map-d">',
        f'<title id="map-t">{_safe(title)}</title><desc id="map-d">{says}</desc>',
        f'<clipPath id="map-clip"><rect width="{WIDTH}" height="{view.height}"/></clipPath>',
        f'<g clip-path="url(#map-clip)"><rect class="sea" width="{WIDTH}" height="{view.height}"/>',
        _shore(view, land),
        _graticule(view),
        f'<path class="silence" d="{short}"/>' if short else "",
        f'<path class="gap" d="{long}"/>' if long else "",
        f'<path class="track" d="{lines}"/>' if lines else "",
        _marks(view, marks),
        "</g>",
        _scale(view, _busy(view, marks)),
        _SIMULATED if simulated else "",
        f'<rect class="frame" width="{WIDTH}" height="{view.height}"/></svg>',
    ]
    return Markup("".join(parts))


def _safe(text: str) -> str:
    return str(escape(visible(text)))


def _mercator(lat: np.ndarray | float) -> np.ndarray:
    return np.log(np.tan(np.pi / 4 + np.radians(lat) / 2))


def _wrapped(lon: float) -> float:
    return (lon + 180.0) % 360.0 - 180.0


# --------------------------------------------------------------------------------------------------- track


def _paths(track: pa.Table, view: View, gap_h: float = 6.0) -> tuple[str, str, str]:
    """Path data: joined reports, silences up to `gap_h`, longer silences."""
    moment = track["time"].cast(pa.int64()).to_numpy()
    segment = track["segment"].to_numpy()
    order = np.lexsort((moment, segment))
    if len(order) == 0:
        return "", "", ""
    moment, segment = moment[order], segment[order]
    points = view.xy(track["lon"].to_numpy()[order], np.clip(track["lat"].to_numpy()[order], -84.0, 84.0))
    pause = np.diff(moment)
    same = np.diff(segment) == 0
    near = np.abs(np.diff(points[:, 0])) < WIDTH / (view.east - view.west) * 180.0
    joined = same & near & (pause <= _JOIN_US)
    breaks = np.flatnonzero(~joined) + 1
    lines = "".join(_line(run) for run in np.split(points, breaks))
    silent = same & near & ~joined
    short = np.flatnonzero(silent & (pause <= gap_h * times.HOUR_US))
    long = np.flatnonzero(silent & (pause > gap_h * times.HOUR_US))
    dashes = ["".join(_d(points[k : k + 2]) for k in ks if _apart(points[k], points[k + 1])) for ks in (short, long)]
    return lines, dashes[0], dashes[1]


def _apart(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.hypot(*(b - a)) >= 1.0)


def _line(points: np.ndarray) -> str:
    """A run of reports, thinned to what the eye can tell apart; a single report is a dot."""
    rounded = np.round(points, 1)
    keep = np.ones(len(rounded), dtype=bool)
    keep[1:] = (np.diff(rounded, axis=0) != 0).any(axis=1)
    rounded = rounded[keep]
    if len(rounded) == 1:
        return f"M{rounded[0][0]:g} {rounded[0][1]:g}h0"
    from shapely import LineString

    return _d(np.array(LineString(rounded).simplify(0.4, preserve_topology=False).coords))


def _d(points: np.ndarray, close: bool = False) -> str:
    inner = "L".join(f"{x:g} {y:g}" for x, y in np.round(points, 1))
    return f"M{inner}{'Z' if close else ''}"


# --------------------------------------------------------------------------------------------------- land, lines


def _shore(view: View, land: Land | None) -> str:
    if land is None:
        return ""
    rings: dict[bytes, np.ndarray] = {}
    for box in view.boxes():
        for ring in land(box, view.metres_per_px):
            rings[np.asarray(ring, dtype=float).tobytes()] = np.asarray(ring, dtype=float)
    paths = [path for ring in rings.values() for path in _ring(view, ring)]
    return f'<path class="land" d="{"".join(paths)}"/>' if paths else ""


def _ring(view: View, ring: np.ndarray) -> Iterable[str]:
    """One ring at every turn of 360° at which it meets the view."""
    if len(ring) < 3:
        return
    lon = np.unwrap(ring[:, 0], period=360.0)
    y = view.y(np.clip(ring[:, 1], -84.5, 84.5))
    for turn in range(-2, 3):
        moved = lon + 360.0 * turn
        if moved.max() < view.west or moved.min() > view.east:
            continue
        points = np.column_stack((np.clip(view.x(moved), -60, WIDTH + 60), np.clip(y, -60, view.height + 60)))
        points = np.round(points, 1)
        keep = np.ones(len(points), dtype=bool)
        keep[1:] = (np.diff(points, axis=0) != 0).any(axis=1)
        if keep.sum() >= 3:
            yield _d(points[keep], close=True)


def _graticule(view: View) -> str:
    parts = []
    step = _nice(view.east - view.west, 6)
    for lon in np.arange(math.ceil(view.west / step) * step, view.east, step):
        x = float(view.x(np.array(lon)))
        parts.append(f'<path class="grid" d="M{x:.1f} 0V{view.height}"/>')
        if 70 < x < WIDTH - 30:
            parts.append(f'<text class="tick" x="{x + 3:.1f}" y="12">{_degrees(_wrapped(float(lon)), "EW")}</text>')
    step = _nice(view.north - view.south, 4)
    for lat in np.arange(math.ceil(view.south / step) * step, view.north, step):
        y = float(view.y(np.array(lat)))
        parts.append(f'<path class="grid" d="M0 {y:.1f}H{WIDTH}"/>')
        if 24 < y < view.height - 40:
            parts.append(f'<text class="tick" x="4" y="{y - 3:.1f}">{_degrees(float(lat), "NS")}</text>')
    return "".join(parts)


def _nice(span: float, parts: int) -> float:
    steps = (1 / 120, 1 / 60, 1 / 30, 1 / 12, 1 / 6, 0.5, 1, 2, 5, 10, 15, 30, 60)
    return next((step for step in steps if span / step <= parts), 60)


def _degrees(value: float, sides: str) -> str:
    """Degrees and minutes, as charts have them."""
    minutes = round(abs(value) * 60, 1)
    side = "" if minutes in (0, 180 * 60) else sides[0] if value > 0 else sides[1]
    if minutes % 60 == 0:
        return f"{minutes // 60:.0f}°{side}"
    return f"{minutes // 60:.0f}°{minutes % 60:04.1f}′{side}".replace(".0′", "′")


def _busy(view: View, marks: Sequence[Mark]) -> bool:
    """Whether a mark lies where the scale would stand."""
    at = [view.xy(np.array([mark.lon]), np.array([mark.lat]))[0] for mark in marks]
    return any(x < 270 and y > view.height - 60 for x, y in at)


def _scale(view: View, right: bool) -> str:
    miles = view.metres_per_px * 180 / 1852
    power = 10.0 ** math.floor(math.log10(miles))
    length = max(n * power for n in (1, 2, 5) if n * power <= miles)
    px = length * 1852 / view.metres_per_px
    wide = max(px, 120) + 24
    x, y = (WIDTH - wide if right else 14), view.height - 14
    label = f"{length:g} nm ({length * 1.852:.3g} km)"
    return (
        f'<rect class="plate" x="{x - 8:.0f}" y="{y - 26}" width="{wide:.0f}" height="34" rx="4"/>'
        f'<path class="scale" d="M{x:.0f} {y - 5}v5h{px:.1f}v-5"/>'
        f'<text class="tick" x="{x:.0f}" y="{y - 11}">{label}</text>'
    )


# --------------------------------------------------------------------------------------------------- marks


def _marks(view: View, marks: Sequence[Mark]) -> str:
    """Numbered circles; those that would cover each other become one plate with their numbers."""
    groups: list[tuple[np.ndarray, list[Mark]]] = []
    for mark in marks:
        at = view.xy(np.array([mark.lon]), np.array([mark.lat]))[0]
        near = next((g for g in groups if np.hypot(*(g[0] - at)) < _CLUSTER_PX), None)
        if near is None:
            groups.append((at, [mark]))
        else:
            near[1].append(mark)
    return "".join(_plate(float(at[0]), float(at[1]), members) for at, members in groups)


def _plate(x: float, y: float, members: Sequence[Mark]) -> str:
    text = _numbers([m.number for m in members])
    half = max(9.0, 3.6 * len(text) + 5)
    hint = _safe("; ".join(f"{m.number}: {m.label}" for m in members[:12]) + (" …" if len(members) > 12 else ""))
    shape = (
        f"<g><title>{hint}</title>"
        f'<rect class="mark" x="{x - half:.1f}" y="{y - 9:.1f}" width="{2 * half:.1f}" height="18" rx="9"/>'
        f'<text class="number" x="{x:.1f}" y="{y + 4:.1f}">{text}</text></g>'
    )
    href = members[0].href
    return f'<a href="#{_safe(href)}">{shape}</a>' if href else shape


def _numbers(numbers: Sequence[int]) -> str:
    """`1–4, 7`, or how many where that would be too long."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    text = ", ".join(f"{r[0]}" if len(r) == 1 else f"{r[0]}–{r[-1]}" for r in runs)
    return text if len(text) <= 14 else f"{len(numbers)} events"
