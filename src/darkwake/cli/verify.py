"""`darkwake verify`: the ledger's chain, the rows of the lake, the bytes of the sources."""

from __future__ import annotations

from typing import Any

import click

from darkwake.cli.main import workspace_of
from darkwake.cli.output import Output, note, output_options
from darkwake.errors import VerificationError


@click.command()
@click.option("--head", metavar="HASH", help="A head that was printed before and kept elsewhere.")
@click.option("--quick", is_flag=True, help="The ledger alone, without the lake's rows and the sources' bytes.")
@output_options()
@click.pass_context
def verify(ctx: click.Context, head: str | None, quick: bool, out: Output) -> None:
    """Look whether all is as it was recorded, and print the head of the ledger's chain.

    Keep the head elsewhere (a letter, a colleague): whoever can edit the database can hash it anew, and only a head
    that is kept elsewhere shows that. Exit 6 if something was changed; what and where is listed.
    """
    from darkwake.lake.verify import ahead, not_covered

    workspace = workspace_of(ctx)
    rows: list[dict[str, Any]] = [finding.as_json() for finding in workspace.verify(head, quick=quick)]
    newest = workspace.ledger.entry()
    if out.form == "table":
        out.rows(rows, ["entry", "what", "where"], empty="All is as it was recorded.")
    else:
        out.rows(rows)
    if older := not_covered(workspace.lake):
        told = ", ".join(map(str, older))
        note(f"imports {told} were recorded by an older version: the rows that they wrote are not in the chain")
    if surplus := [] if quick or rows else ahead(workspace.lake):
        note(
            f"the lake holds writes in {', '.join(surplus)} that this ledger does not know: they were cut off, or this "
            "is an older copy of the database. The next write sets them back."
        )
    note(f"head {newest.chain} at entry {newest.number}")
    if rows:
        ctx.exit(VerificationError.exit_code)
