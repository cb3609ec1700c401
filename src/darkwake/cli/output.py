"""Showing results: tables for a person, NDJSON, CSV and GeoJSON for programs. Data on stdout, the rest on stderr."""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import click

from darkwake.cli import table
from darkwake.errors import UsageError
from darkwake.streams import writing

F = TypeVar("F", bound=Callable[..., Any])
Row = Mapping[str, Any]


def output_options(positions: bool = False, to_file: bool = True) -> Callable[[F], F]:
    """--json, --csv, (--geojson,) -o on a command; it gets them as one keyword `out`."""

    def decorate(function: F) -> F:
        def command(*args: Any, **given: Any) -> Any:
            chosen = [name for name in ("json", "csv", "geojson") if given.pop(f"as_{name}", False)]
            if len(chosen) > 1:
                raise click.UsageError("choose one of --json, --csv, --geojson")
            target = given.pop("output", None)
            given["out"] = Output(chosen[0] if chosen else None, target, positions=positions)
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
            options.insert(0, click.option("-o", "output", type=target, help="Write to FILE (`-`: standard output)."))
        if positions:
            options.insert(-2, click.option("--geojson", "as_geojson", is_flag=True, help="GeoJSON features."))
        decorated: Any = command
        for option in options:
            decorated = option(decorated)
        return cast(F, decorated)

    return decorate


_ENDINGS = {
    "": "table", ".txt": "table", ".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".geojson": "geojson",
}  # fmt: skip


class Output:
    """Where and in which form a command's rows go."""

    def __init__(self, asked: str | None, target: Path | None, *, positions: bool = False) -> None:
        self.asked = asked
        self.target = None if target is None or str(target) == "-" else target
        self._positions = positions

    @property
    def form(self) -> str:
        """The form asked for, else that of the file's ending, else a table for a person."""
        if self.asked is not None or self.target is None:
            return self.asked or "table"
        known = {name: form for name, form in _ENDINGS.items() if self._positions or form != "geojson"}
        ending = self.target.suffix.lower()
        if ending not in known:
            raise UsageError(
                f"nothing here is written to {ending}",
                expected="a name with one of the endings " + " ".join(name for name in known if name),
                where=str(self.target),
            )
        return known[ending]

    @contextlib.contextmanager
    def _stream(self) -> Iterator[IO[str]]:
        if self.target is None:
            yield sys.stdout
            return
        with writing(self.target) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            yield file

    def rows(
        self,
        rows: Iterable[Row],
        columns: Sequence[str] | None = None,
        *,
        title: str = "",
        empty: str = "Nothing found.",
        marks: Mapping[str, Any] | None = None,
        least: Sequence[str] = (),
    ) -> None:
        """Print rows. `columns`: which a person sees (programs get all). `marks`: said of the whole, e.g. SIMULATED.

        `least`: columns that a narrow terminal leaves out first.
        """
        notes: list[str] = []
        with self._stream() as stream:
            if self.form == "json":
                for row in rows:
                    stream.write(json.dumps({**row, **(marks or {})}, ensure_ascii=False) + "\n")
            elif self.form == "csv":
                _csv(stream, rows, marks or {})
            elif self.form == "geojson":
                _geojson(stream, rows, marks or {})
            else:
                listed = list(rows)
                notes = table.write(stream, listed, columns, title, least) if listed else [empty]
        for text in notes:
            note(text)
        if marks and self.form == "table":
            note(", ".join(f"{key}: {value}" if value is not True else key for key, value in marks.items()))

    def one(self, row: Row, lines: Callable[[Row], Iterable[str]]) -> None:
        """Print one thing: as JSON, or as lines for a person."""
        if self.form == "table":
            with self._stream() as stream:
                for line in lines(row):
                    stream.write(table.printable(line) + "\n")
        else:
            self.rows([row])


def note(text: str) -> None:
    """Say something beside the data, on stderr."""
    click.echo(table.printable(text), err=True)


def _csv(stream: IO[str], rows: Iterable[Row], marks: Mapping[str, Any]) -> None:
    writer: Any = None
    for row in rows:
        full = {**row, **marks}
        if writer is None:
            writer = csv.DictWriter(stream, list(full), lineterminator="\n")
            writer.writeheader()
        writer.writerow({key: _safe(table.flat(value)) for key, value in full.items()})


def _safe(value: Any) -> Any:
    """A name broadcast as `=cmd()` must not become a formula in someone's spreadsheet, nor an escape on a screen."""
    if isinstance(value, str):
        value = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
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
