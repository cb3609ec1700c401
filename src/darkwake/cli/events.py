"""`darkwake detector` and `darkwake event`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from darkwake import times
from darkwake.cli.main import workspace_of
from darkwake.cli.options import as_of, bbox, since, until
from darkwake.cli.output import Output, compiling_note, note, output_options, progress_bar

_profile = click.option(
    "--profile", default="default", show_default=True, metavar="NAME", help="Only events found under this profile."
)
_COLUMNS = ["id", "state", "start", "end", "vessels", "place", "measures"]


@click.group()
def detector() -> None:
    """Methods: definitions, parameters, scores."""


@detector.command("list")
@output_options()
def list_detectors(out: Output) -> None:
    """The detectors, one row each."""
    from darkwake.detectors import registry

    out.rows(
        {"kind": d.name, "version": d.version, "status": d.status, "title": d.title}
        for d in (registry.get(kind) for kind in registry.names())
    )


@detector.command("show")
@click.argument("name")
@output_options()
def show_detector(name: str, out: Output) -> None:
    """The definition of a detector, its parameters, what may explain its events innocently, how it fails."""
    from darkwake.detectors import registry

    d = registry.get(name)
    card = {
        "kind": d.name,
        "version": d.version,
        "status": d.status,
        "title": d.title,
        "definition": d.definition,
        "params": [{"name": p.name, "default": p.default, "unit": p.unit, "meaning": p.meaning} for p in d.params],
        "measures": {each.name: each.meaning for each in d.kind.measures},
        "innocent_explanations": list(d.innocent_explanations),
        "known_failures": list(d.known_failures),
        "needs": list(d.needs.events),
    }

    def lines(_: Any) -> list[str]:
        text = [f"{d.name} {d.version} ({d.status}): {d.title}", "", d.definition, "", "Parameters"]
        text += [f"  {p.name} = {p.default:g} {p.unit}: {p.meaning}" for p in d.params]
        text += ["", "Measures"] + [f"  {each.name}: {each.meaning}" for each in d.kind.measures]
        text += ["", "What may explain it innocently"] + [f"  - {item}" for item in d.innocent_explanations]
        return text + ["", "Known failures"] + [f"  - {item}" for item in d.known_failures]

    out.one(card, lines)


@detector.command()
@click.option("--truth", required=True, type=click.Path(path_type=Path), help="truth.jsonl")
@click.option("--min-heard-per-hour", type=float, default=None, help="Only true events heard at least so often.")
@_profile
@as_of
@output_options()
@click.pass_context
def score(
    ctx: click.Context, truth: Path, min_heard_per_hour: float | None, profile: str, as_of: str | None, out: Output
) -> None:
    """Compare the events of the workspace with a truth file: kind, truth, found, matched, precision, recall."""
    from darkwake.detectors import score as scoring

    events = [stored.event for stored in workspace_of(ctx).events(profile=profile, as_of=as_of)]
    found = scoring.score(events, scoring.load_truth(truth), min_heard_per_hour=min_heard_per_hour)
    out.rows(row.as_row() for row in found)


@click.group()
def event() -> None:
    """Detect, list and show events."""


@event.command()
@click.argument("kinds", nargs=-1)
@since
@until
@click.option("--engine", type=click.Choice(["local", "spark"]), default="local", show_default=True)
@click.option(
    "--profile",
    default="default",
    show_default=True,
    metavar="NAME",
    help="The name that the events go by; one of your own for other values of --param.",
)
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="KIND.NAME=VALUE",
    help="Another value for a parameter; needs a --profile, which then means these values for good.",
)
@output_options()
@click.pass_context
def detect(
    ctx: click.Context,
    kinds: tuple[str, ...],
    since: str | None,
    until: str | None,
    engine: str,
    profile: str,
    params: tuple[str, ...],
    out: Output,
) -> None:
    """Run detectors (all, or KINDS) over the imported data and record what changed.

    The events that stand are those of the last run of each profile; those that it does not find again are retracted
    and stay readable with --as-of and --retracted. Events found with other values of --param go by a --profile of
    their own and stand beside the others: lists and claims read the profile "default" unless told.
    """
    given = _params(params)
    compiling_note()
    workspace = workspace_of(ctx)
    with progress_bar("") as progress:
        run = workspace.detect(
            kinds, engine=engine, profile=profile, params=given, since=since, until=until, progress=progress
        )
    names = ("new", "extended", "unchanged", "retracted")
    out.rows(
        {"kind": kind, "found": run.found[kind], **{name: run.changes[kind][name] for name in names}}
        for kind in run.changes
    )
    shown = "" if profile == "default" else f" --profile {profile}"
    note(f"run {run.number}; next: darkwake event list{shown}")
    if beyond := run.rests["beyond"]:
        from darkwake.tracks.rests import LEAST_H

        note(
            f"{beyond:,} of {sum(run.rests.values()):,} times that a ship lay still for {LEAST_H:g} h or more, it lay "
            "in no known port or anchorage: calls there are not told. Learn such places with: darkwake place learn"
        )


def _params(given: tuple[str, ...]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        kind, dot, parameter = name.partition(".")
        try:
            if not equals or not dot:
                raise ValueError
            found.setdefault(kind, {})[parameter] = float(value)
        except ValueError:
            raise click.BadParameter(f"{text!r}; expected KIND.NAME=VALUE, for example gap.min_gap_h=12") from None
    return found


@event.command("list")
@click.option("--kind", "kinds", multiple=True, help="Only this kind (may be repeated).")
@_profile
@click.option("--vessel", metavar="REF", help='imo:…, mmsi:…, callsign:… or name:"…".')
@click.option("--place", metavar="CODE", help="Place code, for example KPNAM.")
@since
@until
@click.option("--bbox", metavar="W,S,E,N", callback=bbox, help="Only within these degrees.")
@click.option("--retracted", is_flag=True, help="Also events that were retracted.")
@click.option(
    "--explained-by",
    metavar="WHAT",
    help="Only gaps explained so: reception, outage, class_b, port, no_data; or nothing: those that none explains.",
)
@as_of
@output_options(positions=True)
@click.pass_context
def list_events(
    ctx: click.Context,
    kinds: tuple[str, ...],
    profile: str,
    vessel: str | None,
    place: str | None,
    since: str | None,
    until: str | None,
    bbox: tuple[float, float, float, float] | None,
    retracted: bool,
    explained_by: str | None,
    as_of: str | None,
    out: Output,
) -> None:
    """Events as they stand, in order of their start; a table of gaps alone leads with those that nothing explains."""
    from darkwake.detectors.runs import detections

    workspace = workspace_of(ctx)
    found = workspace.events(
        kinds, profile=profile, vessel=vessel, place=place, since=since, until=until, bbox=bbox, as_of=as_of,
        retracted=retracted,
    )  # fmt: skip
    if explained_by is not None:
        found = [stored for stored in found if _explained(stored) == explained_by.replace("-", "_")]
    if out.form == "table" and tuple(kinds) == ("gap",):
        found = sorted(found, key=lambda stored: _explained(stored) != "nothing")
    rows = (stored.as_json() for stored in found)
    if out.form == "table":
        rows = (_brief(row) for row in rows)
    number = workspace.snapshot(as_of).number
    runs = [each for each in detections(workspace.ledger.entries(up_to=number)) if each[1].profile == profile]
    imports = workspace.ledger.entries("import", up_to=number)
    again = "event detect" if profile == "default" else f"event detect --profile {profile}"
    if runs:
        from darkwake.answers.sentences import NO_EVENT, Need

        empty = NO_EVENT.say({Need.DATA} if workspace.heard_in(since, until, as_of) else ())
    elif profile == "default":
        empty = f"No detection has been run yet; next: darkwake {again}"
    else:
        empty = f"No detection has been run under the profile {profile} yet."
    if runs and imports and imports[-1].number > runs[-1][1].data:
        note(f"Import {imports[-1].number} is newer than the last detection, run {runs[-1][0]}: {again}")
    least = ["measures", "state"] if retracted else ["state", "measures"]
    out.rows(rows, _COLUMNS, empty=empty, marks=_marks(workspace), least=least)


def _marks(workspace: Any) -> dict[str, Any]:
    return {"SIMULATED": True} if workspace.simulated else {}


def _explained(stored: Any) -> str | None:
    """What explains a gap; `nothing` where nothing does, None of other kinds and of older methods."""
    found: str | None = stored.event.measures.get("explained_by")
    return found


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    from darkwake.reports.render import brief

    return {
        **row,
        "end": row["end"] or "open",
        "vessels": " ".join(str(vessel["mmsi"]) for vessel in row["vessels"]),
        "measures": brief(row["kind"], row["measures"]),
    }


@event.command("show")
@click.argument("id")
@_profile
@as_of
@output_options(positions=True)
@click.pass_context
def show_event(ctx: click.Context, id: str, profile: str, as_of: str | None, out: Output) -> None:
    """One event with its reasons, what was checked, its evidence and its earlier versions."""
    from darkwake.events import store
    from darkwake.reports.render import measures, place_name, plainly

    workspace = workspace_of(ctx)
    history = store.find(workspace.snapshot(as_of), id, profile)
    row = {**history[-1].as_json(), **_marks(workspace)}

    def lines(_: Any) -> list[str]:
        text = [f"{row['id']}  ({row['state']}, version {row['version']}, run {row['run']})"]
        names = {place.code: place.name for place in workspace.places_as_of(as_of)}
        told = {**row, "start": times.told(row["start"]), "end": _end(row), "place": place_name(row["place"], names)}
        text += [f"  {name:<12} {told[name]}" for name in ("start", "end", "place", "lat", "lon") if told[name]]
        text += [f"  vessel       {v['mmsi']}  {v['segment'] or ''}" for v in row["vessels"]]
        text += ["Measures"] + [f"  {name}: {value}" for name, value in measures(row["measures"], row["state"], names)]
        text += ["Reasons"] + [f"  - {plainly(reason)}" for reason in row["reasons"]]
        text += ["What was checked that may explain it innocently"]
        text += [f"  - {i['explanation']}: {i['test']} → {plainly(i['outcome'])}" for i in row["innocent"]] or [
            "  - nothing yet"
        ]
        text += [f"Method  {row['method']['name']} {row['method']['version']}, profile {row['method']['profile']}"]
        text += ["Evidence (open with: darkwake evidence show REF)"] + [f"  {ref}" for ref in row["evidence"]]
        if len(history) > 1:
            text += ["Versions"] + [
                f"  {s.version}: {s.event.state}, run {s.run}, {times.told(s.recorded_at)}"
                + (f" ({s.reason})" if s.reason else "")
                for s in history
            ]
        return (["SIMULATED"] if workspace.simulated else []) + text

    out.one(row, lines)


def _end(row: dict[str, Any]) -> str:
    return "open: not ended in this data" if row["end"] is None else times.told(row["end"])
