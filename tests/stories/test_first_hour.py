"""The tutorial is run as it stands: each command, and each line that it says was printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stories.commands import SRC, Command

PAGE = Path(__file__).parent.parent.parent / "docs" / "tutorials" / "first-hour.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def steps() -> list[tuple[str, list[str]]]:
    """(command, lines that it prints) in the order of the page."""
    found: list[tuple[str, list[str]]] = []
    for block in blocks("console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def pattern(line: str) -> re.Pattern[str]:
    """`…` stands for anything, blanks for any blanks."""
    parts = [re.escape(part.strip()).replace(r"\ ", r"\s+") for part in line.split("…")]
    return re.compile(r".*?".join(parts))


@pytest.mark.slow
def test_every_step_prints_what_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "darkwake").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m darkwake "$@"\n')
    (tmp_path / "bin" / "darkwake").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(SRC),
        "DARKWAKE_WORKSPACE": "",
    }
    for command, lines in steps():
        assigned = re.match(r"([A-Z]+)=", command)  # each step has a shell of its own: hand the variable on
        typed = f'{command}; printf "%s" "${assigned[1]}"' if assigned else command
        done = subprocess.run(
            typed, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{command}\n{said}"
        if assigned:
            assert done.stdout, f"{command}\nfound nothing"
            environment[assigned[1]] = done.stdout
        for line in lines:
            assert pattern(line).search(said), f"{command}\nis said to print: {line}\nbut printed:\n{said}"
    for block in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "positions" in done.stdout


@pytest.mark.slow
def test_a_deleted_call_changes_the_verdict_and_changed_bytes_are_told_of(west_sea: Path, tmp_path: Path) -> None:
    """At least N calls: supported with all of them in the feed, not enough data once one is deleted."""
    darkwake = Command(tmp_path)
    feed = tmp_path / "feed.nmea"
    lines = [line for path in sorted(west_sea.glob("*.nmea")) for line in path.read_bytes().splitlines(keepends=True)]
    feed.write_bytes(b"".join(lines))
    darkwake.ok("init", "whole")
    darkwake.ok("-w", "whole", "ais", "import", feed)
    darkwake.ok("-w", "whole", "event", "detect")
    calls = [
        row
        for row in darkwake.rows("-w", "whole", "event", "list", "--kind", "port_call")
        if row["state"] == "closed"
        and row["measures"]["confidence_level"] == 4
        and not row["measures"]["inferred_from_silence"]
    ]
    ship = max({c["vessels"][0]["mmsi"] for c in calls}, key=lambda m: sum(c["vessels"][0]["mmsi"] == m for c in calls))
    own = [call for call in calls if call["vessels"][0]["mmsi"] == ship]
    place = own[0]["place"]
    at_place = [
        row
        for row in darkwake.rows("-w", "whole", "event", "list", "--kind", "port_call", "--place", place)
        if row["vessels"][0]["mmsi"] == ship
        and row["measures"]["confidence_level"] >= 2
        and not row["measures"]["inferred_from_silence"]
    ]
    claim = (
        "claim", "add", "--words", f"At least {len(at_place)} calls.", "--by", "SIM WITNESS", "--at-least",
        len(at_place), "--vessel", f"mmsi:{ship}", "--place", place, "--since", "2026-01-05", "--until", "2026-01-08",
    )  # fmt: skip
    darkwake.ok("-w", "whole", *map(str, claim))
    (verdict,) = darkwake.rows("-w", "whole", "claim", "verify")
    assert (verdict["outcome"], verdict["lower"]) == ("supported", len(at_place))
    assert 0.5 < verdict["would_have_seen"] <= 1

    gone = own[0]
    first, last = (int(_epoch(gone[key])) for key in ("start", "end"))
    cut = tmp_path / "cut.nmea"
    cut.write_bytes(b"".join(line for line in lines if not _is_of(line, ship, first - 7200, last + 7200)))
    darkwake.ok("init", "cut")
    darkwake.ok("-w", "cut", "ais", "import", cut)
    darkwake.ok("-w", "cut", "event", "detect")
    darkwake.ok("-w", "cut", *map(str, claim))
    (verdict,) = darkwake.rows("-w", "cut", "claim", "verify")
    assert verdict["outcome"] == "not_enough_data"
    assert verdict["lower"] < len(at_place) <= verdict["upper"]

    ref = own[0]["evidence"][0]
    shown = darkwake.rows("-w", "whole", "evidence", "show", ref)
    assert shown[0]["verified"] is True
    assert bytes.fromhex(shown[0]["bytes"]) in feed.read_bytes()
    damaged = bytearray(feed.read_bytes())
    damaged[shown[0]["offset"] + 5] ^= 1
    feed.write_bytes(damaged)
    failed = darkwake.run("-w", "whole", "evidence", "show", ref)
    assert failed.returncode == 6
    assert "changed since its import" in failed.stderr
    assert darkwake.run("-w", "whole", "evidence", "verify").returncode == 6


def _epoch(text: str) -> float:
    from darkwake import times

    return times.parse(text) / times.SECOND_US


def _is_of(line: bytes, mmsi: int, first: int, last: int) -> bool:
    """Whether a simulated sentence is one ship's and was received in a period (the MMSI is in characters 2–7)."""
    match = re.search(rb"c:(\d+).*!AIVDM,1,1,,[AB],(.{7})", line)
    if not match or not first <= int(match[1]) <= last:
        return False
    bits = "".join(f"{(code - 48 if code < 96 else code - 56):06b}" for code in match[2])
    return int(bits[8:38], 2) == mmsi


def test_json_lines_are_json(darkwake: Command) -> None:
    darkwake.ok("init", "w")
    assert json.loads(darkwake.ok("-w", "w", "ais", "stats", "--json"))["messages"] == 0
