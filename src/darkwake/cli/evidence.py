"""`darkwake evidence`: the bytes behind a row, an event, a claim."""

from __future__ import annotations

from typing import Any

import click

from darkwake.cli.main import workspace_of
from darkwake.cli.options import as_of
from darkwake.cli.output import Output, output_options


@click.group()
def evidence() -> None:
    """The bytes behind a row, an event, a claim."""


@evidence.command()
@click.argument("ref")
@as_of
@output_options()
@click.pass_context
def show(ctx: click.Context, ref: str, as_of: str | None, out: Output) -> None:
    """Print the bytes behind REF and check their hash; exit 6 if they are not what was imported."""
    workspace = workspace_of(ctx)
    exhibits = workspace.evidence.show(ref, workspace.snapshot(as_of))
    if out.form != "table":
        out.rows(exhibit.as_json() for exhibit in exhibits)
        return
    lines: list[str] = []
    for exhibit in exhibits:
        lines += [
            *exhibit.text.split("\n"),
            f"    {exhibit.ref}",
            f"    bytes {exhibit.span.offset}+{exhibit.span.length} of {exhibit.source}",
            f"    SHA-256 {exhibit.sha256}: verified",
        ]
    out.one({}, lambda _: lines)


@evidence.command()
@click.argument("sources", nargs=-1)
@as_of
@output_options()
@click.pass_context
def verify(ctx: click.Context, sources: tuple[str, ...], as_of: str | None, out: Output) -> None:
    """Hash whole sources again (all up to --as-of, or those whose SHA-256 begins so); exit 6 if one differs."""
    from darkwake.errors import DarkwakeError
    from darkwake.evidence.sources import verify_source

    workspace = workspace_of(ctx)
    rows: list[dict[str, Any]] = []
    worst = 0
    for source in sources or [row["sha256"] for row in workspace.sources(as_of)]:
        try:
            same, found = verify_source(workspace.lake, source)
            outcome = "verified" if same else f"changed: now {found}"
            worst = worst if same else 6
        except DarkwakeError as error:
            outcome, worst = str(error), max(worst, error.exit_code)
        rows.append({"sha256": source, "outcome": outcome})
    out.rows(rows, empty="No source was imported yet.")
    ctx.exit(worst)
