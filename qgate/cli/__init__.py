"""The command line: options to settings, one command per stage, the exit code.

Exit codes are `qgate.errors.ExitCode`; no option changes what one means.
"""

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import click

from qgate import __version__
from qgate.cli.charters import detect, validate
from qgate.cli.rollback import rollback
from qgate.cli.setup import demo, init, lock, plan
from qgate.cli.stages import judge, measure, publish, run
from qgate.cli.verify import verify
from qgate.cli.voice import voice
from qgate.cli.words import NothingEvaluatedError, last_words, say
from qgate.domain.error_codes import coded
from qgate.errors import ExitCode, QgateError
from qgate.forge.commands import commands_off
from qgate.report.log import log_cleanly


def main() -> None:
    """The `qgate` command: every ending is an exit code of the contract.

    In a workflow the runner would act on lines of others' text that look like its commands: it is told not to.
    """
    with commands_off(sys.stderr) if _in_a_log(os.environ, sys.argv) else nullcontext():
        code, evaluated = _ended()
        sys.stdout.flush()
    if not evaluated:  # outside the fence, whose end would be the last line
        last_words()
    sys.exit(code)


def _in_a_log(environ: Mapping[str, str], arguments: Sequence[str]) -> bool:
    """Whether a runner reads along, and no command is meant for it: `validate --format github` prints nothing else."""
    asked = "validate" in arguments and not {"github", "--format=github"}.isdisjoint(arguments)
    return environ.get("GITHUB_ACTIONS") == "true" and not asked


def _ended() -> tuple[int, bool]:
    """The exit code, and whether whatever was asked for was done."""
    try:
        return int(cli(standalone_mode=False)), True
    except click.exceptions.Exit as ending:
        return ending.exit_code, True
    except NothingEvaluatedError as ending:
        code = ending.code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except click.Abort:
        code = ExitCode.INTERNAL
    except QgateError as error:
        say(f"qgate: {coded(error)}", err=True)
        code = error.exit_code
    except Exception:
        logging.getLogger("qgate").exception("qgate: internal error; please report it with the lines below")
        code = ExitCode.INTERNAL
    return int(code), False


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="qgate")
@click.pass_context
def cli(context: click.Context) -> None:
    """Gates pull requests of hybrid quantum-classical repositories against their charter."""
    log_cleanly(logging.StreamHandler(), logging.DEBUG if context.obj["verbose"] else logging.WARNING)


cli.params += voice()
for _command in (run, detect, validate, plan, measure, judge, publish, rollback, verify, init, lock, demo):
    _command.params += voice()
    cli.add_command(_command)
