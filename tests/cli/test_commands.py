"""Commands on a small workspace, in this process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from darkwake import workspace
from darkwake.cli.main import cli, hoist
from darkwake.errors import DarkwakeError

ROWS = "mmsi,time,lat,lon\n" + "".join(
    f"299000001,2026-01-05T{hour:02}:{minute:02}:00Z,38.0,124\n" for hour in range(6) for minute in (0, 20, 40)
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def case(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text(ROWS + "299000001,2999-01-01T00:00:00Z,38.0,124\n")
    with workspace.create(tmp_path / "case", simulated=True) as made:
        made.import_files([tmp_path / "t.csv"])
        made.detect(["gap"])
    return tmp_path / "case"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DARKWAKE_WORKSPACE", raising=False)

    def run_(*args: str | Path) -> tuple[int, str, str]:
        """Exit code, standard output, standard error and the error's text."""
        done = CliRunner().invoke(cli, hoist([str(arg) for arg in args]))
        if done.exception is None or isinstance(done.exception, SystemExit):
            return done.exit_code, done.stdout, done.stderr
        assert isinstance(done.exception, DarkwakeError), done.exception
        return done.exception.exit_code, done.stdout, done.stderr + str(done.exception)

    return run_


def test_places_are_listed_without_a_workspace(run: Run) -> None:
    code, out, told = run("place", "list", "--country", "KP", "--json")
    assert code == 0
    assert "ship with Darkwake" in told
    assert "KPNAM" in {json.loads(line)["code"] for line in out.splitlines()}
    assert run("-w", "absent", "place", "list")[0] == 3


def test_a_place_on_a_date_has_the_measures_of_that_date(run: Run) -> None:
    def measures(*on: str) -> int:
        return len(json.loads(run("place", "show", "KPNAM", "--json", *on)[1])["measures"])

    assert measures("--on", "2010-01-01") == 0
    assert 0 < measures("--on", "2018-01-01") < measures()
    assert "none" in run("place", "show", "KPNAM", "--on", "2010-01-01")[1]
    assert run("place", "show", "NOWHERE")[0] == 3


def places(path: Path, name: str, lon: float = 124, **properties: str) -> Path:
    """A file with one made-up port, SIMPT."""
    told = {"code": "SIMPT", "name": name, "kind": "port", "source": "made up", "radius_m": 1000, **properties}
    point = {"type": "Point", "coordinates": [lon, 38]}
    path.write_text(json.dumps({"type": "Feature", "properties": told, "geometry": point}))
    return path


def test_a_place_out_of_use_is_not_listed_for_that_date(run: Run, case: Path, tmp_path: Path) -> None:
    port = places(tmp_path / "p.geojson", "SIM PORT", valid_from="2020-01-01")
    assert run("-w", case, "place", "import", port)[0] == 0
    assert "SIMPT" in run("-w", case, "place", "list", "--on", "2020-01-01")[1]
    assert "SIMPT" not in run("-w", case, "place", "list", "--on", "2019-12-31")[1]
    assert "NOT known to be in use on 2019-12-31" in run("-w", case, "place", "show", "SIMPT", "--on", "2019-12-31")[1]
    assert "SIMPT" in run("-w", case, "place", "near", "38", "124", "--on", "2020-01-01")[1]
    assert "SIMPT" not in run("-w", case, "place", "near", "38", "124", "--on", "2019-12-31")[1]


def test_places_as_of_an_earlier_number_are_those_of_then(run: Run, case: Path, tmp_path: Path) -> None:
    def name(*as_of: str) -> str:
        return str(json.loads(run("-w", case, "place", "show", "SIMPT", "--json", *as_of)[1])["name"])

    rows = [
        json.loads(run("-w", case, "place", "import", places(tmp_path / "p.geojson", word), "--json")[1])
        for word in ("SIM FIRST", "SIM SECOND")
    ]
    first, second = (str(row["number"]) for row in rows)
    assert [row["new"] for row in rows] == [True, True]
    assert (name(), name("--as-of", first), name("--as-of", second)) == ("SIM SECOND", "SIM FIRST", "SIM SECOND")
    assert run("-w", case, "place", "show", "SIMPT", "--as-of", "0")[0] == 3
    assert "SIMPT" not in run("-w", case, "place", "list", "--as-of", "0")[1]
    assert "SIM FIRST" in run("-w", case, "place", "near", "38", "124", "--as-of", first)[1]
    code, out, told = run("-w", case, "place", "import", tmp_path / "p.geojson", "--json")
    assert (code, json.loads(out)["new"], json.loads(out)["number"]) == (0, False, int(second))
    assert "nothing was recorded" in told
    assert run("place", "list", "--as-of", "1")[0] == 3  # no workspace, so nothing was recorded


def test_an_imported_place_that_is_known_better_is_told_as_left_out(run: Run, case: Path, tmp_path: Path) -> None:
    circle = places(tmp_path / "p.geojson", "SIM NAMPO", code="KPNAM")
    _, out, told = run("-w", case, "place", "import", circle, "--json")
    assert json.loads(out)["left_out"] == {"a circle, and the outline is known": 1}
    assert "known better already" in told


def test_the_places_near_a_position(run: Run) -> None:
    rows = [
        json.loads(line) for line in run("place", "near", "38.705", "125.37", "--limit", "3", "--json")[1].splitlines()
    ]
    assert len(rows) == 3
    assert rows[0]["code"].startswith("KPNAM")
    assert [row["distance_m"] for row in rows] == sorted(row["distance_m"] for row in rows)
    assert set(rows[0]) - set(json.loads(run("place", "list", "--json")[1].splitlines()[0])) == {"distance_m"}
    assert "distance km" in run("place", "near", "-33.9", "-18.4")[1]  # a latitude is no option
    code, _, told = run("place", "near", "125", "38")
    assert (code, "latitude 125" in told) == (2, True)


def test_a_dash_is_standard_output(run: Run, case: Path, tmp_path: Path) -> None:
    code, out, _ = run("-w", case, "report", "dossier", "mmsi:299000001", "-o", "-")
    assert code == 0
    assert out.startswith("<!DOCTYPE html>")
    assert "Darkwake 0" in out
    assert run("-w", case, "event", "list", "--json", "-o", "-")[1] == run("-w", case, "event", "list", "--json")[1]
    assert run("ais", "decode", tmp_path / "t.csv", "-o", "-")[1].count("\n") == 19
    assert run("sim", "run", "gap-basic", "-o", "-")[0] == 2
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize(
    "args",
    [
        ("ais", "import", "absent"),
        ("ais", "import", "t.csv", "--mapping", "absent"),
        ("ais", "decode", "absent"),
        ("place", "import", "absent"),
        ("detector", "score", "--truth", "absent"),
        ("claim", "add", "--words", "x", "--by", "y", "--query", "@absent"),
        ("format", "detect", "absent"),
    ],
)
def test_a_missing_file_is_the_same_error_everywhere(run: Run, case: Path, args: tuple[str, ...]) -> None:
    code, _, told = run("-w", case, *args)
    assert code == 5, told
    assert "absent" in told


def test_a_source_that_is_gone_is_not_one_that_was_changed(run: Run, case: Path, tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    (ref,) = [
        line.split(" ")[0] for line in run("-w", case, "evidence", "show", "rep:1.0")[1].split("    ") if "src:" in line
    ]
    page = ("-w", case, "report", "dossier", "mmsi:299000001", "-o", tmp_path / "d.html")
    source.rename(tmp_path / "elsewhere.csv")
    for args in (("-w", case, "evidence", "show", ref.strip()), ("-w", case, "evidence", "verify"), page):
        assert run(*args)[0] == 5, args
    source.write_text(ROWS.replace("38.0", "39.0"))
    for args in (("-w", case, "evidence", "show", ref.strip()), ("-w", case, "evidence", "verify"), page):
        assert run(*args)[0] == 6, args


def test_the_track_says_what_it_leaves_out(run: Run, case: Path) -> None:
    code, out, told = run("-w", case, "track", "show", "mmsi:299000001", "--json")
    assert (code, out.count("\n")) == (0, 18)
    assert "Kept but not shown: 1 with a time that cannot be true" in told


def test_a_dossier_without_events_still_opens_reports(run: Run, case: Path) -> None:
    _, out, told = run("-w", case, "report", "dossier", "mmsi:299000001", "-o", "-")
    assert "2 exhibits" in told
    assert "299000001,2026-01-05T00:00:00Z,38.0,124" in out
    assert "299000001,2026-01-05T05:40:00Z,38.0,124" in out


def test_claims_are_verified_one_by_one_and_withdrawn_by_name(run: Run, case: Path) -> None:
    add = ("-w", case, "claim", "add", "--by", "SIM WITNESS", "--words")
    run(*add, "Silent.", "--kind", "gap", "--at-least", "0", "--vessel", "mmsi:299000001")
    run(*add, "Blue.")
    first, second = (json.loads(line)["id"] for line in run("-w", case, "claim", "list", "--json")[1].splitlines())
    code, out, told = run("-w", case, "claim", "verify", first, second, "--json")
    assert code == 2
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["supported", "not run"]
    assert f"{second} has no query" in told
    assert run("-w", case, "claim", "verify")[0] == 0
    assert "WITHDRAWN" in run("-w", case, "claim", "withdraw", first, "--reason", "hearsay", "--by", "SIM EDITOR")[1]
    assert "No claim that stands" in run("-w", case, "claim", "verify")[2]
    assert "withdrawn" in run("-w", case, "claim", "list")[1]
    code, out, told = run("-w", case, "claim", "verify", first)
    assert (code, "supported" in out) == (0, True)
    assert f"{first} is withdrawn by SIM EDITOR" in told
    assert ": hearsay" in told
    assert "is withdrawn" not in run("-w", case, "claim", "verify", second)[2]
    assert "WITHDRAWN" not in run("-w", case, "claim", "restore", first, "--reason", "he saw it", "--by", "him")[1]


def test_the_same_claim_from_elsewhere_is_told_of(run: Run, case: Path) -> None:
    add = ("-w", case, "claim", "add", "--words", "Silent.", "--json")
    run("-w", case, "case", "new", "first")
    row = json.loads(run(*add, "--by", "A", "--published", "2026-01-05..2026-01-06")[1])
    assert (row["published_from"], row["published_to"]) == ("2026-01-05T00:00:00Z", "2026-01-07T00:00:00Z")
    code, out, told = run(*add, "--by", "A", "--source", "SIM GAZETTE", "--case", "first")
    assert (code, json.loads(out)["id"]) == (0, row["id"])
    assert f"{row['id']} is known: added: source, case" in told
    assert "nothing was added" in run(*add, "--by", "A", "--source", "SIM GAZETTE", "--case", "first")[2]
    to = ("-w", case, "claim", "add", "--to", row["id"])
    assert "added: source" in run(*to, "--words", "No word of her.", "--by", "B")[2]
    assert run(*to, "--by", "C", "--status", "decided")[0] == 2
    assert run(*to, "--source", "SIM GAZETTE")[0] == run(*to)[0] == run("-w", case, "claim", "add", "--by", "C")[0] == 2
    (line,) = run("-w", case, "claim", "list", "--json")[1].splitlines()
    listed = json.loads(line)
    assert (listed["cases"], listed["origins"], listed["for"], listed["verdict"]) == (["first"], 3, 3, None)
    shown = run("-w", case, "claim", "show", row["id"])[1]
    assert "said by B: “No word of her.”" in shown
    assert "cases: first" in shown
    run("-w", case, "claim", "withdraw", row["id"], "--reason", "hearsay", "--by", "SIM EDITOR")
    code, _, told = run(*to, "--by", "D")
    assert (code, "is withdrawn by SIM EDITOR" in told) == (0, True)


@pytest.mark.parametrize(
    "args", [("event", "list"), ("ais", "decode", "t.csv"), ("report", "dossier", "mmsi:299000001"), ("claim", "list")]
)
def test_an_empty_name_of_a_file_is_refused(run: Run, case: Path, args: tuple[str, ...]) -> None:
    code, _, told = run("-w", case, *args, "-o", "")
    assert code == 2, told
    assert "the name of a file" in told


def test_nothing_that_a_person_wrote_steers_the_terminal(run: Run, case: Path) -> None:
    evil = "SIM\x1b[2J\x07\x9b31m\u202e\r\nWITHDRAWN"
    said = [run("-w", case, "case", "new", evil, "--question", evil)]
    said += [run("-w", case, "claim", "add", "--words", evil, "--by", evil, "--source", evil, "--case", evil)]
    id = json.loads(run("-w", case, "claim", "list", "--json")[1])["id"]
    said += [run("-w", case, "claim", "reply", id, "denial", "--party", evil, "--words", evil)]
    said += [run("-w", case, "claim", "withdraw", id, "--reason", evil, "--by", evil)]
    said += [run("-w", case, "claim", "show", id), run("-w", case, "claim", "list"), run("-w", case, "case", "list")]
    said += [run("-w", case, "case", "show", evil), run("-w", case, "case", "new", "empty" + evil)]
    said += [run("-w", case, "case", "show", "empty" + evil), run("-w", case, "claim", "add", "--to", id, "--by", "B")]
    for code, out, told in said:
        assert code == 0, told
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & {*out, *told}
        assert not any(line.startswith("WITHDRAWN") for line in (out + told).splitlines() if "by SIM" not in line)
    assert r"SIM\x1b[2J\x07\x9b31m\u202e\r\nWITHDRAWN" in said[4][1]
    (shown,) = run("-w", case, "claim", "show", id, "--json")[1].splitlines()
    assert json.loads(shown)["words"] == evil  # programs get it as it is


def test_words_can_be_erased_and_are_told_to_be(run: Run, case: Path) -> None:
    row = json.loads(run("-w", case, "claim", "add", "--words", "Blue.", "--by", "A", "--json")[1])
    erase = ("-w", case, "claim", "erase", row["id"], "--by", "SIM ARCHIVIST")
    assert run(*erase)[0] == 2
    assert "1 value erased" in run(*erase, "--reason", "asked for")[2]
    assert "nothing of it was left" in run(*erase, "--reason", "asked for")[2]
    shown = run("-w", case, "claim", "show", row["id"])[1]
    assert "“erased”" in shown
    assert "erased by SIM ARCHIVIST" in shown
    assert run("-w", case, "verify")[0] == 0
    assert "1 value erased" in run("-w", case, "lake", "log")[1]


def test_words_changed_by_hand_end_with_6(run: Run, case: Path) -> None:
    row = json.loads(run("-w", case, "claim", "add", "--words", "Blue.", "--by", "A", "--json")[1])
    with sqlite3.connect(case / "darkwake.sqlite") as database:
        database.execute("UPDATE private_values SET value = 'Green.' WHERE value = 'Blue.'")
    for args in (("claim", "show", row["id"]), ("claim", "list"), ("report", "claim", row["id"], "-o", "-")):
        code, out, told = run("-w", case, *args)
        assert (code, "entry 4" in told, "Green" in out) == (6, True, False)


def test_a_case_pins_what_verify_says(run: Run, case: Path) -> None:
    run("-w", case, "case", "new", "old", "--as-of", "2")
    query = ("--kind", "gap", "--at-least", "0", "--vessel", "mmsi:299000001")
    row = json.loads(
        run("-w", case, "claim", "add", "--words", "S.", "--by", "A", "--case", "old", "--json", *query)[1]
    )
    for args, as_of in (((), 2), (("--as-of", "1"), 1), (("--case", "old"), 2)):
        assert json.loads(run("-w", case, "claim", "verify", row["id"], "--json", *args)[1])["as_of"] == as_of
    assert run("-w", case, "claim", "verify", "--case", "none")[0] == 3


def test_the_log_is_readable(run: Run, case: Path) -> None:
    out = run("-w", case, "lake", "log")[1]
    assert "1 file, 19 messages" in out
    assert "{" not in out
    _, first = run("-w", case, "lake", "log", "--json", "--as-of", "1")[1].splitlines()
    assert json.loads(first)["detail"]["messages"] == 19


def test_the_ending_of_a_file_says_its_form(run: Run, case: Path, tmp_path: Path) -> None:
    assert run("-w", case, "lake", "log", "-o", "log.csv")[0] == 0
    assert (tmp_path / "log.csv").read_text().startswith("number,kind,recorded_at")
    run("-w", case, "track", "show", "mmsi:299000001", "-o", "t.jsonl")
    assert json.loads((tmp_path / "t.jsonl").read_text().splitlines()[0])["mmsi"] == 299000001
    run("-w", case, "track", "show", "mmsi:299000001", "-o", "t.kml")
    assert (tmp_path / "t.kml").read_text().startswith("<?xml")
    code, _, told = run("-w", case, "lake", "log", "-o", "log.xlsx")
    assert (code, ".csv" in told, (tmp_path / "log.xlsx").exists()) == (2, True, False)
    assert run("-w", case, "lake", "log", "-o", "log.geojson")[0] == 2


def test_a_list_of_events_says_that_newer_data_were_not_looked_at(run: Run, case: Path, tmp_path: Path) -> None:
    assert "newer" not in run("-w", case, "event", "list")[2]
    (tmp_path / "u.csv").write_text(ROWS.replace("299000001", "299000002"))
    run("-w", case, "ais", "import", tmp_path / "u.csv")
    assert "Import 4 is newer than the last detection, run 3" in run("-w", case, "event", "list")[2]
    assert "newer" not in run("-w", case, "event", "list", "--as-of", "3")[2]


def test_a_lost_database_is_not_taken_for_an_empty_one(run: Run, case: Path) -> None:
    for path in case.glob("darkwake.sqlite*"):
        path.unlink()
    for args in (("event", "list"), ("ais", "import", "t.csv")):
        code, _, told = run("-w", case, *args)
        assert code == 5
        assert "database of this workspace is gone" in told
    assert list((case / "lake" / "reports").rglob("*.parquet"))


def test_an_unknown_kind_is_not_found_wherever_it_is_named(run: Run, case: Path) -> None:
    for args in (
        ("event", "list", "--kind", "nope"),
        ("event", "detect", "nope"),
        ("claim", "add", "--words", "x", "--by", "y", "--at-least", "1", "--kind", "nope"),
    ):
        assert run("-w", case, *args)[0] == 3, args


def test_stats_are_for_people(run: Run, case: Path) -> None:
    out = run("-w", case, "ais", "stats")[1]
    assert "2026-01-05 00:00:00Z" in out
    assert "{" not in out


def test_swapped_coordinates_are_told_of(run: Run, tmp_path: Path) -> None:
    rows = [f"299000001,2026-01-05T00:{minute:02d}:00Z,124.0,38.0\n" for minute in range(3)]
    (tmp_path / "swapped.csv").write_text("mmsi,time,lat,lon\n" + "".join(rows))
    assert run("init", "w")[0] == 0
    told = run("-w", "w", "ais", "import", "swapped.csv")[2]
    assert "3 positions lie off the globe" in told
    assert "swapped" in told
    assert json.loads(run("-w", "w", "ais", "stats", "--json")[1])["off_globe"] == 3


def test_wrong_checksums_missing_times_and_times_of_a_prefix_are_told_of(run: Run, tmp_path: Path) -> None:
    sentence = "!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00000,0*"
    (tmp_path / "log.nmea").write_text(
        f"2026-01-05 00:00:00 {sentence}76\n2026-01-05 00:01:00 {sentence}77\n" + "\n" * 9 + f"{sentence}76\n"
    )
    assert run("init", "w")[0] == 0
    told = run("-w", "w", "ais", "import", "log.nmea")[2]
    assert "1 messages have a wrong checksum: kept" in told
    assert "1 messages have no known time: kept" in told
    assert "2 messages have their time from the log's own prefix" in told
    counted = json.loads(run("-w", "w", "ais", "stats", "--json")[1])
    assert [counted[name] for name in ("bad_checksum", "without_time", "prefix_time")] == [1, 1, 2]
    assert "take no part in tracks" in run("-w", "w", "ais", "stats")[1]


def test_other_parameters_need_a_profile_whose_events_stand_beside_the_others(run: Run, case: Path) -> None:
    assert run("-w", case, "event", "detect", "gap")[0] == 0
    usual = run("-w", case, "event", "list", "--json")[1]
    code, _, told = run("-w", case, "event", "detect", "gap", "--param", "gap.min_gap_h=0.2")
    assert (code, "--profile gap-2" in told) == (2, True)
    told = run("-w", case, "event", "detect", "gap", "--profile", "short", "--param", "gap.min_gap_h=0.2")[2]
    assert "next: darkwake event list --profile short" in told
    assert run("-w", case, "event", "list", "--json")[1] == usual
    other = json.loads(run("-w", case, "event", "list", "--profile", "short", "--json")[1].splitlines()[0])
    assert (other["method"]["profile"], other["method"]["params"]["min_gap_h"]) == ("short", 0.2)
    code, _, told = run("-w", case, "event", "show", other["id"])
    assert (code, "--profile short" in told) == (3, True)
    assert "profile short" in run("-w", case, "event", "show", other["id"], "--profile", "short")[1]
    assert "under the profile nobody yet" in run("-w", case, "event", "list", "--profile", "nobody")[2]
    refused = ("-w", case, "event", "detect", "gap", "--profile", "x", "--param", "gap.min_gap_h=1e308")
    assert run(*refused)[0] == 2
    assert "retracted" in run("event", "detect", "--help")[1]


def test_simulated_files_in_a_workspace_that_is_not_marked_are_warned_of(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "t.csv").write_text(ROWS)
    (tmp_path / "feed" / "SIMULATED.txt").write_text("SIMULATED")
    for made, warned in ((("init", "real"), True), (("init", "sim", "--simulated"), False)):
        assert run(*made)[0] == 0
        assert ("WARNING: feed/t.csv: SIMULATED" in run("-w", made[1], "ais", "import", "feed/t.csv")[2]) is warned


def test_an_import_without_one_message_is_no_success_but_its_rejects_are_kept(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("mmsi,time,lat,lon\nnobody,2026-01-05T00:00:00Z,38.0,124\n")
    assert run("init", "w")[0] == 0
    code, _, told = run("-w", "w", "ais", "import", "t.csv")
    assert (code, "nothing in t.csv was read as AIS" in told) == (4, True)
    assert json.loads(run("-w", "w", "ais", "stats", "--json")[1])["rejected"] == {"bad_mmsi": 1}
    (tmp_path / "good.csv").write_text(ROWS)
    assert run("-w", "w", "ais", "import", "good.csv")[0] == 0


def test_a_narrow_terminal_still_shows_what_was_rejected(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "a-file-with-a-rather-long-name-2026-01-05.csv").write_text(ROWS)
    assert run("init", "w")[0] == 0
    code, out, told = run("-w", "w", "ais", "import", "a-file-with-a-rather-long-name-2026-01-05.csv")
    assert code == 0
    assert "rejected" in out.splitlines()[0]
    assert "not shown, too narrow: " in told


def test_a_reply_is_not_of_the_future(run: Run, case: Path) -> None:
    claim = json.loads(run("-w", case, "claim", "add", "--words", "x", "--by", "y", "--json")[1])["id"]
    reply = ("-w", case, "claim", "reply", claim, "denial", "--party", "manager", "--words", "No.", "--on")
    code, _, told = run(*reply, "2999-01-01")
    assert (code, "lies in the future" in told) == (2, True)
    assert run(*reply, "2026-01-01")[0] == 0


def test_the_schema_of_a_query_is_printed(run: Run) -> None:
    code, out, _ = run("claim", "schema")
    schema = json.loads(out)
    assert code == 0
    assert schema["$schema"].endswith("2020-12/schema")
    assert "present" in [verb["title"] for verb in schema["oneOf"]]


def test_a_key_given_twice_is_no_query(run: Run, case: Path) -> None:
    twice = '{"v": 2, "exists": {"kind": "gap", "kind": "port_call"}}'
    code, _, told = run("-w", case, "claim", "add", "--words", "w", "--by", "SIM", "--query", twice)
    assert (code, "'kind' is given twice" in told) == (2, True)
    deep = '{"a":' * 5000
    assert run("-w", case, "claim", "add", "--words", "w", "--by", "SIM", "--query", deep)[0] == 2
