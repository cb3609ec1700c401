"""A column mapping: which column of a foreign table fills which field, in which unit, with which clock.

Saved as TOML or JSON. Nothing is guessed when a file is read: `guess_mapping` proposes, a person saves.

    title = "Some vendor's positions"
    [time]
    column = "ts"            # a list joins several columns with a blank
    format = "dmy"           # iso | dmy | mdy | epoch_s | epoch_ms | epoch_us
    zone = "Europe/Athens"   # for times that name none; UTC, ±hh:mm or an IANA name
    [columns]
    mmsi = "MMSI"
    sog_knots = { column = "Speed", unit = "km/h" }
    [codes.nav_status]
    "ankert" = 1
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from darkwake import strict_json
from darkwake.errors import InputRejectedError, SourceUnavailableError, UsageError
from darkwake.formats.fields import FIELDS, UNITS, UNITS_OF

TIME_FORMATS = ("iso", "dmy", "mdy", "epoch_s", "epoch_ms", "epoch_us")
_OFFSET = re.compile(r"^([+-])(\d{2}):?(\d{2})$")


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the columns of one shape of table become fields. Column names are matched as written, blanks trimmed."""

    title: str
    columns: dict[str, tuple[str, ...]]  # field → column; several are joined by a blank
    time_columns: tuple[str, ...] = ()
    time_format: str = "iso"
    time_zone: str | None = None  # None: each time must name its own
    time_uncertainty_s: float | None = None
    factors: dict[str, float] = field(default_factory=dict)  # field → factor to our unit
    codes: dict[str, dict[str, float]] = field(default_factory=dict)  # field → text in lower case → number
    optional: frozenset[str] = frozenset()  # fields whose columns may be absent
    null_texts: frozenset[str] = frozenset()  # beside the empty text, for texts
    delimiter: str | None = None  # None: read from the header
    decimal: str | None = None  # None: a dot; where the delimiter is no comma, a comma as well
    header: tuple[str, ...] | None = None  # the column names of a file that has no header line
    signature: frozenset[str] = frozenset()  # a table with all of these columns is of this shape
    name: str = field(default="", compare=False)  # the file it was read from, or its name among the shipped ones
    text: str = field(default="", compare=False, repr=False)  # TOML or JSON as it was read

    def __post_init__(self) -> None:
        for name in (*self.columns, *self.factors, *self.codes):
            if name not in FIELDS or name == "time":
                raise UsageError(
                    f"mapping {self.title!r} fills an unknown field: {name}",
                    expected=", ".join(sorted(set(FIELDS) - {"time"})) + "; the time has its own table [time]",
                )
        if self.time_format not in TIME_FORMATS:
            raise UsageError(f"time format {self.time_format!r}", expected=" | ".join(TIME_FORMATS), where=self.title)
        if "mmsi" not in self.columns:
            raise UsageError(f"mapping {self.title!r} names no column for mmsi", do='Add: mmsi = "<column>"')
        if self.time_zone is not None:
            zone_offset_us(self.time_zone)

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns this mapping reads."""
        return tuple(dict.fromkeys((*(c for names in self.columns.values() for c in names), *self.time_columns)))

    def fitted(self, found: Sequence[str], where: str) -> Mapping:
        """This mapping without the optional columns that a table lacks; raises if it lacks another."""
        absent = {name for name in self.optional if not set(self.columns[name]) <= set(found)}
        if absent:
            return replace(
                self,
                columns={name: names for name, names in self.columns.items() if name not in absent},
                optional=self.optional - absent,
            ).fitted(found, where)
        missing = [column for column in self.needed if column not in found]
        if missing:
            raise InputRejectedError(
                f"no column {', '.join(map(repr, missing))}; found the columns {', '.join(map(repr, found)) or 'none'}",
                expected=f"the columns of the mapping {self.title!r}: {', '.join(self.needed)}",
                where=where,
                do="Write a mapping for this table; see docs/reference/formats.md.",
            )
        return self


def zone_offset_us(zone: str) -> int | None:
    """Microseconds east of UTC of a fixed zone; None for a zone with a calendar of its own (IANA name)."""
    if zone.upper() in {"UTC", "Z", "GMT"}:
        return 0
    if match := _OFFSET.match(zone):
        minutes = int(match[2]) * 60 + int(match[3])
        return (-minutes if match[1] == "-" else minutes) * 60_000_000
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise UsageError(f"unknown time zone: {zone!r}", expected="UTC, ±hh:mm or an IANA name") from error
    return None


def load_mapping(path: str | Path) -> Mapping:
    """Read a saved mapping (.toml or .json), or one that ships with Darkwake by its name."""
    if isinstance(path, str) and path in shipped_mappings():
        return shipped_mappings()[path]
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SourceUnavailableError(
            f"no mapping {str(path)!r}",
            expected="a .toml or .json file, or one of " + ", ".join(shipped_mappings()),
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnavailableError(f"cannot read the mapping: {error}", where=str(path)) from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, where: str) -> Mapping:
    """A mapping from its TOML or JSON text."""
    try:
        data = strict_json.loads(text, where=where) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputRejectedError(f"not TOML or JSON ({error})", where=where) from error
    try:
        return replace(_from_dict(data), name=where, text=text)
    except (TypeError, AttributeError, KeyError, ValueError, OverflowError) as error:
        raise InputRejectedError(
            f"not a mapping ({error})", where=where, expected="tables [time] and [columns]"
        ) from error


_TOP = {"title", "time", "columns", "codes", "null_texts", "delimiter", "decimal", "header", "signature"}
_TIME = {"column", "format", "zone", "uncertainty_s"}


def _names(entry: Any) -> tuple[str, ...]:
    """One column or several."""
    names = (entry,) if isinstance(entry, str) else tuple(entry)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"{entry!r} names no column")
    return names


def _from_dict(data: dict[str, Any]) -> Mapping:
    unknown = set(data) - _TOP | {f"time.{k}" for k in set(data.get("time", {})) - _TIME}
    if unknown:
        raise UsageError(f"unknown entries in a mapping: {', '.join(sorted(unknown))}", expected=", ".join(_TOP))
    columns: dict[str, tuple[str, ...]] = {}
    factors: dict[str, float] = {}
    optional = set()
    for name, entry in data["columns"].items():
        if not isinstance(entry, dict):
            columns[name] = _names(entry)
            continue
        if unknown := set(entry) - {"column", "unit", "optional"}:
            raise UsageError(
                f"unknown entries for {name}: {', '.join(sorted(unknown))}", expected="column, unit, optional"
            )
        columns[name] = _names(entry["column"])
        if entry.get("optional"):
            optional.add(name)
        if "unit" in entry:
            known = UNITS.get(UNITS_OF.get(name, ""), {})
            if entry["unit"] not in known:
                raise UsageError(f"unit {entry['unit']!r} for {name}", expected=" | ".join(known) or "no unit")
            factors[name] = known[entry["unit"]]
    time = data.get("time", {})
    return Mapping(
        title=str(data.get("title", "untitled")),
        columns=columns,
        time_columns=_names(time.get("column", ())),
        time_format=time.get("format", "iso"),
        time_zone=time.get("zone"),
        time_uncertainty_s=time.get("uncertainty_s"),
        factors=factors,
        codes={
            name: {text.strip().lower(): float(code) for text, code in table.items()}
            for name, table in data.get("codes", {}).items()
        },
        optional=frozenset(optional),
        null_texts=frozenset(text.strip().lower() for text in data.get("null_texts", ())),
        delimiter=data.get("delimiter"),
        decimal=data.get("decimal"),
        header=tuple(data["header"]) if "header" in data else None,
        signature=frozenset(data.get("signature", ())),
    )


@cache
def shipped_mappings() -> dict[str, Mapping]:
    """The mappings of well-known shapes that come with Darkwake, by name."""
    folder = resources.files("darkwake.formats") / "mappings"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {f.name.removesuffix(".toml"): parse_mapping(f.read_text(encoding="utf-8"), f.name) for f in files}


def known_mapping(header: Iterable[str]) -> tuple[str, Mapping] | None:
    """The shipped mapping whose signature this header has; the most specific one."""
    have = set(header)
    fitting = [(name, m) for name, m in shipped_mappings().items() if m.signature and m.signature <= have]
    return max(fitting, key=lambda item: len(item[1].signature), default=None)
