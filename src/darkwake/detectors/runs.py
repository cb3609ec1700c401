"""Detection runs as the ledger tells of them: which data they looked at, and which parameters a profile stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from darkwake.ledger.details import Detection, Tracks
from darkwake.ledger.entries import Entry


def detections(entries: Iterable[Entry]) -> list[tuple[int, Detection]]:
    """Number and detail of each detection run, in order."""
    return [(entry.number, entry.detail) for entry in entries if isinstance(entry.detail, Detection)]


def data_number(entries: Sequence[Entry]) -> int:
    """The ledger number of the data that a run would look at: the newest one.

    While there are imports that the tracks do not hold yet, it is the last that they take account of.
    """
    tracks = max((e.detail.imports_up_to for e in entries if isinstance(e.detail, Tracks)), default=0)
    imported = max((e.number for e in entries if e.kind in ("import", "withdrawal")), default=0)
    return tracks if imported > tracks else max((e.number for e in entries), default=0)


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
