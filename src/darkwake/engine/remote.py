"""What runs in the Python processes of a cluster: our own code arrives, is put on the path, and calls the kernels.

Between stages a cluster moves rows of a table as Arrow streams, one record per piece: (plan, pile, rows). A piece is
opaque to Spark, so no value is converted on the way: types, nulls and microseconds arrive as they were sent.
"""

from __future__ import annotations

import gc
import hashlib
import importlib.util
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.engine.base import Bucket, Plan
from darkwake.engine.stages import PART, Rows, pile_of, read_bucket, run_first, run_later
from darkwake.errors import SourceUnavailableError
from darkwake.lake.shuffle import deal

PIECES = pa.schema([("plan", pa.int32()), ("pile", pa.int32()), ("rows", pa.binary())])
PIECES_DDL = "plan INT, pile INT, rows BINARY"
_PIECE_BYTES = 16 << 20


def pack(modules: Iterable[str]) -> tuple[bytes, str]:
    """The top-level packages of these modules as a zip file, and its digest; equal code gives equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted({"darkwake", *(module.split(".", maxsplit=1)[0] for module in modules)}):
            for path, inside in _files_of(name):
                info = zipfile.ZipInfo(inside, date_time=(1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())
    data = buffer.getvalue()
    return data, hashlib.sha256(data).hexdigest()[:16]


def _files_of(name: str) -> Iterator[tuple[Path, str]]:
    spec = importlib.util.find_spec(name)
    if spec is None or not (spec.submodule_search_locations or spec.origin):
        raise SourceUnavailableError(f"the code of module {name} is not to be found", do="It must be importable here.")
    if not spec.submodule_search_locations:
        yield Path(str(spec.origin)), Path(str(spec.origin)).name
        return
    for folder in map(Path, spec.submodule_search_locations):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path, f"{name}/{path.relative_to(folder).as_posix()}"


def task(archive: Any, digest: str, job: bytes) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """A function for `mapInArrow`. `archive`: a broadcast of `pack`'s bytes; `job`: a pickled (function, *arguments).

    It is made inside a function so that it travels by value: on the other side `darkwake` is not there yet.
    """

    def run(batches: Iterable[Any]) -> Iterator[Any]:
        import io
        import os
        import pickle
        import shutil
        import sys
        import tempfile
        import zipfile

        # A fixed folder per code version: kernels compiled there are found again by later runs.
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        folder = os.path.join(cache, "darkwake", "code", digest)
        if folder not in sys.path and not any(path.endswith(digest) for path in sys.path):
            if not os.path.isdir(folder):
                try:
                    os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
                    fresh = tempfile.mkdtemp(dir=os.path.dirname(folder))
                except OSError:  # no home that can be written to: for this process only
                    fresh = folder = os.path.join(tempfile.mkdtemp(prefix="darkwake-"), digest)
                with zipfile.ZipFile(io.BytesIO(archive.value)) as package:
                    package.extractall(fresh)
                if fresh != folder:
                    try:
                        os.rename(fresh, folder)
                    except OSError:  # another process was first
                        shutil.rmtree(fresh)
            sys.path.insert(0, folder)
        function, *arguments = pickle.loads(job)
        yield from function(batches, *arguments)
        from darkwake.engine.remote import settle

        settle(job)

    return run


_settled: set[bytes] = set()


def settle(job: bytes) -> None:
    """Keep the code and kernels that a job has loaded out of the garbage collector's sight.

    Spark collects garbage after every task; with numba loaded that was 80 ms of CPU each time.
    """
    key = hashlib.sha256(job).digest()
    if key not in _settled:
        _settled.add(key)
        gc.collect()
        gc.freeze()


def first_stages(
    batches: Iterable[pa.RecordBatch],
    buckets: Sequence[Mapping[str, Bucket]],
    columns: Mapping[str, Sequence[str]],
    plans: Sequence[Plan],
    piles: int,
) -> Iterator[pa.RecordBatch]:
    """Numbers of buckets that hold whole vessels → the pieces that the first stages of all plans make of them.

    They are read here, where they are worked on: rows that go through Java cost three times the CPU.
    """
    for number in _numbers(batches):
        yield from _first(read_bucket(buckets[number], columns), plans, piles)


def deal_buckets(
    batches: Iterable[pa.RecordBatch],
    buckets: Sequence[tuple[str, Bucket]],
    columns: Mapping[str, Sequence[str]],
    piles: int,
) -> Iterator[pa.RecordBatch]:
    """Numbers of buckets that mix vessels → their rows as pieces, those of a vessel in one pile."""
    tables = list(columns)
    for number in _numbers(batches):
        table, bucket = buckets[number]
        rows = bucket.read(list(dict.fromkeys(("mmsi", *columns[table]))))
        yield from _dealt(rows, tables.index(table), pile_of(rows.column("mmsi"), piles), piles)


def first_of_piles(
    batches: Iterable[pa.RecordBatch], columns: Mapping[str, Sequence[str]], plans: Sequence[Plan], piles: int
) -> Iterator[pa.RecordBatch]:
    """Pieces of all rows of some vessels → the pieces that the first stages of all plans make of them."""
    tables = list(columns)
    held: dict[str, list[pa.Table]] = {}
    for batch in batches:
        for number, rows in unpacked(batch):
            held.setdefault(tables[number], []).append(rows)
    yield from _first({table: pa.concat_tables(held.pop(table)) for table in list(held)}, plans, piles)


def _numbers(batches: Iterable[pa.RecordBatch]) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def _first(rows: Rows, plans: Sequence[Plan], piles: int) -> Iterator[pa.RecordBatch]:
    for number, plan in enumerate(plans):
        where = _here(rows[plan.table]) if plan.table in rows else "no rows"
        yield from _pieces(plan, number, 0, run_first(plan, rows, where), piles)


def later_stages(
    batches: Iterable[pa.RecordBatch], plans: Sequence[Plan], level: int, piles: int
) -> Iterator[pa.RecordBatch]:
    """Pieces of some piles → the pieces that stage `level` makes of them; what is final passes through."""
    waiting: dict[int, list[pa.Table]] = {}
    for batch in batches:
        for number, piece in unpacked(batch):
            if level < len(plans[number].stages):
                waiting.setdefault(number, []).append(piece)
            else:
                yield from _pieces(plans[number], number, level, piece, piles)
    for number in sorted(waiting):
        plan, table = plans[number], pa.concat_tables(waiting.pop(number))
        yield from _pieces(plan, number, level, run_later(plan, level, table, "some of its parts"), piles)


def unpacked(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.Table]]:
    """The pieces in one batch of records: plan number and rows."""
    for number, rows in zip(batch.column("plan"), batch.column("rows"), strict=True):
        yield number.as_py(), pa.ipc.open_stream(rows.as_buffer()).read_all()


def _pieces(plan: Plan, number: int, level: int, table: pa.Table, piles: int) -> Iterator[pa.RecordBatch]:
    if level + 1 < len(plan.stages):
        yield from _dealt(table, number, pile_of(table.column(PART), piles), piles)
    else:  # final: in any pile
        yield from _dealt(table, number, np.full(table.num_rows, number % piles), piles)


def _dealt(table: pa.Table, number: int, pile_of_row: np.ndarray, piles: int) -> Iterator[pa.RecordBatch]:
    if table.num_rows == 0:
        return
    table, offsets = deal(table, pile_of_row, piles)
    rows_per_piece = max(1, _PIECE_BYTES * table.num_rows // max(table.nbytes, 1))
    for pile in range(piles):
        part = table.slice(offsets[pile], offsets[pile + 1] - offsets[pile]).combine_chunks()
        for batch in part.to_batches(max_chunksize=rows_per_piece):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as writer:
                writer.write_batch(batch)
            yield pa.RecordBatch.from_arrays(
                [pa.array([number], pa.int32()), pa.array([pile], pa.int32()), _binary(sink.getvalue())], schema=PIECES
            )


def _binary(content: pa.Buffer) -> pa.Array:
    offsets = pa.py_buffer(pa.array([0, content.size], pa.int32()).buffers()[1])
    return pa.Array.from_buffers(pa.binary(), 1, [None, offsets, content])


def _here(table: pa.Table) -> str:
    span = pc.min_max(table.column("mmsi")).as_py()
    return f"{table.num_rows} rows of MMSI {span['min']} to {span['max']}"
