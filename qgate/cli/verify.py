"""`verify`: whether a finished run's directory still holds together."""

from pathlib import Path

import click

from qgate.changes.git import Repository
from qgate.cli.options import DIRECTORY
from qgate.cli.words import say
from qgate.domain.error_codes import coded
from qgate.errors import ExitCode, MeasurementError
from qgate.evidence.attestation import verifying_key


@click.command()
@click.argument("directory", type=DIRECTORY)
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The Ed25519 public key that must have signed it."
)
@click.option(
    "--ledger-branch",
    metavar="BRANCH",
    help="Also check this branch, as the clone knows it, from its first record on, and that it still holds this run.",
)
@click.option("--repo", type=DIRECTORY, default=".", help="The clone with the ledger branch.")
def verify(*, directory: Path, key: Path | None, ledger_branch: str | None, repo: Path) -> int:
    """Recompute every hash, the signature and the verdict of a finished run; exit code 12 where something does not hold."""
    from qgate.history import check_recorded  # noqa: PLC0415 -- `detect` and `validate` must start without it
    from qgate.verification import verify as verify_run  # noqa: PLC0415 -- as above

    public = verifying_key(key.read_bytes(), str(key)) if key else None
    try:
        held = verify_run(directory, public)
        number = check_recorded(directory, Repository(repo), ledger_branch, public) if ledger_branch else None
    except MeasurementError as error:
        say(f"qgate: {directory} does not hold: {coded(error)}", err=True)
        return ExitCode.MEASUREMENT_ERROR
    if held.signed_by is None:
        signature = "not signed: whoever can write the directory can have made all of it"
    elif held.checked:
        signature = f"signed by the key {held.signed_by}"
    else:
        signature = f"says that it is signed by the key {held.signed_by}, which was not checked: give its public key with --key"
    click.echo(f"holds: verdict {held.verdict.decision}, judged anew from the arrays; {signature}")
    if number is not None:
        click.echo(f"recorded: number {number} in {ledger_branch}, of which every record was read")
    return ExitCode.OK
