"""One decorator for compiled kernels: numba, no GIL, cached on disk.

numba keys its cache on the file of the function alone, so a change in a called kernel of another file would go
unseen. Our cache folder is therefore named by a digest of all source files of the package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, overload

import numba
import platformdirs

F = TypeVar("F", bound=Callable[..., Any])


@cache
def cache_folder() -> Path:
    """Where compiled kernels of exactly this source tree are kept."""
    root = Path(__file__).parent
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(root.rglob("*.py")):
        text = path.read_bytes()
        if b"@kernel" in text:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(text)
    return Path(platformdirs.user_cache_dir("darkwake")) / "kernels" / digest.hexdigest()[:16]


def is_compiled() -> bool:
    """Whether any kernel of this source tree was compiled before (to say so on the screen if not)."""
    folder = cache_folder()
    return folder.is_dir() and any(folder.iterdir())


@overload
def kernel(function: F) -> F: ...
@overload
def kernel(**options: Any) -> Callable[[F], F]: ...
def kernel(function: F | None = None, **options: Any) -> F | Callable[[F], F]:
    """Compile `function` with numba on its first call; it then runs without the GIL."""

    def compile_(function: F) -> F:
        before = numba.config.CACHE_DIR
        folder = cache_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            numba.config.CACHE_DIR = str(folder)
            cached = True
        except OSError:  # a read-only home: compile in memory each time
            cached = False
        try:
            return numba.njit(cache=cached, nogil=True, error_model="numpy", **options)(function)
        finally:
            numba.config.CACHE_DIR = before

    return compile_ if function is None else compile_(function)
