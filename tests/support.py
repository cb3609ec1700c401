"""Shared by the tests: where the real data lies, and why a test skips when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"


def shared_data(relative: str) -> Path:
    """A file of the real data beside the checkout; skips the test, saying so, where it is not."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"real data not here: ../shared/data/{relative}")
    return path
