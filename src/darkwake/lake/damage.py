"""Files of the lake that are missing or damaged: which one, told as VerificationError instead of as a crash.

Arrow and Delta mostly say what is wrong but not where, so after an error the files are looked at one by one. Only
log entries without content (what a power cut leaves of a file that was not synced) are looked for beforehand: Delta
reads over them in silence, and the rows that they added would be missing.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.errors import VerificationError

_ENTRY = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\..*parquet")
_UNREADABLE = (pa.ArrowException, OSError)


def damaged(path: Path, found: str) -> VerificationError:
    return VerificationError(
        f"a file of the lake is damaged: {found}",
        where=str(path),
        do="See with `darkwake verify` what else is, and bring the file back from a copy.",
    )


@contextlib.contextmanager
def data_files(files: Iterable[tuple[Path, int]]) -> Iterator[None]:
    """Around reading Parquet files, each with its recorded size in bytes: names the one that cannot be read."""
    try:
        yield
    except _UNREADABLE as error:
        for path, size in files:
            if found := _unreadable(path, size):
                raise damaged(path, found) from error
        raise


@contextlib.contextmanager
def log(folder: Path, version: int | None) -> Iterator[None]:
    """Around reading a Delta log (`…/_delta_log`) up to a version: names the entry that cannot be read."""
    from deltalake.exceptions import DeltaError

    # one after the version that is asked for may be what an unfinished write left, and is the next writer's to undo
    for path in _entries(folder, version).values() if version is not None else ():
        if path.stat().st_size == 0:
            raise damaged(path, "an entry of the table's log without content")
    try:
        yield
    except (DeltaError, *_UNREADABLE) as error:
        path, found = _broken_entry(folder, version) or (folder, str(error).partition("\n")[0])
        raise damaged(path, found) from error


def _unreadable(path: Path, size: int | None = None) -> str | None:
    """What is wrong with a Parquet file, or None."""
    try:
        there = path.stat().st_size
        if size is not None and there != size:
            return f"it has {there} bytes instead of {size}"
        pq.ParquetFile(path).read(use_threads=False)
    except FileNotFoundError:
        return "it is gone"
    except _UNREADABLE as error:
        return str(error).partition("\n")[0]
    return None


def _entries(folder: Path, version: int | None) -> dict[int, Path]:
    numbered = ((_ENTRY.fullmatch(path.name), path) for path in folder.iterdir()) if folder.is_dir() else ()
    found = {int(match[1]): path for match, path in numbered if match}
    return {number: found[number] for number in sorted(found) if version is None or number <= version}


def _broken_entry(folder: Path, version: int | None) -> tuple[Path, str] | None:
    """The first entry or checkpoint that is missing or cannot be read, and what is wrong with it."""
    if not folder.is_dir():
        return folder, "the log of the table is gone"
    checkpoints = {int(m[1]): p for p in sorted(folder.iterdir()) if (m := _CHECKPOINT.fullmatch(p.name))}
    for path in checkpoints.values():
        if found := _unreadable(path):
            return path, f"a checkpoint of the table's log that cannot be read ({found})"
    entries = _entries(folder, version)
    for path in entries.values():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            for action in map(json.loads, lines):
                if not isinstance(action, dict) or not all(isinstance(value, dict) for value in action.values()):
                    raise ValueError("a line that is no action")
        except (OSError, ValueError) as error:
            return path, f"an entry of the table's log that cannot be read ({error})"
    first = max((number for number in checkpoints if version is None or number <= version), default=-1) + 1
    last = max(entries, default=0) if version is None else version
    for number in range(first, last + 1):
        if number not in entries:
            return folder / f"{number:020d}.json", "an entry of the table's log is gone"
    return None
