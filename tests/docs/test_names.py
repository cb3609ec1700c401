"""What the documentation names exists, and what exists is named: query keys, command lines, the environment."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest

from darkwake.answers import grammar, query
from darkwake.cli.main import cli
from darkwake.settings import ENVIRONMENT
from support import ROOT

DOCS = ROOT / "docs"
CLAIMS = (DOCS / "reference" / "claims.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted(path for path in DOCS.rglob("*.md") if path.name != "cli.md")]


def test_every_verb_key_and_comparison_of_a_query_is_described() -> None:
    keys = {key.name for key in (*grammar.FILTER, *grammar.WHERE)}
    keys |= {name for verb in grammar.VERBS.values() for name in verb.keys}
    missing = [name for name in (*grammar.VERBS, *sorted(keys)) if not re.search(rf'[`"]{name}[`"]', CLAIMS)]
    assert missing == []


def test_every_query_on_the_page_can_be_read() -> None:
    found = re.findall(r"```json\n(.*?)```", CLAIMS, re.DOTALL)
    assert found
    for text in found:
        for each in text.split("\n\n"):
            query.from_json(json.loads(each))


def command_lines(page: Path) -> list[str]:
    """What a page shows as typed: lines of fenced blocks that begin with the command."""
    fenced = re.findall(r"```[a-z]*\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(fenced).replace("\\\n", " ").splitlines()
    return [
        line.removeprefix("$ ").split("#")[0].split("|")[0].strip()
        for line in lines
        if re.match(r"(\$ )?darkwake ", line)
    ]


def unknown(line: str) -> list[str]:
    """The words of a command line that name no command or option."""
    try:
        words = shlex.split(line.replace("…", "X"))[1:]
    except ValueError:  # a quote that goes on in the next line
        words = line.split()[1:]
    command: click.Command = cli
    wrong = []
    taken = False  # by the option before it
    for word in words:
        options = {name: each for each in (*cli.params, *command.params) for name in (*each.opts, *each.secondary_opts)}
        if taken:
            taken = False
        elif word.startswith("-") and word != "-":
            name, equals, _ = word.partition("=")
            known = options.get(name)
            taken = isinstance(known, click.Option) and not known.is_flag and not equals
            if known is None and name not in ("-h", "--help", "--version"):
                wrong.append(word)
        elif isinstance(command, click.Group) and (found := command.get_command(click.Context(command), word)):
            command = found
    return wrong if command is not cli or not words else [*wrong, line]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_command_line_names_commands_and_options_that_exist(page: Path) -> None:
    assert [(line, wrong) for line in command_lines(page) if (wrong := unknown(line))] == []


def test_what_is_not_there_would_be_noticed() -> None:
    assert unknown("darkwake event detect gap --nowhere") == ["--nowhere"]
    assert unknown("darkwake evnt list") == ["darkwake evnt list"]
    assert unknown("darkwake -w DIR ais import FILE") == []


def test_every_variable_of_the_environment_that_is_read_is_described() -> None:
    read = set()
    for path in (ROOT / "src").rglob("*.py"):
        read |= set(re.findall(r"""environ(?:\.get\(|\[)"([A-Z_]+)""", path.read_text(encoding="utf-8")))
    assert read - set(ENVIRONMENT) == set()
