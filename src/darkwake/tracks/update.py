"""Bring the derived tables (tracks, statics, segments) up to the imports: one ledger entry of kind `tracks`.

The buckets that new imports touch are rebuilt from all their reports, in whatever order these came; only partitions
whose rows differ from what stood are written again. So the order of imports cannot show, and a day's late data
rewrites the weeks it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.lake.schema import BUCKETS, REPORTS, bucket_of
from darkwake.lake.shuffle import Shuffle
from darkwake.lake.store import Lake, Writer, again
from darkwake.lake.tables import DataFile, stored_schema
from darkwake.ledger.details import Tracks, Withdrawal
from darkwake.ledger.entries import Entry
from darkwake.tracks.build import REPORT_COLUMNS, Built, build
from darkwake.tracks.segments import VERSION, NearestHull, Segmenter

Progress = Callable[[str, int, int], None]  # (what, done, in all)


def pending(lake: Lake, up_to: int | None = None) -> list[Entry]:
    """Committed imports and withdrawals that the tracks do not take account of yet."""
    builds = lake.ledger.entries("tracks", up_to)
    done = builds[-1].detail.imports_up_to if builds and isinstance(builds[-1].detail, Tracks) else 0
    return lake.ledger.entries(("import", "withdrawal"), up_to, after=done)


def update(lake: Lake, segmenter: Segmenter | None = None, progress: Progress | None = None) -> Entry | None:
    """Build what is missing; None if nothing was."""
    return again(lambda: _update(lake, segmenter or NearestHull(), progress))


def _update(lake: Lake, segmenter: Segmenter, progress: Progress | None) -> Entry | None:
    if not pending(lake):
        return None
    with lake.write() as writer:
        new = pending(lake, writer.base.number)
        if not new:
            return None  # another build was faster
        buckets = _touched(lake, writer, new)
        statistics = {"partitions_written": 0, "partitions_unchanged": 0}
        with Shuffle(pa.schema([REPORTS.field(name) for name in REPORT_COLUMNS]), BUCKETS) as piles:
            _deal(writer, piles, buckets, progress)
            with ThreadPoolExecutor(2, thread_name_prefix="darkwake-tracks") as pool:
                work = [pool.submit(_build_bucket, writer, piles, bucket, segmenter, statistics) for bucket in buckets]
                for number, future in enumerate(work, 1):
                    future.result()
                    if progress:
                        progress("tracks", number, len(work))
        detail = Tracks(
            imports_up_to=max(entry.number for entry in new),
            method={"segmenter": type(segmenter).__name__, "version": VERSION, **segmenter.params()},
            buckets=len(buckets),
            bytes_written=writer.written_bytes(),
            **statistics,
        )
        return writer.commit("tracks", detail, moved=lambda news: any(entry.kind == "tracks" for entry in news))


def _touched(lake: Lake, writer: Writer, new: Sequence[Entry]) -> list[int]:
    """Buckets of all numbers that sent something in new imports, or in those that were withdrawn."""
    buckets: set[int] = set()
    for entry in new:
        gone = isinstance(entry.detail, Withdrawal)
        number = entry.detail.withdrawn if isinstance(entry.detail, Withdrawal) else entry.number
        snapshot = lake.snapshot(number) if gone else writer.base  # where it can still be read
        mmsi = snapshot.scan("reports", ["mmsi"], **{"import": number})["mmsi"]
        buckets |= set(np.unique(bucket_of(mmsi.drop_null().to_numpy())).tolist())
    return sorted(buckets)


def _deal(writer: Writer, piles: Shuffle, buckets: Sequence[int], progress: Progress | None) -> None:
    files = writer.base.data_files("reports")
    wanted = np.zeros(BUCKETS, dtype=bool)
    wanted[list(buckets)] = True
    for number, file in enumerate(files):
        if progress:
            progress("reports", number, len(files))
        for batch in writer.base.batches("reports", file, REPORT_COLUMNS):
            rows = pa.Table.from_batches([batch])
            rows = rows.filter(pc.is_valid(rows["mmsi"]))
            key = bucket_of(rows["mmsi"].to_numpy())
            if not wanted.all():
                keep = wanted[key]
                rows, key = rows.filter(pa.array(keep)), key[keep]
            piles.add(rows.cast(piles.schema), key)


def _build_bucket(
    writer: Writer, piles: Shuffle, bucket: int, segmenter: Segmenter, statistics: dict[str, int]
) -> None:
    built: Built = build(piles.take(bucket), bucket, segmenter)
    for table, rows in (("statics", built.statics), ("segments", built.segments)):
        _replace(writer, table, rows, {"bucket": bucket}, statistics)
    weeks = pc.unique(built.tracks["week"]).to_pylist()
    stood = {file.partition["week"] for file in writer.base.data_files("tracks", bucket=bucket)}
    for week in sorted({*weeks, *stood}):
        rows = built.tracks.filter(pc.equal(built.tracks["week"], week))
        _replace(writer, "tracks", rows, {"bucket": bucket, "week": week}, statistics)


def _replace(writer: Writer, table: str, rows: pa.Table, partition: dict[str, Any], statistics: dict[str, int]) -> None:
    """Put `rows` in the place of a partition's files, unless they are the same."""
    schema = stored_schema(table)
    rows = rows.select(schema.names).cast(schema)
    old: list[DataFile] = writer.base.data_files(table, **partition)
    if sum(file.rows for file in old) == rows.num_rows and rows.num_rows > 0:
        stood = pa.concat_tables([writer.base.partition_rows(table, file) for file in old])
        if stood.equals(rows):
            statistics["partitions_unchanged"] += 1
            return
    for file in old:
        writer.remove(table, file)
    if rows.num_rows:
        writer.put(table, rows, **partition)
        statistics["partitions_written"] += 1
