"""A compiled question asked of many positions, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

#: Below this a second thread costs more than it brings.
FEWEST = 20_000


def over_threads(question: Callable[..., Any], *columns: np.ndarray) -> list[Any]:
    """The answers of `question` to consecutive parts of columns of equal length, in order.

    A row's answer must not hang on the other rows. Kernels release the GIL, so the parts run at the same time.
    """
    rows = len(columns[0])
    threads = min(os.cpu_count() or 1, rows // FEWEST)
    if threads < 2:
        return [question(*columns)]
    edges = np.linspace(0, rows, threads + 1).astype(np.int64)
    with ThreadPoolExecutor(threads, thread_name_prefix="darkwake-rows") as pool:
        return list(pool.map(lambda a, b: question(*(c[a:b] for c in columns)), edges[:-1], edges[1:]))
