"""Remake the generated parts of a document: python -m darkwake.formats docs/reference/formats.md"""

from __future__ import annotations

import sys
from pathlib import Path

from darkwake.formats.describe import filled

for name in sys.argv[1:]:
    Path(name).write_text(filled(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
