"""Showing results: tables for a person, NDJSON, CSV and GeoJSON for programs. Data on stdout, the rest on stderr."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import click

from darkwake.errors import DarkwakeError

F = TypeVar("F", bound=Callable[..., Any])
Row = Mapping[str, Any]

_WHOLE = {"id", "start", "time", "recorded_at", "mmsi", "segment", "code", "number"}
WIDEST = 64  # a table cell longer than this is cut, with a sign that it was


def output_options(positions: bool = False, to_file: bool = True) -> Callable[[F], F]:
    """--json, --csv, (--geojson,) -o on a command; it gets them as one keyword `out`."""

    def decorate(function: F) -> F:
        def command(*args: Any, **given: Any) -> Any:
            chosen = [name for name in ("json", "csv", "geojson") if given.pop(f"as_{name}", False)]
            if len(chosen) > 1:
                raise click.UsageError("choose one of --json, --csv, --geojson")
            target = given.pop("output", None)
            given["out"] = Output(chosen[0] if chosen else "table", target)
            return function(*args, **given)

        command.__name__ = function.__name__
        command.__doc__ = function.__doc__
        command.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
        options = [
            click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values."),
            click.option("--json", "as_json", is_flag=True, help="One JSON object per line."),
        ]
        if to_file:
            target = click.Path(dir_okay=False, path_type=Path)
            options.insert(0, click.option("-o", "output", type=target, help="Write to FILE."))
        if positions:
            options.insert(-2, click.option("--geojson", "as_geojson", is_flag=True, help="GeoJSON features."))
        decorated: Any = command
        for option in options:
            decorated = option(decorated)
        return cast(F, decorated)

    return decorate


class Output:
    """Where and in which form a command's rows go."""

    def __init__(self, form: str, target: Path | None) -> None:
        self.form = form
        self.target = target

    @contextlib.contextmanager
    def _stream(self) -> Iterator[IO[str]]:
        if self.target is None:
            yield sys.stdout
            return
        partial = self.target.with_name(self.target.name + ".partial")
        try:
            with partial.open("w", encoding="utf-8", newline="") as file:
                yield file
            partial.replace(self.target)
        except OSError as error:
            raise DarkwakeError(f"cannot write: {error.strerror}", where=str(self.target)) from error

    def rows(
        self,
        rows: Iterable[Row],
        columns: Sequence[str] | None = None,
        *,
        title: str = "",
        empty: str = "Nothing found.",
        marks: Mapping[str, Any] | None = None,
    ) -> None:
        """Print rows. `columns`: which a person sees (programs get all). `marks`: said of the whole, e.g. SIMULATED."""
        with self._stream() as stream:
            if self.form == "json":
                for row in rows:
                    stream.write(json.dumps({**row, **(marks or {})}, ensure_ascii=False) + "\n")
            elif self.form == "csv":
                _csv(stream, rows, marks or {})
            elif self.form == "geojson":
                _geojson(stream, rows, marks or {})
            else:
                _table(stream, list(rows), columns, title, empty)
        if marks and self.form == "table":
            note(", ".join(f"{key}: {value}" if value is not True else key for key, value in marks.items()))

    def one(self, row: Row, lines: Callable[[Row], Iterable[str]]) -> None:
        """Print one thing: as JSON, or as lines for a person."""
        if self.form == "table":
            with self._stream() as stream:
                for line in lines(row):
                    stream.write(line + "\n")
        else:
            self.rows([row])


def note(text: str) -> None:
    """Say something beside the data, on stderr."""
    click.echo(text, err=True)


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | tuple) else value


def _csv(stream: IO[str], rows: Iterable[Row], marks: Mapping[str, Any]) -> None:
    writer: Any = None
    for row in rows:
        full = {**row, **marks}
        if writer is None:
            writer = csv.DictWriter(stream, list(full), lineterminator="\n")
            writer.writeheader()
        writer.writerow({key: _safe(_flat(value)) for key, value in full.items()})


def _safe(value: Any) -> Any:
    """A name broadcast as `=cmd()` must not become a formula in someone's spreadsheet, nor an escape on a screen."""
    if isinstance(value, str):
        value = _printable(value)
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _geojson(stream: IO[str], rows: Iterable[Row], marks: Mapping[str, Any]) -> None:
    stream.write('{"type": "FeatureCollection", ')
    for key, value in marks.items():
        stream.write(f"{json.dumps(key)}: {json.dumps(value)}, ")
    stream.write('"features": [')
    for number, row in enumerate(rows):
        lon, lat = row.get("lon"), row.get("lat")
        geometry = None if lon is None or lat is None else {"type": "Point", "coordinates": [lon, lat]}
        properties = {key: value for key, value in row.items() if key not in ("lon", "lat")}
        feature = {"type": "Feature", "geometry": geometry, "properties": {**properties, **marks}}
        stream.write(("," if number else "") + "\n" + json.dumps(feature, ensure_ascii=False))
    stream.write("\n]}\n")


def _table(stream: IO[str], rows: list[Row], columns: Sequence[str] | None, title: str, empty: str) -> None:
    if not rows:
        note(empty)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    names = [name for name in (columns or list(rows[0])) if any(row.get(name) is not None for row in rows)]
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    numeric = {name for name in names if all(isinstance(row.get(name), int | float | None) for row in rows)}
    for name in names:
        whole = name in _WHOLE  # what is copied from the screen must not be broken
        side: Any = "right" if name in numeric else "left"
        table.add_column(name.replace("_", " "), justify=side, overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*(Text(_cell(row.get(name))) for name in names))
    buffer = io.StringIO()
    terminal = Console()
    width = terminal.width if stream is sys.stdout and terminal.is_terminal else 160
    Console(file=buffer, width=width, no_color=not (stream is sys.stdout and terminal.is_terminal)).print(table)
    stream.write("\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) >= 1000 else f"{value:.5f}".rstrip("0").rstrip(".")
    text = _flat(value) if isinstance(value, dict | list | tuple) else str(value)
    text = _printable(text)
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


@contextlib.contextmanager
def progress_bar(label: str) -> Iterator[Callable[[str, int, int], None] | None]:
    """A progress callback drawing on stderr; None where that is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        tasks: dict[str, TaskID] = {}

        def report(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"{label} {Path(name).name}", total=total)
            bar.update(tasks[name], completed=done, total=total)

        yield report


def compiling_note() -> None:
    """Say once why the first command takes longer."""
    from darkwake import jit

    if not jit.is_compiled():
        note("Compiling the kernels; this happens once and takes a minute or so.")
