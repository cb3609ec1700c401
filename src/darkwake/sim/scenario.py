"""Running a scenario: ships sail, receivers hear, the feed and the truth are written. Same seed, same bytes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from darkwake import times
from darkwake.errors import NotFoundError, UsageError
from darkwake.sim import encode, fleet, programme, receivers, truth
from darkwake.sim.fleet import Ship
from darkwake.sim.voyage import Track, Voyage

EPOCH_US = times.parse("2026-01-05T00:00:00Z")
_STATIC_EVERY_S = 360.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named simulation and its dials with their defaults."""

    name: str
    description: str
    dials: Mapping[str, float]


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "west-sea",
        "Made-up ships of the Yellow Sea: calls at Nampo, some unheard; meetings at sea; drifting; innocent silences.",
        {"ships": 40, "days": 10, "least_interval_s": 60, "bad_checksum_per_million": 20, "cut_per_million": 10},
    ),
)


@dataclass
class Summary:
    """What was written."""

    scenario: str
    seed: int
    folder: Path
    files: list[str] = field(default_factory=list)
    lines: int = 0
    receptions: int = 0
    transmissions: int = 0
    damaged: int = 0
    events: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario, "seed": self.seed, "folder": str(self.folder), "files": len(self.files),
            "lines": self.lines, "receptions": self.receptions, "transmissions": self.transmissions,
            "damaged": self.damaged, "events": dict(sorted(self.events.items())), "simulated": True,
        }  # fmt: skip


def run(scenario: str, seed: int, out: str | Path, **dials: float) -> Summary:
    """Write feed files, truth.jsonl, ships.csv and SIMULATED.txt into `out`."""
    known = {entry.name: entry for entry in SCENARIOS}
    if scenario not in known:
        raise NotFoundError(f"no scenario {scenario!r}", expected="one of " + ", ".join(known))
    values = dict(known[scenario].dials)
    for name, value in dials.items():
        if name not in values:
            raise UsageError(f"{scenario} has no dial {name!r}", expected="one of " + ", ".join(values))
        values[name] = value
    if values["ships"] < 1 or values["days"] <= 0:
        raise UsageError("a feed needs at least one ship and some time", expected="ships ≥ 1, days > 0")
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    return _Run(Summary(scenario, seed, folder), values).write()


@dataclass(frozen=True, slots=True)
class _Heard:
    """Receptions of one ship: the payloads it sent, and which station got which."""

    payload: np.ndarray  # (sent, characters)
    sent_s: np.ndarray
    receptions: list[tuple[str, np.ndarray]]


class _Run:
    def __init__(self, summary: Summary, dials: Mapping[str, float]) -> None:
        self.summary, self.dials = summary, dials
        self.rng = np.random.default_rng([summary.seed, 20190201])
        self.horizon_s = dials["days"] * 86400.0
        self.ships = fleet.make_fleet(self.rng, int(dials["ships"]))
        self.voyages: dict[int, Voyage] = programme.sail_fleet(self.ships, self.rng, self.horizon_s)
        self.tracks: dict[int, Track] = {mmsi: voyage.finish() for mmsi, voyage in self.voyages.items()}
        self.outages = receivers.make_outages(self.rng, self.horizon_s)
        self.passes = receivers.make_passes(self.rng, self.horizon_s)
        self._received: dict[int, np.ndarray] = {}
        self._statics: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def write(self) -> Summary:
        heard = [part for ship in self.ships for part in self._ship(ship)]
        heard.append(self._base_stations())
        self._feed(heard)
        world = truth.World(self.voyages, self.tracks, self._received, self._statics, self.outages, self.horizon_s)
        events = truth.truth_of(world)
        self.summary.events = Counter(event.kind for event in events)
        truth.write(self.summary.folder / "truth.jsonl", events, EPOCH_US)
        self._papers()
        return self.summary

    def _ship(self, ship: Ship) -> list[_Heard]:
        track, voyage = self.tracks[ship.mmsi], self.voyages[ship.mmsi]
        sent = receivers.transmissions(ship, track, self.rng, self.horizon_s, self.dials["least_interval_s"])
        sent = receivers.unsilenced(sent, voyage.silent)
        lon, lat, sog, cog, nav, _ = track.at(sent)
        noise = 5.0 / 111_195.0  # GNSS: a few metres
        lon = lon + self.rng.normal(0, noise, len(sent)) / np.cos(np.radians(lat))
        lat = lat + self.rng.normal(0, noise, len(sent))
        positions = self._positions(ship, sent, lon, lat, sog, cog, nav)
        parts = [_Heard(positions, sent, receivers.hear(ship, lon, lat, sent, self.rng, self.outages, self.passes))]
        got = np.unique(np.concatenate([index for _, index in parts[0].receptions] or [np.zeros(0, np.int64)]))
        self._received[ship.mmsi] = sent[got]
        parts += self._identity(ship, track, voyage)
        return parts

    def _positions(
        self,
        ship: Ship,
        sent: np.ndarray,
        lon: np.ndarray,
        lat: np.ndarray,
        sog: np.ndarray,
        cog: np.ndarray,
        nav: np.ndarray,
    ) -> np.ndarray:
        tenths = np.clip(np.round((sog + self.rng.normal(0, 0.05, len(sent))) * 10), 0, 1022).astype(np.int64)
        course = np.round(cog * 10).astype(np.int64) % 3600
        heading = np.round(cog).astype(np.int64) % 360
        second = (sent % 60).astype(np.int64)
        x, y = encode.degrees(lon), encode.degrees(lat)
        if ship.class_b:
            fields = encode.position_b(ship.mmsi, tenths, x, y, course, 511, second)
        else:
            kind = np.where(sog < 0.5, 3, 1)
            fields = encode.position_a(ship.mmsi, kind, nav, tenths, x, y, course, heading, second)
        return encode.pack(fields, len(sent))

    def _identity(self, ship: Ship, track: Track, voyage: Voyage) -> list[_Heard]:
        """Type 5 each six minutes with the draught and destination of the moment; 24 A and B for class B."""
        sent = np.arange(self.rng.uniform(0, _STATIC_EVERY_S), min(self.horizon_s, track.t_s[-1]), _STATIC_EVERY_S)
        sent = receivers.unsilenced(sent, voyage.silent)
        lon, lat, _, _, _, draught = track.at(sent)
        got = receivers.hear(ship, lon, lat, sent, self.rng, self.outages, self.passes)
        rows = len(sent)
        if ship.class_b:
            part_a, part_b = encode.static_b(ship.mmsi, ship.name, ship.callsign, ship.ship_type, ship.dims)
            return [
                _Heard(encode.pack(part_a, rows), sent, got),
                _Heard(encode.pack(part_b, rows), sent + 1.0, got),
            ]
        tenths = np.round(draught * 10).astype(np.int64)
        fields = encode.static_a(
            ship.mmsi, ship.imo, ship.callsign, ship.name, ship.ship_type, ship.dims, tenths, "SIM", (0, 0, 24, 60)
        )
        index = np.unique(np.concatenate([i for _, i in got] or [np.zeros(0, np.int64)]))
        self._statics[ship.mmsi] = (sent[index], tenths[index] / 10.0)
        return [_Heard(encode.pack(fields, rows), sent, got)]

    def _base_stations(self) -> _Heard:
        """Type 4 of every station, each ten minutes while it is up."""
        payloads, sent, receptions, at = [], [], [], 0
        for station in receivers.STATIONS:
            when = np.arange(float(station.mmsi % 60), self.horizon_s, 600.0)
            for outage in self.outages:
                if outage.station == station.name:
                    when = when[(when < outage.start_s) | (when >= outage.end_s)]
            stamp = np.datetime64("1970-01-01T00:00:00", "s") + (EPOCH_US // times.SECOND_US + when).astype("int64")
            payloads.append(encode.pack(encode.base_station(station.mmsi, stamp, station.lon, station.lat), len(when)))
            sent.append(when)
            receptions.append((station.name, np.arange(at, at + len(when))))
            at += len(when)
        return _Heard(np.concatenate(payloads), np.concatenate(sent), receptions)

    def _feed(self, heard: list[_Heard]) -> None:
        """One file per day, sentences in order of reception, some of them damaged on the way."""
        epoch_s = EPOCH_US // times.SECOND_US
        self.summary.transmissions = sum(len(part.sent_s) for part in heard)
        for day in range(int(np.ceil(self.horizon_s / 86400.0))):
            lines: list[bytes] = []
            order: list[np.ndarray] = []
            for part in heard:
                for station, index in part.receptions:
                    chosen = index[(part.sent_s[index] >= day * 86400.0) & (part.sent_s[index] < (day + 1) * 86400.0)]
                    if not len(chosen):
                        continue
                    seconds = np.floor(part.sent_s[chosen]).astype(np.int64) + epoch_s
                    lines += encode.sentences(part.payload[chosen], [station] * len(chosen), seconds, group=len(lines))
                    order.append(part.sent_s[chosen])
            if not lines:
                continue
            sequence = np.argsort(np.concatenate(order), kind="stable")
            stamp = times.iso(EPOCH_US + day * times.DAY_US)
            assert stamp is not None
            name = f"{self.summary.scenario}-{stamp[:10]}.nmea"
            self.summary.receptions += len(lines)
            with (self.summary.folder / name).open("wb") as out:
                for position in sequence:
                    line = self._damage(lines[position])
                    self.summary.lines += line.count(b"\n")
                    out.write(line)
            self.summary.files.append(name)

    def _damage(self, line: bytes) -> bytes:
        chance = self.rng.random() * 1e6
        wrong, cut = self.dials["bad_checksum_per_million"], self.dials["cut_per_million"]
        if chance < wrong:
            self.summary.damaged += 1
            return line[:-3] + (b"0" if line[-3:-2] != b"0" else b"1") + line[-2:]
        if chance < wrong + cut:
            self.summary.damaged += 1
            return line[: len(line) * 2 // 3] + b"\r\n"
        return line

    def _papers(self) -> None:
        with (self.summary.folder / "ships.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["mmsi", "imo", "callsign", "name", "role", "flag", "SIMULATED"])
            for ship in self.ships:
                imo = f"{ship.imo:07d}" if ship.imo else ""
                writer.writerow([ship.mmsi, imo, ship.callsign, ship.name, ship.role, fleet.FLAG, "SIMULATED"])
        (self.summary.folder / "SIMULATED.txt").write_text(
            "SIMULATED. Ships, stations, movements and events in this folder are made up; only the coast is real.\n"
            f"Scenario {self.summary.scenario}, seed {self.summary.seed}. truth.jsonl says what happened.\n",
            encoding="utf-8",
        )
