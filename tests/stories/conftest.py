"""Stories run end to end through the command line, on small simulated feeds that are made once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SRC = Path(__file__).parent.parent.parent / "src"


@dataclass(frozen=True)
class Command:
    """`darkwake` in a folder, as a user runs it."""

    folder: Path

    def run(self, *args: str | Path, env: dict[str, str] | None = None, timeout: float = 600) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "darkwake", *map(str, args)],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": str(SRC), "DARKWAKE_WORKSPACE": "", **(env or {})},
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    def ok(self, *args: str | Path, **options: Any) -> str:
        done = self.run(*args, **options)
        assert done.returncode == 0, f"darkwake {' '.join(map(str, args))}: {done.stderr}"
        return str(done.stdout)

    def rows(self, *args: str | Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.ok(*args, "--json").splitlines()]


@pytest.fixture
def darkwake(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture(scope="session")
def west_sea(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small West Sea: feed files and truth.jsonl. SIMULATED."""
    from darkwake import sim

    folder = tmp_path_factory.mktemp("west-sea")
    sim.run("west-sea", 7, folder, ships=16, days=4)
    return folder
