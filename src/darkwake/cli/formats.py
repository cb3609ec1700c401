"""`darkwake format`: what files can be read, and what a file is."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from darkwake.cli.output import Output, output_options


@click.group("format")
def format() -> None:
    """What files can be read, and what a file is."""


@format.command("list")
@output_options()
def list_formats(out: Output) -> None:
    """The formats: what each is, whether it is read or written, and how well it is tested."""
    from darkwake.formats import FORMATS

    out.rows(
        (
            {
                "name": entry.name,
                "title": entry.title,
                "status": entry.status,
                "reads": entry.reads,
                "writes": entry.writes,
                "extensions": " ".join(entry.extensions),
            }
            for entry in FORMATS
        ),
        least=["extensions", "writes", "reads"],
    )


@format.command()
@click.argument("file", type=click.Path(path_type=Path))
@output_options()
def detect(file: Path, out: Output) -> None:
    """What FILE may be, best first, and why."""
    from darkwake import formats

    found = formats.detect(file)
    out.rows(
        ({"source": d.source, "format": d.format.name, "confidence": d.confidence, "reason": d.reason} for d in found),
        ["format", "confidence", "reason"],
        empty="Nothing known fits; see `darkwake format list`, or write a column mapping (docs/reference/formats.md).",
    )
    if not found:
        sys.exit(4)
