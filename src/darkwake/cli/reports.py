"""`darkwake report`: self-contained pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from darkwake.cli.main import workspace_of
from darkwake.cli.options import as_of
from darkwake.cli.output import note
from darkwake.streams import writing

_output = click.option(
    "-o", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write to FILE.html (`-`: standard output)."
)


@click.group()
def report() -> None:
    """Self-contained pages: a dossier, a claim."""


@report.command()
@click.argument("ref")
@as_of
@_output
@click.pass_context
def dossier(ctx: click.Context, ref: str, as_of: str | None, output: Path | None) -> None:
    """What was broadcast under one MMSI and what was inferred from it. REF: mmsi:…, imo:…, callsign:…, name:"…"."""
    workspace = workspace_of(ctx)
    workspace.build_tracks()
    mmsi = workspace.mmsi(ref, as_of)
    _write(workspace.reports.dossier(mmsi, as_of), output or Path(f"dossier-{mmsi}.html"), ctx)


@report.command()
@click.argument("id")
@as_of
@_output
@click.pass_context
def claim(ctx: click.Context, id: str, as_of: str | None, output: Path | None) -> None:
    """The page of a claim: its words, the verdict as a bound, the evidence down to the bytes, the replies."""
    workspace = workspace_of(ctx)
    identity = workspace.casebook.claim(id)["id"]
    _write(workspace.reports.claim(identity, as_of), output or Path(f"{identity}.html"), ctx)


def _write(page: Any, path: Path, ctx: click.Context) -> None:
    if str(path) == "-":
        click.echo(page.html)
    else:
        with writing(path) as partial:
            partial.write_text(page.html, encoding="utf-8")
    note(f"{path if str(path) != '-' else 'written to standard output'}: {page.exhibits} exhibits")
    for failure in page.failures:
        note(f"not verified: {failure}")
    ctx.exit(page.exit_code)
