from __future__ import annotations

import pytest

from darkwake.errors import InputRejectedError, SourceUnavailableError, UsageError
from darkwake.places.readers import read_places


def test_unknown_files_say_what_is_known(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n1,2,3\n")
    with pytest.raises(InputRejectedError, match="World Port Index"):
        read_places(path)
    path.write_bytes(b"\xff\xfe\x00x")
    with pytest.raises(InputRejectedError, match="UTF-8"):
        read_places(path)
    path.write_text("")
    with pytest.raises(InputRejectedError):
        read_places(path)


def test_missing_files_folders_and_formats(tmp_path):
    with pytest.raises(SourceUnavailableError):
        read_places(tmp_path / "none.csv")
    with pytest.raises(SourceUnavailableError, match="folder"):
        read_places(tmp_path)
    with pytest.raises(UsageError, match="unlocode"):
        read_places(tmp_path / "none.csv", form="kml")
