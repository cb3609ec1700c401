from __future__ import annotations

import pickle

from darkwake import errors


def test_a_message_says_what_was_found_expected_where_and_what_to_do() -> None:
    error = errors.InputRejectedError(
        "no column MMSI", expected="one of mmsi, MMSI", where="a.csv", do="Write a mapping."
    )
    assert str(error) == "no column MMSI; expected one of mmsi, MMSI; in a.csv. Write a mapping."


def test_candidates_are_listed() -> None:
    error = errors.AmbiguousError("several ships are called SIM", ["mmsi:299000001", "mmsi:299000002"])
    assert "mmsi:299000001, mmsi:299000002" in str(error)
    assert error.exit_code == 3


def test_every_error_crosses_processes() -> None:
    for cls in (errors.UsageError, errors.VerificationError, errors.SourceUnavailableError):
        again = pickle.loads(pickle.dumps(cls("x", expected="y", where="z", do="Do.")))
        assert (type(again), str(again)) == (cls, "x; expected y; in z. Do.")
    again = pickle.loads(pickle.dumps(errors.AmbiguousError("x", ["a", "b"])))
    assert again.candidates == ("a", "b")


def test_exit_codes_are_those_of_the_contract() -> None:
    codes = {
        errors.DarkwakeError: 1,
        errors.UsageError: 2,
        errors.NotFoundError: 3,
        errors.AmbiguousError: 3,
        errors.InputRejectedError: 4,
        errors.SourceUnavailableError: 5,
        errors.VerificationError: 6,
    }
    assert {cls: cls.exit_code for cls in codes} == codes
