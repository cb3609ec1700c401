"""A process that has imported Darkwake and started no thread, and forks for each command: the command line without the
second that imports take. What a child does, and how it ends, is what a process of its own would have done.

Spoken to over its standard input and output, a JSON object a line: start a command, wait for one.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any


def load() -> None:
    """Import all that commands import, and load the kernels of the decoder; no thread may have been started."""
    import darkwake

    for module in pkgutil.walk_packages(darkwake.__path__, "darkwake."):
        if not module.name.endswith("__main__") and "migrations" not in module.name:
            importlib.import_module(module.name)
    for name in (
        "alembic.command",
        "deltalake.transaction",
        "duckdb",
        "pyarrow.dataset",
        "pyarrow.parquet",
        "rich.table",
    ):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from darkwake.ais.decoder import Decoder

    Decoder("0" * 16)
    assert (others := threads()) == [], f"threads {others}: a fork would lose what they hold"


def threads() -> list[str]:
    """The names of the other threads here; those of jemalloc know how to be forked."""
    tasks = Path("/proc/self/task")
    names = [(each / "comm").read_text().strip() for each in tasks.iterdir()] if tasks.is_dir() else []
    return [name for name in names[1:] if not name.startswith("jemalloc")]


def child(asked: dict[str, Any]) -> None:
    """Become the command; does not return."""
    os.chdir(asked["cwd"])
    os.environ.update(asked["env"])
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        opened = os.open(asked[name], os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(opened, number)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8")  # noqa: SIM115
    sys.argv = ["darkwake", *asked["args"]]
    code = 1
    try:
        from darkwake.cli.main import run

        run()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter would
        import traceback

        traceback.print_exc()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def serve() -> None:
    load()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    while line := requests.readline():
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                child(asked)
        answers.write(f"{answer}\n")
        answers.flush()


if __name__ == "__main__":
    serve()
