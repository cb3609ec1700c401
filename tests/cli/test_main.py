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


AIVDM = "!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00000,0*76\n"


def test_decode_gives_a_row_per_message_from_a_file_and_from_standard_input(tmp_path: Path) -> None:
    import json

    (tmp_path / "a.nmea").write_text(AIVDM)
    shown = darkwake("ais", "decode", "a.nmea", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    (row,) = [json.loads(line) for line in shown.stdout.splitlines()]
    assert (row["type"], row["time"], row["time_basis"], row["checksum_ok"]) == (1, None, "none", True)
    piped = subprocess.run(
        [sys.executable, "-m", "darkwake", "ais", "decode", "-"],
        input=AIVDM, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SRC)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(piped.stdout)["payload_bits"] == row["payload_bits"]


def test_a_workspace_needs_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("mine")
    refused = darkwake("init", ".", cwd=tmp_path)
    assert refused.returncode == 2
    assert "holds something else" in refused.stderr
    assert darkwake("init", "case", cwd=tmp_path).returncode == 0
    assert darkwake("init", "case", cwd=tmp_path).returncode == 0  # an existing one is opened


@pytest.mark.parametrize(
    "param", ["gap.min_gap_h=-1", "gap.min_gap_h=nan", "gap.min_gap_h=1e309", "foo.min=1", "gap=1"]
)
def test_absurd_parameters_are_refused(param: str, tmp_path: Path) -> None:
    darkwake("init", "w", cwd=tmp_path)
    refused = darkwake("-w", "w", "event", "detect", "--profile", "x", "--param", param, cwd=tmp_path)
    assert refused.returncode in (2, 3), refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_is_not_there_is_told_of(tmp_path: Path) -> None:
    darkwake("init", "w", cwd=tmp_path)
    assert darkwake("-w", "w", "event", "list", "--place", "XXXXX", cwd=tmp_path).returncode == 3
    assert darkwake("-w", "w", "event", "list", "--vessel", "mmsi:1", cwd=tmp_path).returncode == 3
    assert darkwake("-w", "w", "report", "dossier", "mmsi:1", cwd=tmp_path).returncode == 3
    assert darkwake("-w", "w", "event", "list", "--as-of", "99", cwd=tmp_path).returncode == 3
    assert "No detection has been run" in darkwake("-w", "w", "event", "list", cwd=tmp_path).stderr


def test_a_reader_that_has_enough_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "a.nmea").write_text(AIVDM * 20_000)
    with subprocess.Popen(
        [sys.executable, "-m", "darkwake", "ais", "decode", "a.nmea"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SRC)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
        assert process.wait(60) == 0


@pytest.mark.parametrize("module", ["darkwake.cli.main", "click", "darkwake.workspace"])
def test_an_interrupt_at_any_import_is_one_line(module: str, tmp_path: Path) -> None:
    """Of the program's own start, and of what a command imports later."""
    code = f"""
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits that it is ignored
sys.meta_path.insert(0, Interrupting())
sys.argv = ["darkwake", "-w", "absent", "event", "list"]
import darkwake.cli
darkwake.cli.main()
"""
    stopped = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert stopped.returncode == 130
    assert (
        stopped.stderr.lstrip("\n")
        == "darkwake: interrupted; what was committed is kept, run the same command again to go on\n"
    )
