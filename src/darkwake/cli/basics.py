"""`darkwake init`, `demo`, `lake`."""

from __future__ import annotations

from pathlib import Path

import click

from darkwake.cli.main import workspace_of
from darkwake.cli.options import as_of
from darkwake.cli.output import Output, note, output_options


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a new, empty workspace in DIR."""
    from darkwake import workspace

    existed = (folder / workspace.MARKER).exists()
    with workspace.create(folder) as made:
        made.lake.snapshot()
        note(f"{'Opened' if existed else 'Made'} {made.folder}; next: darkwake -w {folder} ais import FILE…")


@click.group()
def lake() -> None:
    """The ledger of what was recorded, and digests of the tables."""


@lake.command()
@output_options()
@click.pass_context
def log(ctx: click.Context, out: Output) -> None:
    """What was recorded: number, kind, when, by which software."""
    from darkwake import times

    out.rows(
        (
            {
                "number": entry.number,
                "kind": entry.kind,
                "recorded_at": times.iso(entry.recorded_at),
                "software": entry.software,
                "detail": dict(entry.detail),
            }
            for entry in workspace_of(ctx).lake.entries()
        ),
        empty="Nothing was recorded yet.",
    )


@lake.command()
@as_of
@output_options()
@click.pass_context
def digest(ctx: click.Context, as_of: str | None, out: Output) -> None:
    """A digest of what each table says, whatever its files look like: equal data give equal digests."""
    from darkwake.lake.digest import digests

    found = digests(workspace_of(ctx).snapshot(as_of))
    out.rows({"table": name, "digest": value} for name, value in found.items())
