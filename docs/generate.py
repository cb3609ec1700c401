"""Writes the generated parts of the documentation from the code: `make docs`. A test checks that they are current."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from darkwake.detectors.base import Needs
    from darkwake.errors import DarkwakeError
    from darkwake.events.kinds import Kind

HERE = Path(__file__).parent
HEAD = "<!-- Written by docs/generate.py from the code; do not edit. -->\n\n"


def cli_reference() -> str:
    """Every command's help, as `docs/reference/cli.md`."""
    from darkwake.cli.main import cli

    parts = [HEAD + "# The command line\n"]
    for path, command in _commands(click.Context(cli, info_name="darkwake"), cli):
        context = click.Context(command, info_name=path, help_option_names=cli.context_settings["help_option_names"])
        context.max_content_width = 100
        context.terminal_width = 100
        parts.append(f"## `{path}`\n\n```\n{command.get_help(context).rstrip()}\n```\n")
    return "\n".join(parts)


def _commands(context: click.Context, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    name = context.info_name or ""
    yield name, command
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _commands(click.Context(found, info_name=f"{name} {child}"), found)


def schema_reference() -> str:
    """The columns of a decoded message and the tables of the lake, as `docs/reference/schema.md`."""
    from darkwake.ais.schema import COLUMNS
    from darkwake.lake.schema import TABLES

    lines = [
        HEAD + "# Rows\n",
        "## A decoded message\n",
        "| column | type | message types | meaning |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{c.name}` | {c.type} | {c.types or 'all'} | {c.meaning} |" for c in COLUMNS]
    lines.append("\n## The tables of the lake\n")
    for name, (schema, partition_by) in TABLES.items():
        lines += [f"### `{name}`\n", f"Partitioned by {', '.join(partition_by)}.\n", "| column | type |", "|---|---|"]
        known = {column.name for column in COLUMNS}
        own = [field for field in schema if name != "reports" or field.name not in known]
        lines += [f"| `{field.name}` | {field.type} |" for field in own]
        if name == "reports":
            lines.append("| … | and every column of a decoded message |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def exit_codes_reference() -> str:
    """The exit codes and what each means, from the tree of errors, as `docs/reference/exit-codes.md`."""
    from darkwake import errors

    lines = [HEAD + "# Exit codes\n", "| code | error | meaning |", "|---|---|---|", "| 0 | | done as asked |"]
    for error in _errors(errors.DarkwakeError):
        meaning = (error.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| {error.exit_code} | `{error.__name__}` | {meaning} |")
    lines.append("| 130 | | interrupted; what was committed is kept |")
    lines.append("\nOf several files or claims, one that fails does not keep the others; the highest code is told.")
    lines.append("An import in which not one message was read exits with 4; its rejects are recorded all the same.")
    return "\n".join(lines) + "\n"


def _errors(error: type[DarkwakeError]) -> Iterator[type[DarkwakeError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == error.__module__:
            yield from _errors(child)


def ledger_reference() -> str:
    """What the ledger is, its kinds of entries, and the SQL tables, as `docs/reference/ledger.md`."""
    from dataclasses import fields

    from darkwake.casebook import tables as casebook
    from darkwake.ledger import tables
    from darkwake.ledger.details import KINDS

    lines = [HEAD + (HERE / "parts" / "ledger.md").read_text(encoding="utf-8")]
    lines += ["## Kinds of entries\n", "| kind | what it records | its detail |", "|---|---|---|"]
    for kind, shape in KINDS.items():
        about = (shape.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{kind}` | {about} | {', '.join(f'`{item.name}`' for item in fields(shape))} |")
    lines += [
        "\n## The tables\n",
        "Columns in italics are names of private values. What may change (where a file lies),",
    ]
    lines += [
        "or be erased, is left out of the chain.\n",
        "| table | columns | left out of the chain |",
        "|---|---|---|",
    ]
    for each in (*tables.RECORDED, *casebook.RECORDED):
        columns = [f"*{c.name}*" if c.type is tables.PRIVATE else f"`{c.name}`" for c in each.table.c]
        lines.append(f"| `{each.name}` | {', '.join(columns)} | {', '.join(sorted(each.left_out)) or '–'} |")
    return "\n".join(lines) + "\n"


def events_reference() -> str:
    """The kinds of events with their measures and how they are counted, as `docs/reference/events.md`."""
    from darkwake.detectors import registry
    from darkwake.events.kinds import PROMISED

    lines = [HEAD + "# Kinds of events\n"]
    lines += [
        "Each kind is declared in the file of its detector; queries, words, bounds and pages follow the declaration.",
        "A measure's role: *size* (less than a claim asks for is something else), *doubt* (less is less sure), *told*",
        "(no number: no claim asks for so much of it).\n",
    ]
    for name in registry.names():
        detector, kind = registry.get(name), registry.kind(name)
        lines += [f"## `{name}`\n", f"{detector.title}: {detector.definition} [Method](../methods/{name}.md)\n"]
        lines += [f"- {rule}" for rule in _rules(kind, detector.needs)]
        lines += ["\n| measure | unit | role | meaning |", "|---|---|---|---|"]
        for each in kind.measures:
            role = f"{each.role}, may be below 0" if each.signed else each.role
            lines.append(f"| `{each.name}` | {each.unit or '–'} | {role} | {each.meaning} |")
        lines.append("")
    later = ", ".join(f"`{name}`" for name in PROMISED if name not in registry.names())
    lines += ["## Kinds to come\n", f"Queries may name them; they are not looked for yet: {later}."]
    return "\n".join(lines) + "\n"


def _rules(kind: Kind, needs: Needs) -> Iterator[str]:
    yield f"noun: {kind.noun}, {kind.nouns}; {'observed' if kind.observed else 'inferred'}"
    if kind.been_there:
        yield "its ship was where it lies: her reports from far off before and after exclude it"
    if kind.silence:
        yield "it is that nothing was heard: a report within it excludes it"
    if kind.at_port:
        yield "it happens at a port and bears the port's code"
    if kind.seen_in_part:
        yield "what was seen of it is the least of what was: one that falls short of a claim is possible still"
    if kind.bounded:
        yield (
            f"how many went unheard is bounded from above: one takes at least {kind.least_stay_h:g} h, and two at one "
            f"place are {kind.least_absence_h:g} h apart"
        )
    else:
        why = f": {kind.unseen[:1].lower()}{kind.unseen[1:]}" if kind.unseen else ""
        yield "how many went unseen has no upper bound" + why
    if needs.decided_by_places:
        yield "other ports, anchorages or zones give other events, so newer places make a run out of date"
    if needs.other_ships:
        yield "what other ships sent changes it too"


def settings_reference() -> str:
    """The settings of a workspace and the environment variables, as `docs/reference/settings.md`."""
    from darkwake.settings import ENVIRONMENT, MARKER, SETTINGS

    lines = [HEAD + "# Settings\n", f"A folder is a workspace by its file `{MARKER}`:\n"]
    lines += ["| setting | value | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {told} | {meaning} |" for name, (_, told, meaning) in SETTINGS.items()]
    lines += ["\nOf the environment:\n", "| variable | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in ENVIRONMENT.items()]
    return "\n".join(lines) + "\n"


def places_reference() -> str:
    """The drawn places, in the text of `docs/parts/places.md`."""
    from darkwake.places.gazetteer import shipped

    rows = [
        f"| {p.code} | {p.name} | {p.kind} | {p.country} | {p.accuracy_m:g} | "
        f"{p.approach_radius_m / 1000:g} | {p.note} |"
        for p in sorted(shipped(), key=lambda p: p.code)
    ]
    head = ["| code | name | kind | country | accuracy m | approach km | note |", "|---|---|---|---|---|---|---|"]
    return _filled("places.md", places=[*head, *rows])


def law_reference() -> str:
    """Measures and maritime claims, in the text of `docs/parts/law.md`."""
    from darkwake import law, times
    from darkwake.geo import maritime

    def day(instant: int | None) -> str:
        return "" if instant is None else str(times.iso(instant))[:10]

    measures = [
        f"| {m.id} | {m.title} | {m.citation} | {m.kind} | {m.direction} | {day(m.start)} | {day(m.end)} | "
        f"{' '.join(m.hs)} | {_limit(m.limit)} | {'yes' if m.checked else 'no'} |"
        for m in law.measures()
    ]
    claims = [
        f"| {c.id} | {c.title} | {day(c.start) or 'unknown'} | {'base points' if c.points else 'unknown here'} | "
        f"{c.source} |"
        for c in maritime.claims_on()
    ]
    return _filled(
        "law.md",
        measures=[
            "| id | title | citation | kind | goods or ships | from | until | HS | limit | checked |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *measures,
        ],
        claims=["| id | claim | from | limits | source |", "|---|---|---|---|---|", *claims],
    )


def _limit(limit: Mapping[str, Any]) -> str:
    amounts = [
        f"{limit[amount]:,} {limit[unit]}"
        for amount, unit in (("quantity", "unit"), ("alternative", "alternative_unit"))
        if amount in limit
    ]
    return ", ".join([" or ".join(amounts), limit["period"]] if amounts else [limit["period"]] if limit else [])


def _filled(page: str, **tables: list[str]) -> str:
    text = (HERE / "parts" / page).read_text(encoding="utf-8")
    for name, lines in tables.items():
        text = text.replace(f"<!-- {name} -->", "\n".join(lines))
    return HEAD + text


PAGES = {
    "reference/places.md": places_reference,
    "reference/law.md": law_reference,
    "reference/events.md": events_reference,
    "reference/cli.md": cli_reference,
    "reference/exit-codes.md": exit_codes_reference,
    "reference/ledger.md": ledger_reference,
    "reference/schema.md": schema_reference,
    "reference/settings.md": settings_reference,
}


def main() -> int:
    """Write the pages; with --check, only say which are not current."""
    stale = []
    for name, page in PAGES.items():
        path, text = HERE / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for name in stale:
        sys.stdout.write(f"{'not current' if '--check' in sys.argv else 'written'}: docs/{name}\n")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
