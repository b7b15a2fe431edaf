"""What one run is told: read once at a door (command line or Action), handed down as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from qgate.charter.metrics import Family
from qgate.domain.environment import Setup
from qgate.domain.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that a run depends on besides the repository.

    `base` None is the default branch; `head` None is the work tree; `prefix` is the working directory relative to the
    repository's root; `own_charter` is True on a run of the default branch; `every_pilot` gates all of it, whatever was changed;
    `today` judges waivers;
    `only` names the families of gates that are measured (none: all of them); `signing_key` is the PEM text that signs the
    attestation and the record of attempts; `pull_request` names the one that is gated (`owner/name#7`; "": none); `ledger` is the
    file that counts attempts; `ledger_branch` keeps the history of the default branch (`qgate.history`), and `git_env` is git's
    environment for the remote that has it;
    `cache` is where measurements are kept from run to run; `setup` is how a lockfile becomes the
    workers' environment.
    """

    repository: Path
    out: Path
    today: date
    base: str | None = None
    head: str | None = None
    charters: tuple[str, ...] = ()
    only: tuple[Family, ...] = ()
    prefix: str = ""
    own_charter: bool = False
    every_pilot: bool = False
    run_url: str | None = None
    pull_request: str = ""
    ledger: Path | None = None
    ledger_branch: str | None = None
    git_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cache: Path | None = None
    setup: Setup = Setup.AUTO
    signing_key: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
