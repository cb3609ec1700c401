from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from darkwake.tracks.columns import Floats, Ints


@dataclass(frozen=True, slots=True)
class Judged:
    """Per silence: arrays of equal length."""

    p_silence: Floats
    expected_reports: Floats
    outage_ratio: Floats
    ships: Ints


class ReceptionModel:
    def judge(self, silent: Any) -> Judged:
        raise NotImplementedError
