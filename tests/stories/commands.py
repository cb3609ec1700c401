"""The command line for stories, as a user runs it, without the second that imports take."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SRC = Path(__file__).parent.parent.parent / "src"


class Forks:
    """Commands as forks of one process that has imported everything (`forks`)."""

    def __init__(self) -> None:
        env = {**os.environ, "PYTHONPATH": str(SRC), "OPENBLAS_NUM_THREADS": "1"}
        line = [sys.executable, str(Path(__file__).parent / "forks.py")]
        self._server = subprocess.Popen(line, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        self._server.communicate()

    def ask(self, asked: dict[str, Any]) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@cache
def forks() -> Forks:
    return Forks()


@dataclass(frozen=True)
class Running:
    """A command under way."""

    pid: int
    out: Path
    err: Path

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> Done:
        code = forks().ask({"wait": self.pid})
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in (self.out, self.err)]
        for path in (self.out, self.err):
            path.unlink()
        return Done(code, *texts)


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Command:
    """`darkwake` in a folder, as a user runs it."""

    folder: Path

    def start(self, *args: str | Path, env: dict[str, str] | None = None) -> Running:
        opened = [tempfile.mkstemp(prefix="darkwake-story-") for _ in range(2)]
        for number, _ in opened:
            os.close(number)
        out, err = (Path(name) for _, name in opened)
        asked = {
            "args": list(map(str, args)), "cwd": str(self.folder), "stdin": os.devnull, "stdout": str(out),
            "stderr": str(err), "env": {"DARKWAKE_WORKSPACE": "", "DARKWAKE_FAILPOINT": "", **(env or {})},
        }  # fmt: skip
        return Running(forks().ask(asked), out, err)

    def run(self, *args: str | Path, env: dict[str, str] | None = None) -> Done:
        return self.start(*args, env=env).wait()

    def ok(self, *args: str | Path, **options: Any) -> str:
        done = self.run(*args, **options)
        assert done.returncode == 0, f"darkwake {' '.join(map(str, args))}: {done.stderr}"
        return str(done.stdout)

    def rows(self, *args: str | Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.ok(*args, "--json").splitlines()]
