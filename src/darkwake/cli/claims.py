"""`darkwake case` and `darkwake claim`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from darkwake import times
from darkwake.cli.main import workspace_of
from darkwake.cli.options import account, as_of, since, until, who, why
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
@as_of
@output_options()
@click.pass_context
def list_cases(ctx: click.Context, as_of: str | None, out: Output) -> None:
    """The cases of the book."""
    columns = ["name", "question", "as_of", "claims", "recorded_at"]
    out.rows(
        workspace_of(ctx).casebook.cases(as_of), columns, empty="No case yet. Make one with: darkwake case new NAME"
    )


@case.command("show")
@click.argument("name")
@as_of
@output_options()
@click.pass_context
def show_case(ctx: click.Context, name: str, as_of: str | None, out: Output) -> None:
    """The claims of a case and what the data last said to each."""
    book = workspace_of(ctx).casebook
    book.case(name, as_of)
    _list(
        book.claims(case=name, as_of=as_of),
        out,
        "The case has no claim yet. Add one with: darkwake claim add --case " + name,
    )


@click.group()
def claim() -> None:
    """Claims: who says what, and what the data say to it."""


@claim.command("add")
@click.option("--words", help="The claim, in the words in which it was made.")
@click.option("--by", "asserted_by", metavar="WHO", help="Who says so.")
@click.option("--query", "query_text", metavar="JSON|@FILE", help="The typed query (docs/reference/claims.md).")
@click.option("--at-least", type=int, metavar="N", help="Instead of --query: at least N events …")
@click.option("--kind", default="port_call", show_default=True, help="… of this kind")
@click.option("--vessel", metavar="REF", help='… of this vessel (mmsi:…, imo:…, callsign:…, name:"…" or seg:…)')
@click.option("--place", metavar="CODE", help="… at this place")
@since
@until
@click.option("--status", type=click.Choice(["alleged", "inferred", "decided"]), help="alleged, unless this is given.")
@click.option("--source", help="Where it was said: a reference, a document, an address.")
@click.option("--published", metavar="DATE|FROM..TO", help="When it was said.")
@click.option("--case", "cases", metavar="NAME", multiple=True, help="A case to which it belongs; may be given again.")
@click.option("--to", "known", metavar="ID", help="A claim that --by makes as well, in these or its own words.")
@output_options()
@click.pass_context
def add_claim(
    ctx: click.Context,
    words: str | None,
    asserted_by: str | None,
    query_text: str | None,
    at_least: int | None,
    kind: str,
    vessel: str | None,
    place: str | None,
    since: str | None,
    until: str | None,
    status: str | None,
    source: str | None,
    published: str | None,
    cases: tuple[str, ...],
    known: str | None,
    out: Output,
) -> None:
    """Record a claim; with a query it can be run on the data. The same claim from another source is a source more."""
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
        query = {"v": 2, "count": {k: v for k, v in given.items() if v is not None}, "at_least": at_least}
    workspace = workspace_of(ctx)
    book = workspace.casebook
    when = None if published is None else times.parse_interval(published)
    if known is not None:
        if query is not None or status is not None:
            raise click.UsageError("--to names a claim that has its query and status; leave them out")
        row = book.add_to_claim(known, asserted_by=asserted_by, words=words, source=source, published=when, cases=cases)
    elif words is None or asserted_by is None:
        raise click.UsageError("a claim needs --words and --by")
    else:
        if query is not None:  # it may name a vessel by what it broadcast
            workspace.build_tracks()
        row = book.add_claim(
            words, query, asserted_by=asserted_by, status=status, source=source, published=when, cases=cases
        )
    _show(row, out)
    _told(row)


def _told(row: dict[str, Any]) -> None:
    """Say what came of adding a claim."""
    if row["added"] == ["claim"]:
        note(f"next: darkwake claim verify {row['id']}")
        return
    what = "added: " + ", ".join(row["added"]) if row["added"] else "just this is in the book, nothing was added"
    note(f"{row['id']} is known: {what}")
    if row["state"] == "withdrawn":
        note(f"{row['id']} is withdrawn {_decision(row['decisions'][-1])}")


@claim.command("list")
@click.option("--case", "case_name", metavar="NAME", help="Only of this case.")
@as_of
@output_options()
@click.pass_context
def list_claims(ctx: click.Context, case_name: str | None, as_of: str | None, out: Output) -> None:
    """Claims, in the order in which they were recorded."""
    rows = workspace_of(ctx).casebook.claims(case=case_name, as_of=as_of)
    _list(rows, out, 'No claim yet. Add one with: darkwake claim add --words "…" --by "…"')


def _list(rows: list[dict[str, Any]], out: Output, empty: str) -> None:
    if out.form == "table":
        rows = [{**row, "state": None if row["state"] == "standing" else row["state"], **_bound(row)} for row in rows]
    columns = ["id", "state", "words", "asserted_by", "status", "outcome", "bound", "as_of"]
    out.rows(rows, columns, empty=empty, least=["status", "asserted_by"])
    if out.form == "table" and any(row["verdict"] and row["verdict"]["withdrawn_since"] for row in rows):
        note("†: run on data of which an import was withdrawn since; run it again with: darkwake claim verify")


def _bound(row: dict[str, Any]) -> dict[str, Any]:
    """The newest verdict's bound and moment for a table; † where an import of its data was withdrawn since."""
    verdict = row["verdict"]
    if verdict is None:
        return {"bound": None, "as_of": None}
    lower, upper = ("?" if verdict[side] is None else verdict[side] for side in ("lower", "upper"))
    mark = " †" if verdict["withdrawn_since"] else ""
    return {"outcome": row["outcome"] + mark, "bound": f"{lower} to {upper}", "as_of": verdict["as_of"]}


@claim.command("show")
@click.argument("id")
@as_of
@output_options()
@click.pass_context
def show_claim(ctx: click.Context, id: str, as_of: str | None, out: Output) -> None:
    """One claim: its words, who says so, its query, what the data last said, what was answered."""
    book = workspace_of(ctx).casebook
    row = book.claim(id, as_of)
    _show(row, out)
    now = book.claim(id)
    if as_of is not None and (now["replies"], now["state"]) != (row["replies"], row["state"]):
        note("Later a reply was recorded, or the claim was withdrawn or restored: see it without --as-of.")


@claim.command()
@click.argument("id")
@why
@who
@output_options()
@click.pass_context
def withdraw(ctx: click.Context, id: str, reason: str, by: str | None, out: Output) -> None:
    """Withdraw a claim. It stays in the book with who, when and why, and its page says so at its head."""
    _decide(ctx, id, "withdrawn", reason, by, out)


@claim.command()
@click.argument("id")
@why
@who
@output_options()
@click.pass_context
def restore(ctx: click.Context, id: str, reason: str, by: str | None, out: Output) -> None:
    """Take a withdrawn claim up again."""
    _decide(ctx, id, "restored", reason, by, out)


def _decide(ctx: click.Context, id: str, decision: Any, reason: str, by: str | None, out: Output) -> None:
    row = workspace_of(ctx).casebook.decide(id, decision, decided_by=account() if by is None else by, reason=reason)
    _show(row, out)


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
    book = workspace_of(ctx).casebook
    if book.add_reply(id, kind, party=party, words=words, said_on=said_on, source=source):
        note("recorded; it stands beside the claim on every page")
    else:
        note("just this is in the book, nothing was added")


@claim.command()
@click.argument("id")
@click.option(
    "--what",
    type=click.Choice(["words", "source", "reply", "decision"]),
    multiple=True,
    default=["words"],
    show_default=True,
    help="Its words (of all sources); who says so and where; the replies; who withdrew it and why. May be given again.",
)
@why
@who
@click.pass_context
def erase(ctx: click.Context, id: str, what: tuple[str, ...], reason: str, by: str | None) -> None:
    """Erase words or names for good, in every file of the workspace. Their hashes stay, and who erased them and why."""
    erased = workspace_of(ctx).casebook.erase(id, what, by=by if by is not None else account(), reason=reason)
    many = "1 value" if erased == 1 else f"{erased} values"
    note(f"{many} erased: “erased” is read at every as-of" if erased else "nothing of it was left to erase")


@claim.command()
def schema() -> None:
    """Print the JSON Schema of a claim's query."""
    from darkwake.answers.grammar import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@claim.command()
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option("--case", "case_name", metavar="NAME", help="Those of this case, as of its pin.")
@as_of
@output_options()
@click.pass_context
def verify(ctx: click.Context, ids: tuple[str, ...], case_name: str | None, as_of: str | None, out: Output) -> None:
    """Run claims (all that stand, or IDS) on the data: supported, contradicted, or not enough data, as a bound.

    As of --as-of; else of the pin of --case, or of the only case in which a claim stands; else of now.
    """
    book = workspace_of(ctx).casebook
    answers = book.verify_claims(ids, as_of=as_of, case=case_name)
    columns = ["id", "outcome", "lower", "upper", "coverage", "as_of"]
    out.rows(_alike([_answer(answer) for answer in answers]), columns, empty="No claim that stands has a query to run.")
    for answer in answers:
        if answer.verdict is not None and ids and (row := book.claim(answer.id))["state"] == "withdrawn":
            note(f"{answer.id} is withdrawn {_decision(row['decisions'][-1])}")
        if answer.error is not None:
            note(f"darkwake: {answer.id}: {answer.error}")
        elif out.form == "table" and answer.verdict is not None:
            note(answer.verdict.words)
            for text in (_rests_on(answer.verdict.to_json()), *answer.verdict.notes):
                note(f"  {text}")
    ctx.exit(max((answer.error.exit_code for answer in answers if answer.error is not None), default=0))


def _rests_on(verdict: dict[str, Any]) -> str:
    """What a verdict rests on, in a sentence; of one that an older version kept, as far as it told."""
    looked = []
    for kind, coverage in (verdict.get("coverage_of") or {}).items():
        runs = sorted({stretch["run"] for stretch in coverage["stretches"]})
        methods = sorted({stretch["method"]["version"] for stretch in coverage["stretches"]})
        whole = "" if coverage["complete"] else ", not for all that is asked"
        found = f"in run {', '.join(map(str, runs))} by {kind} {', '.join(methods)}{whole}" if runs else "in no run"
        looked.append(f"looked for {kind} {found}")
    return ("; ".join(looked) or "rests on the tracks alone") + "."


def _alike(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the same keys, as a table needs them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


def _answer(answer: Any) -> dict[str, Any]:
    if answer.verdict is None:
        return {"id": answer.id, "as_of": None, "outcome": "not run", "error": str(answer.error)}
    return {"id": answer.id, "as_of": answer.as_of, **answer.verdict.to_json()}


def _show(row: dict[str, Any], out: Output) -> None:
    def lines(_: Any) -> list[str]:
        text = [f"WITHDRAWN  {_decision(row['decisions'][-1])}"] if row["state"] == "withdrawn" else []
        text += [f"{row['id']}  ({row['status']} by {row['asserted_by']})", f"  “{row['words']}”"]
        text += [_source(source, first=k == 0) for k, source in enumerate(row["sources"])]
        if row["cases"]:
            text.append(f"  cases: {', '.join(row['cases'])}")
        if row["query"]:
            text.append(f"  query: {json.dumps(row['query'])}")
        for evaluation in row["evaluations"]:
            text.append(f"  as of {evaluation['as_of']}: {evaluation['verdict']['words']}")
            text.append(f"    {_rests_on(evaluation['verdict'])}")
            text += [f"    {remark}" for remark in evaluation["verdict"].get("notes", ())]
            if gone := evaluation["withdrawn_since"]:
                text.append(f"    The data it was run on held import {', '.join(map(str, gone))}, withdrawn since.")
        for answer in row["replies"]:
            day = f", {times.told(answer['said_on'])[:10]}" if answer["said_on"] else ""
            text.append(f"  {answer['kind']} by {answer['party']}{day}: {answer['words'] or ''}")
        text += [f"  {decided['state']} {_decision(decided)}" for decided in row["decisions"]]
        text += [f"  erased {_decision(erased)}" for erased in row["erasures"]]
        return [line for line in text if line]

    out.one(row, lines)


def _source(source: dict[str, Any], first: bool) -> str:
    """Who else says so; of the first one, who stands above, where and when."""
    days = [times.told(source[name]) for name in ("published_from", "published_to") if source[name] is not None]
    parts = [] if first else [f"by {source['by']}" + (f": “{source['words']}”" if source["words"] else "")]
    parts += [f"in: {source['source']}"] if source["source"] else []
    parts += [f"published {' to '.join(days)}"] if days else []
    return f"  said {', '.join(parts)}" if parts else ""


def _decision(decided: dict[str, Any]) -> str:
    return f"by {decided['by']}, {times.told(decided['recorded_at'])}: {decided['reason']}"
