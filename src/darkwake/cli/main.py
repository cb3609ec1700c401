"""The root command. Subcommands live in modules of their own, imported when they are called."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

import darkwake
from darkwake.cli import INTERRUPTED, started
from darkwake.cli.table import printable
from darkwake.errors import DarkwakeError, NotFoundError, UsageError
from darkwake.streams import is_full

#: command → (module, one line for the overview)
COMMANDS = {
    "init": ("darkwake.cli.basics", "Make a new, empty workspace."),
    "demo": ("darkwake.cli.basics", "Build the sample workspace, run everything, open the result."),
    "format": ("darkwake.cli.formats", "What files can be read, and what a file is."),
    "ais": ("darkwake.cli.ais", "Decode and import AIS data."),
    "track": ("darkwake.cli.tracks", "Positions of a vessel."),
    "detector": ("darkwake.cli.events", "Methods: definitions, parameters, scores."),
    "event": ("darkwake.cli.events", "Detect, list and show events."),
    "vessel": ("darkwake.cli.tracks", "Search and show what was broadcast under an identity."),
    "place": ("darkwake.cli.places", "Ports, anchorages and zones."),
    "case": ("darkwake.cli.claims", "Cases: a question, its claims, its as-of."),
    "claim": ("darkwake.cli.claims", "Claims: who says what, and what the data say to it."),
    "report": ("darkwake.cli.reports", "Self-contained pages: a dossier, a claim."),
    "evidence": ("darkwake.cli.evidence", "The bytes behind a row, an event, a claim."),
    "sim": ("darkwake.cli.sim", "Simulated feeds with ground truth."),
    "verify": ("darkwake.cli.verify", "Whether all is as it was recorded: ledger, lake, sources."),
    "lake": ("darkwake.cli.basics", "The ledger of what was recorded, and digests of the tables."),
}


class LazyGroup(click.Group):
    """Imports the module of a command when it is wanted, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-w", "--workspace", type=click.Path(path_type=Path), help="The workspace folder.")
@click.version_option(darkwake.__version__, prog_name="darkwake")
@click.pass_context
def cli(ctx: click.Context, workspace: Path | None) -> None:
    """Darkwake: from radio sentences to a claim that opens its bytes.

    The workspace is -w DIR, or $DARKWAKE_WORKSPACE, or the nearest one above the current folder.
    """
    ctx.obj = workspace


def workspace_of(ctx: click.Context, *, needed: bool = True) -> Any:
    """The workspace a command works in; closed when the command ends. None if none is near and none is `needed`."""
    from darkwake import workspace

    named = ctx.find_root().obj or os.environ.get(workspace.ENVIRONMENT)
    try:
        opened = workspace.open(ctx.find_root().obj)
    except NotFoundError:
        if needed or named:
            raise
        return None
    ctx.find_root().call_on_close(opened.close)
    return opened


def hoist(args: list[str]) -> list[str]:
    """Put `-w DIR` first, wherever it was typed: people write it behind the subcommand as often as before it."""
    first: list[str] = []
    rest = list(args)
    index = 0
    while index < len(rest) and rest[index] != "--":
        if rest[index] in ("-w", "--workspace") and index + 1 < len(rest):
            first += rest[index : index + 2]
            del rest[index : index + 2]
        elif rest[index].startswith("--workspace="):
            first.append(rest.pop(index))
        else:
            index += 1
    return first + rest


_FULL = "cannot write: no space is left. Free some space, then run the same command again"


def run() -> None:
    """Run the command line and exit with the contract's codes."""
    code = 0
    try:
        started()
        code = cli.main(args=hoist(sys.argv[1:]), standalone_mode=False, prog_name="darkwake")
    except DarkwakeError as error:
        click.echo("darkwake: " + printable(str(error)), err=True)
        sys.exit(error.exit_code)
    except UnicodeEncodeError as error:  # an argument with bytes that are no text, on its way to a table or a file
        click.echo(f"darkwake: text that is not UTF-8: {error.object!a:.80}; expected UTF-8", err=True)
        sys.exit(UsageError.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except SystemExit:
        if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):  # click's sign that our reader has enough
            sys.exit(0)
        raise
    except (KeyboardInterrupt, click.Abort):
        click.echo(INTERRUPTED, err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        click.echo(f"darkwake: {_FULL if is_full(error) else error.strerror or error}{where}", err=True)
        sys.exit(1)
    except Exception as error:
        if not type(error).__module__.startswith("sqlalchemy."):
            raise
        reason = (
            _FULL if is_full(error) else f"{getattr(error, 'orig', error)}. Can it be written, and is its disk full?"
        )
        click.echo(f"darkwake: the workspace's database: {reason}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
