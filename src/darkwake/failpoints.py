"""Where a test may kill the process: every write step names itself here.

`DARKWAKE_FAILPOINT=name` or `name:3` (the third time) ends the process at once, as SIGKILL would.
"""

from __future__ import annotations

import os
import signal

#: Every step of a write, in order. Tests kill at each of them.
STEPS = (
    "leased",
    "file_written",
    "files_written",
    "locked",
    "files_moved",
    "delta_committed",
    "before_sql",
    "after_sql",
)

_passes: dict[str, int] = {}


def failpoint(step: str) -> None:
    """Die here if the environment asks for it."""
    wanted = os.environ.get("DARKWAKE_FAILPOINT")
    if not wanted:
        return
    name, _, count = wanted.partition(":")
    if name != step:
        return
    _passes[step] = _passes.get(step, 0) + 1
    if _passes[step] == int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
