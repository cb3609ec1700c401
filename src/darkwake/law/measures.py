"""Measures by date: what was in force on a day, for a commodity, for a place. Data in `law/data`, our own words.

This says which rule to read, not whether it was broken: software here never decides that.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from darkwake import times
from darkwake.errors import NotFoundError, UsageError

KINDS = ("ban", "cap", "freeze", "maritime", "service", "port_call", "exemption", "body")
DIRECTIONS = ("from_dprk", "to_dprk", "both", "vessel", "listed", "none")

Day = str | int | dt.date


@dataclass(frozen=True, slots=True)
class Measure:
    """One dated measure.

    kind: ban, cap (allowed up to `limit`), freeze, maritime (what States do with vessels), service, port_call (what
    follows from a call), exemption, body. direction: of the goods, or "vessel" where it is about ships. hs: prefixes
    of the Harmonized System; `hs_from_text` says that the measure itself names them, otherwise they are our reading.
    place: country code or place code that it speaks of, "" for none. start and end are instants, [start, end).
    checked: compared with a published text or summary; where False, read the text before relying on it.
    """

    id: str
    title: str
    authority: str
    instrument: str
    paragraph: str
    kind: str
    direction: str
    start: int
    end: int | None
    commodities: tuple[str, ...]
    hs: tuple[str, ...]
    hs_from_text: bool
    limit: Mapping[str, Any] = field(hash=False)
    place: str
    text: str
    source: str
    checked: bool
    superseded_by: str | None = None
    note: str = ""

    @property
    def resolution(self) -> str | None:
        """Such as "2397 (2017)" for a resolution of the Security Council, else None."""
        return self.instrument if self.authority == "UN Security Council" else None

    @property
    def citation(self) -> str:
        """Such as "S/RES/2397 (2017), paragraph 5"."""
        return f"{self.source}, paragraph {self.paragraph}" if self.paragraph else self.source

    def in_force(self, on: Day) -> bool:
        instant = _instant(on)
        return self.start <= instant and (self.end is None or instant < self.end)

    def covers_hs(self, code: str) -> bool:
        """Whether a code lies under one of the measure's prefixes, or the other way round (a chapter asked for)."""
        digits = _hs(code)
        return any(digits.startswith(prefix) or prefix.startswith(digits) for prefix in self.hs)

    def covers_place(self, code: str) -> bool:
        """Whether a place (UN/LOCODE, our code, or a country) is the measure's place or lies in its country."""
        wanted = code.replace(" ", "").upper()
        return bool(self.place) and wanted.startswith(self.place)


@dataclass(frozen=True, slots=True)
class Embargo:
    """A dated legal basis on which a call at a place matters. `place` is a country or a place code."""

    place: str
    legal_basis: str
    start: int
    end: int | None
    measure: Measure

    def covers(self, code: str) -> bool:
        return self.measure.covers_place(code)


@cache
def measures() -> tuple[Measure, ...]:
    """All shipped measures, by start and id."""
    found: list[Measure] = []
    for item in resources.files("darkwake.law").joinpath("data").iterdir():
        if item.name.endswith(".toml"):
            found.extend(_measure(row) for row in tomllib.loads(item.read_text(encoding="utf-8"))["measure"])
    return tuple(sorted(found, key=lambda measure: (measure.start, measure.id)))


def by_id(identifier: str) -> Measure:
    for measure in measures():
        if measure.id == identifier:
            return measure
    raise NotFoundError(f"no measure has the id {identifier!r}", do="`measures()` lists them all.")


def measures_on(date: Day, commodity_hs: str | None = None, place: str | None = None) -> list[Measure]:
    """Measures in force on a day (an ISO date, an instant or a date), for a HS code and at a place if given.

    With `commodity_hs` only measures that name goods under it remain; with `place` only those about the place or
    country, and those that name no place are left out.
    """
    return [
        measure
        for measure in measures()
        if measure.in_force(date)
        and (commodity_hs is None or measure.covers_hs(commodity_hs))
        and (place is None or measure.covers_place(place))
    ]


def embargoed_places(on: Day) -> list[Embargo]:
    """Places, or countries whose ports are all meant, with the dated basis that makes a call there matter.

    No resolution prohibits a port call in the DPRK as such; what stands here are measures of States on ships that
    called there. Which goods were lawful is asked of `measures_on`.
    """
    return [
        Embargo(measure.place, f"{measure.authority}: {measure.citation}", measure.start, measure.end, measure)
        for measure in measures_on(on)
        if measure.kind == "port_call"
    ]


def limit_on(date: Day, commodity_hs: str) -> Measure | None:
    """The quantity limit in force for a commodity, such as that on refined petroleum (HS 2710); None if none."""
    found = [measure for measure in measures_on(date, commodity_hs) if measure.kind == "cap"]
    return found[-1] if found else None


def _instant(on: Day) -> int:
    if isinstance(on, str):
        return times.parse(on)
    if isinstance(on, dt.datetime):
        return times.from_datetime(on)
    if isinstance(on, dt.date):
        return times.parse(on.isoformat())
    return on


def _hs(code: str) -> str:
    digits = code.replace(".", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and 2 <= len(digits) <= 10):
        raise UsageError(f"not a code of the Harmonized System: {code!r}", expected="2 to 10 digits such as 2701")
    return digits


def _measure(row: Mapping[str, Any]) -> Measure:
    end = row.get("end")
    return Measure(
        id=row["id"], title=row["title"], authority=row["authority"], instrument=row["instrument"],
        paragraph=row.get("paragraph", ""), kind=row["kind"], direction=row["direction"],
        start=_instant(row["start"]), end=None if end is None else _instant(end),
        commodities=tuple(row.get("commodities", ())), hs=tuple(row.get("hs", ())),
        hs_from_text=row.get("hs_from_text", False), limit=row.get("limit", {}), place=row.get("place", ""),
        text=row["text"], source=row["source"], checked=row["checked"],
        superseded_by=row.get("superseded_by"), note=row.get("note", ""),
    )  # fmt: skip
