"""Detection runs as the ledger tells of them, those of older versions with what these did not record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from darkwake import times
from darkwake.events.base import DEFAULT
from darkwake.ledger.details import Detection
from darkwake.ledger.tables import Entry


def told(entry: Entry, name: str, default: Any = None) -> Any:
    """One item of an entry's detail, whether that is typed or, as older versions kept it, a mapping."""
    detail: Any = entry.detail
    return detail.get(name, default) if isinstance(detail, Mapping) else getattr(detail, name, default)


def detections(entries: Iterable[Entry]) -> list[tuple[int, Detection]]:
    """Number and detail of each detection run, in order; `entries` are all of the ledger up to a moment."""
    found: list[tuple[int, Detection]] = []
    data = Data()
    for entry in entries:
        if entry.kind == "detect":
            given = {name: told(entry, name, {}) for name in ("methods", "found", "changes")}
            looked_at = told(entry, "data")
            detail = Detection(
                kinds=tuple(told(entry, "kinds", given["methods"])),
                profile=told(entry, "profile", DEFAULT),
                data=data.number if looked_at is None else looked_at,
                since=_instant(told(entry, "since")),
                until=_instant(told(entry, "until")),
                **given,
            )
            found.append((entry.number, detail))
        data.add(entry)
    return found


class Data:
    """The ledger number of the data that a run would look at, as entries are added in their order.

    The newest one; but the last that the tracks take account of while there are imports that they do not hold.
    """

    def __init__(self) -> None:
        self._newest = self._tracks = self._imported = 0

    def add(self, entry: Entry) -> None:
        self._newest = entry.number
        if entry.kind == "tracks":
            self._tracks = told(entry, "imports_up_to")
        elif entry.kind in ("import", "withdrawal"):
            self._imported = entry.number

    @property
    def number(self) -> int:
        return self._tracks if self._imported > self._tracks else self._newest


def data_number(entries: Iterable[Entry]) -> int:
    """The ledger number of the data at hand after these entries (see `Data`)."""
    data = Data()
    for entry in entries:
        data.add(entry)
    return data.number


def bound(entries: Sequence[Entry], profile: str) -> dict[str, tuple[int, Mapping[str, float]]]:
    """kind → the first run under a profile and its parameters: a name is bound once."""
    found: dict[str, tuple[int, Mapping[str, float]]] = {}
    for number, detail in detections(entries):
        if detail.profile == profile:
            for kind, method in detail.methods.items():
                found.setdefault(kind, (number, method["params"]))
    return found


def differing(values: Mapping[str, float], others: Mapping[str, float]) -> str:
    """How values differ from others, of what both know: `min_gap_h = 12 instead of 6`; empty if they do not."""
    return ", ".join(
        f"{name} = {value:g} instead of {others[name]:g}"
        for name, value in values.items()
        if name in others and value != others[name]
    )


def _instant(value: int | str | None) -> int | None:
    return times.parse(value) if isinstance(value, str) else value
