"""`darkwake sim`: simulated feeds with ground truth."""

from __future__ import annotations

from pathlib import Path

import click

from darkwake.cli.output import Output, note, output_options


@click.group()
def sim() -> None:
    """Simulated feeds with ground truth. Made-up ships only; everything says SIMULATED."""


@sim.command("list")
@output_options()
def list_scenarios(out: Output) -> None:
    """The scenarios and their dials."""
    from darkwake.sim import SCENARIOS

    out.rows({"name": s.name, "description": s.description, "dials": dict(s.dials)} for s in SCENARIOS)


@sim.command()
@click.argument("scenario")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("-o", "folder", required=True, metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--dial", "dials", multiple=True, metavar="NAME=VALUE", help="Another value for a dial.")
@output_options(to_file=False)
def run(scenario: str, seed: int, folder: Path, dials: tuple[str, ...], out: Output) -> None:
    """Write feed files and truth.jsonl into DIR."""
    from darkwake import sim

    summary = sim.run(scenario, seed, folder, **dict(_dial(text) for text in dials))
    out.rows([summary.as_json()], ["scenario", "seed", "ships", "days", "messages", "lines", "bytes", "truth"])
    note(f"SIMULATED: {folder}; next: darkwake ais import {folder}/*.nmea")


def _dial(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        if not equals:
            raise ValueError
        return name, float(value)
    except ValueError:
        raise click.BadParameter(f"{text!r}; expected NAME=VALUE, for example ships=80") from None
