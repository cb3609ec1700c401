"""One decorator for compiled kernels: numba, no GIL, cached on disk.

numba keys its cache on the file of the function alone, so a change in a called kernel of another file would go
unseen. Our cache folders are therefore named by a digest of all that a kernel can call or take constants from: the
source of its own room, of the rooms that every room may call, and of the primitives. A test holds to that.

numba also keys it on the folder that the file lies in. Ours does not: equal code shares its machine code wherever it
lies, so that a worker of a cluster, which gets the code in a folder of its own, need not compile it again.

Each change of the code leaves a folder behind; those that nobody used for a month are removed (`sweep`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, overload

import numba
import platformdirs
from numba.core import caching

F = TypeVar("F", bound=Callable[..., Any])


#: Rooms whose kernels those of every other room may call.
SHARED_ROOMS = ("geo", "places")

_ROOT = Path(__file__).parent


@cache
def cache_folder(room: str) -> Path:
    """Where the compiled kernels of exactly this state of a room are kept."""
    digest = hashlib.sha256(numba.__version__.encode())
    files = {path for part in (*SHARED_ROOMS, room) for path in (_ROOT / part).rglob("*.py")}
    for path in sorted({*files, *(_ROOT / name for name in ("jit.py", "times.py", "units.py"))}):
        digest.update(path.relative_to(_ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return _home() / f"{room}-{digest.hexdigest()[:16]}"


#: Folders of a room that are kept however old they are, and the age from which others go.
KEPT_FOLDERS = 3
UNUSED_DAYS = 30


@cache
def _in_use(room: str) -> Path:
    """The room's folder, made if need be and marked as used now; once per process. Old ones are swept."""
    folder = cache_folder(room)
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # somebody else's cache, or another process is at it: no harm
        os.utime(folder)
        sweep(room)
    return folder


def sweep(room: str, now_s: float | None = None) -> list[Path]:
    """Remove a room's folders that no process has used for `UNUSED_DAYS` days, all but the newest few; which they were.

    A folder is first renamed, so that two sweeps do not meet in it. A process that holds its code has it in memory.
    """
    folders = [path for path in _home().glob(f"{room}-*") if re.fullmatch(r"[0-9a-f]{16}", path.name[len(room) + 1 :])]
    used = sorted(((path.stat().st_mtime, path) for path in folders), reverse=True)
    limit = (time.time() if now_s is None else now_s) - UNUSED_DAYS * 86_400
    gone = []
    for last, path in used[KEPT_FOLDERS:]:
        if last < limit and path != cache_folder(room):
            doomed = path.with_name(f".{path.name}.{os.getpid()}")
            path.rename(doomed)
            gone.append(path)
    for doomed in _home().glob(f".{room}-*"):
        shutil.rmtree(doomed, ignore_errors=True)
    return gone


def _home() -> Path:
    return Path(platformdirs.user_cache_dir("darkwake")) / "kernels"


def is_compiled(room: str = "ais") -> bool:
    """Whether the kernels of a room were compiled before (to say so on the screen if not)."""
    folder = cache_folder(room)
    return folder.is_dir() and any(folder.iterdir())


def room_of(function: Callable[..., Any]) -> str:
    """The room a function stands in: the first name below `darkwake`."""
    parts = function.__module__.split(".")
    return parts[1] if len(parts) > 2 and parts[0] == "darkwake" else "outside"


class RoomCacheLocator(caching.UserProvidedCacheLocator):  # type: ignore[misc]
    """Files of the package by their place within it, whatever folder it lies in."""

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        path = Path(py_file)
        if not path.is_relative_to(_ROOT):
            return str(super().get_suitable_cache_subpath(py_file))
        return "_".join(path.relative_to(_ROOT).with_suffix("").parts)

    def get_source_stamp(self) -> bytes:
        return hashlib.sha256(Path(self._py_file).read_bytes()).digest()


@overload
def kernel(function: F) -> F: ...
@overload
def kernel(**options: Any) -> Callable[[F], F]: ...
def kernel(function: F | None = None, **options: Any) -> F | Callable[[F], F]:
    """Compile `function` with numba on its first call; it then runs without the GIL."""

    def compile_(function: F) -> F:
        before = numba.config.CACHE_DIR, numba.config.CACHE_LOCATOR_CLASSES
        try:
            folder = _in_use(room_of(function))
            numba.config.CACHE_DIR = str(folder)
            numba.config.CACHE_LOCATOR_CLASSES = f"{__name__}.{RoomCacheLocator.__name__}"
            cached = True
        except OSError:  # a read-only home: compile in memory each time
            cached = False
        try:
            return numba.njit(cache=cached, nogil=True, error_model="numpy", **options)(function)
        finally:
            numba.config.CACHE_DIR, numba.config.CACHE_LOCATOR_CLASSES = before

    return compile_ if function is None else compile_(function)
