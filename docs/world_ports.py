"""Make the shipped table of ports from the World Port Index: `python docs/world_ports.py UpdatedPub150.csv`.

The index (Pub. 150 of the National Geospatial-Intelligence Agency) is in the public domain. Kept are the columns that
`darkwake.places.wpi` reads, under their own names, in the order of the numbers; what is not used is left out.
"""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path

from darkwake.places.wpi import COLUMNS, NUMBER

TABLE = Path(__file__).parent.parent / "src" / "darkwake" / "places" / "data" / "world_port_index.csv"


def main(source: Path) -> None:
    opened = gzip.open if source.suffix == ".gz" else open
    with opened(source, "rt", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    rows.sort(key=lambda row: float(row[NUMBER]))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([row[name].strip() for name in COLUMNS] for row in rows)
    sys.stdout.write(f"{len(rows)} ports written to {TABLE}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
