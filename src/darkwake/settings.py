"""The file that makes a folder a workspace: `darkwake.toml`: name, id, and whether its data are made up."""

from __future__ import annotations

import contextlib
import re
import tomllib
import uuid
from pathlib import Path
from typing import Any

from darkwake.errors import DarkwakeError, InputRejectedError
from darkwake.streams import writing

MARKER = "darkwake.toml"
_TEXT = (str, "a text")
#: Setting → its type, that in words, and what it means; docs/reference/settings.md is made of this.
SETTINGS: dict[str, tuple[type, str, str]] = {
    "name": (*_TEXT, "what the workspace is called on its pages"),
    "simulated": (
        bool,
        "true or false",
        "whether its data are made up; then every page and export says SIMULATED",
    ),
    "database": (*_TEXT, "where the ledger is kept, as an SQLAlchemy URL; not given: darkwake.sqlite beside the file"),
    "id": (*_TEXT, "32 hex digits, written by `darkwake init`; the database has them as well, and must agree"),
}
#: Environment variable → what it does.
ENVIRONMENT: dict[str, str] = {
    "DARKWAKE_WORKSPACE": "the workspace to use where none is named with -w",
    "XDG_CACHE_HOME": "where compiled kernels, and code for workers of a cluster, are kept; else ~/.cache",
    "TMPDIR": "where rows wait that do not fit into memory",
    "NO_COLOR": "set to anything: output without colours",
    "COLUMNS": "the width of tables, where the output is no terminal",
    "JAVA_HOME": "the Java that Spark runs on",
    "SPARK_LOCAL_IP": "the address of a Spark on this machine; not given: 127.0.0.1",
    "DARKWAKE_FAILPOINT": "for tests: the step of a write at which the process ends itself",
}
_ID = re.compile(r"[0-9a-f]{32}")


def fresh_id() -> str:
    """A new workspace's id."""
    return uuid.uuid4().hex


def write(folder: Path, name: str, *, simulated: bool) -> None:
    """The file of a new workspace."""
    title = name.replace("\\", "/").replace('"', "'")
    (folder / MARKER).write_text(
        "# A Darkwake workspace. The tables are in lake/, what people recorded is in darkwake.sqlite.\n"
        f'name = "{title}"\n'
        f"simulated = {str(simulated).lower()}\n"
        f"{_id_line(fresh_id())}"
        '# database = "postgresql+psycopg://…"   # for a team; the default is the SQLite file beside this one\n',
        encoding="utf-8",
    )


def read(folder: Path) -> dict[str, Any]:
    """The settings of a workspace. Nothing is assumed: a lost mark must not make simulated data pass for real."""
    path = folder / MARKER
    put = 'Put into it: name = "…", and simulated = true (made-up data) or false.'
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DarkwakeError(f"cannot read the workspace file: {error.strerror}", where=str(path)) from error
    except (ValueError, RecursionError) as error:  # not TOML, or not text
        raise InputRejectedError(f"the workspace file is damaged: {error}", where=str(path), do=put) from error
    if unknown := sorted(set(found) - set(SETTINGS)):
        raise InputRejectedError(
            f"unknown settings: {', '.join(unknown)}", expected=", ".join(SETTINGS), where=str(path), do=put
        )
    for name, (kind, told, _) in SETTINGS.items():
        if name in found and not isinstance(found[name], kind):
            raise InputRejectedError(f"{name} = {found[name]!r}", expected=told, where=str(path), do=put)
    if missing := [name for name in ("name", "simulated") if name not in found]:
        raise InputRejectedError(f"no setting {' or '.join(missing)}", where=str(path), do=put)
    if "id" in found and not _ID.fullmatch(found["id"]):
        raise InputRejectedError(
            f"id = {found['id']!r}", expected="32 hex digits, as `darkwake init` wrote them", where=str(path),
            do="Bring the line back from a copy; the database of the workspace has the id as well.",
        )  # fmt: skip
    return found


def give_id(folder: Path, workspace_id: str) -> None:
    """Write the id of a workspace of version 0.1 into its file; on write-protected media it is left as it is."""
    path = folder / MARKER
    with contextlib.suppress(DarkwakeError), writing(path) as partial:
        text = path.read_text(encoding="utf-8").rstrip("\n")
        partial.write_text(f"{text}\n{_id_line(workspace_id)}", encoding="utf-8")


def _id_line(workspace_id: str) -> str:
    return f'id = "{workspace_id}"   # of this workspace; its database has it as well\n'
