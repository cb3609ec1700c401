"""No page says more than the data could show: each sentence over lakes without data, with thin data, with holes, and
without holes. Made-up ships, SIMULATED.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from darkwake import times, workspace
from darkwake.answers import sentences
from darkwake.answers.sentences import Sentence
from darkwake.cli.main import cli
from darkwake.tracks.covered import hours_with_data
from darkwake.workspace import Workspace
from html_checks import check, text

HEARD, UNHEARD = 299_000_001, 299_000_099
DAYS = 4
START = times.parse("2026-01-05")


def feed(start: int, every_min: float) -> Iterator[str]:
    """Three ships sail up and down west of Korea, far from ports."""
    yield "mmsi,time,lat,lon,sog,cog"
    for ship in range(3):
        for step in range(int(DAYS * 1440 / every_min)):
            hour = step * every_min / 60 + ship / 10
            north = abs((hour / 6) % 2 - 1)  # a degree in six hours, at ten knots
            moment = times.iso(start + round(hour * times.HOUR_US))
            course = 180 if (hour / 6) % 2 < 1 else 0
            yield f"{HEARD + ship},{moment},{36.2 + north:.5f},{124 + ship / 10:.5f},10.0,{course}"


FEEDS = {
    "empty": (),
    "thin": ((START, 180.0),),
    "mixed": ((START, 10.0), (START - 400 * times.DAY_US, 10.0)),
    "full": ((START, 10.0),),
}
PERIOD = {"since": "2026-01-05T00:00:00Z", "until": "2026-01-09T00:00:00Z"}
BEFORE = {"since": "2020-01-01T00:00:00Z", "until": "2020-02-01T00:00:00Z"}


def queries(mmsi: int) -> Iterator[dict[str, Any]]:
    vessel = {"vessel": f"mmsi:{mmsi}"}
    for period in (PERIOD, BEFORE, {}):
        call = {"kind": "port_call", **vessel, "place": "KPNAM", **period}
        yield {"v": 2, "count": call, "at_most": 0}
        yield {"v": 2, "exists": call}
        yield {"v": 2, "first": call, "not_after": "2026-01-06T00:00:00Z"}
        yield {"v": 2, "count": {"kind": "gap", **vessel, **period}, "at_least": 1}
        yield {"v": 2, "sum": {"kind": "gap", **vessel, **period}, "measure": "duration_h", "at_most": 10}
        yield {"v": 2, "present": {**vessel, "place": "KPNAM", **period}}
        yield {"v": 2, "within": call, "near": {"kind": "gap", **vessel}, "hours": 5, "at_least": 1}


@dataclass
class Said:
    """What one lake made be said: which sentences, with what at hand, and the pages."""

    text: set[str] = field(default_factory=set)
    without: set[str] = field(default_factory=set)
    pages: dict[int, list[str]] = field(default_factory=dict)
    outcomes: dict[int, set[str]] = field(default_factory=dict)
    hours: int = 0


def tell(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Said:
    said, say = Said(), Sentence.say

    def recorded(self: Sentence, have: Any, **values: object) -> str:
        (said.text if self.needs <= set(have) else said.without).add(self.name)
        return say(self, have, **values)

    said.hours = len(hours_with_data(ws.snapshot()))
    monkeypatch.setattr(Sentence, "say", recorded)
    for mmsi in (HEARD, UNHEARD):
        pages = [ws.reports.dossier(mmsi).html]
        for query in queries(mmsi):
            claim = ws.casebook.add_claim(str(query), query, asserted_by="SIM WITNESS")["id"]
            (answer,) = ws.casebook.verify_claims([claim])
            assert answer.verdict is not None, answer.error
            said.outcomes.setdefault(mmsi, set()).add(answer.verdict.outcome)
            pages.append(ws.reports.claim(claim).html)
        said.pages[mmsi] = [text(check(page)) for page in pages]
    folder = ["--workspace", str(ws.folder)]
    for period in (PERIOD, BEFORE):
        asked = ["event", "list", "--kind", "port_call", *itertools.chain(*((f"--{k}", v) for k, v in period.items()))]
        assert CliRunner().invoke(cli, [*folder, *asked], catch_exceptions=False).exit_code == 0
    monkeypatch.setattr(Sentence, "say", say)
    return said


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Said]]:
    found: dict[str, Said] = {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, feeds in FEEDS.items():
            folder: Path = tmp_path_factory.mktemp(name)
            with workspace.create(folder / "w", simulated=True) as ws:
                for number, (start, every_min) in enumerate(feeds):
                    (folder / f"{number}.csv").write_text("\n".join([*feed(start, every_min), ""]))
                    ws.import_files([folder / f"{number}.csv"])
                ws.detect()
                found[name] = tell(ws, monkeypatch)
                if name == "full":  # and once with data that nobody looked at yet
                    (folder / "late.csv").write_text("\n".join([*feed(START + DAYS * times.DAY_US, 10.0), ""]))
                    ws.import_files([folder / "late.csv"])
                    ws.build_tracks()
                    found["late"] = tell(ws, monkeypatch)
        yield found


def test_every_sentence_is_said_and_so_is_what_stands_in_its_place(told: dict[str, Said]) -> None:
    names = {each.name for each in sentences.ALL}
    assert set().union(*(said.text for said in told.values())) >= names - {"no data", "stale"}  # said only without
    # a verdict comes to these two only where the vessel was heard
    assert set().union(*(said.without for said in told.values())) == names - {"not there", "none at all"}


def test_without_data_no_sentence_speaks_of_any(told: dict[str, Said]) -> None:
    assert told["empty"].text == set()
    assert set().union(*told["empty"].outcomes.values()) == {"not_enough_data"}


@pytest.mark.parametrize("lake", ["empty", "thin", "mixed", "full", "late"])
def test_of_a_ship_that_was_never_heard_nothing_is_excluded(told: dict[str, Said], lake: str) -> None:
    assert "contradicted" not in told[lake].outcomes[UNHEARD]
    for page in told[lake].pages[UNHEARD]:
        assert not re.search(r"No (gap|encounter|port call|loitering)[^.]* was (observed|inferred)", page)
        assert "left it the time" not in page
        assert "No silence was long enough" not in page


@pytest.mark.parametrize("lake", ["thin", "mixed", "full", "late"])
def test_hours_are_those_of_which_there_are_data(told: dict[str, Said], lake: str) -> None:
    said = told[lake]
    counted = [
        int(n.replace(",", "")) for page in said.pages[HEARD] for n in re.findall(r"of (?:the )?([\d,]+) hours?", page)
    ]
    assert counted
    assert max(counted) <= said.hours


def test_what_lies_between_two_archives_is_nobody_s_silence(told: dict[str, Said]) -> None:
    assert all("gap," not in page.split("Coverage")[0] or "1 gap" not in page for page in told["mixed"].pages[HEARD])
    dossier = told["mixed"].pages[HEARD][0]
    assert re.search(r"No [^.]*gap longer than 6 h[^.]* was observed", dossier)
    assert told["mixed"].hours == 2 * told["full"].hours == 2 * 97
    assert "(of 194 hours in which any ship was" in dossier


def test_what_nobody_looked_at_yet_is_not_told_as_nothing(told: dict[str, Said]) -> None:
    dossier = told["late"].pages[HEARD][0]
    assert "Not all gaps may be told: reports were imported after run" in dossier
    assert "No gap" not in dossier
