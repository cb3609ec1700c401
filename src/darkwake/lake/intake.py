"""From batches of a source to Parquet: its rows are kept back until it is known that all of it could be read.

Sources that fit into `BUFFER_BYTES` share Parquet files. A larger one goes to files of its own, which are discarded if
it fails. Decoding, writing and hashing the rows overlap (one thread each); memory is bounded whatever the size of the
sources.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.lake.contents import RowsHash
from darkwake.lake.schema import REJECTS
from darkwake.lake.store import Writer
from darkwake.lake.tables import DataFile, FileWriter

#: A Parquet file of reports is closed once it holds this many rows.
FILE_ROWS = 4_000_000
#: Rows of a source that are kept back, as Arrow.
BUFFER_BYTES = 64 << 20
_GROUP_ROWS = 128 * 1024  # rows of small sources are written together, as one row group
_AHEAD = 2  # pieces of work that may wait for a thread


class _Output:
    """One table's growing files. Written on the writing thread only."""

    def __init__(self, writer: Writer, table: str) -> None:
        self._writer, self._table = writer, table
        self._file: FileWriter | None = None
        self._done: list[DataFile] = []
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0

    def write(self, rows: pa.Table) -> None:
        if rows.num_rows == 0:
            return
        self._waiting.append(rows)
        self._waiting_rows += rows.num_rows
        if self._waiting_rows >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        if self._file is not None:
            file, self._file = self._file, None
            self._done.append(self._writer.add(self._table, file))

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows = pa.concat_tables(self._waiting)
        self._waiting, self._waiting_rows = [], 0
        if self._file is None:
            self._file = self._writer.file(self._table)
        self._file.write(rows)
        if self._file.rows >= FILE_ROWS:
            self.close()

    def discard(self) -> None:
        """Nothing was written here."""
        self._waiting, self._waiting_rows = [], 0
        self.close()
        while self._done:
            self._writer.discard(self._table, self._done.pop())


class Intake:
    """The running state of an import: row numbers, files that small sources share, the writing thread."""

    def __init__(self, writer: Writer) -> None:
        self.next_row = 0  # of the import, in reading order
        self._writer = writer
        self._shared = self.outputs()
        self._writing = _Queue("darkwake-write")
        self._hashing = _Queue("darkwake-rows")

    def source(self, sha16: str | None = None) -> SourceRows:
        """A place for the rows of the next source; `sha16` if it is known, so that they need not be kept back."""
        return SourceRows(self, self._shared, sha16)

    def outputs(self) -> tuple[_Output, _Output]:
        """New files for reports and rejects."""
        return _Output(self._writer, "reports"), _Output(self._writer, "rejects")

    def later(self, work: Callable[..., None], *args: Any) -> None:
        """On the writing thread, in order; waits where that is too far behind."""
        self._writing.add(work, *args)

    def hashed(self, work: Callable[..., None], *args: Any) -> None:
        """On the thread that hashes rows, in order; called on the writing thread."""
        self._hashing.add(work, *args)

    def wait(self) -> None:
        self._writing.wait()
        self._hashing.wait()

    def finish(self) -> None:
        self.wait()
        for output in self._shared:
            output.close()

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, *_: object) -> None:
        """No thread writes on after an error: what is swept then stays swept."""
        self._writing.close()
        self._hashing.close()


class _Queue:
    """A thread that does pieces of work in their order; whoever is too far ahead of it waits."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._pending: list[Future[None]] = []

    def add(self, work: Callable[..., None], *args: Any) -> None:
        self.wait(_AHEAD)
        self._pending.append(self._pool.submit(work, *args))

    def wait(self, at_most: int = 0) -> None:
        while len(self._pending) > at_most:
            self._pending.pop(0).result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


class SourceRows:
    """The rows and rejects of one source: all of them count in the end (`keep`), or none (`drop`)."""

    def __init__(self, intake: Intake, shared: tuple[_Output, _Output], sha16: str | None) -> None:
        self._intake, self._shared = intake, shared
        self._first_row = intake.next_row
        self._messages: list[pa.Table] = []
        self._rejects: list[pa.Table] = []
        self._bytes = 0
        self._own: tuple[_Output, _Output] | None = None
        self._hashes = RowsHash("reports"), RowsHash("rejects")
        self._digests: dict[str, str] = {}
        self._sha16 = ""
        if sha16 is not None:
            self.name(sha16)

    @property
    def overflows(self) -> bool:
        """More is kept back than should be: the source must be named, or dropped."""
        return self._own is None and self._bytes > BUFFER_BYTES

    def add(self, messages: pa.Table, rejects: pa.Table) -> None:
        self._messages.append(messages)
        self._rejects.append(rejects)
        self._bytes += messages.nbytes + rejects.nbytes
        if self._own is not None:
            self._write(self._own)

    def name(self, sha16: str) -> None:
        """The hash is known before the end: what follows is written at once, to files of its own."""
        self._sha16 = sha16
        self._own = self._intake.outputs()
        self._write(self._own)

    def keep(self, sha16: str) -> None:
        """All was read: the rows count."""
        self._sha16 = sha16
        self._write(self._own or self._shared)
        self._intake.later(self._intake.hashed, self._seal)
        for output in self._own or ():
            self._intake.later(output.close)

    def digests(self) -> dict[str, str]:
        """What its rows say, for the ledger's chain; of a source that was kept, once the intake is finished."""
        return self._digests

    def drop(self) -> None:
        """The rows never were."""
        self._messages, self._rejects, self._bytes = [], [], 0
        self._intake.wait()
        for output in self._own or ():
            output.discard()
        self._intake.next_row = self._first_row

    def _seal(self) -> None:
        for name, hashed in zip(("reports", "rejects"), self._hashes, strict=True):
            self._digests[f"{name}_digest"] = hashed.hexdigest()

    def _write(self, outputs: tuple[_Output, _Output]) -> None:
        if not self._messages:
            return
        messages, rejects = pa.concat_tables(self._messages), pa.concat_tables(self._rejects)
        self._messages, self._rejects, self._bytes = [], [], 0
        first = self._intake.next_row
        self._intake.next_row += messages.num_rows
        self._intake.later(self._put, outputs, messages, rejects, first, self._sha16)

    def _put(
        self, outputs: tuple[_Output, _Output], messages: pa.Table, rejects: pa.Table, first: int, sha16: str
    ) -> None:
        index = messages.schema.get_field_index("source")
        named = messages.set_column(index, messages.schema.field(index), pa.repeat(sha16, messages.num_rows))
        numbers = pa.array(np.arange(first, first + messages.num_rows, dtype=np.int64))
        reports = named.add_column(0, pa.field("row", pa.int64(), nullable=False), numbers)
        sources = pa.repeat(sha16, rejects.num_rows)
        columns = {"source": sources, **{name: rejects[name] for name in rejects.column_names}}
        schema = pa.schema([field for field in REJECTS if field.name != "import"])
        for output, hashed, rows in zip(outputs, self._hashes, (reports, pa.table(columns).cast(schema)), strict=True):
            self._intake.hashed(hashed.update, rows)
            output.write(rows)
