"""Propose a mapping from a table's header, with the reason for each choice."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from darkwake.formats.fields import FIELDS, UNITS
from darkwake.formats.mapping import Mapping

#: Common names of columns, without case, blanks and signs; the first that is there wins.
NAMES: dict[str, tuple[str, ...]] = {
    "mmsi": ("mmsi", "ssvid", "usermmsi", "userid", "mmsinumber", "sourcemmsi", "shipmmsi", "vesselmmsi"),
    "time": (
        "time",
        "timestamp",
        "basedatetime",
        "datetime",
        "timeutc",
        "utctime",
        "datetimeutc",
        "timestamputc",
        "receivedat",
        "receivetime",
        "msgtime",
        "dtposutc",
        "dateutc",
        "postime",
        "positiontime",
        "positiontimestamp",
        "lastupdate",
        "epoch",
        "unixtime",
        "unixtimestamp",
        "ts",
        "t",
    ),
    "lon": ("lon", "longitude", "long", "lng", "longitudedegrees", "londeg", "longitudedeg", "x"),
    "lat": ("lat", "latitude", "latitudedegrees", "latdeg", "latitudedeg", "y"),
    "sog_knots": ("sogknots", "sog", "speedoverground", "speedknots", "speedkn", "speed"),
    "cog_deg": ("cogdeg", "cog", "cogdegrees", "courseoverground", "coursedeg", "course"),
    "heading_deg": ("headingdeg", "heading", "trueheading", "hdg", "headingdegrees"),
    "nav_status": ("navstatus", "navigationalstatus", "navigationstatus", "status", "navstat"),
    "rot_deg_per_min": ("rotdegpermin",),
    "rot_raw": ("rotraw",),
    "imo": ("imo", "imonumber", "imono", "imonr"),
    "callsign": ("callsign", "callsgn", "sign"),
    "name": ("name", "vesselname", "shipname"),
    "ship_type": ("shiptype", "vesseltype", "aisshiptype", "typeandcargo", "shipandcargotype"),
    "length_m": ("lengthm", "length", "vessellength", "shiplength"),
    "width_m": ("widthm", "width", "beam", "vesselwidth"),
    "to_bow_m": ("tobowm", "tobow", "a", "dima", "dimensiona"),
    "to_stern_m": ("tosternm", "tostern", "b", "dimb", "dimensionb"),
    "to_port_m": ("toportm", "toport", "c", "dimc", "dimensionc"),
    "to_starboard_m": ("tostarboardm", "tostarboard", "d", "dimd", "dimensiond"),
    "draught_m": ("draughtm", "draught", "draft", "draughtmeters"),
    "destination": ("destination", "dest"),
    "eta": ("eta",),
    "type": ("type", "messagetype", "msgtype", "transceiverclass", "transcieverclass", "transceiver", "aisclass"),
    "second": ("second",),
    "accurate": ("accurate", "positionaccuracy"),
    "raim": ("raim",),
    "altitude_m": ("altitudem",),
    "epfd": ("epfd",),
    "aid_type": ("aidtype",),
    "off_position": ("offposition",),
    "virtual": ("virtual",),
    "station": ("station", "receiver", "receiverid", "stationid"),
}
_SIGNS = re.compile(r"[^a-z0-9]")


def plain(name: str) -> str:
    """A column's name without case, blanks and signs."""
    return _SIGNS.sub("", name.lower())


def _without_unit(column: str) -> bool:
    """Whether the name of a column of speeds leaves open what they are counted in."""
    return plain(column) == "speed"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed mapping, or what is missing for one; `why` has a sentence per choice."""

    columns: dict[str, str]  # field → column, the time among them
    why: tuple[str, ...]
    missing: tuple[str, ...]
    doubts: tuple[str, ...]  # choices that a person must confirm
    time_format: str
    time_zone: str | None

    @property
    def complete(self) -> bool:
        return not self.missing

    def mapping(self, title: str = "proposed") -> Mapping:
        columns: dict[str, tuple[str, ...]] = {
            name: (column,) for name, column in self.columns.items() if name != "time"
        }
        time = self.columns.get("time")
        return Mapping(title, columns, (time,) if time else (), self.time_format, self.time_zone)

    def to_toml(self, title: str = "proposed") -> str:
        """The text to save, look at and correct."""
        quoted = json.dumps
        zone = f"zone = {quoted(self.time_zone)}" if self.time_zone else '# zone = "UTC"   # say it if the times do not'
        lines = [f"title = {quoted(title)}", "", "[time]"]
        lines += [f"column = {quoted(self.columns.get('time', '?'))}", f"format = {quoted(self.time_format)}", zone]
        lines += ["", "[columns]"]
        for name, column in self.columns.items():
            if name == "sog_knots" and _without_unit(column):
                unit = f"{{ column = {quoted(column)}, unit = {quoted('knots')} }}"
                lines.append(f"{name} = {unit}   # alter the unit: {' | '.join(UNITS['sog_knots'])}")
            elif name != "time":
                lines.append(f"{name} = {quoted(column)}")
        return "\n".join(lines) + "\n"


def guess_mapping(header: Sequence[str], sample: Sequence[Sequence[str]] = ()) -> Proposal:
    """What the columns of a table probably mean. `sample`: some rows, to tell the form of the times."""
    by_plain: dict[str, str] = {}
    for column in header:
        by_plain.setdefault(plain(column), column)
    columns: dict[str, str] = {}
    why, doubts = [], []
    for name, names in NAMES.items():
        hit = next((n for n in names if n in by_plain and by_plain[n] not in columns.values()), None)
        if hit is None:
            continue
        columns[name] = by_plain[hit]
        why.append(f"column {by_plain[hit]!r} has a usual name of {name}")
        if name == "sog_knots" and _without_unit(hit):
            doubts.append(f"column {by_plain[hit]!r} names no unit: state it as `unit` of sog_knots")
        if len(hit) == 1:
            doubts.append(f"column {by_plain[hit]!r} is taken for {name} by one letter")
    time_format, zone = "iso", None
    if "time" in columns:
        at = list(header).index(columns["time"])
        values = [row[at] for row in sample if len(row) > at and row[at].strip()]
        time_format, reason, sure = guess_time_format(values)
        if not sure:
            doubts.append(f"times: {reason}")
        if plain(columns["time"]).endswith("utc") or plain(columns["time"]).startswith("utc"):
            zone = "UTC"
            reason += "; its name says UTC"
        why.append(f"times are read as {time_format}: {reason}")
    missing = tuple(name for name in ("mmsi", "time", "lon", "lat") if name not in columns)
    return Proposal(
        {n: columns[n] for n in FIELDS if n in columns}, tuple(why), missing, tuple(doubts), time_format, zone
    )


def guess_time_format(values: Sequence[str]) -> tuple[str, str, bool]:
    """The form of some times, why, and whether that is sure."""
    if not values:
        return "iso", "no value to look at", True
    first = values[0].strip()
    if re.fullmatch(r"\d+(\.\d+)?", first) and not re.fullmatch(r"(19|20)\d{6}([012]\d{5})?", first):
        magnitude = len(first.split(".")[0])
        form = "epoch_s" if magnitude <= 11 else "epoch_ms" if magnitude <= 14 else "epoch_us"
        return form, f"{first} is a count since 1970", True
    parts = [re.match(r"^(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}", value.strip()) for value in values]
    if parts[0] is None:
        return "iso", f"{first} begins with the year", True
    firsts = [int(m[1]) for m in parts if m]
    seconds = [int(m[2]) for m in parts if m]
    if max(firsts) > 12:
        return "dmy", f"a first part of {max(firsts)} can only be a day", True
    if max(seconds) > 12:
        return "mdy", f"a second part of {max(seconds)} can only be a day", True
    return "dmy", f"{first} may be day or month first", False
