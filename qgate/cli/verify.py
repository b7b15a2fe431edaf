"""`verify`: whether a finished run's directory still holds together."""

from pathlib import Path

import click

from qgate.cli.options import DIRECTORY
from qgate.errors import ExitCode, MeasurementError
from qgate.evidence.attestation import verifying_key


@click.command()
@click.argument("directory", type=DIRECTORY)
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The Ed25519 public key that must have signed it."
)
def verify(*, directory: Path, key: Path | None) -> int:
    """Recompute every hash, the signature and the verdict of a finished run; exit code 12 where something does not hold."""
    from qgate.verification import verify as verify_run  # noqa: PLC0415 -- `detect` and `validate` must start without it

    public = verifying_key(key.read_bytes(), str(key)) if key else None
    try:
        held = verify_run(directory, public)
    except MeasurementError as error:
        click.echo(f"qgate: {directory} does not hold: {error}", err=True)
        return ExitCode.MEASUREMENT_ERROR
    if held.signed_by is None:
        signature = "not signed: whoever can write the directory can have made all of it"
    elif held.checked:
        signature = f"signed by the key {held.signed_by}"
    else:
        signature = f"says that it is signed by the key {held.signed_by}, which was not checked: give its public key with --key"
    click.echo(f"holds: verdict {held.verdict.decision}, judged anew from the arrays; {signature}")
    return ExitCode.OK
