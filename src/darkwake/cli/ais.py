"""`darkwake ais`: decode, import, stats."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from darkwake.cli import table
from darkwake.cli.main import workspace_of
from darkwake.cli.options import as_of
from darkwake.cli.output import Output, compiling_note, note, output_options, progress_bar
from darkwake.errors import InputRejectedError


@click.group()
def ais() -> None:
    """Decode and import AIS data."""


@ais.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write Parquet to OUT.parquet.",
)
@click.option("--format", "format_name", metavar="F", help="Force a format (see `darkwake format list`).")
def decode(files: tuple[Path, ...], output: Path | None, format_name: str | None) -> None:
    """One row per message: NDJSON on stdout, or Parquet with -o."""
    from darkwake.streams import writing

    compiling_note()
    if output is None or str(output) == "-":
        code = _decode(files, format_name, _json_lines)
    else:
        with writing(output) as partial, _parquet(partial) as write:
            code = _decode(files, format_name, write)
    sys.exit(code)


def _decode(files: tuple[Path, ...], format_name: str | None, write: Callable[[Any], None]) -> int:
    """Decode into `write`; the exit code. A file that cannot be read does not keep the others from being read."""
    from darkwake import formats
    from darkwake.errors import DarkwakeError
    from darkwake.streams import archive_kept

    code = 0
    counted: dict[str, int] = {}
    for path in files:
        try:
            source = _standard_input() if str(path) == "-" else path
            with archive_kept():
                for batch in formats.read(source, format=format_name):
                    for item in batch.rejects.to_pylist():
                        counted[item["reason"]] = counted.get(item["reason"], 0) + 1
                    write(batch.messages)
        except DarkwakeError as error:
            note(f"darkwake: {error}")
            code = max(code, error.exit_code)
    if counted:
        note("rejected: " + ", ".join(f"{reason} {count}" for reason, count in sorted(counted.items())))
    return code


def _json_lines(messages: Any) -> None:
    import json

    from darkwake.rows import Rows, as_table

    for row in Rows(as_table(messages)):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


@contextlib.contextmanager
def _parquet(path: Path) -> Iterator[Callable[[Any], None]]:
    import pyarrow.parquet as pq

    from darkwake.ais.schema import DECODED
    from darkwake.rows import as_table

    with pq.ParquetWriter(path, DECODED, compression="zstd") as writer:
        yield lambda messages: writer.write_table(as_table(messages).select(DECODED.names).cast(DECODED))


def _standard_input() -> Path:
    """Standard input as a file: its hash is needed before it is read. It is gone when the process ends."""
    import tempfile

    from darkwake.streams import spool

    folder = tempfile.TemporaryDirectory(prefix="darkwake-")
    click.get_current_context().call_on_close(folder.cleanup)
    return spool(None, Path(folder.name))


@ais.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "format_name", metavar="F", help="Force a format (see `darkwake format list`).")
@click.option("--mapping", metavar="FILE|NAME", help="Column mapping: a TOML file, or the name of a shipped one.")
@click.option("--keep", is_flag=True, help="Copy the whole files into the evidence locker.")
@output_options()
@click.pass_context
def import_(
    ctx: click.Context, files: tuple[Path, ...], format_name: str | None, mapping: str | None, keep: bool, out: Output
) -> None:
    """Read FILES into the lake as one import. `-` is standard input."""
    compiling_note()
    workspace = workspace_of(ctx)
    with progress_bar("reading") as progress:
        imported = workspace.import_files(files, format=format_name, mapping=mapping, keep=keep, progress=progress)
    otherwise = "; to read it another way, withdraw that import first (see ais withdraw --help)"
    otherwise = otherwise if format_name or mapping else ""
    for name in imported.known:
        note(f"{name}: imported before (same SHA-256), nothing added{otherwise}")
    for name, error in imported.failed:
        lines = error.do.split("\n")  # a proposal to save is a text of several
        note(f"darkwake: {name}: {error.message(lines[0])}")
        for line in lines[1:]:
            note(line)
    for name, damage in imported.damaged:
        note(f"{name}: {damage}; what came before was imported, the rest of the file is lost")
    if not workspace.simulated and (made_up := [name for name in map(str, files) if _is_simulated(Path(name))]):
        note(
            f"WARNING: {', '.join(made_up)}: SIMULATED, as the file SIMULATED.txt beside it says, but this workspace "
            "is not marked simulated: its pages would pass made-up ships for real ones. Start anew with: "
            "darkwake init DIR --simulated"
        )
    summary = {"import": imported.number, **imported.counts.as_json()}
    if out.form == "table":
        least = ["statics", "sentences", "positions", "duplicates", "format"]
        out.rows(_per_source(imported) if imported.sources else [], empty="Nothing new was imported.", least=least)
        if imported.counts.rejected:
            note("rejected: " + ", ".join(f"{r} {n}" for r, n in sorted(imported.counts.rejected.items())))
        for text in _remarks(imported.counts):
            note(text)
        if imported.number is not None:
            note(f"import {imported.number}; next: darkwake event detect")
    else:
        out.rows([summary])
    code = max((error.exit_code for _, error in imported.failed), default=0)
    if imported.sources and imported.counts.messages == 0:
        names = ", ".join(Path(source["name"]).name for source in imported.sources)
        note(f"darkwake: nothing in {names} was read as AIS; what was rejected is recorded (ais stats)")
        code = max(code, InputRejectedError.exit_code)
    sys.exit(code)


def _is_simulated(path: Path) -> bool:
    """Whether the simulator's mark lies beside a file."""
    return str(path) != "-" and (path.parent / "SIMULATED.txt").is_file()


def _remarks(counts: Any) -> Iterator[str]:
    """What an import found in messages that were kept, and a reader must know of."""
    kept = "kept, but they take no part in tracks"
    if counts.without_time:
        yield f"{counts.without_time:,} messages have no known time: {kept}"
    if counts.bad_checksum:
        yield f"{counts.bad_checksum:,} messages have a wrong checksum: {kept}"
    if counts.implausible_time:
        yield (
            f"{counts.implausible_time:,} messages have a time before 1990 or more than two days after today: kept and "
            "flagged, but they take no part in tracks. Is the clock of this machine right?"
        )
    if counts.off_globe:
        yield (
            f"{counts.off_globe:,} positions lie off the globe (latitude beyond 90 or longitude beyond 180 degrees): "
            "kept, but no track holds them, and such a ship counts as heard without a position. Are latitude and "
            "longitude swapped, or longitudes from 0 to 360? Then withdraw this import, and read the file with another "
            "mapping."
        )
    if counts.prefix_time:
        yield (
            f"{counts.prefix_time:,} messages have their time from the log's own prefix: where it names no zone it was "
            "read as UTC. If the logger wrote local time, all their times are off by its zone."
        )


def _per_source(imported: Any) -> list[dict[str, Any]]:
    return [
        {
            "file": Path(source["name"]).name,
            "format": source["format"],
            "sentences": source["sentences"],
            "messages": source["messages"],
            "positions": source["positions"],
            "statics": source["statics"],
            "duplicates": source["duplicates"],
            "rejected": sum(source["rejected"].values()),
        }
        for source in imported.sources
    ]


@ais.command()
@click.argument("number", metavar="IMPORT", type=click.IntRange(min=1))
@click.option("--reason", required=True, help="Why it does not stand, for example: a wrong time zone.")
@click.option("--by", metavar="WHO", help="Who decides so.")
@output_options()
@click.pass_context
def withdraw(ctx: click.Context, number: int, reason: str, by: str | None, out: Output) -> None:
    """Take IMPORT out of every later reading, and look again for what was looked for.

    It stays readable with --as-of, its events are retracted, and its files can be imported again, for example with
    another mapping.
    """
    compiling_note()
    workspace = workspace_of(ctx)
    with progress_bar("") as progress:
        entry = workspace.withdraw(number, reason=reason, by=by, progress=progress)
    out.rows([{"withdrawn": number, "number": entry.number}])
    note(f"import {number} is withdrawn; see what it read with: darkwake ais stats --as-of {entry.number - 1}")


@ais.command()
@as_of
@click.option("--sources", is_flag=True, help="One row per source instead.")
@click.option("--coverage", is_flag=True, help="When and where there are data instead, by source.")
@output_options()
@click.pass_context
def stats(ctx: click.Context, as_of: str | None, sources: bool, coverage: bool, out: Output) -> None:
    """How much is in the lake, from when to when."""
    workspace = workspace_of(ctx)
    if sources:
        out.rows(
            workspace.sources(as_of),
            ["name", "sha256", "size", "format", "damage"],
            empty="No source was imported yet.",
        )
        return
    if coverage:
        out.rows(
            workspace.coverage(as_of),
            ["name", "start", "end", "reports", "ships", "west", "south", "east", "north"],
            empty="No report with a time was imported yet.",
        )
        note("Outside of these periods and waters there are no data: nobody is silent there.")
        return
    from darkwake.lake.summary import LEFT_OUT

    found = workspace.stats(as_of)

    def lines(row: Any) -> list[str]:
        width = max(len(name) for name in row)
        text = [f"{name.replace('_', ' '):<{width}}  {table.cell(value) or 'none'}" for name, value in row.items()]
        if any(row[name] for name in LEFT_OUT):
            told = ", ".join(name.replace("_", " ") for name in LEFT_OUT)
            text.append(f"Messages counted under {told} are kept, but take no part in tracks.")
        return text

    out.one(found, lines)
