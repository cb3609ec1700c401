"""What was looked for: which standing runs cover a question, with which method, over which data; and what is missing.

That something was not found is a fact only where, when and by what it was looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from darkwake import times

#: never_run: no run of this kind and profile looked here. other_parameters: one did, but not with the values of this
#: profile. newer_data: reports that matter here were imported, or withdrawn, since. newer_places: places were.
Why = Literal["never_run", "other_parameters", "newer_data", "newer_places"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time [start, end) that a standing run looked at; None: no bound on that side. Instants, µs."""

    start: int | None
    end: int | None
    run: int
    data: int  # ledger number of the data it looked at
    method: Mapping[str, Any]  # name, version, profile, params: as events carry it

    def as_json(self) -> dict[str, Any]:
        return {
            "start": times.iso(self.start), "end": times.iso(self.end), "run": self.run, "data": self.data,
            "method": dict(self.method),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of time that no standing run covers as it should. `entry`: the entry that made it so, if one did."""

    start: int | None
    end: int | None
    why: Why
    entry: int | None
    text: str  # one sentence without its full stop

    def as_json(self) -> dict[str, Any]:
        return {
            "start": times.iso(self.start), "end": times.iso(self.end), "why": self.why, "entry": self.entry,
            "text": self.text,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one kind under one profile over [since, until). Stretches and what is missing, each in order of time."""

    kind: str
    profile: str
    since: int | None
    until: int | None
    stretches: tuple[Stretch, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.missing

    @property
    def runs(self) -> tuple[int, ...]:
        return tuple(sorted({stretch.run for stretch in self.stretches}))

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "profile": self.profile, "complete": self.complete,
            "stretches": [stretch.as_json() for stretch in self.stretches],
            "missing": [missing.as_json() for missing in self.missing],
        }  # fmt: skip
