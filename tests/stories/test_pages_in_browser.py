"""The pages as a browser shows them: whole, marked, and with hostile words as words. Needs Chromium."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from stories.commands import Command

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--virtual-time-budget=4000",
]


@pytest.mark.slow
def test_claim_and_dossier_open_in_a_browser(west_sea: Path, tmp_path: Path) -> None:
    if BROWSER is None:
        pytest.skip("no browser: Chromium is not installed")
    darkwake = Command(tmp_path)
    darkwake.ok("init", "w", "--simulated")
    darkwake.ok("-w", "w", "ais", "import", *sorted(west_sea.glob("*.nmea")))
    darkwake.ok("-w", "w", "event", "detect")
    call = darkwake.rows("-w", "w", "event", "list", "--kind", "port_call")[0]
    ship = f"mmsi:{call['vessels'][0]['mmsi']}"
    words = ("--words", "It <script>called</script> once.", "--by", "SIM WITNESS")
    darkwake.ok("-w", "w", "claim", "add", *words, "--at-least", "1", "--vessel", ship, "--place", call["place"])
    (claim,) = darkwake.rows("-w", "w", "claim", "list")
    darkwake.ok("-w", "w", "report", "claim", claim["id"], "-o", "claim.html")
    darkwake.ok("-w", "w", "report", "dossier", ship, "-o", "dossier.html")
    for name, says in (("claim", "What the data say"), ("dossier", "Identity as sent")):
        page = (tmp_path / f"{name}.html").resolve().as_uri()
        shown = subprocess.run(
            [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        assert says in shown.stdout
        assert "SIMULATED" in shown.stdout
        assert "<script>called" not in shown.stdout
        assert "<svg" in shown.stdout
        assert "http://" not in shown.stdout.replace("http://www.w3.org/", "")
        assert "https://" not in shown.stdout
        picture = tmp_path / f"{name}.png"
        subprocess.run(
            [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={picture}", page],
            capture_output=True, timeout=120, check=True,
        )  # fmt: skip
        assert picture.stat().st_size > 10_000
