from __future__ import annotations

import pytest

from darkwake.reports.ship_type import in_words


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "not given"),
        (30, "fishing"),
        (70, "cargo ship"),
        (81, "tanker, dangerous goods X"),
        (85, "tanker, second digit reserved"),
        (89, "tanker"),
        (15, "reserved or of regional use"),
        (255, "reserved or of regional use"),
    ],
)
def test_a_ship_type_in_words(code: int, said: str) -> None:
    assert in_words(code) == said
