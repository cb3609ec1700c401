"""What a kind of file of places is, and what is read from one."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from darkwake.places.model import Place


@dataclass
class PlaceImport:
    """What came out of a file of places: the places, and what was rejected, counted by reason."""

    places: list[Place] = field(default_factory=list)
    rejects: Counter[str] = field(default_factory=Counter)
    sha256: str = ""  # of the file's bytes, decompressed; "" where it was not read from a file


@dataclass(frozen=True, slots=True)
class PlaceSource:
    """A kind of file of places. `fits`: whether a text looks like one; `read`: text and file name → its places."""

    name: str
    description: str
    fits: Callable[[str], bool]
    read: Callable[[str, str], PlaceImport]


def first_row(text: str) -> list[str]:
    """The first row of a text as CSV; empty if it is none."""
    try:
        return next(csv.reader(io.StringIO(text[:20_000], newline="")), [])
    except csv.Error:
        return []
