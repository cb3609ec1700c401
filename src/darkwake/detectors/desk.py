"""Detection over a lake: what was asked, run by an engine, over tracks that are brought up to date first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from darkwake.detectors import registry
from darkwake.detectors.base import Context, check_profile
from darkwake.detectors.run import Run, detect
from darkwake.engine import open_engine
from darkwake.engine.base import Progress
from darkwake.events.model import DEFAULT
from darkwake.geo.coast import Coast
from darkwake.lake.store import Lake, Snapshot, data_span
from darkwake.ledger import details
from darkwake.ledger.entries import Entry
from darkwake.places import Gazetteer
from darkwake.tracks.update import update


class DetectionDesk:
    """Runs detectors. `places_as_of`: the places that are known at a ledger number."""

    def __init__(self, lake: Lake, places_as_of: Callable[[int], Gazetteer]) -> None:
        self._lake = lake
        self._places_as_of = places_as_of

    def detect(
        self,
        kinds: Sequence[str] = (),
        *,
        engine: str = "local",
        profile: str = DEFAULT,
        params: Mapping[str, Mapping[str, float]] | None = None,
        since: int | None = None,
        until: int | None = None,
        progress: Progress | None = None,
    ) -> Run:
        """Run the detectors of these kinds (all, if none is named) over all data, and record what changed."""
        check_profile(profile, params)
        chosen = list(kinds) or registry.names()
        registry.in_order(chosen)  # an unknown kind is told of before any work
        update(self._lake, progress=progress)
        return self._run(chosen, profile, params, since, until, engine, progress)

    def again(self, progress: Progress | None = None) -> list[Run]:
        """Bring the tracks up to date, and run once more every detection that stands, as it was run."""
        update(self._lake, progress=progress)
        asked: list[details.Detection] = []
        for _, run in reversed(self._lake.ledger.told(details.Detection)):
            if not any(_covers(later, run) for later in asked):
                asked.append(run)
        return [
            self._run(run.kinds, run.profile, None, run.since, run.until, "local", progress) for run in reversed(asked)
        ]

    def looked_after(self, entry: Entry) -> bool:
        """Whether any run saw the data of a ledger entry."""
        return any(run.data >= entry.number for _, run in self._lake.ledger.told(details.Detection))

    def _run(
        self,
        kinds: Sequence[str],
        profile: str,
        params: Mapping[str, Mapping[str, float]] | None,
        since: int | None,
        until: int | None,
        engine: str,
        progress: Progress | None,
    ) -> Run:
        options: dict[str, Any] = {} if engine == "spark" else {"progress": progress}
        by = open_engine(engine, **options)
        return detect(self._lake, kinds, self._context, by, params=params, profile=profile, since=since, until=until)

    def _context(self, snapshot: Snapshot) -> Context:
        start, end = data_span(snapshot)
        return Context(start or 0, end or 0, self._places_as_of(snapshot.number), Coast())


def _covers(later: details.Detection, earlier: details.Detection) -> bool:
    """Whether a later run looked for all that an earlier one did, wherever that looked."""
    periods = {(None, None), (earlier.since, earlier.until)}
    same = later.profile == earlier.profile and {*later.kinds} >= {*earlier.kinds}
    return same and (later.since, later.until) in periods
