"""Rows of one part meet, none is lost, and memory beyond the budget becomes files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake.engine.stages import pile_of
from darkwake.lake.shuffle import Room, Shuffle

PILES = 256
SCHEMA = pa.schema([("part", pa.int64()), ("text", pa.string())])
PARTS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3), max_size=40)


@settings(deadline=None)
@given(st.lists(PARTS, max_size=5), st.sampled_from([0, 100, 1 << 20]), st.integers(0, 2000))
def test_parts_meet_and_no_row_is_lost(tables: list[list[int]], memory_bytes: int, target_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        room = Room(memory_bytes, Path(folder))
        shuffle = Shuffle(SCHEMA, PILES, room)
        rows = []
        for number, parts in enumerate(tables):
            texts = [f"{number}-{i}" for i in range(len(parts))]
            rows += zip(parts, texts, strict=True)
            table = pa.table([parts, texts], schema=SCHEMA)
            shuffle.add(table, pile_of(table["part"], PILES))
        seen: dict[int, int] = {}
        out = []
        for number, group in enumerate(shuffle.groups(target_bytes)):
            table = shuffle.read(group)
            assert table.num_rows
            for part in table["part"].to_pylist():
                assert seen.setdefault(part, number) == number
            out += zip(table["part"].to_pylist(), table["text"].to_pylist(), strict=True)
        assert sorted(out) == sorted(rows)
        shuffle.close()
        room.close()
        assert not list(Path(folder).iterdir())
        assert room.take(memory_bytes)  # all of it was given back


def test_files_only_beyond_the_budget(tmp_path: Path) -> None:
    table = pa.table([np.arange(1000), ["SIM"] * 1000], schema=SCHEMA)
    room = Room(int(table.nbytes * 1.5), tmp_path)
    shuffle = Shuffle(SCHEMA, PILES, room)
    shuffle.add(table, pile_of(table["part"], PILES))
    assert room.spilled_bytes == 0
    shuffle.add(table, pile_of(table["part"], PILES))
    assert room.spilled_bytes > 0
    assert shuffle.read(range(PILES)).num_rows == 2000
    room.close()


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=9), max_size=6), st.sampled_from([0, 200, 1 << 20]))
def test_rows_of_a_pile_keep_their_order(tables: list[list[int]], memory_bytes: int) -> None:
    room = Room(memory_bytes)
    with Shuffle(pa.schema([("n", pa.int64())]), 4, room) as shuffle:
        sent: list[list[int]] = [[], [], [], []]
        for keys in tables:
            numbers = list(range(sum(map(len, sent)), sum(map(len, sent)) + len(keys)))
            shuffle.add(pa.table({"n": numbers}), np.array(keys))
            for key, number in zip(keys, numbers, strict=True):
                sent[key].append(number)
        assert [shuffle.take(pile)["n"].to_pylist() for pile in range(4)] == sent
    room.close()


def test_consecutive_parts_spread() -> None:
    pile = pile_of(pa.chunked_array([np.arange(100_000)]), PILES)
    counts = np.bincount(pile, minlength=PILES)
    assert counts.min() > 250
    assert counts.max() < 550
