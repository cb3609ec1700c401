"""`darkwake place`: ports, anchorages and zones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from darkwake import times
from darkwake.cli.main import workspace_of
from darkwake.cli.options import account, as_of, on, who, why
from darkwake.cli.output import Output, note, output_options

_ORIGINS = {
    "learned": "learned from the data; nobody has looked at it yet (darkwake place accept, or reject)",
    "accepted": "learned from the data, and accepted by a person",
}


@click.group()
def place() -> None:
    """Ports, anchorages and zones."""


@place.command("list")
@click.option("--name", metavar="TEXT", help="By name, also in part or in another spelling, or by code; best first.")
@click.option("--country", metavar="CC", help="ISO 3166-1 alpha-2, for example KP.")
@click.option(
    "--origin",
    type=click.Choice(["known", "learned", "accepted"]),
    help="Only places known, learned, or learned and accepted.",
)
@on
@as_of
@output_options(positions=True)
@click.pass_context
def list_places(
    ctx: click.Context,
    name: str | None,
    country: str | None,
    origin: str | None,
    on: str | None,
    as_of: str | None,
    out: Output,
) -> None:
    """Every place that is known here, with where it is from. Without a workspace: those that ship with Darkwake."""
    instant = None if on is None else times.parse(on)
    known = _places(ctx, as_of)
    among = sorted(known, key=lambda p: (p.country, p.code)) if name is None else known.find(name)
    out.rows(
        (
            _row(p)
            for p in among
            if (country is None or p.country == country.upper())
            and (origin is None or p.origin == origin)
            and (instant is None or p.valid.contains(instant))
        ),
        ["code", "name", "country", "kind", "origin", "lat", "lon", "accuracy_m"],
        empty="No place fits.",
        least=["origin", "accuracy_m"],
    )


@place.command("show")
@click.argument("code")
@on
@as_of
@output_options(positions=True)
@click.pass_context
def show_place(ctx: click.Context, code: str, on: str | None, as_of: str | None, out: Output) -> None:
    """One place: its outline's accuracy and source, and the dated measures for which a call there matters."""
    from darkwake.law import measures

    instant = None if on is None else times.parse(on)
    found = _places(ctx, as_of).by_code(code)
    ruled = [
        m
        for m in measures()
        if m.kind == "port_call" and m.covers_place(found.code) and (instant is None or m.in_force(instant))
    ]
    row = {
        **_row(found),
        "other_names": list(found.other_names),
        "note": found.note,
        "in_use": None if instant is None else found.valid.contains(instant),
        "measures": [
            {"id": m.id, "title": m.title, "citation": m.citation, "start": times.iso(m.start), "end": times.iso(m.end)}
            for m in ruled
        ],
    }

    def lines(_: Any) -> list[str]:
        text = [f"{found.code}  {found.name}  ({found.kind}{', ' + found.country if found.country else ''})"]
        text += [f"  also called {', '.join(found.other_names)}"] if found.other_names else []
        text += [f"  position     {found.lat:.5f}, {found.lon:.5f}"]
        text += ["  accuracy     " + ("not stated" if found.accuracy_m is None else f"{found.accuracy_m:g} m")]
        text += [f"  belongs to   {found.parent}"] if found.parent else []
        text += [f"  in use       {_period(found.valid.start, found.valid.end)}"]
        text += [f"  origin       {_ORIGINS[found.origin]}"] if found.origin in _ORIGINS else []
        text += [f"  source       {found.source}"] + ([f"  note         {found.note}"] if found.note else [])
        if instant is not None and not found.valid.contains(instant):
            text += [f"  NOT known to be in use on {on}"]
        when = "" if on is None else f" on {on}"
        text += [f"Measures for which a call there matters{when} (what to read, not whether it was broken)"]
        return (
            text
            + [f"  - {_period(m.start, m.end)}: {m.title} ({m.citation})" for m in ruled]
            + ["  none"] * (not ruled)
        )

    out.one(row, lines)


@place.command(context_settings={"ignore_unknown_options": True})  # -33.9 is a latitude
@click.argument("lat", type=float)
@click.argument("lon", type=float)
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="So many places at most.")
@on
@as_of
@output_options(positions=True)
@click.pass_context
def near(
    ctx: click.Context, lat: float, lon: float, limit: int, on: str | None, as_of: str | None, out: Output
) -> None:
    """The places nearest to a position (degrees), with the distance to their outlines; 0 inside."""
    instant = None if on is None else times.parse(on)
    found = _places(ctx, as_of).near(lon, lat, limit, instant)
    rows = [{**_row(p), "distance_m": round(metres, 1)} for p, metres in found]
    if out.form == "table":
        rows = [{**row, "distance_km": round(row["distance_m"] / 1000, 1)} for row in rows]
    out.rows(rows, ["distance_km", "code", "name", "country", "kind", "lat", "lon", "accuracy_m"])


def _places(ctx: click.Context, as_of: str | None) -> Any:
    """The places of the workspace, or those that ship with Darkwake where there is none."""
    workspace = workspace_of(ctx, needed=as_of is not None)
    if workspace is not None:
        return workspace.places_as_of(as_of)
    from darkwake.places import Gazetteer

    note("no workspace here: these are the places that ship with Darkwake")
    return Gazetteer.load()


def _row(p: Any) -> dict[str, Any]:
    return {
        "code": p.code,
        "name": p.name,
        "country": p.country,
        "kind": p.kind,
        "parent": p.parent,
        "origin": p.origin,
        "lon": p.lon,
        "lat": p.lat,
        "radius_m": p.radius_m,
        "accuracy_m": p.accuracy_m,
        "valid_from": times.iso(p.valid.start),
        "valid_to": times.iso(p.valid.end),
        "source": p.source,
    }


def _period(start: int | None, end: int | None) -> str:
    """Days of a validity; the end is the first day that no longer counts."""
    if start is None and end is None:
        return "always, as far as is known"
    since, until = (times.iso(instant) for instant in (start, end))
    return (f"from {since[:10]}" if since else "") + (f" until {until[:10]}" if until else " on" if since else "")


@place.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@output_options()
@click.pass_context
def import_places(ctx: click.Context, files: tuple[Path, ...], out: Output) -> None:
    """Take in places: a World Port Index CSV, UN/LOCODE, or GeoJSON outlines of your own.

    Each file is an entry of the ledger; of several that tell of one place the last wins, except that a bare circle
    never replaces an outline. The newest file again adds nothing; an older one again does, and wins.
    """
    workspace = workspace_of(ctx)
    rows = [workspace.import_places(path) for path in files]
    out.rows(rows)
    for row in rows:
        if not row["new"]:
            note(f"{row['file']}: the newest file of places is this very one; nothing was recorded.")
    if any(row["rejected"] for row in rows):
        note("Rejected rows are listed by reason; the rest was taken in.")
    if any(row["left_out"] for row in rows):
        note("Places left out are known better already; they are recorded, and not used.")
    if not any(row["places"] for row in rows):
        ctx.exit(4)


@place.command()
@click.option("--engine", type=click.Choice(["local", "spark"]), default="local", show_default=True)
@output_options(positions=True)
@click.pass_context
def learn(ctx: click.Context, engine: str, out: Output) -> None:
    """Propose ports and anchorages that no list has, from where ships lie still again and again.

    They stand as learned, by that word, in detection and on every page from the next detection on, until they are
    accepted or rejected; learning again brings them up to date with the data.
    """
    from darkwake.tracks.rests import LEAST_H

    found = workspace_of(ctx).learn_places(engine)
    rows = [
        {
            **_row(each.place), "ships": each.ships, "rests": each.rests, "since": times.iso(each.since),
            "until": times.iso(each.until), "new": each.place.code in found.new,
        }
        for each in found.places
    ]  # fmt: skip
    out.rows(rows, ["code", "name", "kind", "lat", "lon", "ships", "rests", "new"], empty="No place was learned.")
    if found.gone:
        note(f"Not shown by the data any more, and taken out: {', '.join(found.gone)}")
    told = found.shares
    note(
        f"Of {told.known + told.learned + told.beyond:,} times that a ship lay still for {LEAST_H:g} h or more: "
        f"{told.known:,} in known places, {told.learned:,} in learned ones, {told.beyond:,} in neither."
    )
    if found.number is None:
        note("Nothing is other than before; nothing was recorded.")
    else:
        note(f"entry {found.number}; next: darkwake event detect")


@place.command()
@click.argument("code")
@click.option("--name", help="What it is called.")
@click.option("--country", metavar="CC", help="ISO 3166-1 alpha-2: measures on a country's ports then cover it.")
@why
@who
@output_options(positions=True)
@click.pass_context
def accept(
    ctx: click.Context, code: str, name: str | None, country: str | None, reason: str, by: str | None, out: Output
) -> None:
    """Take a learned place for a port or an anchorage: it is known from now on."""
    made = workspace_of(ctx).accept_place(code, reason=reason, by=by or account(), name=name, country=country)
    out.one(_row(made), lambda _: [f"{made.code}  {made.name}: accepted; next: darkwake event detect"])


@place.command()
@click.argument("code")
@why
@who
@output_options(positions=True)
@click.pass_context
def reject(ctx: click.Context, code: str, reason: str, by: str | None, out: Output) -> None:
    """Say that a learned place is none: it goes, and is not proposed again."""
    made = workspace_of(ctx).reject_place(code, reason=reason, by=by or account())
    out.one(_row(made), lambda _: [f"{made.code}  {made.name}: rejected; next: darkwake event detect"])
