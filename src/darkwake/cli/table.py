"""A table for a person: it fits the terminal. Ids stay whole; first times are shortened, then texts are cut at their
end, and last the least important columns are left out, which is said."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import IO, Any

from darkwake import times

#: What is copied from the screen is never cut.
WHOLE = {"id", "mmsi", "vessels", "segment", "code", "number", "imo", "kind", "import"}
WIDEST = 64  # a text longer than this is cut, with a sign that it was
_LEAST_TEXT = 12
_GAP = 2
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$")
_SHA256 = re.compile(r"^[0-9a-f]{64}$")

#: Blanks of several widths, and the joiners that Persian and Indic scripts are written with.
_HARMLESS = "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\u200c\u200d"

Cells = dict[str, list[str]]


def write(
    stream: IO[str],
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str] | None = None,
    title: str = "",
    least: Sequence[str] = (),
) -> list[str]:
    """Print rows as a table no wider than the terminal; returns what has to be said beside it.

    `least`: the columns that are left out first; after them the last ones of `columns`.
    """
    names = [name for name in (columns or list(rows[0])) if any(row.get(name) is not None for row in rows)]
    names = names or list(columns or rows[0])[:1]
    terminal = stream is sys.stdout and sys.stdout.isatty()
    shown, headers, notes = fitted(rows, names, width_of(terminal), least)
    numeric = {name for name in shown if all(isinstance(row.get(name), int | float | None) for row in rows)}
    widths = {name: _width(column, headers[name]) for name, column in shown.items()}
    heads = {name: headers[name].split("\n") for name in shown}
    depth = max(len(head) for head in heads.values())
    top = [{name: ["", *head][-depth:][number] for name, head in heads.items()} for number in range(depth)]
    bold = terminal and not os.environ.get("NO_COLOR")
    for line in ([title] if title else []) + [_line(head, widths, numeric) for head in top]:
        stream.write(f"\x1b[1m{line}\x1b[0m\n" if bold else line + "\n")
    for number in range(len(rows)):
        stream.write(_line({name: column[number] for name, column in shown.items()}, widths, numeric) + "\n")
    return notes


def _line(texts: Mapping[str, str], widths: Mapping[str, int], numeric: Collection[str]) -> str:
    from rich.cells import cell_len

    parts = []
    for name, text in texts.items():
        room = " " * (widths[name] - cell_len(text))
        parts.append(room + text if name in numeric else text + room)
    return (" " * _GAP).join(parts).rstrip()


def width_of(terminal: bool) -> int | None:
    """Columns of the screen: $COLUMNS, else what the terminal says; None where nothing limits the width."""
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80 if terminal else None


def fitted(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], width: int | None, least: Sequence[str] = ()
) -> tuple[Cells, dict[str, str], list[str]]:
    """Cells by column, headers, and notes, so that the lines are at most `width` wide (None: any width)."""
    values = {name: [row.get(name) for row in rows] for name in names}
    kept = list(names)
    leave = [name for name in [*least, *reversed(names)] if name in names[1:]]
    while True:
        cells, headers, notes = _shaped({name: values[name] for name in kept}, width)
        if width is None or _total(cells, headers) <= width or not leave:
            break
        gone = leave.pop(0)
        kept = [name for name in kept if name != gone]
        leave = [name for name in leave if name != gone]
    if len(kept) < len(names):
        left_out = ", ".join(name.replace("_", " ") for name in names if name not in kept)
        notes.append(f"not shown, too narrow: {left_out} (a wider terminal or --json has them)")
    return cells, headers, notes


def _shaped(values: Mapping[str, list[Any]], width: int | None) -> tuple[Cells, dict[str, str], list[str]]:
    """Cells that are as long as the width allows, or as short as they may be."""
    cells = {name: [cell(value) for value in column] for name, column in values.items()}
    headers = {name: name.replace("_", " ") for name in values}
    notes: list[str] = []
    for step in (_fold_headers, _short_hashes, _to_minutes, _without_year):
        if width is not None and _total(cells, headers) > width:
            step(cells, headers, values, notes)
    if width is not None:
        _cut(cells, headers, values, width)
    return cells, headers, notes


def _total(cells: Cells, headers: Mapping[str, str]) -> int:
    return sum(_width(cells[name], headers[name]) for name in cells) + _GAP * (len(cells) - 1)


def _width(column: Iterable[str], header: str) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, [*header.split("\n"), *column]))


def _fold_headers(cells: Cells, headers: dict[str, str], _: Any, __: list[str]) -> None:
    """A header wider than its column stands on two lines."""
    for name in cells:
        inside, text = _width(cells[name], ""), headers[name]
        if len(text) > inside and " " in text:
            at = min((i for i, c in enumerate(text) if c == " "), key=lambda i: abs(2 * i - len(text)))
            headers[name] = text[:at] + "\n" + text[at + 1 :]


def _times(values: Mapping[str, list[Any]], cells: Cells) -> list[str]:
    """The columns that hold times."""
    return [name for name in cells if any(isinstance(v, str) and _TIME.match(v) for v in values[name])]


def _to_minutes(cells: Cells, _: Any, values: Mapping[str, list[Any]], __: list[str]) -> None:
    """The times of events to the minute; those of single reports keep their seconds."""
    _cut_times(cells, values, 0, "Z")


def _without_year(cells: Cells, _: Any, values: Mapping[str, list[Any]], notes: list[str]) -> None:
    """`MM-DD HH:MM`, where all times are of one year; it is said of which."""
    columns = _times(values, cells)
    years = {v[:4] for name in columns for v in values[name] if isinstance(v, str) and _TIME.match(v)}
    if columns:
        _cut_times(cells, values, 5 if len(years) == 1 else 0, "")
        notes.append(f"times are of {years.pop()}, UTC" if len(years) == 1 else "times are UTC")


def _cut_times(cells: Cells, values: Mapping[str, list[Any]], begin: int, zone: str) -> None:
    for name in _times(values, cells):
        end = 19 if name == "time" else 16
        cells[name] = [
            f"{value[begin:10]} {value[11:end]}{zone}" if isinstance(value, str) and _TIME.match(value) else text
            for value, text in zip(values[name], cells[name], strict=True)
        ]


def _short_hashes(cells: Cells, _: Any, values: Mapping[str, list[Any]], __: list[str]) -> None:
    """The first 16 digits of a SHA-256 are what references use."""
    for name in cells:
        if all(isinstance(v, str) and _SHA256.match(v) for v in values[name]):
            cells[name] = [v[:16] for v in values[name]]


def _cut(cells: Cells, headers: Mapping[str, str], values: Mapping[str, list[Any]], width: int) -> None:
    """Cut texts at their end, the longest first, none below `_LEAST_TEXT` characters or its header."""
    from rich.cells import cell_len

    widths = {name: _width(column, headers[name]) for name, column in cells.items()}
    texts = {name: max(_LEAST_TEXT, _width((), headers[name])) for name in cells if _is_text(name, values[name])}
    cap = max(widths.values(), default=0)
    while sum(widths.values()) + _GAP * (len(widths) - 1) > width and cap > _LEAST_TEXT:
        cap -= 1
        widths |= {name: min(widths[name], max(cap, floor)) for name, floor in texts.items()}
    for name in texts:
        goal = widths[name]
        cells[name] = [text if cell_len(text) <= goal else _shortened(text, goal) for text in cells[name]]


def _shortened(text: str, size: int) -> str:
    """The beginning of a text, or the end of a path, with a sign that some is missing."""
    from rich.cells import set_cell_size

    if "/" in text and " " not in text:
        return "…" + set_cell_size(text[::-1], size - 1)[::-1]
    return set_cell_size(text, size - 1).rstrip() + "…"


def _is_text(name: str, column: Sequence[Any]) -> bool:
    """Whether cells may be cut: no ids, numbers or times, of which a part would be another thing."""
    told = [value for value in column if isinstance(value, str) and not _TIME.match(value)]
    return name not in WHOLE and not all(_SHA256.match(value) or value == "open" for value in told)


def cell(value: Any) -> str:
    """A value as text: times as `2026-01-05 04:10:00Z`, numbers without noise, nothing that moves the cursor."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        text = ", ".join(f"{key} {cell(item)}" for key, item in value.items())
    elif isinstance(value, list | tuple):
        text = "; ".join(cell(item) for item in value)
    else:
        text = times.told(value) if isinstance(value, str) and _TIME.match(value) else str(value)
    text = printable(text)
    return text if len(text) <= WIDEST or _SHA256.match(text) else _shortened(text, WIDEST)


def number(value: float) -> str:
    """Five decimals at most, but what is not zero never reads as zero."""
    if value and abs(value) < 1e-4:
        return f"{value:.3g}"
    return f"{value:.6g}" if abs(value) >= 1000 else f"{value:.5f}".rstrip("0").rstrip(".")


def printable(text: str) -> str:
    """A text as it may go to a terminal: what would steer that, or turn the reading around, stands as an escape.

    A casebook holds whatever was typed, and an error may quote what a stranger wrote.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _HARMLESS else ascii(c)[1:-1] for c in text)


def flat(value: Any) -> Any:
    """A nested value as JSON text, for a cell of a CSV file."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | tuple) else value
