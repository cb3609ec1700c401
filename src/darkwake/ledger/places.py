"""The places of a workspace as of any moment: those that ship with Darkwake, then every file taken in, in its order.

Each file is one entry of the ledger, so a later file changes nothing that was read as of an earlier number. So is what
was learned from the data, and each decision on a learned place.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from darkwake.errors import InputRejectedError, SourceUnavailableError, UsageError, VerificationError
from darkwake.ledger import entries as reading
from darkwake.ledger.details import Places
from darkwake.ledger.entries import AsOf, Entry
from darkwake.ledger.ledger import Ledger, Recording
from darkwake.ledger.tables import PLACES
from darkwake.places import Gazetteer, Place, geojson, learned
from darkwake.places.model import ACCEPTED, LEARNED, REJECTED
from darkwake.places.readers import plain_name, read_places
from darkwake.places.source import PlaceImport

#: Gazetteers that are kept at a time: of the newest moment and of a few pinned ones.
_KEPT = 4
#: What the name of a file of version 0.1 ends in once the ledger has it.
_TAKEN_OVER = ".in-ledger"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file of places."""

    number: int  # the entry that holds it
    new: bool  # False: the newest file is this very one, and nothing was recorded
    found: PlaceImport
    left_out: dict[str, int]  # places that are known better, by reason: recorded, but not in the gazetteer


class PlaceBook:
    """Takes in files of places, and makes the gazetteer of any moment from them.

    `folder` is where version 0.1 kept what was imported. It gave it no numbers, so it held as of every moment; it
    still does, before all that has a number, so that what was pinned then reads the same.
    """

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger = ledger
        self.folder = folder
        self._made: dict[tuple[int, ...], Gazetteer] = {}

    def as_of(self, as_of: AsOf = None) -> Gazetteer:
        """The places as of a ledger number or time; of several files the last wins (see `Gazetteer.with_places`)."""
        number = self.ledger.number_as_of(as_of)
        told = self.ledger.told(Places)
        undated = [entry.number for entry, detail in told if detail.undated]
        dated = [entry.number for entry, detail in told if not detail.undated and entry.number <= number]
        files = (*undated, *dated)
        if files not in self._made:
            gazetteer = Gazetteer.load()
            for old in self._not_taken_over({detail.sha256 for _, detail in told if detail.undated}):
                gazetteer = gazetteer.with_places(old.places)
            for file in files:
                gazetteer = gazetteer.with_places(self._recorded(file))
            while len(self._made) >= _KEPT:
                self._made.pop(next(iter(self._made)))
            self._made[files] = gazetteer
        return self._made[files]

    def take(self, path: str | Path) -> Taken:
        """Record a file. The newest one again adds nothing; an older one again does, and wins."""
        path = Path(path)
        found = read_places(path)
        detail = _detail(path, found)
        with self.ledger.recording("places") as recording:
            newest = [each for each in _told(recording) if each[1].did == "import"][-1:]
            new = not newest or _contents(newest[0][1]) != _contents(detail)
            number = _seal(recording, found, detail).number if new else newest[0][0].number
        left_out = self.as_of(number - 1).left_out(found.places)
        return Taken(number, new, found, dict(left_out))

    def rejected(self, as_of: AsOf = None) -> list[Place]:
        """Learned places that a person said are none, as they were then, and that nobody accepted since."""
        found: dict[str, Place] = {}
        for entry, detail in self.ledger.told(Places, self.ledger.number_as_of(as_of)):
            if detail.did in ("accept", "reject"):
                for place in self._recorded(entry.number):
                    found.pop(place.code, None)
                    found |= {place.code: place} if place.origin == REJECTED else {}
        return list(found.values())

    def learn(self, places: Sequence[Place], method: Mapping[str, Any]) -> int | None:
        """Record what is learned, whole, in the place of what was learned before; None if that is the same."""
        with self.ledger.recording("places") as recording:
            before = [place for place in self.as_of(recording.before.number) if place.origin == LEARNED]
            kept = {place.code for place in places}
            found = PlaceImport([*places, *(learned.gone(place) for place in before if place.code not in kept)])
            if list(places) == before:
                return None
            return _seal(recording, found, Places("", _digest(found), len(places), did="learn", method=method)).number

    def decide(
        self,
        code: str,
        origin: str,
        *,
        reason: str,
        by: str | None = None,
        name: str | None = None,
        country: str | None = None,
    ) -> Place:
        """Record that a person accepts a learned place, or rejects it; each may be decided otherwise later."""
        if not reason.strip():
            raise UsageError("a decision needs its reason", do='Give: --reason "…"')
        with self.ledger.recording("places") as recording:
            before = recording.before.number
            standing = self.as_of(before)
            known = {place.code for place in standing}
            rejected = [replace(place, origin=LEARNED) for place in self.rejected(before) if place.code not in known]
            place = standing.with_places(rejected).by_code(code)
            if place.origin not in (LEARNED, ACCEPTED):
                raise UsageError(
                    f"{place.code} is not a learned place: it is from {place.source}",
                    expected="a code of: darkwake place list --origin learned",
                )  # fmt: skip
            made = learned.decided(place, origin, name=name, country=country)
            found = PlaceImport([made])
            did = "accept" if origin == ACCEPTED else "reject"
            detail = Places(
                place.code, _digest(found), 1, did=did, by=recording.private(by), reason=recording.private(reason)
            )
            _seal(recording, found, detail)
        return made

    def take_over(self) -> None:
        """Record the files of version 0.1, in the order in which it read them, and put each aside.

        Each is recorded once, whenever this is cut off: what the ledger has is known by its SHA-256.
        """
        for path in self._old_files():
            try:
                found = _old(path)
            except SourceUnavailableError:
                if path.exists():
                    raise
                continue  # another process was faster
            with self.ledger.recording("places") as recording:
                if found.sha256 not in {told.sha256 for _, told in _told(recording) if told.undated}:
                    _seal(recording, found, _detail(path, found, undated=True))
            with contextlib.suppress(OSError):  # it stays, and is known by its SHA-256
                path.rename(path.with_name(path.name + _TAKEN_OVER))

    def _old_files(self) -> list[Path]:
        return sorted(self.folder.glob("*.geojson"))

    def _not_taken_over(self, known: set[str]) -> list[PlaceImport]:
        """What version 0.1 left, where it cannot be recorded: on write-protected media."""
        return [found for found in map(_old, self._old_files()) if found.sha256 not in known]

    def _recorded(self, number: int) -> list[Place]:
        query = sa.select(PLACES).where(PLACES.c.number == number).order_by(PLACES.c.position)
        with self.ledger.engine.connect() as connection:
            rows = connection.execute(query).all()
        try:
            return [geojson.from_feature(row.feature) for row in rows]
        except UsageError as error:
            raise VerificationError(
                f"a place that cannot be read: {error.found}", where=f"ledger entry {number}",
                do="It was not written by this software; bring the database back from a copy.",
            ) from error  # fmt: skip


def _old(path: Path) -> PlaceImport:
    try:
        return geojson.read(path)
    except InputRejectedError as error:
        raise InputRejectedError(
            error.found, expected=error.expected, where=str(path),
            do="Version 0.1 kept imported places in this file. Mend it, or move it out of the folder.",
        ) from error  # fmt: skip


def _detail(path: Path, found: PlaceImport, *, undated: bool = False) -> Places:
    return Places(plain_name(path), found.sha256, len(found.places), dict(found.rejects), undated)


def _digest(found: PlaceImport) -> str:
    features = [geojson.as_feature(place) for place in found.places]
    return hashlib.sha256(json.dumps(features, sort_keys=True).encode()).hexdigest()


def _contents(detail: Places) -> tuple[object, ...]:
    """What makes two files the same: their bytes, and what was read from them (a later version may read more)."""
    return detail.sha256, detail.places, dict(detail.rejected)


def _told(recording: Recording) -> list[tuple[Entry, Places]]:
    """The files before this recording, in order."""
    before = reading.entries(recording.connection, "places", up_to=recording.before.number)
    return [(entry, entry.detail) for entry in before if isinstance(entry.detail, Places)]


def _seal(recording: Recording, found: PlaceImport, detail: Places) -> Entry:
    rows = [{"code": place.code, "feature": geojson.as_feature(place)} for place in found.places]
    recording.insert(PLACES, rows)
    return recording.seal(detail)
