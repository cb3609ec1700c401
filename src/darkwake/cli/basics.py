"""`darkwake init`, `demo`, `lake`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import click

from darkwake.cli.main import workspace_of
from darkwake.cli.options import as_of
from darkwake.cli.output import Output, compiling_note, note, output_options, progress_bar


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--simulated", is_flag=True, help="For made-up data: every list and page will say SIMULATED.")
def init(folder: Path, simulated: bool) -> None:
    """Make a new, empty workspace in DIR."""
    from darkwake import settings, workspace

    existed = (folder / settings.MARKER).exists()
    with workspace.create(folder, simulated=simulated) as made:
        made.lake.snapshot()
        note(f"{'Opened' if existed else 'Made'} {made.folder}; next: darkwake -w {folder} ais import FILE…")


@click.command()
@click.option("--no-browser", is_flag=True, help="Do not open the pages in a browser.")
@click.option("--folder", default="demo", show_default=True, type=click.Path(file_okay=False, path_type=Path))
def demo(no_browser: bool, folder: Path) -> None:
    """Build the sample workspace, run everything, open the result. Made-up ships: SIMULATED."""
    import webbrowser

    from darkwake import demo as sample

    compiling_note()
    with progress_bar("") as progress:
        result = sample.run(folder, click.echo, progress)
    exhibit = result.exhibit
    click.echo(f"Evidence {exhibit.ref}, SHA-256 of its source verified:\n  " + exhibit.text)
    click.echo(f"Pages: {result.claim_page}\n       {result.dossier}")
    click.echo(f"Look further: darkwake -w {folder} event list; darkwake -w {folder} claim show {result.claim}")
    if not no_browser:
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(result.claim_page.resolve().as_uri())


@click.group()
def lake() -> None:
    """The ledger of what was recorded, and digests of the tables."""


@lake.command()
@as_of
@output_options()
@click.pass_context
def log(ctx: click.Context, as_of: str | None, out: Output) -> None:
    """What was recorded: number, kind, when, by which software."""
    from darkwake import times
    from darkwake.ledger import details

    ledger = workspace_of(ctx).ledger
    rows = (
        {
            "number": entry.number,
            "kind": entry.kind,
            "recorded_at": times.iso(entry.recorded_at),
            "software": entry.software,
            "detail": _summary(entry.detail) if out.form == "table" else details.to_json(entry.detail),
        }
        for entry in ledger.entries(up_to=ledger.number_as_of(as_of))
    )
    out.rows(rows, empty="Nothing was recorded yet.", least=["software"])


def _summary(detail: Any) -> str:
    """What an entry of the ledger did, for a person; `--json` has all of it."""
    from darkwake.ledger import details

    if isinstance(detail, details.Import):
        rejected = sum(detail.rejected.values())
        return f"{detail.files} file{'' if detail.files == 1 else 's'}, {detail.messages:,} messages" + (
            f", {rejected:,} rejected" * (rejected > 0)
        )
    if isinstance(detail, details.Tracks):
        return f"up to entry {detail.imports_up_to}, {detail.partitions_written} partitions written"
    if isinstance(detail, details.Places) and detail.did != "import":
        return f"{detail.did} {detail.file or f'{detail.places:,} places'}"
    if isinstance(detail, details.Places):
        rejected = sum(detail.rejected.values())
        return f"{detail.file}, {detail.places:,} places" + f", {rejected:,} rejected" * (rejected > 0)
    if isinstance(detail, details.Detection):
        return ", ".join(f"{found} {name}" for name, found in detail.found.items())
    if isinstance(detail, details.Verdicts):
        return f"{len(detail.claims)} claim{'' if len(detail.claims) == 1 else 's'} run"
    if isinstance(detail, details.Erasure):
        return f"{len(detail.values)} value{'' if len(detail.values) == 1 else 's'} erased"
    return ", ".join(f"{name} {value}" for name, value in details.to_json(detail).items() if value)


@lake.command()
@as_of
@output_options()
@click.pass_context
def digest(ctx: click.Context, as_of: str | None, out: Output) -> None:
    """A digest of what each table says, whatever its files look like: equal data give equal digests."""
    from darkwake.lake.digest import digests

    found = digests(workspace_of(ctx).snapshot(as_of))
    out.rows({"table": name, "digest": value} for name, value in found.items())
