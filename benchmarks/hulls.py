"""How well reports of one number are told apart by hull: made fleets with truth, by dial. Printed for the method card.

    python benchmarks/hulls.py [--ships 60]

Honest ships (one hull a number): segments per ship-month beyond the first, without strays. Strays: the share of true
reports that stay with the ship's longest segment, and of strays that got into one. Shared numbers: the share of
reports in segments whose hull they are (purity), and the segments that hold reports of both.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from darkwake.times import HOUR_US
from darkwake.tracks.segments import NearestHull

STRAY = 3
MONTH_H = 30 * 24.0


@dataclass
class Reports:
    """Reports of one number by time; `hull` −1: a stray."""

    hours: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    sog: np.ndarray
    cog: np.ndarray
    hull: np.ndarray

    def at(self, order: np.ndarray) -> Reports:
        return Reports(*(getattr(self, name)[order] for name in self.__dataclass_fields__))


def together(*parts: Reports) -> Reports:
    joined = Reports(*(np.concatenate([getattr(p, n) for p in parts]) for n in Reports.__dataclass_fields__))
    return joined.at(np.argsort(joined.hours, kind="stable"))


def sailed(rng: np.random.Generator, hours: np.ndarray, knots: float, lon0: float, lat0: float) -> Reports:
    """A ship between two ports some hundred miles apart, with stays of 6 to 40 hours in them, heard at these times."""
    legs = [(0.0, 0.0, 0.0)]  # from hour, miles along the way, knots
    moment, along, out = rng.uniform(0, 20), 0.0, 1.0
    length = rng.uniform(60, 400)
    while moment < hours[-1] + 1:
        legs.append((moment, along, out * knots))
        moment += length / knots
        along += out * length
        legs.append((moment, along, 0.0))
        moment += rng.uniform(6, 40)
        out = -out
    begin, mile, speed = (np.array(column) for column in zip(*legs, strict=True))
    leg = np.searchsorted(begin, hours, side="right") - 1
    miles = mile[leg] + speed[leg] * (hours - begin[leg])
    course = rng.uniform(0, 360)
    north, east = np.cos(np.radians(course)), np.sin(np.radians(course))
    noise = rng.normal(0, 0.01, (2, len(hours)))
    lat = lat0 + (miles * north + noise[0]) / 60
    lon = lon0 + (miles * east + noise[1]) / 60 / np.cos(np.radians(lat0))
    moving = np.abs(speed[leg])
    sog = np.round(np.where(moving > 0, moving + rng.normal(0, 0.3, len(hours)), 0.0).clip(0), 1)
    cog = np.where(speed[leg] >= 0, course, (course + 180) % 360)
    return Reports(hours, lon, lat, sog, cog, np.zeros(len(hours), np.int64))


def heard(rng: np.random.Generator, every_h: float, days: float = 30.0, outage: float = 0.0) -> np.ndarray:
    """Times about so far apart, without those of long silences that take a share `outage` of the time."""
    found = np.cumsum(rng.uniform(0.6, 1.4, round(days * 24 / every_h)) * every_h)
    keep = np.ones(len(found), np.bool_)
    for begin in np.arange(0, days * 24, 48.0):
        off = begin + rng.uniform(0, 48 * (1 - outage))
        keep &= (found < off) | (found > off + 48 * outage)
    return found[keep]


def split(reports: Reports, mmsi: int = 299_000_001) -> np.ndarray:
    numbers = np.full(len(reports.hours), mmsi, np.int64)
    moments = np.round(reports.hours * HOUR_US).astype(np.int64)
    return NearestHull().assign(numbers, moments, reports.lon, reports.lat, reports.sog, reports.cog).hull


def honest(ships: int, every_h: float, knots: Callable[[np.random.Generator], float], outage: float) -> str:
    breaks, lost = 0, 0
    rng = np.random.default_rng(1)
    for _ in range(ships):
        sizes = np.bincount(split(sailed(rng, heard(rng, every_h, outage=outage), knots(rng), 124.0, 36.0)))
        breaks += (sizes > STRAY).sum() - 1
        lost += sizes[sizes <= STRAY].sum()
    return f"breaks per ship-month {breaks / ships:6.3f}   reports left as strays per ship-month {lost / ships:6.2f}"


def strays(ships: int, every_h: float, miles: float, in_a_row: int) -> str:
    rng = np.random.default_rng(2)
    held, true, taken, wrong = 0, 0, 0, 0
    for _ in range(ships):
        ship = sailed(rng, heard(rng, every_h), 12.0, 124.0, 36.0)
        at = np.flatnonzero(rng.random(len(ship.hours)) < 0.01 / in_a_row)
        bearing = rng.uniform(0, 2 * np.pi, len(at))
        parts = [ship]
        for number in range(in_a_row):
            stray = ship.at(at)
            stray.hours = stray.hours + every_h * (0.3 + number * 0.2)
            stray.lat = stray.lat + miles * np.cos(bearing) / 60
            stray.lon = stray.lon + miles * np.sin(bearing) / 60 / np.cos(np.radians(36))
            stray.hull = stray.hull - 1
            parts.append(stray)
        reports = together(*parts)
        hull = split(reports)
        main = np.bincount(hull[reports.hull == 0]).argmax()
        held += ((hull == main) & (reports.hull == 0)).sum()
        true += (reports.hull == 0).sum()
        taken += ((hull == main) & (reports.hull < 0)).sum()
        wrong += (reports.hull < 0).sum()
    return f"true reports in the main segment {held / true:.4f}   strays in it {taken / max(wrong, 1):.4f}"


def shared(ships: int, miles: float, turns_h: float, moored: bool, every_h: float = 0.1) -> str:
    """Two hulls heard in turns (0: at the same time)."""
    rng = np.random.default_rng(3)
    pure, total, mixed, firm, segments = 0, 0, 0, 0, 0
    for _ in range(ships):
        parts = []
        for number in range(2):
            hours = heard(rng, every_h, days=6)
            if turns_h:
                hours = hours[(hours % (2 * turns_h) // turns_h == number) & (hours % turns_h < turns_h * 0.3)]
            lat = 36.0 + number * miles / 60
            if moored:
                noise = rng.normal(0, 0.01 / 60, (2, len(hours)))
                quiet = np.zeros(len(hours))
                ship = Reports(hours, 124 + noise[0], lat + noise[1], quiet, quiet, np.full(len(hours), number))
            else:
                ship = sailed(rng, hours, rng.uniform(8, 14), 124.0, lat)
                ship.hull = ship.hull + number
            parts.append(ship)
        reports = together(*parts)
        counts = np.zeros((2, len(reports.hours)), np.int64)
        np.add.at(counts, (reports.hull, split(reports)), 1)
        counts = counts[:, counts.sum(axis=0) > 0]
        pure += counts.max(axis=0).sum()
        total += counts.sum()
        mixed += (counts.min(axis=0) > 0).sum()
        firm += (counts.sum(axis=0) > STRAY).sum()
        segments += counts.shape[1]
    return f"purity {pure / total:.4f}   segments of both {mixed / ships:.2f}   segments {firm / ships:.1f} a number"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ships", type=int, default=40)
    ships = parser.parse_args().ships
    for name, every_h, outage in (
        ("every minute", 1 / 60, 0.0), ("10 min", 1 / 6, 0.0), ("10 min, silent half the time", 1 / 6, 0.5),
        ("1 h", 1.0, 0.0), ("3 h", 3.0, 0.0), ("6 h", 6.0, 0.0),
    ):  # fmt: skip
        print(f"honest, 8-20 kn, {name:30} {honest(ships, every_h, lambda rng: rng.uniform(8, 20), outage)}")
    print(f"honest, ferries 35 kn, {'10 min':24} {honest(ships, 1 / 6, lambda _: 35.0, 0.0)}")
    for every_h in (1 / 60, 0.1, 1.0):
        for miles in (0.5, 1.0, 3.0, 30.0):
            for row in (1, 2):
                told = f"strays {miles:4} nm off, {row} in a row, every {every_h:.2f} h"
                print(f"{told}  {strays(ships, every_h, miles, row)}")
    for moored in (True, False):
        for turns in (0.0, 1.0, 3.0, 6.0):
            for miles in (2.0, 5.0, 20.0, 40.0, 80.0, 150.0):
                told = f"two hulls {miles:5} nm apart, {'moored' if moored else 'sailing'}, in turns of {turns} h"
                print(f"{told:60} {shared(ships // 4, miles, turns, moored)}")
    rng = np.random.default_rng(4)
    ship = sailed(rng, heard(rng, 0.001), 12.0, 124.0, 36.0)
    began = time.perf_counter()
    split(ship)
    print(f"{len(ship.hours) / (time.perf_counter() - began) / 1e6:.1f} M reports/s, one hull")


if __name__ == "__main__":
    main()
