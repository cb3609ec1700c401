"""What came after a detection run, or a track build, and can change what it shows: reports, withdrawals, places.

At whatever time the newer reports are: one of them can join two stays, end a silence or tell two hulls apart, and what
hangs on it reaches as far as the stay, the silence or the segment does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pyarrow.compute as pc
import pyarrow.dataset as ds

from darkwake.ais.schema import IMPLAUSIBLE
from darkwake.detectors.base import Detector
from darkwake.lake import tables
from darkwake.lake.store import Snapshot
from darkwake.ledger.details import Import, Withdrawal
from darkwake.ledger.entries import Entry

#: Why, the first entry that made it so, and a sentence.
Lacking = tuple[Literal["newer_data", "withdrawn_data", "newer_places"], int, str]
Files = tuple[str, ...]

#: Reports that can take part in tracks.
_FIT = (
    (pc.field("checksum_ok").is_null() | pc.field("checksum_ok"))
    & (pc.field("time_basis").is_null() | (pc.field("time_basis") != IMPLAUSIBLE))
    & pc.field("time").is_valid()
)


class Newer:
    """Of a kind (None: of tracks) and a vessel (None: any), as of a snapshot; `entries`: all of the ledger up to it."""

    def __init__(
        self, entries: Sequence[Entry], snapshot: Snapshot, detector: Detector | None, mmsi: int | None
    ) -> None:
        self._snapshot = snapshot
        of_all = detector is not None and detector.needs.other_ships
        self._mmsi = None if of_all else mmsi  # whose reports matter; None: everybody's
        self._imports = {entry.number: entry.detail for entry in entries if isinstance(entry.detail, Import)}
        self._withdrawals = [
            (entry.number, entry.detail.withdrawn) for entry in entries if isinstance(entry.detail, Withdrawal)
        ]
        asks = detector is not None and detector.needs.decided_by_places
        self._places = [entry.number for entry in entries if entry.kind == "places"] if asks else []

    def than(self, data: int, after: str) -> Iterator[Lacking]:
        """What came after the data of ledger number `data`. `after`: what looked at it: `after run 3 looked`."""
        gone = {each for _, each in self._withdrawals}
        added = [each for each in self._imports if each > data and each not in gone and self._in(each)]
        if added:
            yield "newer_data", added[0], self._sentence("imported", after, added)
        taken = [(entry, each) for entry, each in self._withdrawals if each <= data < entry and self._in(each)]
        if taken:
            yield "withdrawn_data", taken[0][0], self._sentence("withdrawn", after, [each for _, each in taken])
        places = [each for each in self._places if each > data]
        if places:
            yield "newer_places", places[0], f"places were imported {after} ({_listed('entry', 'entries', places)})"

    def _sentence(self, what: str, after: str, imports: Sequence[int]) -> str:
        whose = "reports" if self._mmsi is None else f"reports of MMSI {self._mmsi}"
        return f"{whose} were {what} {after} ({_listed('import', 'imports', imports)})"

    def _in(self, number: int) -> bool:
        """Whether an import, withdrawn or not, holds reports that matter."""
        version = self._snapshot.versions.get("reports")
        files = () if version is None else _reports(self._snapshot.root, version).get(str(number), ())
        return _holds(files, self._mmsi) if files else self._imports[number].messages > 0


def _listed(one: str, several: str, numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"{one} {numbers[0]}"
    if len(numbers) <= 3:
        return f"{several} {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    return f"{several} {numbers[0]}, {numbers[1]} and {len(numbers) - 2} more"


@lru_cache(maxsize=8)
def _reports(root: Path, version: int) -> dict[str, Files]:
    """The files of each import's reports, also of those that were withdrawn: a snapshot does not tell these."""
    found: dict[str, list[str]] = {}
    for file in tables.files_of(tables.open_table(root, "reports", version)):
        found.setdefault(file.partition["import"], []).append(str(tables.local_path(root, "reports", file)))
    return {number: tuple(files) for number, files in found.items()}


@lru_cache(maxsize=4096)
def _holds(files: Files, mmsi: int | None) -> bool:
    """Whether some files hold reports (of a vessel). What they hold never changes."""
    where = _FIT if mmsi is None else _FIT & (pc.field("mmsi") == mmsi)
    reports = ds.dataset(list(files), schema=tables.stored_schema("reports"), format="parquet")
    return bool(reports.head(1, columns=["mmsi"], filter=where).num_rows)
