"""Rows of one part meet, none is lost, and memory beyond the budget becomes files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from darkwake.engine.shuffle import SPLITS, Room, Shuffle
from darkwake.engine.stages import split_of

SCHEMA = pa.schema([("part", pa.int64()), ("text", pa.string())])
PARTS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3), max_size=40)


@given(st.lists(PARTS, max_size=5), st.sampled_from([0, 100, 1 << 20]), st.integers(0, 2000))
def test_parts_meet_and_no_row_is_lost(tables: list[list[int]], memory_bytes: int, target_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        room = Room(memory_bytes, Path(folder))
        shuffle = Shuffle(SCHEMA, room)
        rows = []
        for number, parts in enumerate(tables):
            texts = [f"{number}-{i}" for i in range(len(parts))]
            rows += zip(parts, texts, strict=True)
            shuffle.add(pa.table([parts, texts], schema=SCHEMA))
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
    shuffle = Shuffle(SCHEMA, room)
    shuffle.add(table)
    assert room.spilled_bytes == 0
    shuffle.add(table)
    assert room.spilled_bytes > 0
    assert shuffle.read(range(SPLITS)).num_rows == 2000
    room.close()


def test_consecutive_parts_spread() -> None:
    split = split_of(pa.chunked_array([np.arange(100_000)]), SPLITS)
    counts = np.bincount(split, minlength=SPLITS)
    assert counts.min() > 250
    assert counts.max() < 550
