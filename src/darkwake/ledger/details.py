"""What an entry of the ledger tells of itself: one shape per kind, and nothing else is written or read.

An entry's detail never holds words or personal values: those lie in rows of their own, which can be erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeAlias

from darkwake.errors import VerificationError


@dataclass(frozen=True, slots=True)
class Import:
    """Files read: what was found in all of them, and how they were read. `start`, `end`: first and last time, µs."""

    files: int
    sentences: int
    messages: int
    positions: int
    statics: int
    duplicates: int
    rejected: Mapping[str, int]
    without_time: int = 0
    implausible_time: int = 0
    bad_checksum: int = 0
    prefix_time: int = 0
    off_globe: int = 0
    bytes_written: int = 0
    start: int | None = None
    end: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)  # format, mapping (name and SHA-256), zone: as given


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An import that goes out of every later reading."""

    withdrawn: int  # its ledger number
    reason: str  # of the private value that holds the words
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Tracks:
    """A track build: `imports_up_to` is the last entry whose import or withdrawal it takes account of."""

    imports_up_to: int
    method: Mapping[str, Any]
    buckets: int
    bytes_written: int
    partitions_written: int
    partitions_unchanged: int


@dataclass(frozen=True, slots=True)
class Detection:
    """What was looked for: kinds with their methods, under which profile, over which data and which period.

    `data` is the ledger number of the data and places that were looked at. `since` and `until` are µs, until excluded;
    None: all of it. `methods`: kind → {"version", "params"}.
    """

    kinds: tuple[str, ...]
    methods: Mapping[str, Mapping[str, Any]]
    profile: str
    data: int
    since: int | None
    until: int | None
    found: Mapping[str, int]
    changes: Mapping[str, Mapping[str, int]]
    rests: Mapping[str, int] = field(default_factory=dict)  # known, learned, beyond: where ships lay still


@dataclass(frozen=True, slots=True)
class Places:
    """Places: a file of them, what was learned from the data, or what a person decided of one that was.

    `undated`: by version 0.1, which gave it no number; it holds as of every moment. `did`: import, learn, accept or
    reject. `file`: a file's name, without folders; else the code of the place, or nothing. `sha256`: of the file, or of
    the places as JSON. `method`: how they were learned, and from the data of which number.
    """

    file: str
    sha256: str
    places: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    undated: bool = False
    did: str = "import"
    method: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None  # of the private value that holds it, as is the reason
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case was opened."""

    name: str


@dataclass(frozen=True, slots=True)
class About:
    """Something was recorded of a claim: itself, a source or case of it, a reply, a decision."""

    claim: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Claims were run on the data."""

    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Private values were erased; their HMACs stay. `by` and `reason` are of private values themselves."""

    values: tuple[str, ...]
    reason: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Founding:
    """The workspace itself, or its migration from an older version: where the chain begins."""

    workspace: str
    note: str = ""


Detail: TypeAlias = Import | Withdrawal | Tracks | Detection | Places | Case | About | Verdicts | Erasure | Founding

#: kind of entry → the shape of its detail.
KINDS: Mapping[str, type[Detail]] = {
    "founding": Founding,
    "import": Import,
    "withdrawal": Withdrawal,
    "tracks": Tracks,
    "detect": Detection,
    "places": Places,
    "case": Case,
    "claim": About,
    "verdict": Verdicts,
    "reply": About,
    "decision": About,
    "erasure": Erasure,
}


def to_json(detail: Detail) -> dict[str, Any]:
    """The detail as JSON; `from_json` gives an equal one back."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(detail).items()}


def from_json(kind: str, data: Mapping[str, Any]) -> Detail:
    """The detail of an entry as it was recorded. What does not fit its kind was not written by this software."""
    shape = KINDS.get(kind)
    if shape is None:
        raise VerificationError(f"a ledger entry of the kind {kind!r}", expected="one of " + ", ".join(KINDS))
    names = {item.name for item in fields(shape)}
    try:
        if unknown := sorted(set(data) - names):
            raise TypeError(f"unknown: {', '.join(unknown)}")
        make: Any = shape
        detail: Detail = make(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
        )
        return detail
    except TypeError as error:
        raise VerificationError(f"the detail of a ledger entry of the kind {kind!r} is not whole ({error})") from error
