"""Running a scenario: plan, listen, write the feed, find the truth."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkwake import times
from darkwake.errors import NotFoundError, UsageError
from darkwake.sim import radio, reports, truth
from darkwake.sim.crew import Crew, World
from darkwake.sim.feed import Batch, Feed, damage_of
from darkwake.sim.geography import STATIONS
from darkwake.sim.radio import Heard, Sky
from darkwake.sim.scenario import Scenario
from darkwake.sim.scenarios import SCENARIOS

EPOCH_US = times.parse("2026-01-05T00:00:00Z")
#: A ship's motion is held second by second, so that the days of a run are bounded by memory.
MAX_DAYS = 366

_MARK = """SIMULATED

The ships, receivers and events of this folder are invented; the coasts and ports are real places where none of this
happened. The numbers come from blocks that nobody issues (MMSI with the unallocated digits 297-299, IMO numbers
2990000-2999999, call signs SIM...), the flags are of states that do not exist, every name begins with SIM.

scenario {scenario}, seed {seed}
{dials}

*.nmea      what the receivers heard
truth.jsonl what truly happened, one event per line
ships.csv   the ships
"""


@dataclass(frozen=True)
class Summary:
    """What a run wrote."""

    scenario: str
    seed: int
    dials: dict[str, float]
    folder: str
    files: list[str]
    ships: int
    days: float
    messages: int
    lines: int
    bytes: int
    bad_checksum: int
    truncated: int
    truth: dict[str, int]
    gap_causes: dict[str, int]
    simulated: bool = True

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def run(scenario: str, seed: int, out: Path, **dials: float) -> Summary:
    """Write feed files, truth.jsonl, ships.csv and SIMULATED.txt into `out`. The same call gives the same bytes.

    Raises NotFoundError for an unknown scenario, UsageError for an unknown or senseless dial or a used folder.
    """
    chosen = _scenario(scenario)
    values = _dials(chosen, dials)
    out = Path(out)
    _claim(out, scenario)
    world, sky = make_world(scenario, seed, **values)
    epoch_us = EPOCH_US - int(values["earlier_days"] * times.DAY_US)
    feed = Feed(scenario, epoch_us, sky.names, len(STATIONS))
    heard = [_ship(crew, sky, feed, seed, values) for crew in world.crews]
    _bases(sky, feed, seed, world.horizon_s, values["damage"])
    scene = truth.Scene(
        world.crews, [h[0] for h in heard], [h[1] for h in heard], [h[2] for h in heard], sky, epoch_us,
        world.horizon_s, max(values["thin_s"], 180.0),
    )  # fmt: skip
    rows = truth.find(scene)
    paths = feed.write(out, world.horizon_s)
    (out / "truth.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    _write_ships(out / "ships.csv", world.crews)
    listed = "\n".join(f"{name} = {value:g}" for name, value in values.items())
    (out / "SIMULATED.txt").write_text(_MARK.format(scenario=scenario, seed=seed, dials=listed), encoding="utf-8")
    return Summary(
        scenario, seed, values, str(out), [p.name for p in paths], len(world.crews), values["days"], feed.messages,
        feed.lines, sum(p.stat().st_size for p in paths), feed.bad_checksum, feed.truncated,
        dict(sorted(Counter(row["kind"] for row in rows).items())),
        dict(sorted(Counter(row["cause"] for row in rows if row["kind"] == "gap").items())),
    )  # fmt: skip


def make_world(scenario: str, seed: int, **dials: float) -> tuple[World, Sky]:
    """The true tracks of a scenario and its receivers, without writing anything."""
    chosen = _scenario(scenario)
    values = _dials(chosen, dials)
    world = World(seed, values["days"] * radio.DAY_S, np.random.default_rng([seed, 0]))
    chosen.plan(world, values)
    _share_numbers(world.crews, seed, values["shared"])
    sky = radio.make_sky(seed, world.horizon_s, values["outages"], bool(values["satellites"]), values["clock_s"])
    return world, chosen.weather(sky, world.horizon_s) if chosen.weather else sky


def _scenario(name: str) -> Scenario:
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    raise NotFoundError(f"no scenario {name!r}", expected=", ".join(s.name for s in SCENARIOS))


def _dials(scenario: Scenario, given: dict[str, float]) -> dict[str, float]:
    values = dict(scenario.dials)
    for name, value in given.items():
        if name not in values:
            raise UsageError(f"scenario {scenario.name} has no dial {name!r}", expected="one of " + ", ".join(values))
        values[name] = float(value)
        if not math.isfinite(values[name]) or values[name] < 0:
            raise UsageError(f"dial {name} is {value}", expected="a number of 0 or more")
    if not 0.25 <= values["days"] <= MAX_DAYS or not 1 <= values.get("ships", 1) <= 1000:
        raise UsageError(
            "too few days or ships, or too many", expected=f"days from 0.25 to {MAX_DAYS}, ships 1 to 1000"
        )
    return values


def _share_numbers(crews: list[Crew], seed: int, share: float) -> None:
    """Lets so many of the ships, one at least, send under the number of another; all else they say is their own."""
    if share <= 0 or len(crews) < 2:
        return
    pairs = min(max(1, round(share * len(crews))), len(crews) // 2)
    chosen = np.random.default_rng([seed, 3]).permutation(len(crews))[: 2 * pairs]
    for lender, borrower in chosen.reshape(-1, 2).tolist():
        crews[borrower].ship = replace(crews[borrower].ship, mmsi=crews[lender].ship.mmsi)


def _claim(out: Path, scenario: str) -> None:
    """A folder of our own: an old run of the same scenario is replaced, anything else is left alone."""
    out.mkdir(parents=True, exist_ok=True)
    feeds = sorted(out.glob(f"{scenario}-*.nmea"))
    ours = {*feeds, *(out / name for name in ("truth.jsonl", "ships.csv", "SIMULATED.txt"))}
    others = sorted(path.name for path in set(out.iterdir()) - ours)
    if others or (any(path.exists() for path in ours) and not (out / "SIMULATED.txt").exists()):
        raise UsageError(
            f"the folder holds other files: {', '.join(others[:3]) or feeds[0].name}", where=str(out),
            do="Name an empty or a new folder.",
        )  # fmt: skip
    for path in ours:
        path.unlink(missing_ok=True)


def _ship(
    crew: Crew, sky: Sky, feed: Feed, seed: int, values: dict[str, float]
) -> tuple[reports.Motion, NDArray[np.bool_], truth.Reception]:
    motion, on = reports.motion_of(crew), reports.transmitter_on(crew)
    ship, key = crew.ship, (seed * 1_000_003 + crew.ship.number * 7919 + 17) & 0x7FFFFFFF

    def listen(sort: int, interval_s: float, thin_s: float, satellites_only: bool = False) -> Heard:
        return radio.listen(
            sky, motion.lon, motion.lat, motion.sog_knots, motion.turning, motion.still, on, class_b=ship.class_b,
            interval_s=interval_s, thin_s=thin_s, key=key * 8 + sort, satellites_only=satellites_only,
        )  # fmt: skip

    def add(layout: str, heard: Heard, fields: dict[str, object], sort: int) -> NDArray[np.bool_]:
        damage = damage_of(len(heard.time_s), values["damage"], key * 8 + sort)
        tag = np.floor(heard.time_s + sky.offset_s[heard.station] + 0.4).astype(np.int64)
        # half the memory: every field fits, and a large fleet has millions of rows
        small = {k: v.astype(np.int32) if isinstance(v, np.ndarray) else v for k, v in fields.items()}
        feed.batches.append(Batch(layout, np.maximum(tag, 0), heard.station, damage, small))
        return damage == 0

    dirt = reports.Dirt(values["strays"], values["no_position"])
    heard = listen(0, 0.0, values["thin_s"])
    fields = reports.position_fields(crew, motion, heard, key, feed.epoch_us / 1e6, dirt)
    whole = add("18" if ship.class_b else "1", heard, dict(fields), 0)
    tags = feed.batches[-1].time_s[whole].astype(np.float64)
    placed = ~reports.without_position(crew, heard, key, dirt)[whole]
    _, first = np.unique(heard.number[whole][placed], return_index=True)
    position_s, heard_s = [tags[placed][first]], [tags]
    static_s, draught = np.empty(0), np.empty(0)
    heard = listen(1, radio.STATIC_INTERVAL_S, values["static_thin_s"])
    if ship.class_b:
        for layout, fields_of in (("24A", reports.part_a_fields), ("24B", reports.part_b_fields)):
            sort = 1 if layout == "24A" else 2
            heard = heard if sort == 1 else listen(sort, radio.STATIC_INTERVAL_S, values["static_thin_s"])
            whole = add(layout, heard, fields_of(crew, len(heard.time_s)), sort)
            heard_s.append(feed.batches[-1].time_s[whole].astype(np.float64))
    else:
        whole = add("5", heard, reports.static_fields(crew, heard.time_s, feed.epoch_us), 1)
        static_s = feed.batches[-1].time_s[whole].astype(np.float64)
        heard_s.append(static_s)
        voyage = np.array([v.draught_m for v in crew.helm.voyages])
        draught = np.round(voyage[reports.voyage_rows(crew, heard.time_s[whole])], 1)
        if values["long_range"]:
            heard = listen(3, radio.LONG_RANGE_INTERVAL_S, values["thin_s"], satellites_only=True)
            whole = add("27", heard, dict(reports.long_range_fields(crew, motion, heard, key, dirt)), 3)
            tags = feed.batches[-1].time_s[whole].astype(np.float64)
            position_s.append(tags[~reports.without_position(crew, heard, key, dirt)[whole]])
            heard_s.append(tags)
    order = np.argsort(static_s, kind="stable")
    return (
        motion,
        on,
        truth.Reception(
            np.sort(np.concatenate(position_s)), np.sort(np.concatenate(heard_s)), static_s[order], draught[order]
        ),
    )


def _bases(sky: Sky, feed: Feed, seed: int, horizon_s: float, damage: float) -> None:
    """Every station on land hears its own base station."""
    for row, station in enumerate(STATIONS):
        when = np.arange(30.0 + 7 * row, horizon_s, radio.BASE_INTERVAL_S)
        when = when[sky.up[row, (when // 60).astype(np.int64)]]
        tag = np.floor(when + sky.offset_s[row] + 0.4).astype(np.int64)
        fields = reports.base_fields(row, station.lon, station.lat, when, feed.epoch_us)
        where = np.full(len(when), row, np.int64)
        feed.batches.append(Batch("4", tag, where, damage_of(len(when), damage, seed * 97 + row), fields))


def _write_ships(path: Path, crews: list[Crew]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ("simulated", "mmsi", "imo", "callsign", "name", "kind", "class", "flag", "length_m", "beam_m", "light_m",
             "laden_m")
        )  # fmt: skip
        for crew in crews:
            s = crew.ship
            writer.writerow(
                ["SIMULATED", s.mmsi, s.imo or "", s.callsign, s.name, s.kind.name, "B" if s.class_b else "A", s.flag,
                 s.length_m, s.beam_m, s.light_m, s.laden_m]
            )  # fmt: skip
