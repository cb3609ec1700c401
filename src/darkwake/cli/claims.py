"""`darkwake case` and `darkwake claim`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from darkwake.cli.main import workspace_of
from darkwake.cli.options import as_of, since, until
from darkwake.cli.output import Output, note, output_options
from darkwake.streams import read_text


@click.group()
def case() -> None:
    """Cases: a question, its claims, its as-of."""


@case.command("new")
@click.argument("name")
@click.option("--question", default="", help="What is to be found out.")
@click.option("--as-of", metavar="N|TIME", help="Pin the case's figures to this moment.")
@click.pass_context
def new_case(ctx: click.Context, name: str, question: str, as_of: str | None) -> None:
    """Open a case."""
    workspace_of(ctx).casebook.add_case(name, question, as_of=as_of)
    note(f"case {name}; next: darkwake claim add --case {name} …")


@case.command("list")
@output_options()
@click.pass_context
def list_cases(ctx: click.Context, out: Output) -> None:
    """The cases of the book."""
    out.rows(workspace_of(ctx).casebook.cases(), empty="No case yet. Make one with: darkwake case new NAME")


@case.command("show")
@click.argument("name")
@output_options()
@click.pass_context
def show_case(ctx: click.Context, name: str, out: Output) -> None:
    """The claims of a case and what the data last said to each."""
    book = workspace_of(ctx).casebook
    book.case(name)
    out.rows(
        (row for row in book.claims(case=name)),
        ["id", "words", "asserted_by", "status", "outcome"],
        empty="The case has no claim yet. Add one with: darkwake claim add --case " + name,
    )


@click.group()
def claim() -> None:
    """Claims: who says what, and what the data say to it."""


@claim.command("add")
@click.option("--words", required=True, help="The claim, in the words in which it was made.")
@click.option("--by", "asserted_by", required=True, metavar="WHO", help="Who says so.")
@click.option("--query", "query_text", metavar="JSON|@FILE", help="The typed query (docs/reference/claims.md).")
@click.option("--at-least", type=int, metavar="N", help="Instead of --query: at least N events …")
@click.option("--kind", default="port_call", show_default=True, help="… of this kind")
@click.option("--vessel", metavar="REF", help='… of this vessel (mmsi:…, imo:…, callsign:…, name:"…" or seg:…)')
@click.option("--place", metavar="CODE", help="… at this place")
@since
@until
@click.option("--status", type=click.Choice(["alleged", "inferred", "decided"]), default="alleged", show_default=True)
@click.option("--source", help="Where it was said: a reference, a document, an address.")
@click.option("--case", "case_name", metavar="NAME", help="The case it belongs to.")
@output_options()
@click.pass_context
def add_claim(
    ctx: click.Context,
    words: str,
    asserted_by: str,
    query_text: str | None,
    at_least: int | None,
    kind: str,
    vessel: str | None,
    place: str | None,
    since: str | None,
    until: str | None,
    status: str,
    source: str | None,
    case_name: str | None,
    out: Output,
) -> None:
    """Record a claim; with a query it can be run on the data."""
    from darkwake import times

    query: Any = None
    if query_text is not None and at_least is not None:
        raise click.UsageError("give --query or --at-least, not both")
    if query_text is not None:
        query = read_text(Path(query_text[1:])) if query_text.startswith("@") else query_text
    elif at_least is not None:
        given = {
            "kind": kind,
            "vessel": vessel,
            "place": place,
            "since": times.iso(times.parse(since)) if since else None,
            "until": times.iso(times.parse_end(until)) if until else None,
        }
        query = {"v": 1, "count": {k: v for k, v in given.items() if v is not None}, "at_least": at_least}
    workspace = workspace_of(ctx)
    workspace.build_tracks()
    row = workspace.casebook.add_claim(
        words, query, asserted_by=asserted_by, status=status, source=source, case=case_name
    )
    _show(row, out)
    note(f"next: darkwake claim verify {row['id']}")


@claim.command("list")
@click.option("--case", "case_name", metavar="NAME", help="Only of this case.")
@as_of
@output_options()
@click.pass_context
def list_claims(ctx: click.Context, case_name: str | None, as_of: str | None, out: Output) -> None:
    """Claims, in the order in which they were recorded."""
    out.rows(
        workspace_of(ctx).casebook.claims(case=case_name, as_of=as_of),
        ["id", "words", "asserted_by", "status", "outcome"],
        empty='No claim yet. Add one with: darkwake claim add --words "…" --by "…"',
    )


@claim.command("show")
@click.argument("id")
@output_options()
@click.pass_context
def show_claim(ctx: click.Context, id: str, out: Output) -> None:
    """One claim: its words, who says so, its query, what the data last said, what was answered."""
    _show(workspace_of(ctx).casebook.claim(id), out)


@claim.command()
@click.argument("id")
@click.argument("kind", type=click.Choice(["denial", "reply", "correction", "no_reply", "asked"]))
@click.option("--party", required=True, help="Who answers, by role.")
@click.option("--words", help="The words as they were said.")
@click.option("--on", "said_on", metavar="DATE", help="When it was said.")
@click.option("--source", help="Where it was said.")
@click.pass_context
def reply(
    ctx: click.Context, id: str, kind: str, party: str, words: str | None, said_on: str | None, source: str | None
) -> None:
    """Record what a party answered to a claim, or that it was asked and did not."""
    workspace_of(ctx).casebook.add_reply(id, kind, party=party, words=words, said_on=said_on, source=source)
    note("recorded; it stands beside the claim on every page")


@claim.command()
@click.argument("ids", nargs=-1, metavar="[ID]…")
@as_of
@output_options()
@click.pass_context
def verify(ctx: click.Context, ids: tuple[str, ...], as_of: str | None, out: Output) -> None:
    """Run claims (all, or IDS) on the data: supported, contradicted, or not enough data, as a bound with coverage."""
    book = workspace_of(ctx).casebook
    rows = [
        {"id": identity, "as_of": number, **verdict.to_json()}
        for identity, verdict, number in book.verify_claims(ids, as_of=as_of)
    ]
    out.rows(rows, ["id", "outcome", "lower", "upper", "coverage", "as_of"], empty="No claim has a query to run.")
    if out.form == "table":
        for row in rows:
            note(row["words"])


def _show(row: dict[str, Any], out: Output) -> None:
    def lines(_: Any) -> list[str]:
        text = [f"{row['id']}  ({row['status']} by {row['asserted_by']})", f"  “{row['words']}”"]
        if row["source"]:
            text.append(f"  said in: {row['source']}")
        if row["query"]:
            text.append(f"  query: {json.dumps(row['query'])}")
        for evaluation in row["evaluations"]:
            text.append(f"  as of {evaluation['as_of']}: {evaluation['verdict']['words']}")
        for answer in row["replies"]:
            text.append(f"  {answer['kind']} by {answer['party']}: {answer['words'] or ''}")
        return text

    out.one(row, lines)
