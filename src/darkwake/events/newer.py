"""What was recorded after a detection run and can change what it would find: reports, withdrawals, places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from darkwake import times
from darkwake.ais.schema import IMPLAUSIBLE, TIMESTAMP
from darkwake.events.base import Detector
from darkwake.lake import tables
from darkwake.lake.store import Snapshot
from darkwake.ledger.details import Detection, Import, Withdrawal
from darkwake.ledger.entries import Entry

Lacking = tuple[Literal["newer_data", "newer_places"], int, str]  # why, the first entry that made it so, a sentence
Files = tuple[str, ...]

#: Kinds whose events have two parties: another ship's reports change them too.
_OF_PAIRS = frozenset({"encounter"})
#: Reports that can take part in tracks.
_FIT = (pc.field("checksum_ok").is_null() | pc.field("checksum_ok")) & (
    pc.field("time_basis").is_null() | (pc.field("time_basis") != IMPLAUSIBLE)
)


class Newer:
    """Of a kind and a vessel (None: any), as of a snapshot; `entries` are all of the ledger up to it."""

    def __init__(self, entries: Sequence[Entry], snapshot: Snapshot, detector: Detector, mmsi: int | None) -> None:
        self._snapshot = snapshot
        self._detector = detector
        together = detector.kind in _OF_PAIRS or detector.needs
        self._mmsi = None if together else mmsi  # whose reports matter; None: everybody's
        self._imports = {entry.number: entry.detail for entry in entries if isinstance(entry.detail, Import)}
        self._withdrawals = [
            (entry.number, entry.detail.withdrawn) for entry in entries if isinstance(entry.detail, Withdrawal)
        ]
        self._places = [entry.number for entry in entries if entry.kind == "places"] if detector.asks_places else []

    def than(self, number: int, run: Detection, start: int | None, end: int | None) -> Iterator[Lacking]:
        """What run `number` did not know when it looked at [start, end) (µs; None: no bound)."""
        margin = _margin_us(self._detector, run.methods[self._detector.kind]["params"])
        around = (None if start is None else start - margin), (None if end is None else end + margin)
        gone = {each for _, each in self._withdrawals}
        added = [each for each in self._imports if each > run.data and each not in gone and self._in(each, *around)]
        if added:
            yield "newer_data", added[0], self._sentence("imported", number, added)
        taken = [
            (entry, each) for entry, each in self._withdrawals if each <= run.data < entry and self._in(each, *around)
        ]
        if taken:
            yield "newer_data", taken[0][0], self._sentence("withdrawn", number, [each for _, each in taken])
        places = [each for each in self._places if each > run.data]
        if places:
            text = f"places were imported after run {number} looked ({_listed('entry', 'entries', places)})"
            yield "newer_places", places[0], text

    def _sentence(self, what: str, number: int, imports: Sequence[int]) -> str:
        whose = "reports" if self._mmsi is None else f"reports of MMSI {self._mmsi}"
        return f"{whose} were {what} after run {number} looked ({_listed('import', 'imports', imports)})"

    def _in(self, number: int, start: int | None, end: int | None) -> bool:
        """Whether an import holds reports that matter with times within [start, end]."""
        detail = self._imports[number]
        first, last = detail.start, detail.end
        files = _files(self._snapshot, number)
        if first is None or last is None:
            if not files:  # nothing was read, or it is withdrawn and can be asked no more
                return detail.messages > 0
            first, last = _extent(files)
            if first is None or last is None:
                return False
        if (start is not None and last < start) or (end is not None and first > end):
            return False
        return self._mmsi is None or not files or _holds(files, self._mmsi, start, end)


def _margin_us(detector: Detector, values: Mapping[str, float]) -> int:
    """How far from a period reports still matter. Parameters of a profile can reach farther than the declared time."""
    hours = [values[param.name] for param in detector.params if param.unit == "h" and param.name in values]
    return round(max(detector.look_back_h, *hours, 0.0) * times.HOUR_US)


def _listed(one: str, several: str, numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"{one} {numbers[0]}"
    if len(numbers) <= 3:
        return f"{several} {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    return f"{several} {numbers[0]}, {numbers[1]} and {len(numbers) - 2} more"


def _files(snapshot: Snapshot, number: int) -> Files:
    """The files of an import's reports. What they hold never changes."""
    files = snapshot.data_files("reports", **{"import": number})
    return tuple(str(tables.local_path(snapshot.root, "reports", file)) for file in files)


def _reports(files: Files) -> ds.Dataset:
    return ds.dataset(list(files), schema=tables.stored_schema("reports"), format="parquet")


@lru_cache(maxsize=1024)
def _extent(files: Files) -> tuple[int | None, int | None]:
    """First and last time (µs) of the reports in some files; None where none has a time."""
    found = [pc.min_max(batch["time"]) for batch in _reports(files).to_batches(columns=["time"], filter=_FIT)]
    bounds = [(each["min"].value, each["max"].value) for each in found if each["min"].is_valid]
    if not bounds:
        return None, None
    return min(first for first, _ in bounds), max(last for _, last in bounds)


@lru_cache(maxsize=4096)
def _holds(files: Files, mmsi: int, start: int | None, end: int | None) -> bool:
    """Whether some files hold reports of a vessel with times within [start, end]."""
    where = _FIT & (pc.field("mmsi") == mmsi) & pc.field("time").is_valid()
    if start is not None:
        where &= pc.field("time") >= pa.scalar(start, pa.int64()).cast(TIMESTAMP)
    if end is not None:
        where &= pc.field("time") <= pa.scalar(end, pa.int64()).cast(TIMESTAMP)
    return bool(_reports(files).head(1, columns=["mmsi"], filter=where).num_rows)
