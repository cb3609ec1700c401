"""`darkwake track` and `darkwake vessel`, as far as broadcast identity goes."""

from __future__ import annotations

from typing import Any

import click

from darkwake.cli.main import workspace_of
from darkwake.cli.options import as_of, since, until
from darkwake.cli.output import Output, note, output_options


@click.group()
def track() -> None:
    """Positions of a vessel."""


@track.command("show")
@click.argument("ref")
@since
@until
@as_of
@output_options(positions=True)
@click.pass_context
def show_track(
    ctx: click.Context, ref: str, since: str | None, until: str | None, as_of: str | None, out: Output
) -> None:
    """Positions with their segment and where their bytes lie. -o FILE.kml, .geojson or .parquet draws the track."""
    from darkwake import refs

    workspace = workspace_of(ctx)
    workspace.build_tracks()
    rows = workspace.track(ref, since=since, until=until, as_of=as_of)
    kept = workspace.left_out(ref, since=since, until=until, as_of=as_of)
    if kept:
        told = ", ".join(f"{number:,} with {reason}" for reason, number in kept.items())
        note(f"Kept but not shown: {told}")
    if out.target is not None and out.asked is None and out.target.suffix.lower() in (".kml", ".geojson", ".parquet"):
        from darkwake import formats
        from darkwake.formats.base import WriteOptions

        options = WriteOptions(simulated=workspace.simulated, tracks=out.target.suffix.lower() != ".parquet")
        formats.write(rows.to_arrow(), out.target, options=options)
        note(f"{out.target}: {len(rows)} positions")
        return

    def shaped() -> Any:
        for row in rows:
            span = (row.pop("span_offset"), row.pop("span_length"))
            for name in ("bucket", "week", "payload_key"):
                row.pop(name)
            row["segment"] = f"seg-{row['segment']:012x}"
            row["ref"] = str(refs.source_ref(row.pop("source"), [span]))
            yield row

    marks = {"SIMULATED": True} if workspace.simulated else {}
    columns = ["time", "mmsi", "segment", "lat", "lon", "sog_knots", "cog_deg", "nav_status", "receptions"]
    empty = "No position with a time is known for this vessel" + (" in this period." if since or until else ".")
    out.rows(shaped(), columns, empty=empty, marks=marks, least=["receptions", "nav_status", "segment"])


@click.group()
def vessel() -> None:
    """Search and show what was broadcast under an identity."""


@vessel.command()
@click.argument("text")
@as_of
@output_options()
@click.pass_context
def search(ctx: click.Context, text: str, as_of: str | None, out: Output) -> None:
    """MMSIs whose number, IMO number, call sign or name contains TEXT, and during which time they sent it."""
    workspace = workspace_of(ctx)
    workspace.build_tracks()
    out.rows(
        workspace.search(text, as_of), empty="Nothing broadcast contains this. Try another spelling, or part of it."
    )
