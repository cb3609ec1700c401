"""Events against the truth of a simulation: precision and recall by kind, and how far probabilities can be believed.

A found event matches a true one of its kind when they share a vessel (both, for pairs) and their times overlap by half
of the shorter one; an event without length matches where it lies within one hour of the other. Each side is used once,
and among all ways to pair them up one with the most pairs is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from darkwake import strict_json, times
from darkwake.errors import InputRejectedError, SourceUnavailableError, UsageError
from darkwake.events.model import Event, rounded

#: Cause of a silence that the ship itself made; every other cause is reception's.
SWITCHED_OFF = "switched_off"
_FIELDS = ("kind", "start", "mmsis")


@dataclass(frozen=True, slots=True)
class Score:
    """One row: counts, and shares that are None where there is nothing to divide by."""

    kind: str
    truth: int
    found: int
    matched: int

    @property
    def precision(self) -> float | None:
        return self.matched / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        return self.matched / self.truth if self.truth else None

    def as_row(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "truth": self.truth, "found": self.found, "matched": self.matched,
            "precision": rounded(self.precision, 4), "recall": rounded(self.recall, 4),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bin:
    """Silences whose probability fell into one tenth: how many, what was said on average, what was so."""

    low: float
    high: float
    count: int
    said: float
    so: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """`p_silence_by_reception` against causes: 1 where reception caused the silence, 0 where it was switched off.

    `brier`: mean squared error (Brier 1950), 0 is best; `brier_of_base_rate`: of always saying the overall share.
    `ranked_right`: probability that of one silence of each sort the switched-off one got the smaller p (area under
    the curve), None if one sort is missing.
    """

    count: int
    brier: float
    brier_of_base_rate: float
    ranked_right: float | None
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class _Thing:
    start: int
    end: int | None
    mmsis: frozenset[int]


def load_truth(path: Path) -> list[dict[str, Any]]:
    """Read a truth file: one JSON object per line with `kind, start, end, mmsis, lat, lon, cause, note`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SourceUnavailableError(f"cannot read the truth file: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputRejectedError("a truth file that is not UTF-8 text", where=str(path)) from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            where = f"{path}, line {number}"
            row = strict_json.loads(line, where=where, expected="one JSON object per line")
            _check(row, where)
            rows.append(row)
    return rows


def _check(row: Any, where: str) -> None:
    if not isinstance(row, dict):
        raise InputRejectedError("JSON that is no object", expected="one JSON object per line", where=where)
    missing = [name for name in _FIELDS if name not in row]
    if missing:
        raise InputRejectedError(
            f"a true event without {', '.join(missing)}", expected="kind, start, end, mmsis", where=where
        )
    try:
        _true_thing(row)
        _heard(row, 0.0)
    except (UsageError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputRejectedError(
            f"a true event with values that cannot be used: {error}",
            expected="start and end in ISO 8601, mmsis a list of numbers, heard_per_hour a number",
            where=where,
        ) from error
    if not isinstance(row["kind"], str):
        raise InputRejectedError(f"the kind {row['kind']!r}", expected="a text", where=where)


def score(
    events: Sequence[Event],
    truth: Sequence[Mapping[str, Any]],
    *,
    kinds: Iterable[str] | None = None,
    min_heard_per_hour: float | None = None,
) -> list[Score]:
    """Precision and recall by kind; kinds default to those in the truth.

    `min_heard_per_hour`: true events that were heard less often are left out where the truth says so
    (`heard_per_hour`), and found events that match only such are not counted as false.
    """
    standing = [event for event in events if event.state != "retracted"]
    rows = []
    for kind in sorted(set(kinds) if kinds is not None else {row["kind"] for row in truth}):
        found = [event for event in standing if event.kind == kind]
        true = [row for row in truth if row["kind"] == kind]
        counted = [row for row in true if _heard(row, min_heard_per_hour)]
        left_out = [row for row in true if not _heard(row, min_heard_per_hour)]
        pairs = match(found, counted)
        rest = [event for k, event in enumerate(found) if k not in pairs]
        excused = len(match(rest, left_out))
        rows.append(Score(kind, len(counted), len(found) - excused, len(pairs)))
    return rows


def match(found: Sequence[Event], truth: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Index of found event → index of the true event it is paired with; of one kind, each used once."""
    if not found or not truth:
        return {}
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    ours = [_Thing(e.start, e.end, frozenset(v.mmsi for v in e.vessels)) for e in found]
    theirs = [_true_thing(row) for row in truth]
    by_vessel: dict[int, list[int]] = {}
    for j, thing in enumerate(theirs):
        for mmsi in thing.mmsis:
            by_vessel.setdefault(mmsi, []).append(j)
    last = max(t for thing in (*ours, *theirs) for t in (thing.start, thing.end) if t is not None)
    rows, columns = [], []
    for i, thing in enumerate(ours):
        for j in sorted({j for mmsi in thing.mmsis for j in by_vessel.get(mmsi, ())}):
            if _same(thing, theirs[j], last):
                rows.append(i)
                columns.append(j)
    links = csr_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(len(ours), len(theirs)))
    partner = maximum_bipartite_matching(links, perm_type="column")
    return {i: int(j) for i, j in enumerate(partner) if j >= 0}


def calibration(events: Sequence[Event], truth: Sequence[Mapping[str, Any]], bins: int = 10) -> Calibration | None:
    """Score `p_silence_by_reception` of the gaps that match true ones with a cause; None if there are none."""
    found = [
        event for event in events
        if event.measures.get("p_silence_by_reception") is not None
    ]  # fmt: skip
    kinds = {event.kind for event in found}
    true = [row for row in truth if row["kind"] in kinds and row.get("cause")]
    pairs = match(found, true)
    if not pairs:
        return None
    said = np.array([float(found[i].measures["p_silence_by_reception"]) for i in pairs])
    so = np.array([true[j]["cause"] != SWITCHED_OFF for j in pairs.values()], np.float64)
    place = np.minimum((said * bins).astype(np.int64), bins - 1)
    table = tuple(
        Bin(b / bins, (b + 1) / bins, int((place == b).sum()), float(said[place == b].mean()),
            float(so[place == b].mean()))
        for b in range(bins) if (place == b).any()
    )  # fmt: skip
    low, high = said[so == 0], said[so == 1]
    ranked = None
    if len(low) and len(high):
        ranked = float((low[:, None] < high).mean() + 0.5 * (low[:, None] == high).mean())
    return Calibration(
        len(said), float(((said - so) ** 2).mean()), float(((so.mean() - so) ** 2).mean()), ranked, table
    )


def _heard(row: Mapping[str, Any], minimum: float | None) -> bool:
    often = row.get("heard_per_hour")
    return minimum is None or often is None or float(often) >= minimum


def _true_thing(row: Mapping[str, Any]) -> _Thing:
    end = row.get("end")
    return _Thing(times.parse(row["start"]), times.parse(end) if end else None, frozenset(map(int, row["mmsis"])))


def _same(a: _Thing, b: _Thing, last: int) -> bool:
    """By the rule of the contract; an event still open lasts to the last moment that anybody speaks of."""
    pair = len(a.mmsis) == len(b.mmsis) == 2
    if (a.mmsis != b.mmsis) if pair else not (a.mmsis & b.mmsis):
        return False
    a_end, b_end = (last if x.end is None else x.end for x in (a, b))
    shorter = min(a_end - a.start, b_end - b.start)
    common = min(a_end, b_end) - max(a.start, b.start)
    return common >= -times.HOUR_US if shorter <= 0 else 2 * common >= shorter
