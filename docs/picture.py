"""Makes the picture of the README: the map of a made-up ship's dossier, from `darkwake demo`. Run by `make picture`."""

from __future__ import annotations

import re
import sys
import tempfile
from importlib import resources
from pathlib import Path

from darkwake import demo, workspace

TARGET = Path(__file__).parent / "images" / "dossier.svg"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> None:
    """Run the demo in a temporary folder, take the map out of the page, and make it stand alone."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "demo"
        demo.run(place, _say)
        with workspace.open(place) as ws:
            kinds: dict[int, set[str]] = {}
            for stored in ws.events():
                for vessel in stored.event.vessels:
                    kinds.setdefault(vessel.mmsi, set()).add(stored.event.kind)
            ship = max(kinds, key=lambda mmsi: (len(kinds[mmsi]), -mmsi))
            html = ws.reports.dossier(ship).html
    drawing = re.search(r"<svg class=\"map\".*?</svg>", html, re.DOTALL)
    assert drawing is not None
    style = resources.files("darkwake.reports").joinpath("templates/style.css").read_text(encoding="utf-8")
    svg = drawing[0].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1)
    svg = svg.replace("<title", f"<style>{style}</style><title", 1)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(svg + "\n", encoding="utf-8")
    sys.stdout.write(f"{TARGET}\n")


if __name__ == "__main__":
    main()
