"""Pages from a workspace: gathers what a dossier or a claim's page needs, as of one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake import refs
from darkwake.answers.evaluate import evaluate
from darkwake.casebook import book
from darkwake.casebook.desk import Casebook
from darkwake.detectors import registry
from darkwake.detectors.coverage import Coverage, cover
from darkwake.events import store
from darkwake.evidence.exhibits import open_refs
from darkwake.lake.store import Lake, Snapshot, data_span
from darkwake.ledger.details import Detection
from darkwake.places import Gazetteer, learned
from darkwake.reports.claim_page import claim_page
from darkwake.reports.dossier import dossier
from darkwake.reports.render import Page, Stamp
from darkwake.tracks import rests
from darkwake.tracks.covered import hours_with_data
from darkwake.version import VERSION


class Reports:
    """Makes self-contained pages."""

    def __init__(
        self, lake: Lake, places_as_of: Callable[[int], Gazetteer], casebook: Casebook, *, simulated: bool
    ) -> None:
        self.lake, self.places_as_of, self.casebook, self.simulated = lake, places_as_of, casebook, simulated

    def dossier(self, mmsi: int, as_of: str | int | None = None) -> Page:
        """Everything that was broadcast under one MMSI and inferred from it."""
        snapshot = self.lake.snapshot(as_of)
        events = [s.event for s in store.read(snapshot, mmsis=[mmsi])]
        track = _rows(snapshot, "tracks", mmsi)
        in_order = track.select(rests.COLUMNS).sort_by([("segment", "ascending"), ("time", "ascending")])
        lay = learned.of_table(rests.rests(in_order, {}))
        return dossier(
            mmsi,
            track=track,
            statics=_rows(snapshot, "statics", mmsi),
            segments=_rows(snapshot, "segments", mmsi),
            events=events,
            stamp=_stamp(snapshot),
            opener=self._open,
            land=self._land,
            places=self._names(snapshot),
            detected=self._detected(snapshot),
            looked=self._looked(snapshot, mmsi),
            still=learned.shares(lay, self.places_as_of(snapshot.number)),
            simulated=self.simulated or None,
        )

    def claim(self, id: str, as_of: str | int | None = None) -> Page:
        """One claim: its words, what the data say to it, the evidence down to the bytes, and the replies.

        Replies and a withdrawal are always those of today: no page prints a claim without them.
        """
        claim = self.casebook.read(id)
        snapshot = self.lake.snapshot(as_of if as_of is not None else self.casebook.pin(claim))
        query = book.query_of(claim)
        verdict = None if query is None else evaluate(query, self.casebook.data_for(query, snapshot))
        mmsi = None if query is None else query.of.mmsi
        return claim_page(
            claim,
            query,
            verdict,
            stamp=_stamp(snapshot),
            track=None if mmsi is None else _rows(snapshot, "tracks", mmsi),
            opener=self._open,
            land=self._land,
            places=self._names(snapshot),
            definitions=self._detected(snapshot),
            simulated=self.simulated,
        )

    def _open(self, ref: refs.SourceRef) -> bytes:
        return open_refs(self.lake, [ref])[0].data

    def _names(self, snapshot: Snapshot) -> Mapping[str, str]:
        return {place.code: place.name for place in self.places_as_of(snapshot.number)}

    def _detected(self, snapshot: Snapshot) -> dict[str, str]:
        """kind → definition, of the detectors that ran up to this moment."""
        ran = {kind for _, run in self.lake.ledger.told(Detection, snapshot.number) for kind in run.found}
        return {kind: registry.get(kind).definition for kind in registry.names() if kind in ran}

    def _looked(self, snapshot: Snapshot, mmsi: int) -> dict[str, Coverage]:
        """kind → over which data it was looked for, of the detectors that ran up to this moment."""
        entries = self.lake.ledger.entries(up_to=snapshot.number)
        return {kind: cover(entries, snapshot, kind, mmsi=mmsi) for kind in self._detected(snapshot)}

    @cached_property
    def _coast(self) -> Any:
        from darkwake.geo.coast import Coast

        return Coast()

    def _land(self, box: tuple[float, float, float, float], tolerance_m: float) -> Iterable[np.ndarray]:
        from darkwake.geo.antimeridian import BBox

        return [polygon.lonlat for polygon in self._coast.polygons_in(BBox(*box), tolerance_m)]


def _rows(snapshot: Snapshot, table: str, mmsi: int) -> pa.Table:
    order = "start" if table == "segments" else "time"
    return snapshot.of_vessel(table, mmsi).sort_by(order)


def _stamp(snapshot: Snapshot) -> Stamp:
    start, end = data_span(snapshot)
    with_data = hours_with_data(snapshot)
    return Stamp(snapshot.number, snapshot.recorded_at, f"Darkwake {VERSION}", start, end, snapshot.chain, with_data)
