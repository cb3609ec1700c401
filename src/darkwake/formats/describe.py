"""The registry in words: rows for `format list`, and the generated parts of docs/reference/formats.md."""

from __future__ import annotations

from darkwake.formats.base import REASONS, STATUSES
from darkwake.formats.fields import FIELDS, UNITS, UNITS_OF
from darkwake.formats.mapping import shipped_mappings
from darkwake.formats.registry import FORMATS


def listing() -> list[dict[str, str]]:
    """One row per format, for people and for `--json`."""
    return [
        {
            "name": entry.name,
            "title": entry.title,
            "status": entry.status,
            "reads": "yes" if entry.reads else "",
            "writes": "yes" if entry.writes else "",
            "mapping": "yes" if entry.uses_mapping else "",
            "extensions": " ".join(entry.extensions),
            "provenance": entry.provenance,
        }
        for entry in FORMATS
    ]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def formats_markdown() -> str:
    head = ["name", "title", "status", "reads", "writes", "mapping", "extensions", "a row's span is"]
    return _table(head, [[f"`{row['name']}`", *list(row.values())[1:]] for row in listing()])


def statuses_markdown() -> str:
    return _table(["status", "means"], [[name, meaning] for name, meaning in STATUSES.items()])


def reasons_markdown() -> str:
    return _table(["reason", "means"], [[f"`{name}`", meaning] for name, meaning in REASONS.items()])


def fields_markdown() -> str:
    rows = []
    for field in FIELDS.values():
        units = ", ".join(f"`{unit}`" for unit in UNITS.get(UNITS_OF.get(field.name, ""), {}))
        nothing = ", ".join(f"{value:g}" for value in field.sentinels)
        rows.append([f"`{field.name}`", field.kind, nothing, units])
    return _table(["field", "kind", "not available", "units a mapping may name (the first is taken)"], rows)


def mappings_markdown() -> str:
    return _table(
        ["name", "title", "used for a table with the columns"],
        [
            [f"`{name}`", mapping.title, ", ".join(f"`{column}`" for column in sorted(mapping.signature))]
            for name, mapping in shipped_mappings().items()
        ],
    )


SECTIONS = {
    "formats": formats_markdown,
    "statuses": statuses_markdown,
    "reasons": reasons_markdown,
    "fields": fields_markdown,
    "mappings": mappings_markdown,
}


def filled(document: str) -> str:
    """A document with its generated parts (between `<!-- begin NAME -->` and `<!-- end NAME -->`) made anew."""
    for name, make in SECTIONS.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        if begin in document:
            before, rest = document.split(begin, 1)
            document = before + begin + make() + end + rest.split(end, 1)[1]
    return document
