"""`darkwake sim`: simulated feeds with ground truth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from darkwake.cli.output import Output, note, output_options
from darkwake.streams import unwritable


@click.group()
def sim() -> None:
    """Simulated feeds with ground truth. Made-up ships only; everything says SIMULATED."""


@sim.command("list")
@output_options()
def list_scenarios(out: Output) -> None:
    """The scenarios and their dials."""
    from darkwake.sim import SCENARIOS

    rows = ({"name": s.name, "description": s.description, "dials": _dials(s.dials, out.form)} for s in SCENARIOS)
    out.rows(rows, least=["dials"])


def _dials(dials: Mapping[str, float], form: str) -> Any:
    return " ".join(f"{name}={value:g}" for name, value in dials.items()) if form == "table" else dict(dials)


@sim.command()
@click.argument("scenario")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("-o", "folder", required=True, metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--dial", "dials", multiple=True, metavar="NAME=VALUE", help="Another value for a dial.")
@output_options(to_file=False)
def run(scenario: str, seed: int, folder: Path, dials: tuple[str, ...], out: Output) -> None:
    """Write feed files and truth.jsonl into DIR."""
    from darkwake import sim

    if str(folder) == "-":
        raise click.UsageError("a feed is several files; expected -o DIR, a folder")
    given = dict(_dial(text) for text in dials)
    try:
        summary = sim.run(scenario, seed, folder, **given)
    except OSError as error:
        raise unwritable(folder, error) from error
    columns = ["scenario", "seed", "ships", "days", "messages", "lines", "bytes", "truth"]
    out.rows([summary.as_json()], columns, least=["bytes", "lines"])
    note(f"SIMULATED: {folder}; next: darkwake ais import {folder}/*.nmea")


def _dial(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        if not equals:
            raise ValueError
        return name, float(value)
    except ValueError:
        raise click.BadParameter(f"{text!r}; expected NAME=VALUE, for example ships=80") from None
