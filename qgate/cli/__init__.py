"""The command line: options to settings, one command per stage, the exit code.

Exit codes are `qgate.errors.ExitCode`; no option changes what one means.
"""

import logging
import sys

import click

from qgate import __version__
from qgate.cli.charters import detect, validate
from qgate.cli.setup import demo, init, lock, plan
from qgate.cli.stages import judge, measure, publish, run
from qgate.cli.verify import verify
from qgate.cli.words import last_words
from qgate.errors import ExitCode, QgateError


def main() -> None:
    """The `qgate` command: every ending is an exit code of the contract."""
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Exit as ending:
        code = ending.exit_code
    except click.ClickException as error:
        error.show()
        code = last_words(ExitCode.USAGE)
    except click.Abort:
        code = last_words(ExitCode.INTERNAL)
    except QgateError as error:
        click.echo(f"qgate: {error}", err=True)
        code = last_words(error.exit_code)
    except Exception:
        logging.getLogger("qgate").exception("qgate: internal error; please report it with the lines below")
        code = last_words(ExitCode.INTERNAL)
    sys.exit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="qgate")
@click.option("-v", "--verbose", is_flag=True, help="Say what is being done in detail.")
@click.option("-q", "--quiet", is_flag=True, help="Print the result only.")
@click.pass_context
def cli(context: click.Context, *, verbose: bool, quiet: bool) -> None:
    """Gates pull requests of hybrid quantum-classical repositories against their charter."""
    if verbose and quiet:
        raise click.UsageError("-v and -q contradict each other")
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, format="%(name)s: %(message)s")
    context.obj = {"quiet": quiet}


for _command in (run, detect, validate, plan, measure, judge, publish, verify, init, lock, demo):
    cli.add_command(_command)
