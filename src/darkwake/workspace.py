"""The composition root: `darkwake.open()` returns a Workspace, and everything is reached from it in the same nouns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkwake import settings, times
from darkwake.errors import DarkwakeError, InputRejectedError, NotFoundError, SourceUnavailableError, UsageError
from darkwake.rows import Rows
from darkwake.settings import MARKER

if TYPE_CHECKING:
    import pyarrow as pa

    from darkwake.casebook.desk import Casebook
    from darkwake.detectors.desk import DetectionDesk
    from darkwake.detectors.run import Run
    from darkwake.events.store import Stored
    from darkwake.evidence.desk import Evidence
    from darkwake.lake.imports import Imported
    from darkwake.lake.store import Lake, Snapshot
    from darkwake.ledger.database import Database
    from darkwake.ledger.entries import Entry
    from darkwake.ledger.ledger import Ledger
    from darkwake.ledger.places import PlaceBook
    from darkwake.ledger.tables import Recorded
    from darkwake.ledger.verify import Finding
    from darkwake.places import Gazetteer, Place
    from darkwake.reports.desk import Reports
    from darkwake.tracks.learning import Learning

ENVIRONMENT = "DARKWAKE_WORKSPACE"

Progress = Callable[[str, int, int], None]


def locate(folder: str | Path | None = None) -> Path:
    """The workspace to use: the one named, else $DARKWAKE_WORKSPACE, else the nearest above the current folder."""
    if folder is None and os.environ.get(ENVIRONMENT):
        folder = os.environ[ENVIRONMENT]
    if folder is not None:
        if not (Path(folder) / MARKER).is_file():
            raise NotFoundError(f"no workspace at {folder}", do=f"Make one with: darkwake init {folder}")
        return Path(folder).resolve()
    here = Path.cwd()
    for candidate in (here, *here.parents):
        if (candidate / MARKER).is_file():
            return candidate
    raise NotFoundError(
        f"no workspace in {here} or above it", do="Make one with: darkwake init DIR; or name one with -w DIR."
    )


def create(folder: str | Path, *, name: str | None = None, simulated: bool = False) -> Workspace:
    """A new, empty workspace. An existing one is left as it is and opened; one of real data is not marked simulated."""
    path = Path(folder)
    if (path / MARKER).exists():
        existing = Workspace(path.resolve())
        if simulated and not existing.simulated:
            raise UsageError(
                f"the workspace {path} exists and is not marked simulated", expected="a new or empty folder",
                do="Simulated data belong into a workspace of their own.",
            )  # fmt: skip
        return existing
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file", expected="a folder (new or empty) for the workspace")
    if path.is_dir() and any(path.iterdir()):
        raise UsageError(f"{path} holds something else", expected="a new or empty folder for the workspace")
    try:
        path.mkdir(parents=True, exist_ok=True)
        settings.write(path, name or path.resolve().name, simulated=simulated)
    except OSError as error:
        raise DarkwakeError(
            f"cannot write here: {error.strerror}", where=str(path), do="Choose another folder."
        ) from error
    return Workspace(path.resolve())


def open(folder: str | Path | None = None) -> Workspace:
    """Open a workspace (see `locate` for which)."""
    return Workspace(locate(folder))


class Workspace:
    """A folder with a lake of reports and a ledger of what was recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = settings.read(folder)

    def __repr__(self) -> str:
        return f"<Workspace {self.folder}>"

    @property
    def simulated(self) -> bool:
        """Whether everything here is made up; then every export says SIMULATED."""
        return bool(self.settings.get("simulated", False))

    @cached_property
    def _database(self) -> Database:
        from darkwake.ledger.database import open_database

        known = self.settings.get("id")
        opened = open_database(self.folder, self.settings.get("database"), workspace_id=known, recorded=_recorded())
        if known is None and not opened.read_only:
            from darkwake.lake.store import Lake
            from darkwake.ledger.ledger import Ledger

            Lake(self.folder / "lake", Ledger(opened.engine, _recorded())).check_own()
            settings.give_id(self.folder, opened.workspace_id)
        return opened

    @cached_property
    def ledger(self) -> Ledger:
        """One numbered sequence of all that was recorded here."""
        from darkwake.ledger.ledger import Ledger

        made = Ledger(self._database.engine, _recorded())
        if not self._database.read_only and any(self._old_places.glob("*.geojson")):
            from darkwake.ledger.places import PlaceBook

            PlaceBook(made, self._old_places).take_over()
        return made

    @cached_property
    def lake(self) -> Lake:
        from darkwake.casebook.reading import pinned
        from darkwake.lake.store import Lake

        return Lake(self.folder / "lake", self.ledger, pinned)

    @property
    def _old_places(self) -> Path:
        """Where version 0.1 kept imported places."""
        return self.folder / "places"

    @cached_property
    def _place_book(self) -> PlaceBook:
        from darkwake.ledger.places import PlaceBook

        return PlaceBook(self.ledger, self._old_places)

    @property
    def places(self) -> Gazetteer:
        """Ports, anchorages and zones: those that ship with Darkwake and those imported here, as they stand now."""
        return self.places_as_of()

    def places_as_of(self, as_of: str | int | None = None) -> Gazetteer:
        """The places as of a ledger number or time. Those that ship with Darkwake are those of this version."""
        return self._place_book.as_of(as_of)

    @cached_property
    def casebook(self) -> Casebook:
        """Cases, claims and what the data say to them."""
        from darkwake.casebook.desk import Casebook

        return Casebook(self.lake, self.places_as_of)

    @cached_property
    def evidence(self) -> Evidence:
        """What any reference rests on, down to its bytes."""
        from darkwake import refs
        from darkwake.casebook.evidence import OfClaims
        from darkwake.events.evidence import of_event
        from darkwake.evidence.desk import Evidence, Opener
        from darkwake.tracks.evidence import of_segment

        openers: dict[type, Opener] = {
            refs.SegmentRef: of_segment,
            refs.EventRef: of_event,
            refs.ClaimRef: OfClaims(self.ledger),
        }
        return Evidence(self.lake, openers)

    @cached_property
    def _detection(self) -> DetectionDesk:
        from darkwake.detectors.desk import DetectionDesk

        return DetectionDesk(self.lake, self.places_as_of)

    @cached_property
    def reports(self) -> Reports:
        """Self-contained pages: dossiers and claims."""
        from darkwake.reports.desk import Reports

        return Reports(self.lake, self.places_as_of, self.casebook, simulated=self.simulated)

    def close(self) -> None:
        """Give back the database connections."""
        if "_database" in self.__dict__:
            self._database.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing -----------------------------------------------------------------------------------------------

    def import_files(
        self,
        paths: Iterable[str | Path],
        *,
        format: str | None = None,
        mapping: str | Path | None = None,
        keep: bool = False,
        progress: Progress | None = None,
    ) -> Imported:
        """Read AIS files into the lake; `-` is standard input (kept in the workspace's inbox)."""
        from darkwake.formats import ReadOptions
        from darkwake.formats.mapping import load_mapping
        from darkwake.lake.imports import import_files
        from darkwake.streams import keep_copy, spool

        options = ReadOptions(load_mapping(mapping)) if mapping else None
        resolved: list[str | Path] = []
        failed: list[tuple[str, DarkwakeError]] = []
        for path in paths:
            try:
                if str(path) == "-":
                    resolved.append(spool(None, self.folder / "inbox"))
                else:
                    resolved.append(keep_copy(Path(path), self.folder / "locker") if keep else path)
            except (InputRejectedError, SourceUnavailableError) as error:  # of this file; the others are read
                failed.append((str(path), error))
        imported = import_files(self.lake, resolved, format=format, options=options, kept=keep, progress=progress)
        imported.failed[:0] = failed
        return imported

    def withdraw(self, number: int, *, reason: str, by: str | None = None, progress: Progress | None = None) -> Entry:
        """Take an import out of every later reading, and look again for what was looked for: its events are retracted.

        It stays readable as of earlier numbers, and its files can be read anew.
        """
        from darkwake.lake.withdrawal import withdraw

        gone = self.ledger.withdrawals().get(number)
        if gone is None or self._detection.looked_after(gone):  # else it was recorded, and cut off after that
            gone = withdraw(self.ledger, number, reason=reason, by=by)
        self._detection.again(progress)
        return gone

    def import_places(self, path: str | Path) -> dict[str, Any]:
        """Record a file of places; detection runs from now on use them.

        `number`: of the ledger entry. `new`: False if the newest file is this very one; then nothing was recorded.
        `left_out`: places that are known better, by reason (see `Gazetteer.with_places`).
        """
        taken = self._place_book.take(path)
        return {
            "file": str(path), "number": taken.number, "new": taken.new, "places": len(taken.found.places),
            "rejected": dict(taken.found.rejects), "left_out": taken.left_out,
        }  # fmt: skip

    def learn_places(self, engine: str = "local") -> Learning:
        """Propose ports and anchorages that no list has, from where ships lie still; they stand as learned."""
        from darkwake.tracks.learning import learn

        return learn(self.lake, self._place_book, engine)

    def accept_place(
        self, code: str, *, reason: str, by: str | None = None, name: str | None = None, country: str | None = None
    ) -> Place:
        """Record that a person takes a learned place for a port or an anchorage."""
        from darkwake.places.model import ACCEPTED

        return self._place_book.decide(code, ACCEPTED, reason=reason, by=by, name=name, country=country)

    def reject_place(self, code: str, *, reason: str, by: str | None = None) -> Place:
        """Record that a person says a learned place is none: it goes, and is not proposed again."""
        from darkwake.places.model import REJECTED

        return self._place_book.decide(code, REJECTED, reason=reason, by=by)

    def verify(self, head: str | None = None, *, quick: bool = False) -> Iterator[Finding]:
        """What is not as it was recorded: the ledger, the rows of the lake, the sources' bytes. Nothing found: all is.

        `head`: one that was printed before and kept elsewhere. `quick`: the ledger alone.
        """
        from darkwake.evidence import sources
        from darkwake.lake import verify as lake
        from darkwake.ledger import verify as ledger
        from darkwake.ledger.engines import reading

        with reading(self.ledger.engine) as connection:
            yield from ledger.check(connection, self.ledger.recorded, head)
        if not quick:
            yield from lake.check(self.lake)
            yield from sources.check(self.lake)

    def build_tracks(self, progress: Progress | None = None) -> Entry | None:
        """Bring tracks, statics and segments up to the imports; None if they are."""
        from darkwake.tracks.update import update

        return update(self.lake, progress=progress)

    def detect(
        self,
        kinds: Sequence[str] = (),
        *,
        engine: str = "local",
        profile: str = "default",
        params: dict[str, dict[str, float]] | None = None,
        since: str | None = None,
        until: str | None = None,
        progress: Progress | None = None,
    ) -> Run:
        """Run detectors over the data (tracks are brought up to date first) and record what changed.

        Parameters other than the defaults need a profile of their own; its events stand beside the others.
        """
        start, end = times.parse_period(since, until)
        return self._detection.detect(
            kinds, engine=engine, profile=profile, params=params, since=start, until=end, progress=progress
        )

    # --- reading -----------------------------------------------------------------------------------------------

    def snapshot(self, as_of: str | int | None = None) -> Snapshot:
        return self.lake.snapshot(as_of)

    def track(
        self,
        ref: str | None = None,
        *,
        mmsi: int | None = None,
        since: str | None = None,
        until: str | None = None,
        as_of: str | int | None = None,
    ) -> Rows:
        """Positions of a vessel, by reference or MMSI, with segment and flags, in order of time."""
        from darkwake.tracks import reading

        snapshot = self.snapshot(as_of)
        wanted = [mmsi] if mmsi is not None else self.mmsis(ref or "", snapshot)
        return Rows(reading.positions(snapshot, wanted, *times.parse_period(since, until)), f"track of {ref or mmsi}")

    def statics(self, mmsi: int, as_of: str | int | None = None) -> pa.Table:
        """Identity and voyage data as sent under an MMSI, in order of time."""
        return self.snapshot(as_of).of_vessel("statics", mmsi).sort_by("time")

    def segments(self, mmsi: int, as_of: str | int | None = None) -> pa.Table:
        """What was sent under an MMSI, told apart by hull."""
        return self.snapshot(as_of).of_vessel("segments", mmsi).sort_by("start")

    def mmsis(self, ref: str, snapshot: Snapshot | None = None) -> list[int]:
        """The MMSIs that a vessel reference stands for in what was broadcast."""
        from darkwake.vessels import broadcast

        return broadcast.mmsis(snapshot or self.snapshot(), ref)

    def mmsi(self, ref: str, as_of: str | int | None = None) -> int:
        """The one MMSI that a vessel reference stands for; AmbiguousError lists several."""
        from darkwake.vessels import broadcast

        return broadcast.only_mmsi(self.snapshot(as_of), ref)

    def left_out(
        self, ref: str, *, since: str | None = None, until: str | None = None, as_of: str | int | None = None
    ) -> dict[str, int]:
        """Receptions of a vessel that are kept but in no track: reason → how many."""
        from darkwake.tracks.left_out import left_out

        snapshot = self.snapshot(as_of)
        return left_out(snapshot, self.mmsis(ref, snapshot), *times.parse_period(since, until))

    def events(
        self,
        kinds: Sequence[str] = (),
        *,
        profile: str = "default",
        vessel: str | None = None,
        place: str | None = None,
        since: str | None = None,
        until: str | None = None,
        bbox: tuple[float, float, float, float] | None = None,
        as_of: str | int | None = None,
        retracted: bool = False,
    ) -> list[Stored]:
        """Events of a profile as they stood at `as_of`; OR within a filter, AND across filters."""
        from darkwake.detectors import registry
        from darkwake.detectors.base import check_profile
        from darkwake.events import store

        check_profile(profile)
        for kind in kinds:
            registry.get(kind)
        snapshot = self.snapshot(as_of)
        start, end = times.parse_period(since, until)
        return store.read(
            snapshot,
            kinds,
            profile=profile,
            mmsis=self.mmsis(vessel, snapshot) if vessel else None,
            place=None if place is None else self.places_as_of(snapshot.number).by_code(place).code,
            since=start,
            until=end,
            bbox=bbox,
            retracted=retracted,
        )

    def search(self, text: str, as_of: str | int | None = None) -> list[dict[str, Any]]:
        """Broadcast identities that contain `text`, each with its MMSI and the time over which it was sent."""
        from darkwake.vessels import broadcast

        return broadcast.search(self.snapshot(as_of), text)

    def sources(self, as_of: str | int | None = None) -> list[dict[str, Any]]:
        """Every source that was imported: where it lay, its hash, its format, what was found in it."""
        from darkwake.lake import summary

        return summary.sources(self.lake, as_of)

    def stats(self, as_of: str | int | None = None) -> dict[str, Any]:
        """How much is here, from when to when."""
        from darkwake.lake import summary

        return summary.stats(self.lake, as_of)

    def heard_in(self, since: str | None = None, until: str | None = None, as_of: str | int | None = None) -> bool:
        """Whether any ship was heard in a period, by the positions of the tracks."""
        from darkwake.tracks.covered import heard_in

        return heard_in(self.snapshot(as_of), *times.parse_period(since, until))

    def coverage(self, as_of: str | int | None = None) -> list[dict[str, Any]]:
        """Where and when there are data: a row per source and period, with the box of its positions in degrees."""
        from darkwake.tracks import covered

        names = {source["sha256"][:16]: source["name"] for source in self.sources(as_of)}
        return [
            {
                "source": each.source, "name": names.get(each.source, each.source),
                "start": times.iso(each.start), "end": times.iso(each.end),
                "reports": each.reports, "ships": each.ships,
                **dict(zip(("west", "south", "east", "north"), each.box or (None,) * 4, strict=True)),
            }
            for each in covered.periods(self.snapshot(as_of))
        ]  # fmt: skip


def _recorded() -> Sequence[Recorded]:
    """Every table whose rows enter the chain."""
    from darkwake.casebook import tables as casebook
    from darkwake.ledger.tables import RECORDED

    return (*RECORDED, *casebook.RECORDED)
