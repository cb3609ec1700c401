"""However the reports are cut up, and in whatever order they come, the tables are those of one build from all."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkwake import times
from darkwake.lake.tables import stored_schema
from darkwake.tracks.build import build
from darkwake.tracks.columns import ints
from darkwake.tracks.increment import NEVER_US, News, Stood, extend, read_since
from darkwake.tracks.segments import NearestHull
from tracks.made import BUCKET, SHIP, identity, report, reports, voyage

OTHER = SHIP + 16
ORDER = {
    "tracks": ("mmsi", "segment", "time", "payload_key"),
    "statics": ("mmsi", "time", "payload_key"),
    "heard": ("mmsi", "time", "payload_key"),
    "segments": ("segment",),
}
HULLS = NearestHull()


class Tables:
    """The derived tables of one bucket, kept up as `update` does it, in memory."""

    def __init__(self) -> None:
        self.stood = {name: stored_schema(name).empty_table() for name in ORDER}
        self.reports = reports([])
        self.built_whole = 0
        self.extended = 0

    def add(self, rows: list[dict[str, Any]]) -> None:
        new = reports(rows)
        news = News.of(new, BUCKET)
        own = {name: table.filter(_in(table, news.mmsi)) for name, table in self.stood.items()}
        again = self.reports.filter(pa.array(self._read_again(news, read_since(news))))
        self.reports = pa.concat_tables([self.reports, new])
        told = pa.concat_tables([again, new])
        change = extend(news, told, Stood(**own, since_us=NEVER_US), BUCKET, HULLS)
        whole = change.failed
        self.built_whole += len(whole)
        self.extended += len(news.mmsi) - len(whole)
        built = build(self.reports.filter(_in(self.reports, whole)), BUCKET, HULLS)
        good = news.without(whole).mmsi
        for name, table in self.stood.items():
            goes = {"tracks": change.tracks_go, "statics": change.statics_go, "heard": change.heard_go}.get(
                name, np.ones(own[name].num_rows, bool)
            )
            stays = own[name].filter(pc.and_(pa.array(~goes), _in(own[name], good)))
            others = table.filter(pc.invert(_in(table, news.mmsi)))
            come = [getattr(change, name).filter(_in(getattr(change, name), good)), getattr(built, name)]
            come = [each.select(table.schema.names).cast(table.schema) for each in come]
            self.stood[name] = pa.concat_tables([others, stays, *come]).combine_chunks()

    def _read_again(self, news: News, since: np.ndarray) -> np.ndarray:
        mmsi, time_us = ints(self.reports["mmsi"]), ints(self.reports["time"])
        at = np.minimum(np.searchsorted(news.mmsi, mmsi), max(len(news.mmsi) - 1, 0))
        if not len(news.mmsi):
            return np.zeros(len(mmsi), bool)
        return (news.mmsi[at] == mmsi) & (time_us >= since[at])


def _in(table: pa.Table, mmsis: np.ndarray) -> pa.Array:
    return pc.is_in(table["mmsi"], pa.array(mmsis.astype(np.int32)))


def check(parts: list[list[dict[str, Any]]]) -> Tables:
    """Add the parts one after the other; after each the tables are those of one build."""
    tables = Tables()
    for number, part in enumerate(parts):
        tables.add(part)
        expected = build(tables.reports, BUCKET, HULLS)
        for name, keys in ORDER.items():
            schema = stored_schema(name)
            whole = getattr(expected, name).select(schema.names).cast(schema)
            found = tables.stood[name].sort_by([(key, "ascending") for key in keys])
            assert found.to_pylist() == whole.sort_by([(key, "ascending") for key in keys]).to_pylist(), (name, number)
    return tables


def cut(rows: list[dict[str, Any]], parts: int, seed: int, *, in_order: bool) -> list[list[dict[str, Any]]]:
    """Rows in so many parts: by time, or dealt out anyhow."""
    rng = random.Random(seed)
    if in_order:
        rows = sorted(rows, key=lambda row: row["time"])
        edges = sorted(rng.sample(range(1, len(rows)), min(parts, len(rows)) - 1)) if len(rows) > 1 else []
        return [rows[a:b] for a, b in zip([0, *edges], [*edges, len(rows)], strict=True)]
    out: list[list[dict[str, Any]]] = [[] for _ in range(parts)]
    for row in rows:
        out[rng.randrange(parts)].append(row)
    return [part for part in out if part]


def test_a_minute_more_of_a_ship_that_is_known_builds_nothing_whole() -> None:
    rows = [*voyage(0, 60, 124, 38, 10), *(identity(k * 30) for k in range(120))]
    tables = check(cut(rows, 40, 1, in_order=True))
    assert tables.built_whole <= 3  # until three reports of her are known
    assert tables.extended >= 36


def test_late_reports_change_what_they_touch() -> None:
    rows = voyage(0, 60, 124, 38, 10)
    late = rows[200:203]
    check([[row for row in rows if row not in late], late])


def test_two_hulls_under_one_number_go_on_apart_and_end_in_doubt() -> None:
    near, far = voyage(0, 70, 124, 38, 10), voyage(5, 70, 10, 50, 10)
    joining = voyage(71 * 60, 30, 140, 38, 10)
    check(cut([*near, *far, *joining], 25, 3, in_order=True))


def test_a_vendors_table_goes_on_from_the_identity_that_stays() -> None:
    """Of identities that are repeated in every row the last one is kept only while it is the last."""
    rows = [
        row | {"time_basis": "vendor", "type": None, "name": "SIM AURORA" if k < 200 else "SIM BOREALIS"}
        for k, row in enumerate(voyage(0, 60, 124, 38, 10))
    ]
    tables = check(cut(rows, 30, 4, in_order=True))
    assert tables.extended > tables.built_whole


def test_a_vendors_table_and_radio_sentences_of_one_ship_mix() -> None:
    table = [row | {"time_basis": "vendor", "type": None, "name": "SIM AURORA"} for row in voyage(0, 30, 124, 38, 10)]
    radio = [*voyage(31 * 60, 30, 131, 38, 10), *(identity(31 * 60 + k * 6) for k in range(200))]
    check(cut([*table, *radio], 12, 5, in_order=True))


def test_the_class_of_a_ship_that_sends_as_both_is_that_of_most_reports() -> None:
    first = voyage(0, 4, 124, 38, 10)
    second = [row | {"type": 18} for row in voyage(4 * 60 + 10, 40, 125, 38, 10)]
    check(cut([*first, *second], 10, 6, in_order=True))


def test_a_ship_across_180_degrees_keeps_one_box() -> None:
    rows = voyage(0, 60, 176, 10, 10)
    tables = check(cut(rows, 12, 7, in_order=True))
    (segment,) = tables.stood["segments"].to_pylist()
    assert segment["west"] > segment["east"]


SPOTS = st.lists(
    st.tuples(
        st.integers(0, 4 * 24 * 12),  # five minutes
        st.sampled_from([0.0, 0.0, 0.0, 0.3, 0.45, 2.0]),  # hours within which it may lie anywhere
        st.integers(0, 3),  # where
        st.integers(0, 2),  # which station
        st.sampled_from(["position", "position", "position", "identity", "vendor", "class B", "other ship"]),
    ),
    min_size=1,
    max_size=70,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SPOTS, st.integers(1, 9), st.integers(0, 2**32), st.booleans())
def test_any_reports_in_any_parts(
    spots: list[tuple[int, float, int, int, str]], parts: int, seed: int, ordered: bool
) -> None:
    rng = random.Random(seed)
    rows = []
    for slot, spread, place, station, kind in spots:
        minutes = slot * 5 + rng.choice([0, 0, 0.2, 0.5]) + rng.uniform(0, spread * 60)
        lon = 124 + (0, 0.02, 1.0, 40.0)[place] + minutes / 60 * 0.05
        more: dict[str, Any] = {"station": f"SIM{station}", "sog_knots": rng.choice([None, 0.0, 3.0])}
        if kind == "identity":
            rows.append(identity(minutes, station=more["station"], name=f"SIM {place % 2}"))
            continue
        row = report(minutes, lon, 38, **more)
        if kind == "vendor":
            row |= {"time_basis": "vendor", "type": None, "name": f"SIM {place % 2}"}
        if kind == "class B":
            row["type"] = 18
        if kind == "other ship":
            row["mmsi"] = OTHER
        rows.append(row)
        if rng.random() < 0.3:  # heard again, by another station, a little later
            rows.append(row | {"time": row["time"] + rng.randrange(40) * times.SECOND_US, "source": "fedcba9876543210"})
    check(cut(rows, parts, seed, in_order=ordered))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(2, 12), st.booleans())
def test_long_voyages_of_several_hulls(seed: int, parts: int, ordered: bool) -> None:
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for _ in range(rng.randrange(1, 5)):
        start, hours = rng.uniform(0, 6000), rng.uniform(1, 90)
        lon = rng.choice([124.0, 124.05, 126.0, 10.0, 179.5])
        vendor = rng.random() < 0.3
        kind = rng.choice([1, 1, 18])
        for row in voyage(start, hours, lon, 38, rng.choice([0, 1, 12]), every_min=rng.choice([3, 10, 45])):
            if rng.random() < 0.2:
                continue
            if rng.random() < 0.01:
                row = row | {"lon": row["lon"] - 1.0}  # noqa: PLW2901 - a stray fix
            row = row | {"type": kind}  # noqa: PLW2901
            if vendor:
                row = row | {"time_basis": "vendor", "type": None, "name": rng.choice(["SIM A", "SIM A", "SIM B"])}  # noqa: PLW2901
            rows.append(row)
        rows += [identity(start + k * 60, draught_m=rng.choice([5.0, 6.0])) for k in range(int(hours))]
    check(cut(rows, parts, seed, in_order=ordered))
