"""The command line. Thin: parse, call, present."""

from __future__ import annotations

import os
import signal
import sys
from importlib.abc import MetaPathFinder

INTERRUPTED = "darkwake: interrupted; what was committed is kept, run the same command again to go on"


def main() -> None:
    """Entry point of the `darkwake` command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored, as behind nohup
        signal.signal(signal.SIGINT, _leave)
    sys.meta_path.insert(0, WithoutPandas())
    from darkwake.cli.main import run

    run()


class WithoutPandas(MetaPathFinder):
    """Arrow loads pandas, if it is installed, to look at any list; no command wants frames, and it takes 0.2 s."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not loaded by the command line", name="pandas")


def started() -> None:
    """From now on an interrupt is a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(*_: object) -> None:
    """While modules are imported nothing has to be put right, and some of them would print or lose the exception."""
    os.write(2, f"{INTERRUPTED}\n".encode())
    os._exit(130)
