"""`darkwake place`: ports, anchorages and zones."""

from __future__ import annotations

from pathlib import Path

import click

from darkwake.cli.main import workspace_of
from darkwake.cli.output import Output, note, output_options


@click.group()
def place() -> None:
    """Ports, anchorages and zones."""


@place.command("list")
@click.option("--country", metavar="CC", help="ISO 3166-1 alpha-2, for example KP.")
@output_options(positions=True)
@click.pass_context
def list_places(ctx: click.Context, country: str | None, out: Output) -> None:
    """Every place that is known here, with where it is from."""
    places = workspace_of(ctx).places.places
    out.rows(
        (
            {
                "code": p.code,
                "name": p.name,
                "country": p.country,
                "kind": p.kind,
                "parent": p.parent,
                "lon": p.lon,
                "lat": p.lat,
                "radius_m": p.radius_m,
                "accuracy_m": p.accuracy_m,
                "source": p.source,
            }
            for p in sorted(places, key=lambda p: (p.country, p.code))
            if country is None or p.country == country.upper()
        ),
        ["code", "name", "country", "kind", "lat", "lon", "accuracy_m"],
        empty="No place fits.",
    )


@place.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@output_options()
@click.pass_context
def import_places(ctx: click.Context, files: tuple[Path, ...], out: Output) -> None:
    """Take in places: a World Port Index CSV, UN/LOCODE, or GeoJSON outlines of your own."""
    workspace = workspace_of(ctx)
    rows = [workspace.import_places(path) for path in files]
    out.rows(rows)
    if any(row["rejected"] for row in rows):
        note("Rejected rows are listed by reason; the rest was taken in.")
    if not any(row["places"] for row in rows):
        ctx.exit(4)
