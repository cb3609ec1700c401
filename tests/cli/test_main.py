from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from darkwake.cli.main import COMMANDS, hoist

SRC = Path(__file__).parent.parent.parent / "src"


def darkwake(*args: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "darkwake", *args],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(SRC), **environment},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_help_lists_every_command_and_imports_nothing_heavy(tmp_path: Path) -> None:
    shown = darkwake("--help", cwd=tmp_path)
    assert shown.returncode == 0
    assert all(name in shown.stdout for name in COMMANDS)
    heavy = "('numba', 'pyarrow', 'duckdb', 'sqlalchemy')"
    code = f"import sys, darkwake.cli.main; print([m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    shown = darkwake(command, "--help", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "Usage:" in shown.stdout


def test_the_workspace_may_be_named_anywhere() -> None:
    assert hoist(["ais", "stats", "-w", "x", "--json"]) == ["-w", "x", "ais", "stats", "--json"]
    assert hoist(["-w", "x", "ais"]) == ["-w", "x", "ais"]
    assert hoist(["ais", "--workspace=x"]) == ["--workspace=x", "ais"]
    assert hoist(["ais", "import", "--", "-w"]) == ["ais", "import", "--", "-w"]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["ais", "stats"], 3, "darkwake init"),
        (["-w", "absent", "ais", "stats"], 3, "no workspace at absent"),
        (["nonsense"], 2, "No such command"),
        (["ais", "import"], 2, "Missing argument"),
        (["format", "detect", "absent.csv"], 5, "no such file"),
        (["event", "list", "--bbox", "1,2,3"], 2, "W,S,E,N"),
    ],
)
def test_errors_have_the_exit_codes_of_the_contract(args: list[str], code: int, says: str, tmp_path: Path) -> None:
    failed = darkwake(*args, cwd=tmp_path, DARKWAKE_WORKSPACE="")
    assert failed.returncode == code, failed.stderr
    assert says in failed.stderr
    assert "Traceback" not in failed.stderr
